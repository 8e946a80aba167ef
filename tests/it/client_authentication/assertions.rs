//! Client assertions that are refused (RFC 7523 §3, RFC 8725).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::domain::{jose::SigningAlgorithm, oauth::CLIENT_ASSERTION_TYPE};

use crate::support::{ClientKey, ClientSpec, Credentials, RelyingParty, TestApp, unsigned};

async fn keyed(app: &TestApp) -> (RelyingParty, ClientKey) {
    let key = ClientKey::generate(SigningAlgorithm::ES256);
    (app.client(ClientSpec::machine("service").keyed(&key)).await, key)
}

both! {
    async fn another_assertion_type_is_not_offered(app) {
        let (rp, key) = keyed(&app).await;
        let assertion = key.sign(&rp.assertion().0);
        let nobody = rp.with(Credentials::Nothing);
        for kind in ["urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "jwt-bearer", ""] {
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", kind),
                ("client_assertion", assertion.as_str()),
            ];
            nobody.token(&fields).await.refused("invalid_client", "AS-1210").await;
        }
        nobody.token(&[("client_assertion", &assertion)]).await.refused("invalid_client", "AS-1210").await;
    }

    async fn what_is_no_signed_jwt_is_refused(app) {
        let (rp, key) = keyed(&app).await;
        let claims = rp.assertion().0;
        let none = format!("{}.", unsigned(&json!({ "alg": "none" }), &claims));
        let symmetric =
            format!("{}.{}", unsigned(&json!({ "alg": "HS256" }), &claims), URL_SAFE_NO_PAD.encode([0; 32]));
        let critical = key.sign_with_header(&json!({ "alg": "ES256", "crit": ["exp"], "exp": 1 }), &claims);
        let no_alg = key.sign_with_header(&json!({ "typ": "JWT" }), &claims);
        let good = key.sign(&claims);
        let padded = format!("{good}=");
        let four_parts = format!("{good}.x");
        let not_claims = key.sign(&json!(["service"]));
        for assertion in
            ["", "x", "a.b.c", "..", &none, &symmetric, &critical, &no_alg, &padded, &four_parts, &not_claims]
        {
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_id", "service"),
                ("client_assertion_type", CLIENT_ASSERTION_TYPE),
                ("client_assertion", assertion),
            ];
            rp.with(Credentials::Nothing).token(&fields).await.refused("invalid_client", "AS-1211").await;
        }
        let fields = [("grant_type", "client_credentials"), ("client_assertion_type", CLIENT_ASSERTION_TYPE)];
        rp.with(Credentials::Nothing).token(&fields).await.refused("invalid_client", "AS-1211").await;
    }

    async fn an_assertion_about_nobody_is_refused(app) {
        let (rp, key) = keyed(&app).await;
        for subject in [Value::Null, json!(""), json!(7), json!(["service"]), json!("a\u{0}b"), json!("service\n")] {
            let assertion = key.sign(&rp.assertion().claim("sub", subject).0);
            rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1211").await;
        }
        let assertion = key.sign(&rp.assertion().claim("sub", json!("nobody")).0);
        rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1001").await;
    }

    async fn a_signature_of_another_key_does_not_verify(app) {
        let (rp, key) = keyed(&app).await;
        let other = ClientKey::generate(SigningAlgorithm::ES256);
        rp.token_with_assertion(&other.sign(&rp.assertion().0)).await.refused("invalid_client", "AS-1212").await;
        // Another client's key under this client's kid.
        let header = json!({ "alg": "ES256", "kid": key.jwk()["kid"] });
        let forged = other.sign_with_header(&header, &rp.assertion().0);
        rp.token_with_assertion(&forged).await.refused("invalid_client", "AS-1212").await;
        // Changed after it was signed.
        let good = key.sign(&rp.assertion().0);
        let (input, signature) = good.rsplit_once('.').expect("a signature");
        let changed =
            format!("{}.{signature}", unsigned(&header, &rp.assertion().claim("exp", json!(1_800_000_500)).0));
        assert_ne!(input, changed);
        rp.token_with_assertion(&changed).await.refused("invalid_client", "AS-1212").await;
        // A key that the assertion brings along is not looked at (ASVS 9.1.3).
        let header = json!({ "alg": "ES256", "jwk": other.jwk() });
        let embedded = other.sign_with_header(&header, &rp.assertion().0);
        rp.token_with_assertion(&embedded).await.refused("invalid_client", "AS-1212").await;
    }

    async fn wrong_claims_are_refused(app) {
        let (rp, key) = keyed(&app).await;
        let issuer = app.issuer().to_owned();
        let now = app.now().seconds();
        for (name, value) in [
            ("iss", Value::Null),
            ("iss", json!("another")),
            ("iss", json!(["service"])),
            ("aud", Value::Null),
            ("aud", json!("https://elsewhere.example")),
            ("aud", json!([])),
            ("aud", json!(format!("{issuer}/"))),
            ("aud", json!(format!("{issuer}/oauth2/introspect"))),
            ("aud", json!([issuer, 7])),
            ("aud", json!({ "0": issuer })),
            ("exp", Value::Null),
            ("exp", json!("1800000060")),
            ("exp", json!(now + 100_000)),
            ("iat", json!("now")),
            ("nbf", json!(true)),
            ("jti", Value::Null),
            ("jti", json!("")),
            ("jti", json!(7)),
            ("jti", json!("j".repeat(257))),
        ] {
            let assertion = key.sign(&rp.assertion().claim(name, value.clone()).0);
            let answer = rp.token_with_assertion(&assertion).await;
            assert_eq!(answer.response.status, 401, "{name} {value}");
            answer.refused("invalid_client", "AS-1213").await;
        }
    }

    async fn a_jwt_that_was_signed_for_something_else_authenticates_nobody(app) {
        let (rp, key) = keyed(&app).await;
        let typed = |typ: &str| json!({ "alg": "ES256", "kid": key.jwk()["kid"], "typ": typ });
        let other_kinds = [
            "oauth-authz-req+jwt", "application/oauth-authz-req+jwt", "authorization-grant+jwt", "dpop+jwt", "at+jwt",
            "logout+jwt", "",
        ];
        for typ in other_kinds {
            let assertion = key.sign_with_header(&typed(typ), &rp.assertion().0);
            rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1234").await;
        }
        // A request object without a type, whose claims are all that an assertion must have.
        for (name, value) in [("response_type", "code"), ("redirect_uri", "https://web.example/"), ("scope", "openid")] {
            let assertion = key.sign(&rp.assertion().claim(name, json!(value)).0);
            rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1234").await;
        }
        for typ in ["client-authentication+jwt", "application/Client-Authentication+jwt", "jwt"] {
            rp.token_with_assertion(&key.sign_with_header(&typed(typ), &rp.assertion().0)).await.ok().await;
        }
        let untyped = json!({ "alg": "ES256", "kid": key.jwk()["kid"] });
        rp.token_with_assertion(&key.sign_with_header(&untyped, &rp.assertion().0)).await.ok().await;
    }

    async fn an_assertion_outside_of_its_time_is_refused(app) {
        let (rp, key) = keyed(&app).await;
        let now = app.now().seconds();
        for (name, value) in
            [("exp", now), ("exp", now - 1), ("exp", 0), ("exp", -1), ("nbf", now + 61), ("iat", now + 61)]
        {
            let assertion = key.sign(&rp.assertion().claim(name, json!(value)).0);
            rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1214").await;
        }
        for (name, value) in [("nbf", now + 60), ("iat", now + 60), ("exp", now + 1), ("exp", now + 660)] {
            let assertion = key.sign(&rp.assertion().claim(name, json!(value)).0);
            rp.token_with_assertion(&assertion).await.ok().await;
        }
    }

    async fn an_assertion_is_used_once_at_any_endpoint_and_for_as_long_as_it_lives(app) {
        let (rp, key) = keyed(&app).await;
        let assertion = key.sign(&rp.assertion().0);
        rp.token_with_assertion(&assertion).await.ok().await;
        rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1215").await;
        let fields = [
            ("token", "x"),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        let nobody = rp.with(Credentials::Nothing);
        nobody.post("/oauth2/introspect", &fields).await.refused("invalid_client", "AS-1215").await;
        nobody.post("/oauth2/revoke", &fields).await.refused("invalid_client", "AS-1215").await;
        app.clock.advance(59);
        rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1215").await;
        app.clock.advance(1);
        rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1214").await;
    }

    async fn two_clients_may_use_the_same_jti(app) {
        let (rp, key) = keyed(&app).await;
        let other = app.client(ClientSpec::machine("other").keyed(&key)).await;
        let id = json!("the same");
        rp.token_with_assertion(&key.sign(&rp.assertion().claim("jti", id.clone()).0)).await.ok().await;
        other.token_with_assertion(&key.sign(&other.assertion().claim("jti", id).0)).await.ok().await;
    }

    async fn a_refused_grant_uses_the_assertion_up(app) {
        let (rp, key) = keyed(&app).await;
        let assertion = key.sign(&rp.assertion().0);
        let fields = [
            ("grant_type", "password"),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        let nobody = rp.with(Credentials::Nothing);
        nobody.token(&fields).await.refused("unsupported_grant_type", "AS-1101").await;
        rp.token_with_assertion(&assertion).await.refused("invalid_client", "AS-1215").await;
    }

    async fn of_many_uses_of_one_assertion_at_once_one_wins(app) {
        let (rp, key) = keyed(&app).await;
        let assertion = key.sign(&rp.assertion().0);
        let mut tasks = tokio::task::JoinSet::new();
        let local = tokio::task::LocalSet::new();
        let statuses = local
            .run_until(async {
                for _ in 0..50 {
                    let (rp, assertion) = (rp.clone(), assertion.clone());
                    tasks.spawn_local(async move { rp.token_with_assertion(&assertion).await.response.status });
                }
                tasks.join_all().await
            })
            .await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 49, "{statuses:?}");
    }
}
