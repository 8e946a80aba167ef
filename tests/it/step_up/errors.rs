//! What is refused, and what no token may claim.

use serde_json::json;

use super::{Bank, claims, repeated, world};
use crate::{
    ciba, device,
    support::{Authorize, ClientKey, ClientSpec, Credentials, PASSWORD},
};

both! {
    async fn without_a_page_nobody_can_sign_in_again(app) {
        let (rp, alice) = world(&app).await;
        let mut browser = app.browser();
        let silent = Authorize::new(&rp, "openid").and("prompt", "none");
        browser.grant(&alice, &Authorize::new(&rp, "openid")).await;
        browser.authorize(&silent.clone().with("max_age", "0")).await.away().refused(&app, "login_required", "AS-1017").await;
        app.clock.advance(61);
        let stale = silent.clone().with("max_age", "60").with("acr_values", "1");
        browser.authorize(&stale).await.away().refused(&app, "login_required", "AS-1017").await;
        // A demand that nobody can meet is one whether or not there is a page.
        let demand = r#"{"id_token":{"acr":{"essential":true,"value":"2"}}}"#;
        for request in [silent, Authorize::new(&rp, "openid")] {
            let away = browser.authorize(&request.with("claims", demand)).await.away();
            away.refused(&app, "unmet_authentication_requirements", "AS-1034").await;
        }
    }

    async fn an_api_says_how_fresh_also_where_there_is_no_page(app) {
        app.api_with("https://bank.example.com", &[], |settings| settings.max_authentication_age = Some(60)).await;
        let (rp, alice) = world(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").and("resource", "https://bank.example.com");
        browser.grant(&alice, &request).await;
        let silent = request.and("prompt", "none");
        browser.authorize(&silent).await.away();
        app.clock.advance(61);
        browser.authorize(&silent).await.away().refused(&app, "login_required", "AS-1017").await;
    }

    async fn an_age_that_is_none_is_refused_wherever_it_is_sent(app) {
        let spec = ClientSpec::web("shop").set(device::with_grant).set(ciba::with_grant);
        let rp = app.client(spec).await;
        app.person("alice").await;
        for age in ["-1", "+1", "1.5", "soon", "99999999999999999999"] {
            let request = Authorize::new(&rp, "openid").with("max_age", age);
            app.browser().authorize(&request).await.away().refused(&app, "invalid_request", "AS-1013").await;
            rp.push(&request).await.refused("invalid_request", "AS-1013").await;
            let fields = [("scope", "openid"), ("max_age", age)];
            rp.post("/oauth2/device_authorization", &fields).await.refused("invalid_request", "AS-1013").await;
            ciba::ask(&rp, &[("max_age", age)]).await.refused("invalid_request", "AS-1013").await;
        }
    }

    async fn beside_a_signed_request_over_the_back_channel_no_age_counts(app) {
        let key = ClientKey::generate(symbolon::domain::jose::SigningAlgorithm::ES256);
        let spec = ciba::till().keyed(&key).set(|settings| {
            settings.backchannel_authentication_request_signing_alg =
                Some(symbolon::domain::jose::SigningAlgorithm::ES256);
        });
        let rp = app.client(spec).await.with(Credentials::Key(key.clone()));
        app.person("alice").await;
        let now = app.now().seconds();
        let object = key.sign(&json!({
            "iss": rp.client_id.as_str(), "aud": app.issuer(), "iat": now, "nbf": now, "exp": now + 300, "jti": "a",
            "scope": "openid", "login_hint": "alice", "max_age": 60,
        }));
        let beside = [("request", object.as_str()), ("max_age", "3600")];
        rp.post(ciba::ENDPOINT, &beside).await.refused("invalid_request", "AS-1199").await;
        rp.post(ciba::ENDPOINT, &[("request", &object)]).await.json().await;
    }

    async fn whoever_gives_up_the_sign_in_gives_the_app_nothing(app) {
        let (bank, (rp, alice)) = (Bank::open(&app).await, world(&app).await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let tokens = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
        app.clock.advance(61);
        let challenge = bank.answer(&app, &tokens.access_token).await.expect_err("too old");
        let page = browser.authorize(&repeated(&challenge, request)).await.page("/sign-in/");
        browser.sign_in(&page, "alice", "another password").await.page("/sign-in/").complains(200, "AS-2001").await;
        let page = browser.open(&page.path).await.page("/sign-in/");
        browser.press(&page, "login-cancel", &[]).await.away().refused(&app, "access_denied", "AS-1020").await;
        assert!(bank.answer(&app, &tokens.access_token).await.is_err(), "the token is as old as before");
    }

    async fn another_persons_sign_in_does_not_make_a_session_fresh(app) {
        let (rp, alice) = world(&app).await;
        let bob = app.person("bob").await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").with("max_age", "60");
        browser.grant(&alice, &request).await;
        app.clock.advance(61);
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, "bob", PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        assert_eq!(claims(&app, &tokens).await["sub"], bob.id.as_str());
    }

    async fn a_token_that_nobody_signed_in_for_says_nothing_of_a_sign_in(app) {
        let bank = Bank::open(&app).await;
        let tokens = bank.rp.machine_token().await.ok().await;
        let told = bank.rp.introspect(&tokens.access_token).await.json().await;
        for document in [claims(&app, &tokens).await, told] {
            for name in ["auth_time", "acr", "amr"] {
                assert!(document.get(name).is_none(), "{name}: {document}");
            }
        }
        bank.answer(&app, &tokens.access_token).await.expect_err("no sign-in at all");
    }
}
