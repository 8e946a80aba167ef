//! Whole flows of clients that keep to their profile.

use serde_json::json;
use symbolon::domain::{jose::SigningAlgorithm, oauth::SecurityProfile};

use super::{PAR, Party, SCOPE, TOKEN, redemption, spec};
use crate::support::{Authorize, ClientKey, Credentials, DpopKey};

both! {
    /// Behaviours 129 to 133, 135, 136, 151 and 168.
    async fn a_fapi_2_client_goes_through_a_whole_flow(app) {
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let metadata = app.document(path).await;
            let lists = |member: &str, value: &str| {
                let listed = metadata[member].as_array().is_some_and(|values| values.contains(&json!(value)));
                assert!(listed, "{member} lists {value}: {metadata}");
            };
            lists("response_types_supported", "code");
            lists("grant_types_supported", "authorization_code");
            lists("code_challenge_methods_supported", "S256");
            lists("token_endpoint_auth_methods_supported", "private_key_jwt");
            lists("token_endpoint_auth_signing_alg_values_supported", "ES256");
            lists("dpop_signing_alg_values_supported", "ES256");
            assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
            // Of one client it is required, of all it is not.
            assert_eq!(metadata["require_pushed_authorization_requests"], false);
        }
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let request = Authorize::new(&party.rp, SCOPE);
        let grant = party.grant(&app, &alice, &request).await;
        let tokens = party.redeem(&app, &grant).await.ok_as("DPoP").await;
        let (header, claims) = app.verified(tokens.id()).await;
        assert_eq!((&header["alg"], &claims["nonce"]), (&json!("ES256"), &json!("nonce-1")));
        assert!(header["kid"].is_string());
        let (header, claims) = app.verified(&tokens.access_token).await;
        assert_eq!((&header["alg"], &claims["cnf"]["jkt"]), (&json!("ES256"), &json!(party.dpop.thumbprint())));
        let told = app.send(party.dpop.userinfo(&app, &tokens.access_token)).await.json().await;
        assert_eq!(told["sub"], claims["sub"]);
    }

    /// Behaviours 135 and 156.
    async fn two_clients_have_keys_of_their_own(app) {
        let alice = app.person("alice").await;
        let first = Party::fapi2(&app).await;
        let second = Party::of(&app, "second", SecurityProfile::Fapi2Security).await;
        let grant = first.grant(&app, &alice, &Authorize::new(&first.rp, SCOPE)).await;
        second.redeem(&app, &grant).await.refused("invalid_grant", "AS-1113").await;
        let stranger = first.rp.with(Credentials::Key(second.key.clone()));
        let answer = stranger.post(TOKEN, &redemption(&grant)).await;
        answer.refused("invalid_client", "AS-1212").await;
        first.redeem(&app, &grant).await.ok_as("DPoP").await;
    }

    /// Behaviours 129 and 151.
    async fn plain_oauth_of_a_fapi_2_client_has_no_id_token(app) {
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let grant = party.grant(&app, &alice, &Authorize::new(&party.rp, "email")).await;
        assert!(party.redeem(&app, &grant).await.ok_as("DPoP").await.id_token.is_none());
    }

    /// Behaviours 131 and 165.
    async fn every_algorithm_of_the_profile_is_accepted(app) {
        let alice = app.person("alice").await;
        for algorithm in [SigningAlgorithm::ES256, SigningAlgorithm::PS256, SigningAlgorithm::EdDSA] {
            let key = ClientKey::generate(algorithm);
            let spec = spec(&format!("fapi2-{algorithm}"), SecurityProfile::Fapi2Security, key.jwks());
            let spec = spec.set(|settings| settings.id_token_signed_response_alg = algorithm);
            let rp = app.client(spec).await.with(Credentials::Key(key.clone()));
            let party = Party { rp, key, dpop: DpopKey::of(algorithm) };
            let grant = party.grant(&app, &alice, &Authorize::new(&party.rp, SCOPE)).await;
            let tokens = party.redeem(&app, &grant).await.ok_as("DPoP").await;
            assert_eq!(app.verified(tokens.id()).await.0["alg"], algorithm.name());
        }
    }

    /// Behaviours 134, 181, 186 and 187.
    async fn message_signing_signs_the_request_and_the_answer(app) {
        let party = Party::of(&app, "signing", SecurityProfile::Fapi2MessageSigning).await;
        let alice = app.person("alice").await;
        let request = Authorize::new(&party.rp, SCOPE).and("response_mode", "jwt");
        let object = party.key.sign(&request.claims(&app));
        let reference = party.post(&app, PAR, &[("request", &object)]).await.pushed().await;
        let mut browser = app.browser();
        let page = browser.open(&party.rp.by_reference(&reference)).await.page("/sign-in/");
        let page = browser.sign_in(&page, &alice.username, crate::support::PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        assert_eq!(away.parameters().keys().collect::<Vec<_>>(), ["response"]);
        let (header, answer) = app.verified(&away.parameters()["response"]).await;
        assert_eq!((&header["alg"], &answer["aud"]), (&json!("ES256"), &json!("signing")));
        assert_eq!(answer["iss"], app.issuer());
        let grant = request.redeem(answer["code"].as_str().expect("a code"));
        party.redeem(&app, &grant).await.ok_as("DPoP").await;
    }

    /// Behaviours 77 and 205.
    async fn a_fapi_1_client_may_name_any_audience(app) {
        let party = Party::of(&app, "fapi1", SecurityProfile::Fapi1Advanced).await;
        let token = format!("{}{TOKEN}", app.issuer());
        for audience in [json!(app.issuer()), json!(token), json!([app.issuer(), "https://other.example"])] {
            let assertion = party.key.sign(&party.rp.assertion().claim("aud", audience.clone()).0);
            // The client is known; it may not use the grant.
            let answer = party.rp.token_with_assertion(&assertion).await;
            answer.refused("unauthorized_client", "AS-1102").await;
        }
    }
}
