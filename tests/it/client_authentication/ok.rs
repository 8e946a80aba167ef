//! How clients say who they are.

use symbolon::domain::{entity::AuthMethod, jose::SigningAlgorithm, oauth::CLIENT_ASSERTION_TYPE};

use crate::support::{Authorize, ClientKey, ClientSpec, Credentials, GrantSpec, Request, SECRET, basic};

both! {
    async fn a_secret_is_taken_in_the_header_and_in_the_form(app) {
        // Behaviours 75 and 76.
        for (id, method) in [("basic", AuthMethod::ClientSecretBasic), ("post", AuthMethod::ClientSecretPost)] {
            let rp =
                app.client(ClientSpec::machine(id).set(|settings| settings.token_endpoint_auth_method = method)).await;
            rp.with(Credentials::Basic(SECRET.to_owned())).machine_token().await.ok().await;
            rp.with(Credentials::Post(SECRET.to_owned())).machine_token().await.ok().await;
        }
    }

    async fn id_and_secret_are_form_decoded_in_the_header(app) {
        // Behaviour 75; RFC 6749 §2.3.1.
        let rp = app.client(ClientSpec::machine("a service")).await;
        app.rotate_secret(&rp, "se cret:with%odd+signs").await;
        for header in ["a+service:se+cret%3Awith%25odd%2Bsigns", "a%20service:se%20cret:with%25odd%2bsigns"] {
            let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, header);
            let request = Request::form("/oauth2/token", &[("grant_type", "client_credentials")])
                .header("Authorization", format!("Basic {encoded}"));
            rp.send(&request).await.ok().await;
        }
    }

    async fn a_public_client_may_name_itself_in_the_header_with_an_empty_secret(app) {
        // RFC 6749 §2.3.1; programs that know one way only, such as oidc-agent.
        let (rp, alice) = (app.client(ClientSpec::spa("spa")).await, app.person("alice").await);
        let rp = rp.with(Credentials::Basic(String::new()));
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let tokens = rp.refresh(tokens.refresh()).await.ok().await;
        rp.push(&Authorize::new(&rp, "openid")).await.pushed().await;
        rp.revoke(tokens.refresh()).await.accepted().await;
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
    }

    async fn the_scheme_is_read_in_any_case(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        for scheme in ["basic", "BASIC", "Basic"] {
            let header = basic("service", SECRET).replacen("Basic", scheme, 1);
            let request = Request::form("/oauth2/token", &[("grant_type", "client_credentials")]);
            rp.send(&request.header("Authorization", header)).await.ok().await;
        }
    }

    async fn during_a_rotation_with_overlap_both_secrets_work(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        app.add_secret(&rp, "another-secret").await;
        rp.machine_token().await.ok().await;
        rp.with(Credentials::Basic("another-secret".to_owned())).machine_token().await.ok().await;
    }

    async fn a_new_secret_works_at_once(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        rp.machine_token().await.ok().await;
        app.rotate_secret(&rp, "another-secret").await;
        rp.with(Credentials::Basic("another-secret".to_owned())).machine_token().await.ok().await;
    }

    async fn an_assertion_is_taken_in_every_algorithm_at_every_direct_endpoint(app) {
        // Behaviour 77.
        for algorithm in SigningAlgorithm::ALL {
            let key = ClientKey::generate(algorithm);
            let rp = app.client(ClientSpec::machine(&format!("service-{algorithm}")).keyed(&key)).await;
            let rp = rp.with(Credentials::Key(key));
            let tokens = rp.machine_token().await.ok().await;
            assert!(rp.introspect(&tokens.access_token).await.active().await, "{algorithm}");
            rp.revoke(&tokens.access_token).await.accepted().await;
            assert!(!rp.introspect(&tokens.access_token).await.active().await, "{algorithm}");
        }
    }

    async fn the_audience_of_an_assertion_is_the_issuer_or_the_token_endpoint(app) {
        // Behaviours 77 and 159.
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::machine("service").keyed(&key)).await;
        let issuer = app.issuer();
        let endpoint = format!("{issuer}/oauth2/token");
        for audience in [
            serde_json::json!(issuer),
            serde_json::json!(endpoint),
            serde_json::json!([issuer]),
            serde_json::json!(["https://elsewhere.example", endpoint]),
        ] {
            let assertion = key.sign(&rp.assertion().claim("aud", audience).0);
            rp.token_with_assertion(&assertion).await.ok().await;
        }
    }

    async fn an_assertion_may_come_with_the_client_id_and_without_a_kid(app) {
        // Behaviour 28.
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::machine("service").keyed(&key)).await;
        let assertion = key.sign_with_header(&serde_json::json!({ "alg": "ES256" }), &rp.assertion().0);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", "service"),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        rp.with(Credentials::Nothing).token(&fields).await.ok().await;
    }
}
