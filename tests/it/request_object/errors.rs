//! Objects that are refused: on a page where they cannot be read, else to the app.

use serde_json::json;
use symbolon::domain::jose::{RequestObjectAlgorithm, SigningAlgorithm};

use super::{by_value, carrying, none, signing, unsigned_allowed, with};
use crate::support::{Authorize, ClientKey, ClientSpec, Request, TestApp};

async fn page(app: &TestApp, target: &str, reason: &str) {
    let answer = app.send(Request::get(target)).await;
    answer.refused_page(400, reason).await;
    assert_eq!(answer.response.header("location"), None);
}

both! {
    /// Behaviours 97 and 99.
    async fn an_unsigned_object_is_not_supported_unless_it_is_registered(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let request = Authorize::new(&rp, "openid");
        let object = none(&request.claims(&app));
        let outside = [("request", object.as_str()), ("redirect_uri", &rp.redirect_uri), ("state", "outside")];
        let away = app.browser().open(&carrying(&rp, &outside)).await.away();
        away.refused(&app, "request_not_supported", "AS-1052").await;
        assert_eq!(away.parameters()["state"], "outside");
        // Neither where it is not registered, nor to where it is although nobody asked for that.
        let evil = [("request", object.as_str()), ("redirect_uri", "https://evil.example/")];
        page(&app, &carrying(&rp, &evil), "AS-1052").await;
        page(&app, &by_value(&rp, &object), "AS-1052").await;
        rp.post("/oauth2/par", &[("request", &object)]).await.refused("request_not_supported", "AS-1052").await;
    }

    /// Behaviour 182.
    async fn a_client_that_signs_may_not_leave_the_signature_out(app) {
        let key = ClientKey::generate(SigningAlgorithm::PS256);
        let spec = ClientSpec::web("web").set(signing(&key)).set(|settings| {
            settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::PS256));
        });
        let rp = app.client(spec).await;
        let request = Authorize::new(&rp, "openid");
        let object = none(&request.claims(&app));
        let outside = [("request", object.as_str()), ("redirect_uri", &rp.redirect_uri)];
        app.browser().open(&carrying(&rp, &outside)).await.away().refused(&app, "invalid_request_object", "AS-1052").await;
        rp.post("/oauth2/par", &[("request", &object)]).await.refused("invalid_request_object", "AS-1052").await;
    }

    /// Behaviours 99 and 182.
    async fn what_cannot_be_read_is_a_page_and_sends_nobody_anywhere(app) {
        let (key, stranger) =
            (ClientKey::generate(SigningAlgorithm::ES256), ClientKey::generate(SigningAlgorithm::ES256));
        let other = ClientKey::generate(SigningAlgorithm::RS256);
        let spec = ClientSpec::web("web").set(signing(&key)).set(|settings| {
            settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::ES256));
        });
        let rp = app.client(spec).await;
        let claims = Authorize::new(&rp, "openid").claims(&app);
        let good = key.sign(&claims);
        let (input, _) = good.rsplit_once('.').expect("a signature");
        let header = |extra: serde_json::Value| {
            let mut header = json!({ "alg": "ES256", "kid": key.jwk()["kid"] });
            header.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
            key.sign_with_header(&header, &claims)
        };
        for (object, reason) in [
            (format!("{input}.{}", "A".repeat(86)), "AS-1050"),
            (stranger.sign(&claims), "AS-1050"),
            (other.sign(&claims), "AS-1051"),
            (stranger.sign_with_header(&json!({ "alg": "HS256" }), &claims), "AS-1051"),
            (stranger.sign_with_header(&json!({ "alg": "none" }), &claims), "AS-1049"),
            (stranger.sign_with_header(&json!({ "alg": "None" }), &claims), "AS-1051"),
            (header(json!({ "typ": "dpop+jwt" })), "AS-1049"),
            (header(json!({ "typ": "at+jwt" })), "AS-1049"),
            (header(json!({ "typ": "client-authentication+jwt" })), "AS-1049"),
            (header(json!({ "crit": ["exp"], "exp": 1 })), "AS-1049"),
            ("x".to_owned(), "AS-1049"),
            ("a.b.c".to_owned(), "AS-1049"),
            ("e30.e30.".to_owned(), "AS-1049"),
            (format!("{good}x.y"), "AS-1049"),
            ("eyJhbGciOiJSU0EtT0FFUCJ9.x.x.x.x".to_owned(), "AS-1053"),
        ] {
            page(&app, &by_value(&rp, &object), reason).await;
            let outside = [("request", object.as_str()), ("redirect_uri", &rp.redirect_uri)];
            page(&app, &carrying(&rp, &outside), reason).await;
            rp.post("/oauth2/par", &[("request", &object)]).await.refused("invalid_request_object", reason).await;
        }
        app.browser().open(&by_value(&rp, &good)).await.page("/sign-in/");
    }

    async fn a_client_without_keys_cannot_sign(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::web("web")).await;
        let object = key.sign(&Authorize::new(&rp, "openid").claims(&app));
        page(&app, &by_value(&rp, &object), "AS-1216").await;
        rp.post("/oauth2/par", &[("request", &object)]).await.refused("invalid_request_object", "AS-1216").await;
    }

    /// Behaviours 102, 183 and 185.
    async fn what_an_authentic_object_does_wrong_goes_to_the_app(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::web("web").set(signing(&key))).await;
        let good = Authorize::new(&rp, "openid").claims(&app);
        let now = app.now().seconds();
        for (name, value, reason) in [
            ("exp", json!(now), "AS-1054"),
            ("nbf", json!(now + 120), "AS-1054"),
            ("iat", json!(now + 120), "AS-1054"),
            ("exp", json!("soon"), "AS-1055"),
            ("iss", json!("other"), "AS-1055"),
            ("aud", json!("https://other.example"), "AS-1055"),
            ("aud", json!([]), "AS-1055"),
            ("sub", json!("web"), "AS-1055"),
            ("request", json!("a.b.c"), "AS-1056"),
            ("request_uri", json!("https://web.example/r"), "AS-1056"),
            ("client_id", json!("other"), "AS-1057"),
            ("response_type", json!("token"), "AS-1057"),
        ] {
            let object = key.sign(&with(good.clone(), name, value));
            let away = app.browser().open(&by_value(&rp, &object)).await.away();
            assert!(away.url.starts_with("https://web.example/callback"), "{name}: {}", away.url);
            away.refused(&app, "invalid_request_object", reason).await;
            assert_eq!(away.parameters()["state"], "state-1", "{name}");
            if name != "response_type" {
                let answer = rp.post("/oauth2/par", &[("request", &object)]).await;
                answer.refused("invalid_request_object", reason).await;
            }
        }
        // And where the object itself names no address of the app, to nobody.
        for uri in [json!("https://evil.example/"), json!(null)] {
            let object = key.sign(&with(with(good.clone(), "exp", json!(now)), "redirect_uri", uri));
            page(&app, &by_value(&rp, &object), "AS-1054").await;
        }
    }

    /// Behaviour 187.
    async fn a_refusal_takes_the_response_mode_inside_signed_if_it_says_so(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::web("web").set(signing(&key))).await;
        let request = Authorize::new(&rp, "openid").and("response_mode", "jwt");
        for (name, value, error) in [
            ("exp", json!(app.now().seconds()), "invalid_request_object"),
            ("request", json!("a.b.c"), "invalid_request_object"),
            ("scope", json!("openid admin"), "invalid_scope"),
        ] {
            let object = key.sign(&with(request.claims(&app), name, value));
            let target = carrying(&rp, &[("request", &object), ("response_mode", "fragment")]);
            let away = app.browser().open(&target).await.away();
            assert!(away.url.starts_with("https://web.example/callback?response="), "{}", away.url);
            let (_, answer) = app.verified(&away.parameters()["response"]).await;
            assert_eq!((&answer["error"], &answer["state"]), (&json!(error), &json!("state-1")));
            assert_eq!((&answer["iss"], &answer["aud"]), (&json!(app.issuer()), &json!("web")));
        }
    }

    async fn a_value_of_another_json_type_is_a_page(app) {
        let rp = app.client(ClientSpec::web("web").set(unsigned_allowed)).await;
        let good = Authorize::new(&rp, "openid").claims(&app);
        for (name, value) in [
            ("scope", json!(["openid"])),
            ("max_age", json!(1.5)),
            ("state", json!({ "a": 1 })),
            ("claims", json!(["x"])),
            ("redirect_uri", json!([rp.redirect_uri])),
            ("state", json!("a\u{1}b")),
        ] {
            page(&app, &by_value(&rp, &none(&with(good.clone(), name, value))), "AS-1058").await;
        }
    }

    async fn the_parameters_inside_meet_the_same_rules(app) {
        let rp = app.client(ClientSpec::web("web").set(unsigned_allowed)).await;
        let good = Authorize::new(&rp, "openid").claims(&app);
        for (name, value, error, reason) in [
            ("scope", json!("openid admin"), "invalid_scope", "AS-1010"),
            ("code_challenge_method", json!("plain"), "invalid_request", "AS-1302"),
            ("max_age", json!(-1), "invalid_request", "AS-1013"),
            ("claims", json!({ "id_token": 1 }), "invalid_request", "AS-1026"),
            ("registration", json!({}), "registration_not_supported", "AS-1027"),
            ("prompt", json!("none login"), "invalid_request", "AS-1012"),
        ] {
            let target = by_value(&rp, &none(&with(good.clone(), name, value)));
            app.browser().open(&target).await.away().refused(&app, error, reason).await;
        }
        // Behaviour 99: an address inside that is not registered is never gone to, nor is another.
        for uri in ["https://evil.example/", "https://web.example/callback/"] {
            let object = none(&with(good.clone(), "redirect_uri", json!(uri)));
            let outside = [("request", object.as_str()), ("redirect_uri", &rp.redirect_uri)];
            page(&app, &carrying(&rp, &outside), "AS-1003").await;
        }
    }

    async fn one_request_has_one_object(app) {
        let rp = app.client(ClientSpec::web("web").set(unsigned_allowed)).await;
        let object = none(&Authorize::new(&rp, "openid").claims(&app));
        let both = [("request", object.as_str()), ("request_uri", "https://web.example/r"), ("redirect_uri", &rp.redirect_uri)];
        app.browser().open(&carrying(&rp, &both)).await.away().refused(&app, "invalid_request", "AS-1048").await;
        page(&app, &carrying(&rp, &both[..2]), "AS-1048").await;
    }

    async fn an_object_of_an_unknown_client_is_not_read(app) {
        let rp = app.client(ClientSpec::web("web").set(unsigned_allowed)).await;
        let object = none(&Authorize::new(&rp, "openid").claims(&app));
        page(&app, &carrying(&rp, &[("request", &object), ("client_id", "nobody")]), "AS-1001").await;
        page(&app, &format!("/oauth2/authorize?request={object}"), "AS-1000").await;
        app.change_client(&rp, |client| client.enabled = false).await;
        page(&app, &by_value(&rp, &object), "AS-1001").await;
    }
}
