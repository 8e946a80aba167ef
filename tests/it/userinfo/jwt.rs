//! Answers that are JWTs: UserInfo, ID tokens and introspection, signed and encrypted as registered.

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::ClientSettings,
        jose::{ContentEncryption, KeyManagementAlgorithm, SigningAlgorithm},
    },
    net::fetcher::Reach,
};

use crate::support::{ClientSpec, GrantSpec, JwksServer, ReaderKey, RelyingParty, Request, TestApp, Tokens};

async fn tokens(app: &TestApp, change: impl FnOnce(&mut ClientSettings)) -> (RelyingParty, Tokens) {
    let (rp, alice) = (app.client(ClientSpec::web("web").set(change)).await, app.person("alice").await);
    let grant = app.grant(&alice, &rp, GrantSpec::scope("openid profile offline_access").nonce("n")).await;
    let tokens = rp.exchange(&grant).await.ok().await;
    (rp, tokens)
}

async fn jwt_of(rp: &RelyingParty, tokens: &Tokens) -> String {
    let answer = rp.userinfo(&tokens.access_token).await;
    assert_eq!(answer.response.status, 200, "{}", answer.response);
    assert_eq!(answer.response.header("content-type"), Some("application/jwt"));
    assert_eq!(answer.response.header("cache-control"), Some("no-store"));
    answer.response.text().to_owned()
}

fn introspect_as_jwt(rp: &RelyingParty, token: &str) -> Request {
    rp.request("/oauth2/introspect", &[("token", token)]).header("Accept", "application/token-introspection+jwt")
}

