//! 129 to 131 and 133 to 136: what FAPI 2.0 wants to read in the metadata, and its clients.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use symbolon::domain::jose::SigningAlgorithm;

use super::{
    fapi2::{self, Fapi},
    id_claims, list, metadata, refused_with, secure,
};
use crate::{
    mtls::support::with_authority,
    support::{Authorize, ClientSpec, Request, TestApp},
};

const PROFILE: [&str; 3] = ["PS256", "ES256", "EdDSA"];
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// Both documents, of which a client reads one.
async fn documents(app: &TestApp) -> [Value; 2] {
    [metadata(app).await, app.document(OAUTH).await]
}

/// An issuer with a path: what stands where (RFC 8414 §3.1; OpenID Connect Discovery 1.0 §4 appends).
async fn is_found_before_the_path(app: &TestApp) {
    let issuer = "https://id.example/tenant";
    for (path, openid) in
        [(format!("{OAUTH}/tenant"), false), (format!("/tenant{OPENID}"), true), (format!("{OPENID}/tenant"), true)]
    {
        let document = app.document(&path).await;
        assert_eq!(document["issuer"], issuer, "{path}");
        assert_eq!(document.get("userinfo_endpoint").is_some(), openid, "{path}");
        for member in ["authorization_endpoint", "token_endpoint", "jwks_uri", "pushed_authorization_request_endpoint"]
        {
            let address = document[member].as_str().expect("an address");
            let below = address.strip_prefix("https://id.example").expect("at the issuer");
            assert!(below.starts_with("/tenant/"), "{member}: {address}");
            assert_ne!(app.send(Request::get(below)).await.response.status, 404, "{member}: {address}");
        }
    }
    for nowhere in [OAUTH, OPENID, &format!("{OAUTH}/"), &format!("{OAUTH}/other"), &format!("{OAUTH}/tenant/x")] {
        assert_eq!(app.get(nowhere).await.status, 404, "{nowhere}");
    }
}

both! {
    async fn b129_plain_oauth_has_metadata_of_its_own_and_no_id_token(database: Database) {
        let app = TestApp::new(database).await;
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
        let tenant = secure(database, "https://id.example/tenant").await;
        is_found_before_the_path(&tenant).await;
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

    async fn b131_clients_may_authenticate_with_keys_of_the_profiles_algorithms(database: Database) {
        let app = TestApp::with(database, with_authority).await;
        for document in documents(&app).await {
            let methods = list(&document, "token_endpoint_auth_methods_supported");
            for method in ["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"] {
                assert!(methods.contains(&method), "{methods:?}");
            }
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
        for algorithm in [SigningAlgorithm::PS256, SigningAlgorithm::EdDSA] {
            app.ensure_key(algorithm).await;
        }
        for document in documents(&app).await {
            let modes = list(&document, "response_modes_supported");
            for mode in ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"] {
                assert!(modes.contains(&mode), "{modes:?}");
            }
            let algorithms = list(&document, "authorization_signing_alg_values_supported");
            assert!(PROFILE.iter().all(|name| algorithms.contains(name)), "{algorithms:?}");
            assert!(!algorithms.contains(&"none"), "{algorithms:?}");
            let algorithms = list(&document, "request_object_signing_alg_values_supported");
            assert!(PROFILE.iter().all(|name| algorithms.contains(name)), "{algorithms:?}");
        }
    }

    async fn b135_two_clients_have_keys_and_addresses_of_their_own(app) {
        let (one, two) = (fapi2::client(&app, "one").await, fapi2::client_with_query(&app, "two").await);
        let alice = app.person("alice").await;
        for (client, algorithm) in [(&one, "ES256"), (&two, "PS256")] {
            let jwk = Value::Object(client.key.jwk());
            assert_eq!((jwk["kid"].is_string(), jwk["alg"].as_str()), (true, Some(algorithm)), "{jwk}");
            let modulus = jwk["n"].as_str().map(|text| URL_SAFE_NO_PAD.decode(text).expect("a number"));
            assert!(modulus.is_none_or(|modulus| modulus.len() >= 256 && modulus[0] != 0), "{jwk}");
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
