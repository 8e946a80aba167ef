//! Assertions under the client's secret (OIDC Core 9: `client_secret_jwt`).

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::{AssertionAudience, AuthMethod, ClientKind, Owner},
        jose::SigningAlgorithm,
        oauth::AssertionAlgorithm,
    },
    service::admin::client::{self, ClientChanges, NewClient, secret},
};

use crate::support::{
    Assertion, ClientKey, ClientSpec, Credentials, RelyingParty, SECRET, TestApp, signed_with_secret,
};

async fn secret_jwt(app: &TestApp, id: &str) -> RelyingParty {
    let method = |settings: &mut symbolon::domain::entity::ClientSettings| {
        settings.token_endpoint_auth_method = AuthMethod::ClientSecretJwt;
    };
    app.client(ClientSpec::machine(id).set(method)).await
}

fn signed(assertion: &Assertion) -> String {
    signed_with_secret(&json!({ "alg": "HS256" }), &assertion.0, SECRET)
}

both! {
    /// Behaviours 75 and 77.
    async fn an_assertion_under_the_secret_is_taken_at_every_direct_endpoint(app) {
        let rp = secret_jwt(&app, "service").await;
        let tokens = rp.machine_token().await.ok().await;
        assert!(rp.introspect(&tokens.access_token).await.active().await);
        rp.revoke(&tokens.access_token).await.accepted().await;
    }

    /// Behaviour 77.
    async fn the_audience_is_the_issuer_the_token_endpoint_or_the_endpoint_called(app) {
        let rp = secret_jwt(&app, "service").await;
        let nobody = rp.with(Credentials::Nothing);
        for (path, audience) in [
            ("/oauth2/introspect", String::new()),
            ("/oauth2/introspect", "/oauth2/token".to_owned()),
            ("/oauth2/introspect", "/oauth2/introspect".to_owned()),
        ] {
            let audience = json!(format!("{}{audience}", app.issuer()));
            let assertion = signed(&rp.assertion().claim("aud", audience.clone()));
            let fields = [
                ("token", "x"),
                ("client_assertion_type", symbolon::domain::oauth::CLIENT_ASSERTION_TYPE),
                ("client_assertion", assertion.as_str()),
            ];
            assert!(!nobody.post(path, &fields).await.active().await, "{audience}");
        }
        let other = signed(&rp.assertion().claim("aud", json!(format!("{}/oauth2/revoke", app.issuer()))));
        rp.token_with_assertion(&other).await.refused("invalid_client", "AS-1213").await;
    }

    async fn a_jwt_that_was_signed_for_something_else_authenticates_nobody(app) {
        let rp = secret_jwt(&app, "service").await;
        let typed = |typ: &str| signed_with_secret(&json!({ "alg": "HS256", "typ": typ }), &rp.assertion().0, SECRET);
        rp.token_with_assertion(&typed("oauth-authz-req+jwt")).await.refused("invalid_client", "AS-1234").await;
        let request = signed(&rp.assertion().claim("response_type", json!("code")));
        rp.token_with_assertion(&request).await.refused("invalid_client", "AS-1234").await;
        rp.token_with_assertion(&typed("client-authentication+jwt")).await.ok().await;
    }

    /// Behaviour 78.
    async fn another_secret_another_algorithm_and_no_signature_are_refused(app) {
        let rp = secret_jwt(&app, "service").await;
        let claims = rp.assertion().0;
        let other = signed_with_secret(&json!({ "alg": "HS256" }), &claims, "another secret of at least 32 bytes");
        rp.token_with_assertion(&other).await.refused("invalid_client", "AS-1212").await;
        for algorithm in ["none", "HS384", "HS512", "hs256"] {
            let text = signed_with_secret(&json!({ "alg": algorithm }), &claims, SECRET);
            rp.token_with_assertion(&text).await.refused("invalid_client", "AS-1211").await;
        }
        // A key is not a secret, and the method registered decides.
        let key = ClientKey::generate(SigningAlgorithm::RS256);
        rp.token_with_assertion(&key.sign(&claims)).await.refused("invalid_client", "AS-1211").await;
        rp.with(Credentials::Basic(SECRET.to_owned())).machine_token().await.refused("invalid_client", "AS-1205").await;
    }

    async fn a_secret_verifies_nothing_for_a_client_of_another_method(app) {
        let key = ClientKey::generate(SigningAlgorithm::RS256);
        let keyed = app.client(ClientSpec::machine("keyed").keyed(&key)).await;
        // The classic confusion: the public key as the secret of an HMAC.
        let public = keyed.assertion();
        let forged = signed_with_secret(&json!({ "alg": "HS256" }), &public.0, &key.jwks().to_string());
        keyed.token_with_assertion(&forged).await.refused("invalid_client", "AS-1211").await;
        let plain = app.client(ClientSpec::machine("plain")).await;
        let text = signed(&plain.assertion());
        plain.token_with_assertion(&text).await.refused("invalid_client", "AS-1205").await;
    }

    async fn an_assertion_under_the_secret_is_accepted_once(app) {
        let rp = secret_jwt(&app, "service").await;
        let text = signed(&rp.assertion());
        rp.token_with_assertion(&text).await.ok().await;
        rp.token_with_assertion(&text).await.refused("invalid_client", "AS-1215").await;
    }

    async fn a_secret_is_sealed_when_the_client_signs_with_it_and_only_then(app) {
        let cx = app.cx();
        let mut new = NewClient::of_kind(ClientKind::Machine, "Service", Owner::Cli);
        new.settings.token_endpoint_auth_method = AuthMethod::ClientSecretJwt;
        let written = client::create(&cx, new).await.expect("created");
        let id = written.client.client_id.as_str().to_owned();
        let minted = written.secret.expect("a secret");
        let claims = |jti: &str| Assertion::new(&id, app.issuer(), app.now().seconds(), jti).0;
        let header = json!({ "alg": "HS256" });
        let rp = app.client(ClientSpec::machine("any")).await;
        let first = signed_with_secret(&header, &claims("1"), minted.expose());
        rp.token_with_assertion(&first).await.ok().await;
        let stored = client::find(&cx, &id).await.expect("found").secrets;
        let sealed = stored[0].sealed_secret.as_deref().expect("sealed");
        assert!(!sealed.windows(8).any(|window| window == &minted.expose().as_bytes()[8..16]));

        // Rotated: both serve until the old one ends.
        let next = secret::rotate(&cx, &id, secret::Rotation::default()).await.expect("rotated");
        for (jti, secret) in [("2", &minted), ("3", &next)] {
            let text = signed_with_secret(&header, &claims(jti), secret.expose());
            rp.token_with_assertion(&text).await.ok().await;
        }
        app.clock.advance(secret::OVERLAP_SECONDS);
        let text = signed_with_secret(&header, &claims("4"), minted.expose());
        rp.token_with_assertion(&text).await.refused("invalid_client", "AS-1204").await;

        // A client that only compares keeps the hash alone, and is given a new secret when it changes.
        let plain = client::create(&cx, NewClient::of_kind(ClientKind::Machine, "Plain", Owner::Cli)).await.expect("created");
        let id = plain.client.client_id.as_str().to_owned();
        assert_eq!(client::find(&cx, &id).await.expect("found").secrets[0].sealed_secret, None);
        let mut settings = plain.client.settings;
        settings.token_endpoint_auth_method = AuthMethod::ClientSecretJwt;
        let changes = ClientChanges { settings: Some(settings), ..ClientChanges::default() };
        assert!(client::update(&cx, &id, changes).await.expect("changed").secret.is_some());
    }

    /// Behaviours 131 and 160.
    async fn a_registered_algorithm_excludes_the_others(app) {
        let (ps, rs) = (ClientKey::generate(SigningAlgorithm::PS256), ClientKey::generate(SigningAlgorithm::RS256));
        let spec = ClientSpec::machine("service").keyed(&ps).set(|settings| {
            let both: Vec<Value> = [&ps, &rs].map(|key| Value::Object(key.jwk())).to_vec();
            settings.jwks = Some(json!({ "keys": both }));
            settings.token_endpoint_auth_signing_alg = Some(AssertionAlgorithm::Signature(SigningAlgorithm::PS256));
        });
        let rp = app.client(spec).await;
        rp.token_with_assertion(&rs.sign(&rp.assertion().0)).await.refused("invalid_client", "AS-1211").await;
        rp.token_with_assertion(&ps.sign(&rp.assertion().0)).await.ok().await;
        let document = app.document("/.well-known/openid-configuration").await;
        let algorithms = document["token_endpoint_auth_signing_alg_values_supported"].clone();
        assert_eq!(algorithms, json!(["RS256", "PS256", "ES256", "EdDSA", "HS256"]));
    }

    /// Behaviour 159.
    async fn a_client_may_be_held_to_the_issuer_as_a_single_text(app) {
        let key = ClientKey::generate(SigningAlgorithm::PS256);
        let strict = |settings: &mut symbolon::domain::entity::ClientSettings| {
            settings.client_assertion_audience = AssertionAudience::Issuer;
        };
        let rp = app.client(ClientSpec::machine("service").keyed(&key).set(strict)).await;
        let issuer = app.issuer();
        for audience in [json!([issuer]), json!(format!("{issuer}/oauth2/token")), json!(format!("{issuer}/")), Value::Null] {
            let text = key.sign(&rp.assertion().claim("aud", audience).0);
            rp.token_with_assertion(&text).await.refused("invalid_client", "AS-1213").await;
        }
        rp.token_with_assertion(&key.sign(&rp.assertion().0)).await.ok().await;
    }

    /// Behaviour 161.
    async fn a_clock_a_little_ahead_is_tolerated_and_a_minute_is_not(app) {
        let rp = secret_jwt(&app, "service").await;
        let now = app.now().seconds();
        for (ahead, accepted) in [(8, true), (61, false)] {
            let assertion = rp.assertion().claim("iat", json!(now + ahead)).claim("nbf", json!(now + ahead));
            let answer = rp.token_with_assertion(&signed(&assertion.claim("exp", json!(now + 120)))).await;
            if accepted { drop(answer.ok().await) } else { answer.refused("invalid_client", "AS-1214").await }
        }
    }
}
