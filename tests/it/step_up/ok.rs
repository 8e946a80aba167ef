//! Who signs in again, and what the tokens say afterwards.

use serde_json::json;
use symbolon::domain::entity::{AccessTokenFormat, ExchangeMode};

use super::{Bank, SCOPE, claims, repeated, sign_in_of, with_format, world};
use crate::{
    ciba, device,
    support::{Authorize, ClientKey, ClientSpec, Credentials, PASSWORD},
    token_exchange::{self, ACCESS, API},
};

both! {
    async fn an_api_wants_a_fresh_sign_in_and_the_app_asks_for_one(app) {
        let (bank, alice) = (Bank::open(&app).await, app.person("alice").await);
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            let rp = app.client(ClientSpec::web(&format!("shop-{format:?}")).set(with_format(format))).await;
            let mut browser = app.browser();
            let request = Authorize::new(&rp, SCOPE);
            let first = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
            assert_eq!(bank.answer(&app, &first.access_token).await, Ok(()), "{format:?}");
            app.clock.advance(120);
            let old = rp.refresh(first.refresh()).await.ok().await;
            let challenge = bank.answer(&app, &old.access_token).await.expect_err("a sign-in two minutes ago");
            // The app asks as it always does, and the header adds two parameters.
            let request = repeated(&challenge, request);
            let page = browser.authorize(&request).await.page("/sign-in/");
            // What was allowed before stays allowed: no page asks for it again.
            let away = browser.sign_in(&page, "alice", PASSWORD).await.away();
            let fresh = rp.exchange(&away.grant(&request)).await.ok().await;
            assert_eq!(bank.answer(&app, &fresh.access_token).await, Ok(()), "{format:?}");
            // The earlier tokens live on, and still tell of the earlier sign-in.
            let older = rp.refresh(old.refresh()).await.ok().await;
            assert!(bank.answer(&app, &older.access_token).await.is_err(), "{format:?}");
        }
    }

    async fn a_sign_in_that_is_good_enough_is_not_asked_for_again(app) {
        let (rp, alice) = world(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").with("acr_values", "1").with("max_age", "60");
        browser.grant(&alice, &request).await;
        app.clock.advance(60);
        browser.authorize(&request).await.away();
        browser.authorize(&request.clone().and("prompt", "none")).await.away();
        app.clock.advance_millis(1);
        browser.authorize(&request).await.page("/sign-in/");
    }

    async fn a_class_that_nobody_can_reach_asks_nobody_for_anything(app) {
        let (rp, alice) = world(&app).await;
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid")).await;
        for prompt in ["", "none"] {
            let request = Authorize::new(&rp, "openid").with("acr_values", "urn:example:gold").and("prompt", prompt);
            let tokens = rp.exchange(&browser.authorize(&request).await.away().grant(&request)).await.ok().await;
            assert_eq!(claims(&app, &tokens).await["acr"], "1", "the API reads that it is not gold");
        }
    }

    async fn an_age_of_nothing_asks_each_time(app) {
        let (rp, alice) = world(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").with("max_age", "0");
        for _ in 0..2 {
            let page = browser.authorize(&request).await.page("/sign-in/");
            let mut stop = browser.sign_in(&page, &alice.username, PASSWORD).await;
            if let crate::support::Stop::Page(page) = stop {
                stop = browser.press(&page, "consent-allow", &[]).await;
            }
            stop.away().grant(&request);
        }
    }

    async fn pushed_requests_and_request_objects_carry_both(app) {
        let key = ClientKey::generate(symbolon::domain::jose::SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::web("shop").keyed(&key)).await.with(Credentials::Key(key.clone()));
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid")).await;
        app.clock.advance(61);
        let request = Authorize::new(&rp, "openid").with("acr_values", "1").with("max_age", "60");
        let (now, id) = (app.now().seconds(), rp.client_id.as_str());
        let mut object = json!({
            "client_id": id, "iss": id, "aud": app.issuer(), "nbf": now, "iat": now, "exp": now + 300,
        });
        for (name, value) in request.pushed() {
            object[name] = if name == "max_age" { json!(60) } else { value.into() };
        }
        let signed = key.sign(&object);
        let carried = [("client_id", id), ("response_type", "code"), ("scope", "openid"), ("request", signed.as_str())];
        let by_value = format!("/oauth2/authorize?{}", crate::support::form_encode(&carried));
        let pushed = rp.by_reference(&rp.push(&request).await.pushed().await);
        for address in [by_value, pushed] {
            browser.open(&address).await.page("/sign-in/");
        }
        let page = browser.authorize(&request).await.page("/sign-in/");
        browser.sign_in(&page, "alice", PASSWORD).await.away();
    }

    async fn every_token_of_a_person_tells_when_and_how_they_signed_in(app) {
        let spec = ClientSpec::web("shop").set(device::with_grant).set(ciba::with_grant);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let orders = app.client(token_exchange::service("orders")).await;
        token_exchange::allow(&app, &orders, &rp, &[API], ExchangeMode::Delegation).await;

        let signed_in_at = app.now().seconds();
        let code = rp.exchange(&app.browser().grant(&alice, &Authorize::new(&rp, SCOPE)).await).await.ok().await;
        let asked = device::begin(&rp, SCOPE).await;
        device::approve(&app, &alice, &asked).await;
        let of_device = device::poll(&rp, &asked).await.ok().await;
        let id = ciba::begin(&rp, &[("scope", SCOPE)]).await;
        ciba::answer(&app, &alice, "approve-allow").await;
        let of_ciba = ciba::poll(&rp, &id).await.ok().await;
        app.clock.advance(90);
        let mut all = Vec::new();
        for tokens in [code, of_device, of_ciba] {
            all.push(rp.refresh(tokens.refresh()).await.ok().await);
            let tokens = crate::support::Tokens { refresh_token: None, ..tokens };
            let exchanged = token_exchange::exchange(&orders, &tokens.access_token, ACCESS, &[]).await.ok().await;
            all.extend([tokens, exchanged]);
        }
        for tokens in all {
            let claims = claims(&app, &tokens).await;
            assert_eq!(sign_in_of(&claims), (signed_in_at, "1", &json!(["pwd"])), "{claims}");
            let asking = if claims["client_id"] == "orders" { &orders } else { &rp };
            let told = asking.introspect(&tokens.access_token).await.json().await;
            assert_eq!(sign_in_of(&told), (signed_in_at, "1", &json!(["pwd"])), "{told}");
            if let Some(refresh) = &tokens.refresh_token {
                let told = rp.introspect(refresh).await.json().await;
                assert_eq!(sign_in_of(&told), (signed_in_at, "1", &json!(["pwd"])), "{told}");
            }
        }
    }

    async fn a_device_asks_for_a_fresh_sign_in_too(app) {
        let (tv, alice) = (app.client(device::television()).await, app.person("alice").await);
        let mut browser = app.browser();
        let asked = device::begin(&tv, "openid").await;
        device::card(&mut browser, &alice, &asked.user_code).await;
        app.clock.advance(120);
        let begin = async |max_age: &str| {
            let fields = [("scope", "openid"), ("acr_values", "1"), ("max_age", max_age)];
            let body = tv.post("/oauth2/device_authorization", &fields).await.json().await;
            let text = |name: &str| body[name].as_str().expect("text").to_owned();
            device::Device { device_code: text("device_code"), user_code: text("user_code") }
        };
        // Two minutes are young enough for the first, and too old for the second.
        let young = begin("300").await;
        device::type_code(&mut browser, &young.user_code).await;
        let asked = begin("60").await;
        let page = device::type_code(&mut browser, &asked.user_code).await;
        assert!(page.path.starts_with("/sign-in/"), "{}", page.path);
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/approve/");
        browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
        let tokens = device::poll(&tv, &asked).await.ok().await;
        assert_eq!(claims(&app, &tokens).await["auth_time"], app.now().seconds());
    }

    async fn over_the_back_channel_a_fresh_sign_in_is_asked_for_too(app) {
        let (rp, alice) = (app.client(ciba::till()).await, app.person("alice").await);
        let mut browser = ciba::signed_in(&app, &alice).await;
        app.clock.advance(120);
        let id = ciba::begin(&rp, &[("max_age", "60"), ("acr_values", "1")]).await;
        let list = browser.open("/requests").await.page("/requests");
        let page = browser.press(&list, "request-1", &[]).await.page("/sign-in/");
        ciba::poll(&rp, &id).await.refused("authorization_pending", "AS-1165").await;
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/approve/");
        browser.press(&page, "approve-allow", &[]).await.page("/answered/allowed");
        app.clock.advance(5);
        let tokens = ciba::poll(&rp, &id).await.ok().await;
        assert_eq!(claims(&app, &tokens).await["auth_time"], app.now().seconds() - 5);
    }

    async fn what_the_client_registered_counts_where_the_request_says_nothing(app) {
        let spec = ClientSpec::web("shop").set(device::with_grant).set(|settings| {
            settings.default_max_age = Some(60);
            settings.default_acr_values = vec!["1".to_owned()];
        });
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        browser.grant(&alice, &request).await;
        app.clock.advance(61);
        browser.authorize(&request.clone().with("max_age", "3600")).await.away();
        browser.authorize(&request).await.page("/sign-in/");
        let asked = device::begin(&rp, "openid").await;
        assert!(device::type_code(&mut browser, &asked.user_code).await.path.starts_with("/sign-in/"));
    }

    async fn an_api_registers_how_fresh_a_sign_in_must_be(app) {
        app.api_with("https://bank.example.com", &["payments.send"], |settings| {
            settings.max_authentication_age = Some(60);
            settings.acr_values = vec!["1".to_owned()];
        })
        .await;
        let allow = |settings: &mut symbolon::domain::entity::ClientSettings| {
            settings.scope.push("payments.send".to_owned());
        };
        let rp = app.client(ClientSpec::web("shop").set(allow).set(device::with_grant)).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid payments.send");
        browser.grant(&alice, &request.clone().and("resource", "https://bank.example.com")).await;
        app.clock.advance(61);
        browser.authorize(&request).await.away();
        for age in ["", "3600"] {
            let strict = request.clone().with("max_age", age).and("resource", "https://bank.example.com");
            browser.authorize(&strict).await.page("/sign-in/");
        }
        let fields = [("scope", "payments.send"), ("resource", "https://bank.example.com")];
        let body = rp.post("/oauth2/device_authorization", &fields).await.json().await;
        let page = device::type_code(&mut browser, body["user_code"].as_str().expect("a code")).await;
        assert!(page.path.starts_with("/sign-in/"), "{}", page.path);
    }
}
