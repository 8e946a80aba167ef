//! 129 to 131 and 133 to 136: what FAPI 2.0 wants to read in the metadata, and its clients.

use serde_json::Value;
use symbolon::domain::jose::SigningAlgorithm;

use super::{
    fapi2::{self, Fapi},
    id_claims, list, metadata, refused_with,
};
use crate::support::{Authorize, ClientSpec, TestApp};

const PROFILE: [&str; 3] = ["PS256", "ES256", "EdDSA"];

/// Both documents, of which a client reads one.
async fn documents(app: &TestApp) -> [Value; 2] {
    [metadata(app).await, app.document("/.well-known/oauth-authorization-server").await]
}

both! {
    async fn b129_plain_oauth_has_metadata_of_its_own_and_no_id_token(app) {
        let [_, document] = documents(&app).await;
        assert_eq!(document["issuer"], app.issuer());
        for member in ["authorization_endpoint", "token_endpoint", "jwks_uri", "pushed_authorization_request_endpoint"] {
            assert!(document[member].as_str().is_some_and(|text| text.starts_with(app.issuer())), "{member}");
        }
        for member in ["userinfo_endpoint", "id_token_signing_alg_values_supported", "subject_types_supported"] {
            assert!(document.get(member).is_none(), "{member}");
        }
        let one = fapi2::client(&app, "one").await;
        let alice = app.person("alice").await;
        let tokens = one.signed_in(&app, &alice, "profile offline_access").await;
        assert!(tokens.id_token.is_none());
        let again = one.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
        assert!(again.id_token.is_none());
    }

    async fn b130_the_metadata_names_what_the_profile_needs(app) {
        for document in documents(&app).await {
            let path = document["pushed_authorization_request_endpoint"].as_str();
            assert!(path.is_some_and(|text| text.starts_with(app.issuer())), "{document}");
            assert!(list(&document, "response_types_supported").contains(&"code"));
            assert!(list(&document, "grant_types_supported").contains(&"authorization_code"));
            assert!(list(&document, "code_challenge_methods_supported").contains(&"S256"));
            assert_eq!(document["authorization_response_iss_parameter_supported"], true);
            assert!(document.get("require_pushed_authorization_requests").is_none_or(Value::is_boolean));
        }
    }

    async fn b131_clients_may_authenticate_with_keys_of_the_profiles_algorithms(app) {
        for document in documents(&app).await {
            assert!(list(&document, "token_endpoint_auth_methods_supported").contains(&"private_key_jwt"));
            let algorithms = list(&document, "token_endpoint_auth_signing_alg_values_supported");
            assert!(PROFILE.iter().all(|name| algorithms.contains(name)), "{algorithms:?}");
        }
    }

    async fn b133_id_tokens_are_signed_as_the_client_registered(app) {
        let alice = app.person("alice").await;
        for algorithm in [SigningAlgorithm::PS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA] {
            let one = fapi2::client_with(&app, &algorithm.name().to_lowercase(), algorithm, |_| {}).await;
            let tokens = one.signed_in(&app, &alice, "openid").await;
            let (header, _) = app.verified(tokens.id()).await;
            assert_eq!(header["alg"], algorithm.name());
            assert!(header["kid"].is_string(), "{header}");
            let document = metadata(&app).await;
            assert!(list(&document, "id_token_signing_alg_values_supported").contains(&algorithm.name()));
        }
    }

    async fn b134_signed_answers_and_signed_requests_are_advertised(app) {
        for document in documents(&app).await {
            assert!(list(&document, "response_modes_supported").contains(&"jwt"));
            assert!(!list(&document, "authorization_signing_alg_values_supported").is_empty());
            let algorithms = list(&document, "request_object_signing_alg_values_supported");
            assert!(PROFILE.iter().all(|name| algorithms.contains(name)), "{algorithms:?}");
        }
    }

    async fn b135_two_clients_have_keys_and_addresses_of_their_own(app) {
        let (one, two) = (fapi2::client(&app, "one").await, fapi2::client_with_query(&app, "two").await);
        let alice = app.person("alice").await;
        for client in [&one, &two] {
            let tokens = client.signed_in(&app, &alice, "openid").await;
            assert_eq!(id_claims(&app, &tokens).await["aud"], client.rp.client_id.as_str());
        }
        for (client, stranger) in [(&one, &two), (&two, &one)] {
            let assertion = stranger.key.sign(&client.rp.assertion().0);
            refused_with(&client.push_with(&assertion).await, &["invalid_client"]);
        }
        let Fapi { rp, .. } = two;
        assert!(rp.redirect_uri.ends_with("/callback?dummy1=lorem&dummy2=ipsum"), "{}", rp.redirect_uri);
    }

    async fn b136_pushing_is_required_of_the_clients_that_must_and_of_no_others(app) {
        for document in documents(&app).await {
            assert!(document["require_pushed_authorization_requests"] != true, "{document}");
        }
        let (strict, plain) = (fapi2::client(&app, "strict").await, app.client(ClientSpec::web("plain")).await);
        let away = app.browser().authorize(&Authorize::new(&strict.rp, "openid")).await.away();
        assert_eq!(away.parameters()["error"], "invalid_request");
        app.browser().authorize(&Authorize::new(&plain, "openid")).await.page("/sign-in/");
    }
}
