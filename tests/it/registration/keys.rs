//! Keys that a program registers (behaviours 27, 28 and 109).

use serde_json::{Value, json};
use symbolon::{domain::jose::SigningAlgorithm, net::fetcher::Reach};

use crate::support::{Authorize, ClientKey, Credentials, JwksServer, RelyingParty, TestApp};

fn keyed(name: &str, value: Value) -> Value {
    let mut all = json!({
        "redirect_uris": ["https://app.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "private_key_jwt",
    });
    all[name] = value;
    all
}

async fn register(app: &TestApp, metadata: &Value) -> RelyingParty {
    app.open_registration().await;
    let registered = app.register(metadata).await.registered().await;
    assert!(registered.members.get("client_secret").is_none());
    app.app_of(&registered)
}

async fn signs_in(app: &TestApp, rp: &RelyingParty, assertion: &str) -> u16 {
    let alice = app.person(&app.fresh("alice")).await;
    let grant = app.browser().grant(&alice, &Authorize::new(rp, "openid")).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", grant.code.as_str()),
        ("redirect_uri", grant.redirect_uri.as_str()),
        ("code_verifier", grant.verifier.as_deref().unwrap_or_default()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    rp.with(Credentials::Nothing).token(&fields).await.response.status
}

both! {
    /// Behaviours 28 and 109.
    async fn keys_by_value_need_no_name(app) {
        for algorithm in [SigningAlgorithm::RS256, SigningAlgorithm::ES256] {
            let key = ClientKey::generate(algorithm);
            let mut jwk = key.jwk();
            jwk.remove("kid");
            let rp = register(&app, &keyed("jwks", json!({ "keys": [jwk] }))).await;
            // With a kid of the client's own in the header, and without one.
            assert_eq!(signs_in(&app, &rp, &key.sign(&rp.assertion().0)).await, 200, "{algorithm}");
            let nameless = json!({ "alg": algorithm.name() });
            let assertion = key.sign_with_header(&nameless, &rp.assertion().0);
            assert_eq!(signs_in(&app, &rp, &assertion).await, 200, "{algorithm}");
            let stranger = ClientKey::generate(algorithm);
            assert_eq!(signs_in(&app, &rp, &stranger.sign(&rp.assertion().0)).await, 401, "{algorithm}");
        }
    }

    /// Behaviour 27: a rotated key is found although the old set was fetched a moment ago.
    async fn keys_by_reference_are_looked_up_again(database: Database) {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        let old = ClientKey::generate(SigningAlgorithm::ES256);
        let server = JwksServer::start(&old.jwks()).await;
        let rp = register(&app, &keyed("jwks_uri", json!("https://app.example/jwks.json"))).await;
        // Only https can be registered; this machine speaks none.
        let uri = server.uri.clone();
        app.change_client(&rp, move |client| client.settings.jwks_uri = Some(uri)).await;
        assert_eq!(signs_in(&app, &rp, &old.sign(&rp.assertion().0)).await, 200);
        let new = ClientKey::generate(SigningAlgorithm::ES256);
        server.answer(200, &new.jwks().to_string());
        app.clock.advance(5);
        assert_eq!(signs_in(&app, &rp, &new.sign(&rp.assertion().0)).await, 200);
    }
}
