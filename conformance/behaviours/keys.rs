//! 19 to 28: the published keys and the keys of clients (RFC 7517, OIDC Core 10.1).

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use symbolon::{domain::jose::SigningAlgorithm, service::keys};

use super::{id_claims, parties, signed_in};
use crate::support::{ClientKey, ClientSpec, Credentials, JwksServer, TestApp, signed_with};

async fn published(app: &TestApp) -> Vec<Value> {
    app.document("/oauth2/jwks").await["keys"].as_array().expect("an array of keys").clone()
}

fn header(compact: &str) -> Value {
    let part = compact.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

both! {
    async fn b019_published_keys_are_public_and_well_formed(app) {
        for algorithm in SigningAlgorithm::ALL {
            app.ensure_key(algorithm).await;
        }
        let keys = published(&app).await;
        assert!(keys.len() >= 4);
        for key in &keys {
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(key.get(private).is_none(), "{private}: {key}");
            }
            let members: &[&str] = match key["kty"].as_str().expect("kty") {
                "RSA" => &["n", "e"],
                "EC" => &["x", "y"],
                "OKP" => &["x"],
                other => panic!("{other}"),
            };
            for member in members {
                let text = key[member].as_str().unwrap_or_else(|| panic!("{member}: {key}"));
                assert!(URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| !bytes.is_empty()), "{member}: {key}");
            }
        }
    }

    async fn b020_every_key_has_a_kid_of_its_own(app) {
        for algorithm in SigningAlgorithm::ALL {
            app.ensure_key(algorithm).await;
        }
        let keys = published(&app).await;
        let kids: BTreeSet<&str> = keys.iter().filter_map(|key| key["kid"].as_str()).filter(|kid| !kid.trim().is_empty()).collect();
        assert_eq!(kids.len(), keys.len(), "{keys:?}");
    }

    async fn b021_no_key_of_an_exotic_type_is_published(app) {
        for key in published(&app).await {
            assert!(["RSA", "EC", "OKP"].contains(&key["kty"].as_str().expect("kty")), "{key}");
        }
    }

    async fn b022_a_key_is_for_the_algorithm_of_the_tokens_that_it_signs(app) {
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
        for algorithm in SigningAlgorithm::ALL {
            app.ensure_key(algorithm).await;
        }
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
        let before = published(&app).await;
        let cx = app.cx();
        keys::rotate(&cx, SigningAlgorithm::ES256).await.expect("rotation");
        let after = published(&app).await;
        let fresh: Vec<&Value> = after.iter().filter(|key| before.iter().all(|old| old["kid"] != key["kid"])).collect();
        assert_eq!(fresh.len(), 1, "{after:?}");
        assert_eq!(fresh[0]["kty"], "EC");
        assert!(before.iter().all(|old| old["x"] != fresh[0]["x"]), "new material");
        assert!(before.iter().all(|old| after.iter().any(|key| key["kid"] == old["kid"])), "the old keys are still there");
    }

    async fn b026_keys_are_long_enough(app) {
        for key in published(&app).await {
            match key["kty"].as_str() {
                Some("RSA") => {
                    let modulus = URL_SAFE_NO_PAD.decode(key["n"].as_str().expect("n")).expect("base64url");
                    assert!(modulus.len() >= 256, "{}", modulus.len());
                }
                Some("EC") => assert_eq!(key["crv"], "P-256"),
                other => assert_eq!(other, Some("OKP")),
            }
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
        rp.with(Credentials::Key(old)).machine_token().await.ok().await;
        server.answer(200, &new.jwks().to_string());
        app.clock.advance(61);
        rp.with(Credentials::Key(new)).machine_token().await.ok().await;
    }

    async fn b028_a_single_registered_key_needs_no_kid(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let spec = ClientSpec::machine("keyed").keyed(&key).set(|settings| {
            let jwks = settings.jwks.as_mut().expect("keys");
            jwks["keys"][0].as_object_mut().expect("a key").remove("kid");
        });
        app.client(spec).await.with(Credentials::Key(key)).machine_token().await.ok().await;
    }
}
