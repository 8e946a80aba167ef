//! Requests that end with a code.

use serde_json::json;
use symbolon::domain::entity::ConsentMode;

use crate::support::{Authorize, ClientSpec, PASSWORD, Request, Stop};

both! {
    async fn a_person_signs_in_agrees_and_the_app_gets_tokens(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid profile");
        let page = browser.authorize(&request).await.page("/sign-in/");
        assert_eq!(page.answer.response.status, 200);
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        // Behaviours 54 and 55.
        let parameters = away.parameters();
        let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "iss", "session_state", "state"]);
        assert_eq!(parameters["state"], "state-1");
        assert_eq!(parameters["iss"], app.issuer());
        // Behaviour 56.
        assert!(parameters["code"].len() >= 43, "{}", parameters["code"]);
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        let (_, claims) = app.verified(tokens.id()).await;
        assert_eq!((&claims["sub"], &claims["nonce"]), (&json!(alice.id), &json!("nonce-1")));
    }

    async fn whoever_is_signed_in_and_has_agreed_sees_no_page(app) {
        // Behaviour 40.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid profile");
        let first = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
        app.clock.advance(100);
        for request in
            [request.clone(), request.clone().with("prompt", "none"), request.clone().with("scope", "openid")]
        {
            let away = browser.authorize(&request).await.away();
            let again = rp.exchange(&away.grant(&request)).await.ok().await;
            let ((_, before), (_, after)) = (app.verified(first.id()).await, app.verified(again.id()).await);
            for same in ["sub", "auth_time", "sid"] {
                assert_eq!(before[same], after[same], "{same}");
            }
        }
    }

    async fn the_request_may_be_posted(app) {
        // Behaviour 29.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        browser.grant(&alice, &request).await;
        let post = Request::new("POST", "/oauth2/authorize").form_body(request.encoded());
        let answer = browser.request(post).await;
        assert_eq!(answer.response.status, 303, "{}", answer.response);
        let location = answer.response.header("location").expect("a location");
        assert!(location.starts_with("https://web.example/callback?code="), "{location}");
    }

    async fn what_is_unknown_or_optional_is_accepted(app) {
        // Behaviours 30, 32 and 34 to 36.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        browser.grant(&alice, &base).await;
        for request in [
            base.clone().and("extra", "foobar"),
            base.clone().without("nonce"),
            base.clone().without("state"),
            base.clone().and("display", "popup"),
            base.clone().and("ui_locales", "se"),
            base.clone().and("claims_locales", "se"),
            base.clone().and("login_hint", "buffy@localhost"),
            base.clone().and("acr_values", "1 2"),
            base.clone().and("prompt", ""),
            base.clone().and("max_age", "15000"),
            base.clone().and("claims", r#"{"userinfo":{"name":{"essential":true}}}"#),
        ] {
            let away = match browser.authorize(&request).await {
                Stop::Page(page) if page.path.starts_with("/consent/") => {
                    browser.press(&page, "consent-allow", &[]).await.away()
                }
                other => other.away(),
            };
            rp.exchange(&away.grant(&request)).await.ok().await;
        }
    }

    async fn a_state_is_echoed_byte_for_byte_and_absent_if_none_was_sent(app) {
        // Behaviours 31 and 54.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        browser.grant(&alice, &base).await;
        let long = "aB1-._~".repeat(18);
        for state in [long.as_str(), "a b&c=d#e+f%g/h?i", "\"<>\\^`{|}'", "\u{1f600}\u{e9}"] {
            let away = browser.authorize(&base.clone().with("state", state)).await.away();
            assert_eq!(away.parameters()["state"], state);
        }
        let away = browser.authorize(&base.without("state")).await.away();
        assert!(!away.parameters().contains_key("state"));
    }

    async fn each_response_mode_brings_the_code_its_own_way(app) {
        // Behaviours 51 and 58.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        browser.grant(&alice, &base).await;
        for (mode, in_query, in_fragment) in
            [("query", true, false), ("fragment", false, true), ("form_post", false, false)]
        {
            let request = base.clone().and("response_mode", mode);
            let away = browser.authorize(&request).await.away();
            assert_eq!(away.url.contains('?'), in_query, "{}", away.url);
            assert_eq!(away.url.contains('#'), in_fragment, "{}", away.url);
            assert_eq!(away.form.is_some(), mode == "form_post");
            rp.exchange(&away.grant(&request)).await.ok().await;
        }
    }

    async fn a_page_that_posts_to_the_app_may_do_so_and_runs_no_inline_script(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").and("response_mode", "form_post");
        browser.grant(&alice, &request).await;
        let away = browser.authorize(&request).await.away();
        let response = &away.answer.response;
        let policy = response.header("content-security-policy").expect("a policy");
        assert!(!policy.contains("form-action"), "{policy}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert!(away.form.is_some_and(|form| form.buttons.iter().any(|(id, _)| id == "form-post-continue")));
    }

    async fn a_registered_query_is_kept_and_the_answer_appended(app) {
        // Behaviour 43.
        let spec = ClientSpec::web("web")
            .set(|settings| settings.redirect_uris = vec!["https://web.example/cb?bar=foo".to_owned()]);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let grant = browser.grant(&alice, &request).await;
        rp.exchange(&grant).await.ok().await;
        let away = browser.authorize(&request).await.away();
        assert!(away.url.starts_with("https://web.example/cb?bar=foo&code="), "{}", away.url);
        let refused = browser.authorize(&request.with("prompt", "none consent")).await.away();
        assert!(refused.url.starts_with("https://web.example/cb?bar=foo&error="), "{}", refused.url);
    }

    async fn a_native_app_may_listen_on_any_port_of_loopback(app) {
        // RFC 8252 §7.3.
        let spec = ClientSpec::spa("native")
            .native()
            .set(|settings| settings.redirect_uris = vec!["http://127.0.0.1/callback".to_owned()]);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid").with("redirect_uri", "http://127.0.0.1:49152/callback");
        let grant = app.browser().grant(&alice, &request).await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn prompt_login_asks_again_and_says_so_in_the_token(app) {
        // Behaviour 37.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        let first = rp.exchange(&browser.grant(&alice, &base).await).await.ok().await;
        let cookie = browser.cookies["symbolon_session"].clone();
        app.clock.advance(10);
        let request = base.with("prompt", "login");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let away = browser.sign_in(&page, "alice", PASSWORD).await.away();
        let again = rp.exchange(&away.grant(&request)).await.ok().await;
        let ((_, before), (_, after)) = (app.verified(first.id()).await, app.verified(again.id()).await);
        assert_eq!(before["sub"], after["sub"]);
        assert!(after["auth_time"].as_i64() > before["auth_time"].as_i64());
        // ASVS 7.2.4: a new cookie at every authentication.
        assert_ne!(browser.cookies["symbolon_session"], cookie);
    }

    async fn max_age_asks_again_only_when_the_sign_in_is_older(app) {
        // Behaviours 38 and 64.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        let first = rp.exchange(&browser.grant(&alice, &base).await).await.ok().await;
        app.clock.advance(2);
        for max_age in ["15000", "10000", "2"] {
            let request = base.clone().with("max_age", max_age);
            let away = browser.authorize(&request).await.away();
            let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
            assert_eq!(app.verified(tokens.id()).await.1["auth_time"], app.verified(first.id()).await.1["auth_time"]);
        }
        for max_age in ["1", "0"] {
            let request = base.clone().with("max_age", max_age);
            let page = browser.authorize(&request).await.page("/sign-in/");
            let away = browser.sign_in(&page, "alice", PASSWORD).await.away();
            let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
            assert_eq!(app.verified(tokens.id()).await.1["auth_time"], app.now().seconds());
            app.clock.advance(2);
        }
    }

    async fn an_id_token_hint_of_whoever_is_signed_in_is_fine_even_expired(app) {
        // Behaviour 41.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        let tokens = rp.exchange(&browser.grant(&alice, &base).await).await.ok().await;
        app.clock.advance(700);
        let request = base.with("prompt", "none").and("id_token_hint", tokens.id());
        let away = browser.authorize(&request).await.away();
        let again = rp.exchange(&away.grant(&request)).await.ok().await;
        assert_eq!(app.verified(again.id()).await.1["sub"], alice.id.as_str());
    }

    async fn prompt_consent_gives_a_refresh_token_although_the_person_has_agreed_before(app) {
        // Behaviours 44 and 91.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid offline_access").with("prompt", "consent");
        for _ in 0..2 {
            let grant = browser.grant(&alice, &request).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            assert_eq!(tokens.scope.as_deref(), Some("openid offline_access"));
            rp.refresh(tokens.refresh()).await.ok().await;
        }
    }

    async fn a_first_party_app_asks_for_nothing(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.consent = ConsentMode::Skip);
        let (rp, _) = (app.client(spec).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid profile email");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let away = browser.sign_in(&page, "alice", PASSWORD).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
    }

    async fn the_answer_of_a_dialogue_is_never_kept(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        browser.grant(&alice, &request).await;
        let away = browser.authorize(&request).await.away();
        assert_eq!(away.answer.response.header("cache-control"), Some("no-store"));
        assert_eq!(away.answer.response.header("referrer-policy"), Some("no-referrer"));
    }
}
