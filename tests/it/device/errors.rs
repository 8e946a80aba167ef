//! What devices, and people who are talked into something, are refused.

use super::{GRANT, approve, begin, card, ok::sign_out, poll, television, type_code, with_grant};
use crate::support::{ClientSpec, Request, Stop};

both! {
    async fn without_the_grant_or_with_more_than_is_registered_no_request_is_made(app) {
        let (web, tv) = (app.client(ClientSpec::web("web")).await, app.client(television()).await);
        let ask = async |rp: &crate::support::RelyingParty, fields: &[(&str, &str)]| {
            rp.post("/oauth2/device_authorization", fields).await
        };
        ask(&web, &[("scope", "openid")]).await.refused("unauthorized_client", "AS-1102").await;
        ask(&tv, &[("scope", "admin")]).await.refused("invalid_scope", "AS-1010").await;
        ask(&tv, &[("scope", "openid"), ("dpop_jkt", "x")]).await.refused("invalid_request", "AS-1028").await;
        for (name, value) in [
            ("claims", r#"{"id_token":{"acr":{"essential":true,"value":"1"}}}"#),
            ("claims", r#"{"id_token":{"sub":{"value":"alice"}}}"#),
            ("prompt", "login"),
            ("prompt", "none"),
            ("id_token_hint", "a.b.c"),
            ("request", "a.b.c"),
            ("request_uri", "https://tv.example/r"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ] {
            ask(&tv, &[("scope", "openid"), (name, value)]).await.refused("invalid_request", "AS-1167").await;
        }
        // What is only wished for, what happens anyway, and what nobody knows.
        let wishes = [
            ("scope", "openid"), ("claims", r#"{"userinfo":{"name":null}}"#), ("prompt", "consent"), ("nonce", "n"),
            ("login_hint", "alice"), ("extra", "x"),
        ];
        assert!(ask(&tv, &wishes).await.json().await["device_code"].is_string());
        let kiosk = app.client(ClientSpec::web("kiosk").set(with_grant)).await;
        let wrong = kiosk.with(crate::support::Credentials::Basic("wrong".to_owned()));
        ask(&wrong, &[]).await.refused("invalid_client", "AS-1203").await;
        let nobody = kiosk.with(crate::support::Credentials::Nothing);
        ask(&nobody, &[]).await.refused("invalid_client", "AS-1200").await;
        app.change_client(&tv, |client| client.enabled = false).await;
        ask(&tv, &[]).await.refused("invalid_client", "AS-1001").await;
    }

    async fn a_code_that_is_none_redeems_nothing(app) {
        let (tv, web) = (app.client(television()).await, app.client(ClientSpec::web("web")).await);
        tv.token(&[("grant_type", GRANT)]).await.refused("invalid_request", "AS-1160").await;
        let unknown = symbolon::crypto::token::mint(
            symbolon::crypto::token::SecretKind::DeviceCode,
            &symbolon::crypto::random::SystemRandom,
        );
        for code in ["x", "sym_dc_", unknown.text.expose()] {
            tv.token(&[("grant_type", GRANT), ("device_code", code)]).await.refused("invalid_grant", "AS-1161").await;
        }
        let device = begin(&tv, "openid").await;
        tv.token(&[("grant_type", GRANT), ("device_code", &device.user_code)]).await.refused("invalid_grant", "AS-1161").await;
        web.token(&[("grant_type", GRANT), ("device_code", &device.device_code)])
            .await.refused("unauthorized_client", "AS-1102").await;
    }

    async fn who_asks_too_often_waits_five_seconds_more_each_time(app) {
        let tv = app.client(television()).await;
        let device = begin(&tv, "openid").await;
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;
        poll(&tv, &device).await.refused("slow_down", "AS-1166").await;
        app.clock.advance(9);
        poll(&tv, &device).await.refused("slow_down", "AS-1166").await;
        app.clock.advance(14);
        poll(&tv, &device).await.refused("slow_down", "AS-1166").await;
        app.clock.advance(20);
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn a_code_is_bound_to_its_client_and_used_once(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let other = app.client(ClientSpec::web("other").set(with_grant)).await;
        let device = begin(&tv, "openid").await;
        poll(&other, &device).await.refused("invalid_grant", "AS-1162").await;
        approve(&app, &alice, &device).await;
        poll(&other, &device).await.refused("invalid_grant", "AS-1162").await;
        poll(&tv, &device).await.ok().await;
        poll(&tv, &device).await.refused("invalid_grant", "AS-1163").await;
        poll(&other, &device).await.refused("invalid_grant", "AS-1162").await;
    }

    async fn after_ten_minutes_nothing_is_typed_allowed_or_redeemed(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let (shown, allowed, typed) = (begin(&tv, "openid").await, begin(&tv, "openid").await, begin(&tv, "openid").await);
        approve(&app, &alice, &allowed).await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &shown.user_code).await;
        app.clock.advance(600);
        for device in [&shown, &allowed, &typed] {
            poll(&tv, device).await.refused("expired_token", "AS-1164").await;
        }
        type_code(&mut browser, &typed.user_code).await.complains(200, "AS-1600").await;
        let late = browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/approve/");
        late.answer.refused_page(400, "AS-1603").await;
    }

    async fn a_person_says_no_and_the_device_hears_it(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &device.user_code).await;
        let last = browser.press(&page, "approve-deny", &[]).await.page("/answered/denied");
        assert!(last.answer.response.text().contains("Nothing was allowed"));
        poll(&tv, &device).await.refused("access_denied", "AS-1020").await;
        // What was answered is not answered again.
        type_code(&mut browser, &device.user_code).await.complains(200, "AS-1600").await;
    }

    async fn nobody_is_asked_about_the_device_of_an_app_that_waits_for_an_administrator(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        let open = card(&mut browser, &alice, &device.user_code).await;
        app.change_client(&tv, |client| client.settings.quarantined = true).await;
        type_code(&mut browser, &device.user_code).await.answer.refused_page(400, "AS-1406").await;
        let pressed = browser.press(&open, "approve-allow", &[("started_here", "yes")]).await.page("/approve/");
        pressed.answer.refused_page(400, "AS-1406").await;
        poll(&tv, &device).await.refused("unauthorized_client", "AS-1406").await;
    }

    async fn giving_up_the_sign_in_denies_nothing(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut stranger = app.browser();
        let page = type_code(&mut stranger, &device.user_code).await;
        stranger.press(&page, "login-cancel", &[]).await.page("/answered/denied");
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;
        approve(&app, &alice, &device).await;
        poll(&tv, &device).await.ok().await;
    }

    async fn without_the_tick_nothing_is_allowed(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &device.user_code).await;
        let again = browser.press(&page, "approve-allow", &[]).await.page("/approve/");
        again.complains(200, "AS-1602").await;
        let again = browser.press(&again, "approve-allow", &[("started_here", "no")]).await.page("/approve/");
        again.complains(200, "AS-1602").await;
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;
        browser.press(&again, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
    }

    /// The page that says less than the card must not be a way around it.
    async fn the_consent_page_of_other_requests_does_not_answer_a_device(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &device.user_code).await;
        let consent = page.path.replace("/approve/", "/consent/");
        browser.open(&consent).await.page("/approve/");
        let (_, mut fields) = page.filled("approve-allow", &[]);
        fields.retain(|(name, _)| name == "csrf");
        let csrf = fields[0].1.clone();
        let posted = browser.request(Request::form(&consent, &[("csrf", &csrf), ("action", "allow")])).await;
        posted.refused_page(400, "AS-1023").await;
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn forms_from_elsewhere_type_and_allow_nothing(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        for csrf in ["", "x"] {
            let form = [("csrf", csrf), ("action", "continue"), ("user_code", device.user_code.as_str())];
            browser.request(Request::form("/device", &form)).await.refused_page(400, "AS-1023").await;
        }
        let page = card(&mut browser, &alice, &device.user_code).await;
        let forged = [("csrf", "x"), ("action", "allow"), ("started_here", "yes")];
        browser.request(Request::form(&page.path, &forged)).await.refused_page(400, "AS-1023").await;
        // Nor does the card of one browser serve another.
        let mut other = app.browser();
        other.request(Request::get(&page.path)).await.refused_page(400, "AS-1022").await;
        poll(&tv, &device).await.refused("authorization_pending", "AS-1165").await;
    }

    async fn of_two_cards_one_answers(app) {
        let tv = app.client(television()).await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let device = begin(&tv, "openid").await;
        let (mut one, mut other) = (app.browser(), app.browser());
        let first = card(&mut one, &alice, &device.user_code).await;
        let second = card(&mut other, &bob, &device.user_code).await;
        let third = card(&mut app.browser(), &bob, &device.user_code).await;
        drop(third);
        one.press(&first, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
        let late = other.press(&second, "approve-allow", &[("started_here", "yes")]).await.page("/approve/");
        late.answer.refused_page(400, "AS-1603").await;
        let late = other.press(&second, "approve-deny", &[]).await.page("/approve/");
        late.answer.refused_page(400, "AS-1603").await;
        let tokens = poll(&tv, &device).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["sub"], alice.id.as_str());
    }

    async fn guessing_codes_is_throttled_by_browser_and_by_network(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        for _ in 0..6 {
            type_code(&mut browser, "BBBB-BBBB").await.complains(200, "AS-1600").await;
        }
        // Not even the right code is looked at.
        let page = browser.open("/device").await.page("/device");
        let Stop::Page(page) = browser.press(&page, "device-continue", &[("user_code", &device.user_code)]).await else {
            panic!("sent away");
        };
        page.complains(429, "AS-1601").await;
        assert!(page.answer.response.header("retry-after").is_some());
        // Another browser at the same address goes on, until the network has tried too often.
        card(&mut app.browser(), &alice, &device.user_code).await;
        let mut refused = 0;
        for _ in 0..20 {
            let page = type_code(&mut app.browser(), "").await;
            refused += usize::from(page.answer.response.status == 429);
        }
        assert!(refused > 0, "a new browser each time is no way around it");
        app.clock.advance(7200);
        let device = begin(&tv, "openid").await;
        card(&mut app.browser(), &alice, &device.user_code).await;
    }

    async fn signing_out_takes_back_what_the_device_has_not_fetched(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        for scope in ["openid", "openid offline_access"] {
            let device = begin(&tv, scope).await;
            let mut browser = app.browser();
            let page = card(&mut browser, &alice, &device.user_code).await;
            browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/answered/allowed");
            sign_out(&mut browser).await;
            poll(&tv, &device).await.refused("access_denied", "AS-1020").await;
        }
    }

    async fn a_client_that_lost_the_grant_meanwhile_is_allowed_nothing(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid").await;
        let mut browser = app.browser();
        let page = card(&mut browser, &alice, &device.user_code).await;
        app.change_client(&tv, |client| {
            client.settings.grant_types.pop();
        })
        .await;
        let refused = browser.press(&page, "approve-allow", &[("started_here", "yes")]).await.page("/approve/");
        refused.answer.refused_page(400, "AS-1102").await;
    }

    async fn pages_that_are_none_are_not_found(app) {
        for path in ["/answered/maybe", "/answered/"] {
            app.browser().request(Request::get(path)).await.refused_page(404, "AS-5001").await;
        }
        type_code(&mut app.browser(), "").await.complains(200, "AS-1600").await;
    }
}
