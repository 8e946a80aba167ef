//! Signing in that is refused, and dialogues that cannot go on.

use symbolon::domain::entity::UserState;

use crate::support::{Authorize, ClientSpec, PASSWORD, Page, Request, Stop};

both! {
    async fn a_wrong_password_an_unknown_name_and_a_disabled_account_look_the_same(app) {
        // ASVS 6.3.8.
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let carol = app.person("carol").await;
        app.change_person(&carol, |user| user.state = UserState::Disabled).await;
        let mut seen = Vec::new();
        for (username, password) in [
            ("alice", "wrong password"),
            ("alice", "Correct horse battery staple"),
            ("alice", "correct horse battery staple "),
            ("nobody", PASSWORD),
            ("carol", PASSWORD),
        ] {
            let mut browser = app.browser();
            let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
            let page = browser.sign_in(&page, username, password).await.page("/sign-in/");
            page.complains(200, "AS-2001").await;
            assert!(!browser.cookies.contains_key("symbolon_session"), "{username}");
            let record = app.record(page.answer.trace_id()).await.and_then(|record| record.reason());
            assert_eq!(record.map(|reason| reason.code()), Some("AS-2001"));
            let (form, fields) = page.filled("login-submit", &[]);
            let token = &fields.first().expect("the hidden field").1;
            let own = [form.action.as_str(), token.as_str(), &format!("value=\"{username}\"")];
            let text = page.answer.response.text().to_owned();
            seen.push(own.iter().fold(text, |text, part| text.replace(part, "…")));
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    }

    async fn missing_and_oversized_fields_are_named(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let long = "x".repeat(1025);
        for (username, password, code) in [
            ("", PASSWORD, "AS-2005"),
            ("  ", PASSWORD, "AS-2005"),
            ("alice", "", "AS-2006"),
            ("nobody", "", "AS-2006"),
            ("alice", long.as_str(), "AS-2004"),
            ("nobody", long.as_str(), "AS-2004"),
        ] {
            let mut browser = app.browser();
            let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
            browser.sign_in(&page, username, password).await.page("/sign-in/").complains(200, code).await;
        }
    }

    async fn a_person_who_gives_up_is_sent_back(app) {
        // Behaviour 52.
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let away = browser.press(&page, "login-cancel", &[]).await.away();
        away.refused(&app, "access_denied", "AS-1020").await;
        assert_eq!(away.parameters()["state"], "state-1");
        browser.press(&page, "login-cancel", &[]).await.page("/sign-in/").answer.refused_page(400, "AS-1021").await;
    }

    async fn a_form_without_its_token_is_not_believed(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let other = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let token_of = |page: &Page| page.filled("login-submit", &[]).0.hidden[0].1.clone();
        for token in ["", "x", &token_of(&other), &token_of(&page).to_lowercase()] {
            let fields = [("csrf", token), ("username", "alice"), ("password", PASSWORD), ("action", "sign-in")];
            let answer = browser.request(Request::form(&page.path, &fields)).await;
            answer.refused_page(400, "AS-1023").await;
        }
        let fields = [("username", "alice"), ("password", PASSWORD)];
        browser.request(Request::form(&page.path, &fields)).await.refused_page(400, "AS-1023").await;
        assert!(!browser.cookies.contains_key("symbolon_session"));
        browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
    }

    async fn another_browser_finds_nothing(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let mut stranger = app.browser();
        stranger.open(&page.path).await.page("/sign-in/").answer.refused_page(400, "AS-1022").await;
        stranger.sign_in(&page, "alice", PASSWORD).await.page("/sign-in/").answer.refused_page(400, "AS-1022").await;
        // Also with a browser secret of its own.
        stranger.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        stranger.open(&page.path).await.page("/sign-in/").answer.refused_page(400, "AS-1022").await;
    }

    async fn a_dialogue_ends_when_it_is_answered_too_old_or_unknown(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let old = browser.authorize(&request).await.page("/sign-in/");
        let consent = browser.sign_in(&page, &alice.username, PASSWORD).await.page("/consent/");
        browser.press(&consent, "consent-allow", &[]).await.away();
        for path in [&page.path, &consent.path] {
            match browser.open(path).await {
                Stop::Page(page) => page.answer.refused_page(400, "AS-1021").await,
                Stop::Away(away) => panic!("answered twice: {}", away.url),
            }
        }
        browser.press(&consent, "consent-allow", &[]).await.page("/consent/").answer.refused_page(400, "AS-1021").await;
        app.clock.advance(app.services.policy.interaction_seconds);
        browser.open(&old.path).await.page("/sign-in/").answer.refused_page(400, "AS-1021").await;
        browser
            .open("/sign-in/0190a6c0-0000-7000-8000-000000000000")
            .await
            .page("/sign-in/")
            .answer
            .refused_page(400, "AS-1021")
            .await;
    }

    async fn a_button_that_no_page_has_is_refused(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let (form, _) = page.filled("login-submit", &[]);
        let fields = [("csrf", form.hidden[0].1.as_str()), ("action", "become-administrator")];
        browser.request(Request::form(&page.path, &fields)).await.refused_page(400, "AS-1005").await;
    }

    async fn a_session_ends_with_time_and_with_the_account(app) {
        // ASVS 7.3.1, 7.3.2, 7.4.2.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let mut idle = app.browser();
        idle.grant(&alice, &request).await;
        app.clock.advance(app.services.policy.session_idle_seconds);
        idle.authorize(&request).await.page("/sign-in/");
        let mut disabled = app.browser();
        disabled.grant(&alice, &request).await;
        app.change_person(&alice, |user| user.state = UserState::Disabled).await;
        disabled.authorize(&request).await.page("/sign-in/");
        app.change_person(&alice, |user| user.state = UserState::Active).await;
        let mut busy = app.browser();
        busy.grant(&alice, &request).await;
        let (step, whole) =
            (app.services.policy.session_idle_seconds - 1, app.services.policy.session_absolute_seconds);
        for _ in 0..whole / step {
            app.clock.advance(step);
            busy.authorize(&request).await.away();
        }
        app.clock.advance(step);
        busy.authorize(&request).await.page("/sign-in/");
    }
}
