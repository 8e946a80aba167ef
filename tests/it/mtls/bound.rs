//! Tokens that are bound to a certificate (RFC 8705 §3).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use symbolon::{crypto::token::digest, domain::entity::AccessTokenFormat};

use super::support::{behind_proxy, certificate, told};
use crate::support::{ClientSpec, Grant, GrantSpec, RelyingParty, Request};

fn bound(spec: ClientSpec) -> ClientSpec {
    spec.set(|settings| settings.tls_client_certificate_bound_access_tokens = true)
}

fn userinfo(token: &str) -> Request {
    Request::get("/oauth2/userinfo").header("Authorization", format!("Bearer {token}"))
}

fn refresh(rp: &RelyingParty, token: &str) -> Request {
    rp.request("/oauth2/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

fn redeem(rp: &RelyingParty, grant: &Grant) -> Request {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", grant.code.as_str()),
        ("redirect_uri", grant.redirect_uri.as_str()),
        ("code_verifier", grant.verifier.as_deref().expect("a verifier")),
    ];
    rp.request("/oauth2/token", &fields)
}

fn thumbprint(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&certificate(name)))
}

both! {
    /// Behaviours 132 and 172.
    async fn a_bound_token_is_used_with_its_certificate_only(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        for (id, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let spec = bound(ClientSpec::web(id)).set(|settings| settings.access_token_format = format);
            let rp = app.client(spec).await;
            let grant = app.grant(&alice, &rp, GrantSpec::scope("openid email offline_access")).await;
            let tokens = rp.send(&told(redeem(&rp, &grant), "client.pem")).await.ok().await;
            let facts = rp.introspect(&tokens.access_token).await.json().await;
            assert_eq!(facts["cnf"], json!({ "x5t#S256": thumbprint("client.pem") }), "{facts}");
            assert_eq!(facts["token_type"], "Bearer", "{facts}");

            let asked = || userinfo(&tokens.access_token);
            app.send(told(asked(), "client.pem")).await.json().await;
            // Of another client, of the same authority; of nobody; none; and none that can be told.
            for other in ["other.pem", "self.pem"] {
                app.send(told(asked(), other)).await.refused("invalid_token", "AS-1228").await;
            }
            app.send(asked()).await.refused("invalid_token", "AS-1228").await;
            let twice = told(told(asked(), "client.pem"), "client.pem");
            app.send(twice).await.refused("invalid_token", "AS-1228").await;
            app.send(asked().header("Client-Cert", ":AAAA:")).await.refused("invalid_token", "AS-1228").await;
        }
    }

    /// Behaviour 172.
    async fn a_jwt_carries_the_thumbprint(database: Database) {
        let app = behind_proxy(database).await;
        let rp = app.client(bound(ClientSpec::machine("machine"))).await;
        let form = || rp.request("/oauth2/token", &[("grant_type", "client_credentials")]);
        let tokens = rp.send(&told(form(), "self.pem")).await.ok().await;
        let claims = app.verified(&tokens.access_token).await.1;
        assert_eq!(claims["cnf"], json!({ "x5t#S256": thumbprint("self.pem") }));
        rp.send(&form()).await.refused("invalid_request", "AS-1231").await;
    }

    async fn a_client_that_did_not_ask_for_it_gets_tokens_that_anybody_may_carry(database: Database) {
        let app = behind_proxy(database).await;
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.send(&told(redeem(&rp, &grant), "client.pem")).await.ok().await;
        assert!(rp.introspect(&tokens.access_token).await.json().await.get("cnf").is_none());
        app.send(userinfo(&tokens.access_token)).await.json().await;
    }

    async fn a_certificate_of_two_clients_does_not_make_their_tokens_one(database: Database) {
        let app = behind_proxy(database).await;
        let alice = app.person("alice").await;
        let (one, two) = (app.client(bound(ClientSpec::web("one"))).await, app.client(bound(ClientSpec::web("two"))).await);
        let grant = app.grant(&alice, &one, GrantSpec::scope("openid offline_access")).await;
        let tokens = one.send(&told(redeem(&one, &grant), "client.pem")).await.ok().await;
        let stolen = told(refresh(&two, tokens.refresh()), "client.pem");
        two.send(&stolen).await.refused("invalid_grant", "AS-1123").await;
    }

    /// Behaviours 163 and 172.
    async fn a_code_is_not_redeemed_without_a_certificate(database: Database) {
        let app = behind_proxy(database).await;
        let (rp, alice) = (app.client(bound(ClientSpec::web("web"))).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        rp.exchange(&grant).await.refused("invalid_request", "AS-1231").await;
    }

    /// Behaviour 175.
    async fn a_confidential_client_may_renew_its_certificate(database: Database) {
        let app = behind_proxy(database).await;
        let (rp, alice) = (app.client(bound(ClientSpec::web("web"))).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let tokens = rp.send(&told(redeem(&rp, &grant), "client.pem")).await.ok().await;
        rp.send(&refresh(&rp, tokens.refresh())).await.refused("invalid_request", "AS-1231").await;
        let tokens = rp.send(&told(refresh(&rp, tokens.refresh()), "other.pem")).await.ok().await;
        app.send(told(userinfo(&tokens.access_token), "client.pem")).await.refused("invalid_token", "AS-1228").await;
        app.send(told(userinfo(&tokens.access_token), "other.pem")).await.json().await;
    }

    /// Behaviour 175.
    async fn a_refresh_token_of_a_public_client_stays_with_its_certificate(database: Database) {
        let app = behind_proxy(database).await;
        let (rp, alice) = (app.client(bound(ClientSpec::spa("spa"))).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let tokens = rp.send(&told(redeem(&rp, &grant), "client.pem")).await.ok().await;
        for other in ["other.pem", "self.pem"] {
            let stolen = told(refresh(&rp, tokens.refresh()), other);
            rp.send(&stolen).await.refused("invalid_grant", "AS-1227").await;
        }
        rp.send(&refresh(&rp, tokens.refresh())).await.refused("invalid_grant", "AS-1227").await;
        rp.send(&told(refresh(&rp, tokens.refresh()), "client.pem")).await.ok().await;
    }
}