both! {
    /// Behaviour 88.
    async fn a_signed_answer_says_by_and_for_whom_and_repeats_no_nonce(app) {
        let (rp, tokens) =
            tokens(&app, |settings| settings.userinfo_signed_response_alg = Some(SigningAlgorithm::RS256)).await;
        let (header, claims) = app.verified(&jwt_of(&rp, &tokens).await).await;
        assert_eq!(header["alg"], "RS256");
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(app.issuer()), &json!("web")));
        assert_eq!(claims["sub"], app.verified(tokens.id()).await.1["sub"]);
        assert_eq!(claims["preferred_username"], "alice");
        for absent in ["nonce", "exp", "auth_time", "_claim_names", "_claim_sources"] {
            assert!(claims.get(absent).is_none(), "{absent}: {claims}");
        }
    }

    /// Behaviours 72 and 109.
    async fn an_id_token_is_encrypted_only_where_registered_with_every_algorithm(database: Database) {
        for alg in KeyManagementAlgorithm::ALL {
            let app = TestApp::new(database).await;
            let key = ReaderKey::generate(alg);
            let (rp, tokens) = tokens(&app, |settings| {
                settings.jwks = Some(key.jwks());
                settings.id_token_encrypted_response_alg = Some(alg);
            })
            .await;
            let (header, jwt) = key.open(tokens.id());
            assert_eq!((&header["alg"], &header["enc"]), (&json!(alg.name()), &json!("A128CBC-HS256")));
            assert_eq!((&header["cty"], &header["kid"]), (&json!("JWT"), &key.jwk()["kid"]));
            assert_eq!(app.verified(&jwt).await.1["nonce"], "n");
            let refreshed = rp.refresh(tokens.refresh()).await.ok().await;
            assert_eq!(refreshed.id().split('.').count(), 5);
            assert_eq!(rp.userinfo(&tokens.access_token).await.json().await["preferred_username"], "alice");
        }
    }

    async fn userinfo_is_encrypted_signed_or_not(database: Database) {
        for signed in [None, Some(SigningAlgorithm::ES256)] {
            let app = TestApp::new(database).await;
            let key = ReaderKey::generate(KeyManagementAlgorithm::EcdhEsA256Kw);
            let (rp, tokens) = tokens(&app, |settings| {
                settings.jwks = Some(key.jwks());
                settings.userinfo_signed_response_alg = signed;
                settings.userinfo_encrypted_response_alg = Some(KeyManagementAlgorithm::EcdhEsA256Kw);
                settings.userinfo_encrypted_response_enc = Some(ContentEncryption::A256Gcm);
            })
            .await;
            let (header, content) = key.open(&jwt_of(&rp, &tokens).await);
            assert_eq!(header["enc"], "A256GCM");
            let claims = match signed {
                Some(_) => app.verified(&content).await.1,
                None => serde_json::from_str::<Value>(&content).expect("JSON"),
            };
            assert_eq!(header.get("cty").is_some(), signed.is_some());
            assert_eq!(claims["preferred_username"], "alice");
        }
    }

    async fn a_missing_key_loses_neither_code_nor_refresh_token(database: Database) {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        let key = ReaderKey::generate(KeyManagementAlgorithm::RsaOaep256);
        let server = JwksServer::start(&key.jwks()).await;
        let uri = server.uri.clone();
        let spec = ClientSpec::web("web").set(|settings| {
            settings.jwks_uri = Some(uri);
            settings.id_token_encrypted_response_alg = Some(KeyManagementAlgorithm::RsaOaep256);
            settings.userinfo_encrypted_response_alg = Some(KeyManagementAlgorithm::RsaOaep256);
        });
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        server.answer(500, "");
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        rp.exchange(&grant).await.refused("invalid_request", "AS-1250").await;
        server.answer(200, &key.jwks().to_string());
        app.clock.advance(5);
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(app.verified(&key.open(tokens.id()).1).await.1["aud"], "web");
        let asked = server.asked();
        jwt_of(&rp, &tokens).await;
        assert_eq!(server.asked(), asked, "the keys are believed for a minute");
        app.clock.advance(300);
        server.answer(200, r#"{"keys":[]}"#);
        rp.refresh(tokens.refresh()).await.refused("invalid_request", "AS-1250").await;
        rp.userinfo(&tokens.access_token).await.refused("invalid_request", "AS-1250").await;
        app.clock.advance(6);
        server.answer(200, &key.jwks().to_string());
        assert_eq!(rp.refresh(tokens.refresh()).await.ok().await.id().split('.').count(), 5);
    }

    async fn introspection_answers_a_jwt_to_whoever_asks_for_one(app) {
        let key = ReaderKey::generate(KeyManagementAlgorithm::EcdhEs);
        let (rp, tokens) = tokens(&app, |_| {}).await;
        let api = app.client(ClientSpec::machine("api").set(|settings| settings.may_introspect = true)).await;
        let sealed = app
            .client(ClientSpec::machine("sealed").set(|settings| {
                settings.may_introspect = true;
                settings.jwks = Some(key.jwks());
                settings.introspection_signed_response_alg = Some(SigningAlgorithm::ES256);
                settings.introspection_encrypted_response_alg = Some(KeyManagementAlgorithm::EcdhEs);
            }))
            .await;
        let plain = api.introspect(&tokens.access_token).await.json().await;
        let answer = api.send(&introspect_as_jwt(&api, &tokens.access_token)).await;
        assert_eq!(answer.response.header("content-type"), Some("application/token-introspection+jwt"));
        let (header, claims) = app.verified(answer.response.text()).await;
        assert_eq!((&header["typ"], &header["alg"]), (&json!("token-introspection+jwt"), &json!("RS256")));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(app.issuer()), &json!("api")));
        assert_eq!((&claims["iat"], &claims["token_introspection"]), (&json!(app.now().seconds()), &plain));
        assert!(claims.get("sub").is_none() && claims.get("exp").is_none());
        let answer = sealed.send(&introspect_as_jwt(&sealed, &tokens.access_token)).await;
        let (_, jwt) = key.open(answer.response.text());
        assert_eq!(app.verified(&jwt).await.0["alg"], "ES256");
        let dead = api.send(&introspect_as_jwt(&api, "unknown")).await;
        assert_eq!(app.verified(dead.response.text()).await.1["token_introspection"], json!({ "active": false }));
        let stranger = rp.request("/oauth2/introspect", &[("token", "x")]);
        let refusing = stranger.header("Accept", "application/token-introspection+jwt;q=0, application/json");
        assert_eq!(rp.send(&refusing).await.json().await, json!({ "active": false }));
    }

    /// Behaviours 9 and 21.
    async fn metadata_lists_what_is_encrypted_and_the_key_set_has_keys_for_it_once_needed(app) {
        let metadata = app.document("/.well-known/openid-configuration").await;
        for kind in ["id_token", "userinfo", "introspection", "authorization"] {
            let listed = |suffix: &str| metadata[format!("{kind}_encryption_{suffix}_values_supported")].clone();
            assert_eq!(listed("alg"), json!(["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"]));
            assert_eq!(listed("enc"), json!(["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"]));
        }
        assert_eq!(metadata["userinfo_signing_alg_values_supported"], json!(["RS256", "ES256"]));
        assert_eq!(metadata["introspection_signing_alg_values_supported"], json!(["RS256", "ES256"]));
        let encrypting = |set: &Value| {
            let keys = set["keys"].as_array().expect("keys").clone();
            keys.into_iter().filter(|key| key["use"] == "enc").collect::<Vec<_>>()
        };
        assert!(encrypting(&app.document("/oauth2/jwks").await).is_empty());
        for alg in [KeyManagementAlgorithm::EcdhEsA128Kw, KeyManagementAlgorithm::EcdhEs] {
            symbolon::service::keys::ensure(&app.cx(), alg).await.expect("a key is made");
        }
        let keys = encrypting(&app.document("/oauth2/jwks").await);
        assert_eq!((keys.len(), &keys[0]["kty"]), (1, &json!("EC")));
        let old = keys[0].clone();
        symbolon::service::keys::rotate(&app.cx(), KeyManagementAlgorithm::EcdhEs).await.expect("it rotates");
        let keys = encrypting(&app.document("/oauth2/jwks").await);
        assert_eq!(keys.len(), 1);
        assert_ne!(keys[0]["kid"], old["kid"]);
        for jwk in [old, keys[0].clone()] {
            let jwk = josekit::jwk::Jwk::from_map(jwk.as_object().expect("an object").clone()).expect("a key");
            let mut header = josekit::jwe::JweHeader::new();
            header.set_content_encryption("A256GCM");
            let encrypter = josekit::jwe::ECDH_ES_A128KW.encrypter_from_jwk(&jwk).expect("an encrypter");
            let token = josekit::jwe::serialize_compact(b"to us", &header, &encrypter).expect("a token");
            let opened = symbolon::service::keys::decrypt_own(&app.cx(), &token, |_| true).expect("it decrypts");
            assert_eq!(opened.plaintext.expose().as_slice(), b"to us", "the retired key still decrypts");
        }
    }
}
