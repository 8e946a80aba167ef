//! 60 to 72: the ID token (OIDC Core 2 and 3.1.3.6).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::domain::{
    entity::IdTokenClaims,
    jose::{KeyManagementAlgorithm, SigningAlgorithm},
};

use super::{granted, id_claims, list, metadata, parties, signed_in};
use crate::support::{Authorize, ClientSpec, Person, ReaderKey, TestApp, signed_with};

/// The claims of an ID token for everything that can be asked for.
async fn full(app: &TestApp) -> Value {
    let (rp, alice) = parties(app).await;
    let tokens = signed_in(app, &rp, &alice, "openid profile email address phone").await;
    id_claims(app, &tokens).await
}

const HYBRID: [&str; 2] = ["code id_token", "code id_token token"];

/// The claims of the two ID tokens of one flow: the one through the browser, and the one for the code.
async fn front_and_back(app: &TestApp, person: &Person, response_type: &str) -> (Value, Value) {
    let rp = app.client(ClientSpec::web(&app.fresh("hybrid")).hybrid()).await;
    let request = Authorize::new(&rp, "openid").with("response_type", response_type);
    let away = app.browser().arrive(person, &request).await;
    let (_, front) = app.verified(&away.parameters()["id_token"]).await;
    let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
    (front, id_claims(app, &tokens).await)
}

