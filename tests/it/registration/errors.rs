//! Registrations that are refused.

use serde_json::{Value, json};
use symbolon::{
    domain::{
        jose::{PRIVATE_MEMBERS, SigningAlgorithm},
        oauth::RegistrationMode,
    },
    service::admin::registration::PolicyChanges,
};

use crate::support::{ClientKey, Request, TestApp};

fn with(name: &str, value: Value) -> Value {
    let mut all = json!({ "redirect_uris": ["https://app.example/cb"] });
    all[name] = value;
    all
}

async fn clients(app: &TestApp) -> usize {
    app.read(|tx| symbolon::store::client::list(tx, None, 1000)).await.len()
}

both! {
    async fn registration_is_closed_until_somebody_opens_it(app) {
        app.register(&with("client_name", json!("x"))).await.refused("access_denied", "AS-1400").await;
        let token = app.initial_access_token(1).await;
        app.register_with(&token, &json!({})).await.refused("access_denied", "AS-1400").await;
        assert_eq!(clients(&app).await, 0);
    }

    async fn without_a_token_nobody_registers_where_one_is_needed(app) {
        app.registration_policy(PolicyChanges {
            registration: Some(RegistrationMode::Token),
            ..PolicyChanges::default()
        })
        .await;
        let metadata = with("client_name", json!("x"));
        let answer = app.register(&metadata).await;
        answer.refused("invalid_token", "AS-1401").await;
        assert_eq!(answer.response.header("www-authenticate"), Some("Bearer realm=\"symbolon\""));
        let used = app.initial_access_token(1).await;
        app.register_with(&used, &metadata).await.registered().await;
        let (late, mut broken) = (app.initial_access_token(1).await, app.initial_access_token(1).await);
        app.clock.advance(3600);
        broken.pop();
        let session = "sym_se_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for token in [used.as_str(), late.as_str(), broken.as_str(), session, "x"] {
            let answer = app.register_with(token, &metadata).await;
            answer.refused("invalid_token", "AS-1402").await;
            assert!(answer.response.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer ")));
        }
        let request = Request::new("POST", "/oauth2/register")
            .header("Content-Type", "application/json")
            .header("Authorization", "Basic eDp5")
            .body(metadata.to_string());
        app.send(request).await.refused("invalid_token", "AS-1151").await;
        assert_eq!(clients(&app).await, 1);
    }

    async fn a_wrong_token_is_refused_where_none_is_needed(app) {
        app.open_registration().await;
        app.register_with("x", &with("client_name", json!("x"))).await.refused("invalid_token", "AS-1402").await;
        assert_eq!(clients(&app).await, 0);
    }

    /// Behaviour 110.
    async fn a_bad_redirect_uri_has_its_own_error(app) {
        app.open_registration().await;
        for uri in ["https://app.example/cb#frag", "http://app.example/cb", "https://*.example/cb", "data:,x", ""] {
            let answer = app.register(&with("redirect_uris", json!([uri]))).await;
            answer.refused("invalid_redirect_uri", "AS-1410").await;
            let description = answer.response.json()["error_description"].as_str().expect("text").to_owned();
            assert!(description.starts_with("AS-1410: redirect_uris[0]: "), "{description}");
        }
        app.register(&json!({})).await.refused("invalid_redirect_uri", "AS-1410").await;
    }

    /// Behaviours 108 and 113.
    async fn wrong_metadata_is_refused_and_named(app) {
        app.open_registration().await;
        for (name, value) in [
            ("token_endpoint_auth_method", json!("magic")),
            ("grant_types", json!(["password"])),
            ("response_types", json!([])),
            ("initiate_login_uri", json!("http://app.example/login")),
            ("jwks_uri", json!("http://app.example/jwks")),
            ("policy_uri", json!("javascript:alert(1)")),
            ("client_name", json!("\u{202e}live")),
            ("id_token_signed_response_alg", json!("none")),
            ("default_max_age", json!("1")),
            ("jwks", json!({"keys": [{"kty": "oct", "k": "AA"}]})),
        ] {
            let answer = app.register(&with(name, value)).await;
            answer.refused("invalid_client_metadata", "AS-1411").await;
            let description = answer.response.json()["error_description"].as_str().expect("text").to_owned();
            assert!(description.starts_with(&format!("AS-1411: {name}")), "{description}");
        }
        let keyless = with("token_endpoint_auth_method", json!("private_key_jwt"));
        app.register(&keyless).await.refused("invalid_client_metadata", "AS-1411").await;
        let mut unusable = keyless;
        unusable["jwks"] = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}]});
        app.register(&unusable).await.refused("invalid_client_metadata", "AS-1411").await;
        assert_eq!(clients(&app).await, 0);
    }

    async fn a_key_with_a_private_member_is_refused_whatever_it_is_for(app) {
        app.open_registration().await;
        for member in PRIVATE_MEMBERS {
            let mut jwk = ClientKey::generate(SigningAlgorithm::ES256).jwk();
            jwk.insert(member.to_owned(), json!("AA"));
            for method in ["client_secret_basic", "private_key_jwt"] {
                let mut metadata = with("jwks", json!({ "keys": [jwk] }));
                metadata["token_endpoint_auth_method"] = json!(method);
                app.register(&metadata).await.refused("invalid_client_metadata", "AS-1411").await;
            }
        }
        assert_eq!(clients(&app).await, 0);
    }

    async fn statements_protections_and_grants_that_are_not_offered_are_refused(app) {
        app.open_registration().await;
        let statement = with("software_statement", json!("eyJ.eyJ.x"));
        app.register(&statement).await.refused("invalid_software_statement", "AS-1412").await;
        let bound = with("tls_client_certificate_bound_access_tokens", json!(true));
        app.register(&bound).await.refused("invalid_client_metadata", "AS-1413").await;
        let mut shown = with("token_endpoint_auth_method", json!("tls_client_auth"));
        shown["tls_client_auth_san_dns"] = json!("app.example");
        app.register(&shown).await.refused("invalid_client_metadata", "AS-1413").await;
        let machine = json!({"grant_types": ["client_credentials"]});
        app.register(&machine).await.refused("invalid_client_metadata", "AS-1414").await;
        app.register(&with("scope", json!("groups"))).await.refused("invalid_client_metadata", "AS-1414").await;
    }

    async fn what_is_no_json_object_is_refused(app) {
        app.open_registration().await;
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(40), "]".repeat(40));
        for body in ["", "x", "[]", "null", "{\"a\":1,\"a\":2}", "{} {}", "{\"a\":\"\\u0000\"}", &deep] {
            let request =
                Request::new("POST", "/oauth2/register").header("Content-Type", "application/json").body(body);
            app.send(request).await.refused("invalid_client_metadata", "AS-1405").await;
        }
        let good = with("client_name", json!("x")).to_string();
        for content_type in ["application/x-www-form-urlencoded", "text/plain", "application/jsonp"] {
            let request = Request::new("POST", "/oauth2/register").header("Content-Type", content_type).body(&good);
            app.send(request).await.refused("invalid_client_metadata", "AS-1405").await;
        }
        app.send(Request::new("POST", "/oauth2/register").body(&good))
            .await
            .refused("invalid_client_metadata", "AS-1405")
            .await;
        assert_eq!(clients(&app).await, 0);
    }

    async fn a_client_that_deleted_itself_hears_to_register_again(app) {
        // An app that hears 401 invalid_client registers anew.
        app.open_registration().await;
        let registered = app.register(&with("client_name", json!("x"))).await.registered().await;
        let rp = app.app_of(&registered);
        let answer = app.manage("DELETE", &registered, None).await;
        assert_eq!(answer.response.status, 204, "{}", answer.response);
        rp.refresh("x").await.refused("invalid_client", "AS-1001").await;
    }
}
