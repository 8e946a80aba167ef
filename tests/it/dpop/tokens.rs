//! Tokens that are bound to the key of a proof.

use serde_json::{Value, json};
use symbolon::domain::{entity::AccessTokenFormat, jose::SigningAlgorithm};

use super::{TOKEN, bound, redeem, redemption, refresh};
use crate::support::{ClientSpec, DpopKey, GrantSpec, Request};

fn opaque(spec: ClientSpec) -> ClientSpec {
    spec.set(|settings| settings.access_token_format = AccessTokenFormat::Opaque)
}

fn must(spec: ClientSpec) -> ClientSpec {
    spec.set(|settings| settings.dpop_bound_access_tokens = true)
}

both! {
    /// Behaviours 165 and 168.
    async fn a_proof_of_any_algorithm_binds_the_tokens(app) {
        for algorithm in [SigningAlgorithm::PS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA] {
            let key = DpopKey::of(algorithm);
            let rp = app.client(ClientSpec::machine(&format!("service-{algorithm}"))).await;
            let request = rp.request(TOKEN, &[("grant_type", "client_credentials")]);
            let tokens = rp.send(&request.header("DPoP", key.sign(&key.proof(&app, TOKEN)))).await.ok_as("DPoP").await;
            let (_, claims) = app.verified(&tokens.access_token).await;
            assert_eq!(claims["cnf"], json!({ "jkt": key.thumbprint() }), "{algorithm}");
        }
    }

    /// Behaviours 165 and 168.
    async fn introspection_tells_the_key_of_either_form_of_token(app) {
        let key = DpopKey::new();
        let alice = app.person("alice").await;
        for spec in [ClientSpec::web("web"), opaque(ClientSpec::web("opaque"))] {
            let rp = app.client(spec).await;
            let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
            let tokens = redeem(&app, &rp, &grant, &key).await.ok_as("DPoP").await;
            let told = rp.introspect(&tokens.access_token).await.json().await;
            assert_eq!(told["cnf"]["jkt"], key.thumbprint(), "{told}");
            assert_eq!(told["token_type"], "DPoP", "{told}");
        }
    }

    async fn without_a_proof_nothing_is_bound(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let tokens = rp.machine_token().await.ok().await;
        assert_eq!(app.verified(&tokens.access_token).await.1.get("cnf"), None::<&Value>);
    }

    /// Behaviour 168.
    async fn a_client_that_must_bind_its_tokens_is_refused_without_a_proof(app) {
        let service = app.client(must(ClientSpec::machine("service"))).await;
        service.machine_token().await.refused("invalid_request", "AS-1226").await;
        let (rp, alice) = (app.client(must(ClientSpec::web("web"))).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        rp.exchange(&grant).await.refused("invalid_request", "AS-1226").await;
        // Nothing was used up by it.
        let key = DpopKey::new();
        let tokens = redeem(&app, &rp, &grant, &key).await.ok_as("DPoP").await;
        rp.refresh(tokens.refresh()).await.refused("invalid_request", "AS-1226").await;
        refresh(&app, &rp, tokens.refresh(), &key).await.ok_as("DPoP").await;
    }

    /// Behaviour 175.
    async fn a_refresh_token_of_a_public_client_stays_with_its_key(app) {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let (rp, tokens) = bound(&app, ClientSpec::spa("spa"), &key).await;
        refresh(&app, &rp, tokens.refresh(), &other).await.refused("invalid_grant", "AS-1227").await;
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1227").await;
        // Whoever lacks the key revokes nothing.
        let next = refresh(&app, &rp, tokens.refresh(), &key).await.ok_as("DPoP").await;
        // Neither is the successor handed out again without it.
        refresh(&app, &rp, tokens.refresh(), &other).await.refused("invalid_grant", "AS-1227").await;
        rp.refresh(next.refresh()).await.refused("invalid_grant", "AS-1227").await;
        refresh(&app, &rp, next.refresh(), &key).await.ok_as("DPoP").await;
    }

    /// Behaviour 175.
    async fn a_confidential_client_may_change_its_key(app) {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let (rp, tokens) = bound(&app, ClientSpec::web("web"), &key).await;
        let next = refresh(&app, &rp, tokens.refresh(), &other).await.ok_as("DPoP").await;
        assert_eq!(app.verified(&next.access_token).await.1["cnf"]["jkt"], other.thumbprint());
        let plain = rp.refresh(next.refresh()).await.ok().await;
        assert_eq!(app.verified(&plain.access_token).await.1.get("cnf"), None::<&Value>);
    }

    async fn a_refresh_token_of_a_public_client_is_bound_from_its_first_proof_on(app) {
        let (rp, alice) = (app.client(ClientSpec::spa("spa")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let plain = rp.exchange(&grant).await.ok().await;
        let key = DpopKey::new();
        let next = refresh(&app, &rp, plain.refresh(), &key).await.ok_as("DPoP").await;
        rp.refresh(next.refresh()).await.refused("invalid_grant", "AS-1227").await;
    }

    /// Behaviour 132.
    async fn metadata_lists_the_algorithms_and_browsers_may_read_the_nonce(app) {
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let document = app.document(path).await;
            assert_eq!(document["dpop_signing_alg_values_supported"], json!(["PS256", "ES256", "EdDSA"]));
        }
        let rp = app.client(ClientSpec::machine("service")).await;
        let answer = rp.machine_token().await;
        let exposed = answer.response.header("access-control-expose-headers").expect("what may be read");
        assert!(exposed.contains("DPoP-Nonce"), "{exposed}");
        let preflight = app.send(Request::new("OPTIONS", TOKEN)).await;
        let allowed = preflight.response.header("access-control-allow-headers").expect("what may be sent");
        assert!(allowed.contains("DPoP"), "{allowed}");
    }

    async fn a_refused_proof_uses_nothing_up(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let key = DpopKey::new();
        let broken = key.sign(&key.proof(&app, "/oauth2/par"));
        let request = redemption(&rp, &grant).header("DPoP", broken);
        rp.send(&request).await.refused("invalid_dpop_proof", "AS-1221").await;
        redeem(&app, &rp, &grant, &key).await.ok_as("DPoP").await;
    }
}
