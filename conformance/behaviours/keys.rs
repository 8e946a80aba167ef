//! 19 to 28: the published keys and the keys of clients (RFC 7517, OIDC Core 10.1).

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::{
    domain::{
        jose::{PRIVATE_MEMBERS, SigningAlgorithm},
        oauth::CLIENT_ASSERTION_TYPE,
    },
    service::keys,
};

use super::{ensure_every_key, granted, id_claims, parties, signed_in};
use crate::support::{Authorize, ClientKey, ClientSpec, Credentials, JwksServer, TestApp, signed_with};

async fn published(app: &TestApp) -> Vec<Value> {
    app.document("/oauth2/jwks").await["keys"].as_array().expect("an array of keys").clone()
}

fn header(compact: &str) -> Value {
    let part = compact.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

both! {
    async fn b019_published_keys_are_public_and_well_formed(app) {
        ensure_every_key(&app).await;
        let keys = published(&app).await;
        assert!(keys.len() >= 4);
        assert!(keys.iter().any(|key| key["use"] == "enc"), "clients encrypt to some: {keys:?}");
        for key in &keys {
            for private in PRIVATE_MEMBERS {
                assert!(key.get(private).is_none(), "{private}: {key}");
            }
            let (members, curve): (&[&str], Value) = match key["kty"].as_str().expect("kty") {
                "RSA" => (&["n", "e"], Value::Null),
                "EC" => (&["x", "y"], "P-256".into()),
                "OKP" => (&["x"], "Ed25519".into()),
                other => panic!("{other}"),
            };
            assert_eq!(key["crv"], curve, "{key}");
            assert!(["sig", "enc"].contains(&key["use"].as_str().expect("use")), "{key}");
            for member in members {
                let text = key[member].as_str().unwrap_or_else(|| panic!("{member}: {key}"));
                assert!(URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| !bytes.is_empty()), "{member}: {key}");
            }
        }
    }

    async fn b020_every_key_has_a_kid_of_its_own(app) {
        ensure_every_key(&app).await;
        let keys = published(&app).await;
        let kids: BTreeSet<&str> = keys.iter().filter_map(|key| key["kid"].as_str()).filter(|kid| !kid.trim().is_empty()).collect();
        assert_eq!(kids.len(), keys.len(), "{keys:?}");
    }

    async fn b021_no_key_of_an_exotic_type_is_published(app) {
        ensure_every_key(&app).await;
        for key in published(&app).await {
            let text = |name: &str| key[name].as_str().unwrap_or_default();
            let known = match (text("kty"), text("crv")) {
                ("RSA", "") => ["RS256", "PS256", "RSA-OAEP-256"].contains(&text("alg")),
                ("EC", "P-256") => text("alg") == "ES256" || text("use") == "enc",
                ("OKP", "Ed25519") => text("alg") == "EdDSA",
                _ => false,
            };
            assert!(known, "{key}");
            let encrypts = ["", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"].contains(&text("alg"));
            assert_eq!(encrypts, text("use") == "enc", "{key}");
        }
    }

    async fn b022_a_key_is_for_the_algorithm_of_the_tokens_that_it_signs(app) {
        ensure_every_key(&app).await;
        for algorithm in SigningAlgorithm::ALL {
            let name = format!("app-{}", algorithm.name().to_ascii_lowercase());
            let rp = app.client(ClientSpec::web(&name).set(signed_with(algorithm))).await;
            let alice = app.person(&format!("person-{}", algorithm.name().to_ascii_lowercase())).await;
            let tokens = signed_in(&app, &rp, &alice, "openid").await;
            let header = header(tokens.id());
            let keys = published(&app).await;
            let named: Vec<&Value> = keys.iter().filter(|key| key["kid"] == header["kid"]).collect();
            assert_eq!(named.len(), 1, "{header}");
            assert_eq!(named[0]["alg"], header["alg"]);
            assert_eq!(named[0]["use"], "sig");
        }
    }

    async fn b023_no_two_keys_can_be_meant_by_one_header(app) {
        ensure_every_key(&app).await;
        let mut meant = BTreeSet::new();
        for key in published(&app).await {
            let named = ["kid", "alg", "kty", "use"].map(|member| key[member].to_string());
            assert!(meant.insert(named), "{key}");
        }
    }

    async fn b024_an_id_token_names_its_key(app) {
        let (rp, alice) = parties(&app).await;
        let tokens = signed_in(&app, &rp, &alice, "openid").await;
        assert!(header(tokens.id())["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
        id_claims(&app, &tokens).await;
    }

    async fn b025_rotation_publishes_a_new_key_and_keeps_the_old_one(app) {
        for (algorithm, kind, material) in [(SigningAlgorithm::RS256, "RSA", "n"), (SigningAlgorithm::ES256, "EC", "x")] {
            let before = published(&app).await;
            assert!(before.iter().any(|key| key["alg"] == algorithm.name()), "{before:?}");
            keys::rotate(&app.cx(), algorithm).await.expect("rotation");
            let after = published(&app).await;
            let fresh: Vec<&Value> = after.iter().filter(|key| before.iter().all(|old| old["kid"] != key["kid"])).collect();
            assert_eq!(fresh.len(), 1, "{after:?}");
            assert_eq!((&fresh[0]["kty"], &fresh[0]["alg"]), (&kind.into(), &algorithm.name().into()));
            assert!(fresh[0][material].is_string() && before.iter().all(|old| old[material] != fresh[0][material]));
            assert!(before.iter().all(|old| after.contains(old)), "the old keys are still there");
        }
    }

    async fn b026_keys_are_long_enough(app) {
        ensure_every_key(&app).await;
        let mut measured = BTreeSet::new();
        for key in published(&app).await {
            match key["kty"].as_str() {
                Some("RSA") => {
                    let modulus = URL_SAFE_NO_PAD.decode(key["n"].as_str().expect("n")).expect("base64url");
                    // A modulus has no leading zero, so its bytes are its length.
                    assert!(modulus.len() >= 256 && modulus[0] >= 0x80, "{}", modulus.len());
                    measured.insert(key["alg"].to_string());
                }
                Some("EC") => assert_eq!(key["crv"], "P-256"),
                other => assert_eq!(other, Some("OKP")),
            }
        }
        for algorithm in ["\"RS256\"", "\"PS256\""] {
            assert!(measured.contains(algorithm), "{measured:?}");
        }
    }

    async fn b027_a_new_key_at_the_clients_jwks_uri_is_seen_within_a_minute(database: Database) {
        let app = TestApp::with(database, |options| options.reach = symbolon::net::fetcher::Reach::DangerLoopback).await;
        let (old, new) = (ClientKey::generate(SigningAlgorithm::ES256), ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&old.jwks()).await;
        let uri = server.uri.clone();
        let spec = ClientSpec::machine("keyed").keyed(&old).set(|settings| {
            settings.jwks = None;
            settings.jwks_uri = Some(uri);
        });
        let rp = app.client(spec).await;
        rp.with(Credentials::Key(old.clone())).machine_token().await.ok().await;
        // Not by the end of what is kept, but because the name of the key is unknown.
        server.answer(200, &new.jwks().to_string());
        app.clock.advance(5);
        let asked = server.asked();
        rp.with(Credentials::Key(new)).machine_token().await.ok().await;
        assert_eq!(server.asked(), asked + 1);
        // And the one that is gone is gone after a minute at the latest.
        app.clock.advance(61);
        rp.with(Credentials::Key(old)).machine_token().await.refused("invalid_client", "AS-1212").await;
    }

    async fn b028_a_single_registered_key_needs_no_kid(app) {
        app.open_registration().await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let mut jwk = key.jwk();
        jwk.remove("kid");
        let metadata = json!({
            "redirect_uris": ["https://suite.example/callback"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [jwk] },
        });
        let registered = app.register(&metadata).await.registered().await;
        let rp = app.app_of(&registered).with(Credentials::Nothing);
        // Whether or not the assertion names a key.
        for header in [json!({ "alg": "ES256" }), json!({ "alg": "ES256", "kid": "of its own" })] {
            let alice = app.person(&app.fresh("alice")).await;
            let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid")).await;
            let assertion = key.sign_with_header(&header, &rp.assertion().0);
            let stranger = ClientKey::generate(SigningAlgorithm::ES256).sign_with_header(&header, &rp.assertion().0);
            let redeem = async |assertion: &str| {
                rp.token(&[
                    ("grant_type", "authorization_code"),
                    ("code", &grant.code),
                    ("redirect_uri", &grant.redirect_uri),
                    ("code_verifier", grant.verifier.as_deref().expect("a verifier")),
                    ("client_assertion_type", CLIENT_ASSERTION_TYPE),
                    ("client_assertion", assertion),
                ])
                .await
            };
            redeem(&stranger).await.refused("invalid_client", "AS-1212").await;
            redeem(&assertion).await.ok().await;
        }
    }
}