both! {
    async fn b060_issuer_audience_and_times_are_right(app) {
        let claims = full(&app).await;
        let now = app.now().seconds();
        assert_eq!(claims["iss"], app.issuer());
        assert_eq!(claims["aud"], "web");
        assert_eq!(claims["azp"], "web");
        let (iat, exp) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
        assert!((iat - now).abs() <= 300 && exp > now && exp < now + 50 * 31_536_000, "{claims}");
        assert!(claims.get("nbf").is_none_or(|nbf| nbf.as_i64().is_some_and(|nbf| nbf <= now)));
    }

    async fn b061_the_subject_is_short_ascii_and_stable(app) {
        let (rp, alice) = parties(&app).await;
        let mut subjects = Vec::new();
        for _ in 0..2 {
            let tokens = signed_in(&app, &rp, &alice, "openid").await;
            subjects.push(id_claims(&app, &tokens).await["sub"].as_str().expect("sub").to_owned());
            subjects.push(rp.userinfo(&tokens.access_token).await.json().await["sub"].as_str().expect("sub").to_owned());
        }
        assert!(subjects.windows(2).all(|pair| pair[0] == pair[1]), "{subjects:?}");
        assert!((1..=255).contains(&subjects[0].len()) && subjects[0].is_ascii());
        for response_type in HYBRID {
            let (front, back) = front_and_back(&app, &alice, response_type).await;
            assert_eq!((&front["iss"], &front["sub"]), (&back["iss"], &back["sub"]), "{response_type}");
            assert_eq!((&front["iss"], &front["sub"]), (&json!(app.issuer()), &json!(subjects[0])));
        }
    }

    async fn b062_the_nonce_comes_back_and_only_if_it_was_sent(app) {
        let (rp, alice) = parties(&app).await;
        let request = Authorize::new(&rp, "openid").with("nonce", "n-0S6_WzA2Mj");
        let grant = granted(&mut app.browser(), &alice, &request).await;
        assert_eq!(id_claims(&app, &rp.exchange(&grant).await.ok().await).await["nonce"], "n-0S6_WzA2Mj");
        let grant = granted(&mut app.browser(), &alice, &request.without("nonce")).await;
        assert!(id_claims(&app, &rp.exchange(&grant).await.ok().await).await.get("nonce").is_none());
        for response_type in HYBRID {
            let (front, back) = front_and_back(&app, &alice, response_type).await;
            assert_eq!((&front["nonce"], &back["nonce"]), (&json!("nonce-1"), &json!("nonce-1")), "{response_type}");
        }
    }

    async fn b063_at_hash_is_the_left_half_of_the_hash_of_the_access_token(app) {
        for algorithm in SigningAlgorithm::ALL {
            let half = |text: &str| json!(URL_SAFE_NO_PAD.encode(algorithm.half_hash(text)));
            let name = format!("app-{}", algorithm.name().to_ascii_lowercase());
            let rp = app.client(ClientSpec::web(&name).hybrid().set(signed_with(algorithm))).await;
            let alice = app.person(&format!("of-{name}")).await;
            let tokens = signed_in(&app, &rp, &alice, "openid").await;
            assert_eq!(id_claims(&app, &tokens).await["at_hash"], half(&tokens.access_token), "{algorithm}");
            // Through the browser: of what comes with it, and of nothing else.
            for response_type in ["id_token", "id_token token", "code id_token", "code id_token token"] {
                let request = Authorize::new(&rp, "openid").with("response_type", response_type);
                let parameters = app.browser().arrive(&alice, &request).await.parameters();
                let (header, claims) = app.verified(&parameters["id_token"]).await;
                assert_eq!(header["alg"], algorithm.name());
                for (hash, of) in [("at_hash", "access_token"), ("c_hash", "code")] {
                    let expected = parameters.get(of).map(|text| half(text));
                    assert_eq!(claims.get(hash), expected.as_ref(), "{algorithm} {response_type} {hash}");
                }
            }
        }
    }

    async fn b064_auth_time_is_there_with_max_age_and_tells_the_truth(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").with("max_age", "15000");
        let at = app.now().seconds();
        let grant = granted(&mut browser, &alice, &request).await;
        app.clock.advance(7);
        assert_eq!(id_claims(&app, &rp.exchange(&grant).await.ok().await).await["auth_time"], at);
        let silent = request.with("prompt", "none");
        let away = browser.authorize(&silent).await.away();
        let tokens = rp.exchange(&away.grant(&silent)).await.ok().await;
        assert_eq!(id_claims(&app, &tokens).await["auth_time"], at);
    }

    async fn b065_acr_is_a_text_and_amr_a_list_of_texts(app) {
        let claims = full(&app).await;
        assert!(claims.get("acr").is_none_or(|acr| acr.as_str().is_some_and(|acr| !acr.is_empty())));
        let amr = claims["amr"].as_array().expect("an array");
        assert!(amr.iter().all(Value::is_string), "{claims}");
    }

    async fn b066_a_client_that_registered_nothing_gets_rs256(app) {
        for algorithm in SigningAlgorithm::ALL {
            app.ensure_key(algorithm).await;
        }
        let (rp, alice) = parties(&app).await;
        let tokens = signed_in(&app, &rp, &alice, "openid").await;
        assert_eq!(app.verified(tokens.id()).await.0["alg"], "RS256");
    }

    async fn b067_no_unsigned_id_token_is_offered(app) {
        let document = metadata(&app).await;
        assert!(!list(&document, "id_token_signing_alg_values_supported").contains(&"none"));
    }

    async fn b068_a_lean_id_token_leaves_claims_to_userinfo(app) {
        let rp = app.client(ClientSpec::web("web").set(|s| s.id_token_claims = IdTokenClaims::Lean)).await;
        let alice = app.person("alice").await;
        let tokens = signed_in(&app, &rp, &alice, "openid profile email address phone").await;
        let claims = id_claims(&app, &tokens).await;
        for told_elsewhere in ["name", "email", "address", "phone_number", "birthdate", "groups"] {
            assert!(claims.get(told_elsewhere).is_none(), "{told_elsewhere}: {claims}");
        }
    }

    async fn b069_without_any_access_token_the_claims_of_scopes_are_in_the_id_token(app) {
        let spec = ClientSpec::web("web").hybrid();
        let rp = app.client(spec.set(|settings| settings.id_token_claims = IdTokenClaims::Lean)).await;
        let alice = app.person("alice").await;
        let base = Authorize::new(&rp, "openid profile email address phone");
        let mut browser = app.browser();
        for (response_type, told) in [("id_token", true), ("id_token token", false), ("code id_token", false)] {
            let away = browser.arrive(&alice, &base.clone().with("response_type", response_type)).await;
            let (_, claims) = app.verified(&away.parameters()["id_token"]).await;
            for name in ["name", "email", "address", "phone_number"] {
                assert_eq!(claims.get(name).is_some(), told, "{response_type} {name}: {claims}");
            }
        }
    }

    async fn b070_claims_have_the_right_types(app) {
        let claims = full(&app).await;
        assert!(claims["updated_at"].is_i64(), "{claims}");
        assert!(claims["email_verified"].is_boolean() && claims["phone_number_verified"].is_boolean(), "{claims}");
        assert!(claims["address"].is_object(), "{claims}");
    }

    async fn b071_the_id_token_of_a_refresh_tells_of_the_same_sign_in_at_another_time(app) {
        let (rp, alice) = parties(&app).await;
        let first = signed_in(&app, &rp, &alice, "openid offline_access").await;
        app.clock.advance(1);
        let second = rp.refresh(first.refresh()).await.ok().await;
        let (before, after) = (id_claims(&app, &first).await, id_claims(&app, &second).await);
        for same in ["iss", "sub", "aud", "azp", "auth_time"] {
            assert_eq!(before[same], after[same], "{same}");
        }
        assert_ne!(before["iat"], after["iat"]);
        assert!(after.get("nonce").is_none_or(|nonce| *nonce == before["nonce"]), "{after}");
    }

    async fn b072_an_id_token_is_encrypted_only_for_who_registered_for_it(app) {
        let key = ReaderKey::generate(KeyManagementAlgorithm::RsaOaep256);
        let jwks = key.jwks();
        let same = jwks.clone();
        let plain = app.client(ClientSpec::web("plain").set(|settings| settings.jwks = Some(same))).await;
        let sealed = app
            .client(ClientSpec::web("sealed").set(|settings| {
                settings.jwks = Some(jwks);
                settings.id_token_encrypted_response_alg = Some(KeyManagementAlgorithm::RsaOaep256);
            }))
            .await;
        let alice = app.person("alice").await;
        let tokens = signed_in(&app, &plain, &alice, "openid").await;
        assert_eq!(id_claims(&app, &tokens).await["aud"], "plain");
        let tokens = signed_in(&app, &sealed, &alice, "openid").await;
        let (header, inner) = key.open(tokens.id());
        assert_eq!(header["alg"], "RSA-OAEP-256");
        assert_eq!(app.verified(&inner).await.1["aud"], "sealed");
        let document = metadata(&app).await;
        assert!(list(&document, "id_token_encryption_alg_values_supported").contains(&"RSA-OAEP-256"));
    }
}
