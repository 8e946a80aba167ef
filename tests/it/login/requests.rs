//! Signing in to see the requests that wait (OpenID Connect CIBA Core 1.0 §8): no app waits, nothing is
//! granted, and the only way on is `/requests`.

use symbolon::{
    domain::{
        entity::UserState,
        ids::SessionId,
        trace::{Outcome, Transaction},
    },
    store::{authorization, event},
};

use crate::{
    ciba::{begin, poll, till},
    support::{Answer, Authorize, Browser, ClientSpec, PASSWORD, Page, Request, TestApp},
};

/// The page, found as a person finds it.
async fn on_page(browser: &mut Browser<'_>) -> Page {
    let list = browser.open("/requests").await.page("/requests");
    assert!(
        list.answer.response.text().contains("id=\"requests-sign-in\" href=\"/sign-in\""),
        "{}",
        list.answer.response
    );
    let page = browser.open("/sign-in").await.page("/sign-in");
    assert!(page.answer.response.text().contains("to see your requests"), "{}", page.answer.response);
    page
}

/// The list, for somebody who signed in.
async fn signed_in(browser: &mut Browser<'_>, username: &str) -> Page {
    let page = on_page(browser).await;
    let list = browser.sign_in(&page, username, PASSWORD).await.page("/requests");
    assert!(!list.answer.response.text().contains("Nobody is signed in"), "{}", list.answer.response);
    list
}

/// The hidden value of a sign-in form.
fn token_of(page: &Page) -> String {
    page.filled("login-submit", &[]).0.hidden[0].1.clone()
}

/// What is posted with this hidden value.
async fn send(browser: &mut Browser<'_>, path: &str, token: &str) -> Answer {
    let fields = [("csrf", token), ("username", "alice"), ("password", PASSWORD), ("action", "sign-in")];
    browser.request(Request::form(path, &fields)).await
}

/// Refused, with the way to a fresh page.
async fn refused_with_a_way_on(answer: &Answer, code: &str) {
    answer.refused_page(400, code).await;
    assert!(answer.response.text().contains("id=\"error-sign-in\" href=\"/sign-in\""), "{}", answer.response);
}

async fn kinds(app: &TestApp) -> Vec<String> {
    app.read(|tx| event::list(tx, 0, 1000)).await.into_iter().map(|event| event.kind).collect()
}

both! {
    async fn whoever_is_asked_signs_in_and_answers(app) {
        let rp = app.client(till()).await;
        app.person("alice").await;
        let id = begin(&rp, &[("binding_message", "1234")]).await;
        let mut browser = app.browser();
        let list = signed_in(&mut browser, "alice").await;
        assert!(list.answer.response.text().contains("1234"), "{}", list.answer.response);
        poll(&rp, &id).await.refused("authorization_pending", "AS-1165").await;
        let page = browser.press(&list, "request-1", &[]).await.page("/approve/");
        browser.press(&page, "approve-allow", &[]).await.page("/answered/allowed");
        poll(&rp, &id).await.ok().await;
    }

    async fn the_sign_in_is_told_as_ever_and_grants_nothing(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let told = kinds(&app).await.len();
        let mut browser = app.browser();
        let page = on_page(&mut browser).await;
        assert_eq!(kinds(&app).await.len(), told, "to look is nothing to tell");
        let answer = send(&mut browser, "/sign-in", &token_of(&page)).await;
        assert_eq!((answer.response.status, answer.response.header("location")), (303, Some("/requests")));
        let events: Vec<_> = app.read(|tx| event::list(tx, 0, 1000)).await.into_iter().skip(told).collect();
        assert_eq!(events.len(), 1, "{events:?}");
        let event = &events[0];
        assert_eq!((event.kind.as_str(), event.user_id.as_deref()), ("sign_in.succeeded", Some(alice.id.as_str())));
        assert_eq!((event.actor.as_str(), &event.client_id), (format!("user:{}", alice.id).as_str(), &None));
        assert_eq!((event.trace_id.as_str(), &event.authorization_id), (answer.trace_id(), &None));
        assert!(event.sealed.is_some() && !event.facts.contains("interaction"), "{}", event.facts);
        let session = SessionId::new(event.session_id.clone().expect("a session"));
        let granted = app.read(move |tx| authorization::standing_of_session(tx, &session)).await;
        assert!(granted.is_empty(), "{granted:?}");
        let record = app.record(answer.trace_id()).await.expect("a record");
        assert_eq!(record.transaction, Transaction::SignIn);
        assert!(record.steps.iter().all(|step| step.outcome == Outcome::Passed), "{record:?}");
        // The app that comes later asks as ever.
        browser.authorize(&Authorize::new(&rp, "openid")).await.page("/consent/");
    }

    async fn the_way_on_is_never_taken_from_the_request(app) {
        app.person("alice").await;
        let mut browser = app.browser();
        on_page(&mut browser).await;
        let smuggled = "/sign-in?return_to=https://evil.example&redirect_uri=https://evil.example&next=//evil.example";
        let page = browser.open(smuggled).await.page("/sign-in");
        assert!(!page.answer.response.text().contains("evil"), "{}", page.answer.response);
        for action in ["cancel", "sign-in"] {
            let fields = [
                ("csrf", token_of(&page)), ("username", "alice".to_owned()), ("password", PASSWORD.to_owned()),
                ("return_to", "https://evil.example".to_owned()), ("next", "//evil.example".to_owned()),
                ("redirect_uri", "https://evil.example".to_owned()), ("action", action.to_owned()),
            ];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = browser.request(Request::form(smuggled, &fields)).await;
            assert_eq!((answer.response.status, answer.response.header("location")), (303, Some("/requests")));
        }
    }

    async fn guessing_is_slow_here_too_and_counts_with_the_other_page(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let mut other = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let mut page = on_page(&mut browser).await;
        for _ in 0..3 {
            page = browser.sign_in(&page, "alice", "wrong password").await.page("/sign-in");
            page.complains(200, "AS-2001").await;
            assert!(page.answer.response.text().contains("value=\"alice\""), "the name stays");
            other = browser.sign_in(&other, "alice", "wrong password").await.page("/sign-in/");
            other.complains(200, "AS-2001").await;
        }
        for password in ["wrong password", PASSWORD] {
            page = browser.sign_in(&page, "alice", password).await.page("/sign-in");
            page.complains(429, "AS-2002").await;
            assert!(page.answer.response.header("retry-after").is_some(), "{}", page.answer.response);
            other = browser.sign_in(&other, "alice", password).await.page("/sign-in/");
            other.complains(429, "AS-2002").await;
        }
        assert!(!browser.cookies.contains_key("symbolon_session"));
        app.clock.advance(300);
        browser.sign_in(&page, "alice", PASSWORD).await.page("/requests");
    }

    async fn nobody_learns_here_who_has_an_account(app) {
        app.person("alice").await;
        let carol = app.person("carol").await;
        app.change_person(&carol, |user| user.state = UserState::Disabled).await;
        for (username, password, code) in [
            ("alice", "wrong password", "AS-2001"),
            ("nobody", PASSWORD, "AS-2001"),
            ("carol", PASSWORD, "AS-2001"),
            ("", PASSWORD, "AS-2005"),
            ("alice", "", "AS-2006"),
        ] {
            let mut browser = app.browser();
            let page = on_page(&mut browser).await;
            let page = browser.sign_in(&page, username, password).await.page("/sign-in");
            page.complains(200, code).await;
            assert!(!browser.cookies.contains_key("symbolon_session"), "{username}");
            let record = app.record(page.answer.trace_id()).await.and_then(|record| record.reason());
            assert_eq!(record.map(|reason| reason.code()), Some(code));
            assert!(browser.open("/requests").await.page("/requests").answer.response.text().contains("Nobody is signed in"));
        }
        let refused: Vec<_> = kinds(&app).await.into_iter().filter(|kind| kind.starts_with("sign_in.")).collect();
        assert_eq!(refused, ["sign_in.refused"; 3]);
    }

    async fn a_form_of_another_browser_or_another_page_is_not_believed(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let (mut browser, mut stranger) = (app.browser(), app.browser());
        let page = on_page(&mut browser).await;
        let foreign = token_of(&on_page(&mut stranger).await);
        let dialogue = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        for token in ["", "x", &foreign, &token_of(&dialogue), &token_of(&page).to_lowercase()] {
            refused_with_a_way_on(&send(&mut browser, "/sign-in", token).await, "AS-1023").await;
        }
        // Nor does this one sign in in the dialogue of an app, or answer in it.
        send(&mut browser, &dialogue.path, &token_of(&page)).await.refused_page(400, "AS-1023").await;
        for name in ["csrf", "x"] {
            let fields = [(name, token_of(&page)), ("action", "cancel".to_owned())];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.request(Request::form(&dialogue.path, &fields)).await.refused_page(400, "AS-1023").await;
        }
        assert!(!browser.cookies.contains_key("symbolon_session"));
        let refused = browser.request(Request::new("POST", "/sign-in").body("{}")).await;
        assert!((400..500).contains(&refused.response.status), "{}", refused.response);
        browser.sign_in(&page, "alice", PASSWORD).await.page("/requests");
    }

    async fn there_is_no_dialogue_of_this_sign_in_on_any_other_page(app) {
        app.person("alice").await;
        let mut browser = app.browser();
        signed_in(&mut browser, "alice").await;
        for page in ["sign-in", "sign-up", "accounts", "consent", "approve"] {
            for id in ["requests", "sign-in", "-"] {
                let path = format!("/{page}/{id}");
                browser.open(&path).await.page(&path).answer.refused_page(400, "AS-1021").await;
            }
        }
        assert_eq!(browser.request(Request::get("/sign-in/")).await.response.status, 404);
    }

    async fn the_dialogue_of_an_app_never_ends_at_the_requests(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let dialogue = browser.authorize(&request).await.page("/sign-in/");
        // A sign-in beside it proves nothing in it.
        signed_in(&mut browser, "alice").await;
        let again = browser.authorize(&request.clone().with("prompt", "login")).await.page("/sign-in/");
        signed_in(&mut browser, "alice").await;
        let again = browser.open(&again.path).await.page("/sign-in/");
        assert!(again.answer.response.text().contains("confirm that it is still you"), "{}", again.answer.response);
        let consent = browser.sign_in(&dialogue, "alice", PASSWORD).await.page("/consent/");
        let away = browser.press(&consent, "consent-allow", &[]).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
        let cancelled = browser.press(&again, "login-cancel", &[]).await.away();
        cancelled.refused(&app, "access_denied", "AS-1020").await;
    }

    async fn a_page_that_was_left_open_signs_in_when_somebody_comes_back(app) {
        app.person("alice").await;
        let mut browser = app.browser();
        let page = on_page(&mut browser).await;
        app.clock.advance(app.services.policy.interaction_seconds + 86_400);
        browser.sign_in(&page, "alice", PASSWORD).await.page("/requests");
        // And once more: the back button leads to no dead end.
        browser.sign_in(&page, "alice", PASSWORD).await.page("/requests");
    }

    async fn a_browser_that_lost_its_cookie_begins_anew(app) {
        app.person("alice").await;
        let mut browser = app.browser();
        let page = on_page(&mut browser).await;
        browser.cookies.clear();
        let lost = browser.sign_in(&page, "alice", PASSWORD).await.page("/sign-in");
        refused_with_a_way_on(&lost.answer, "AS-1023").await;
        assert!(browser.cookies.is_empty());
        signed_in(&mut browser, "alice").await;
    }

    async fn everybody_who_is_signed_in_sees_what_waits_for_them(app) {
        let rp = app.client(till()).await;
        app.person("alice").await;
        app.person("bob").await;
        begin(&rp, &[]).await;
        begin(&rp, &[("login_hint", "bob")]).await;
        let mut browser = app.browser();
        let list = signed_in(&mut browser, "alice").await;
        assert!(list.has("request-1") && !list.has("request-2"));
        assert!(list.answer.response.text().contains("Sign in with another account"), "{}", list.answer.response);
        app.clock.advance(1);
        let list = signed_in(&mut browser, "bob").await;
        assert!(list.has("request-1") && list.has("request-2"));
        for name in ["for alice Example", "for bob Example"] {
            assert!(list.answer.response.text().contains(name), "{}", list.answer.response);
        }
    }

    async fn each_sign_in_has_a_new_secret_and_the_one_before_is_worth_nothing(app) {
        // ASVS 7.2.4.
        app.person("alice").await;
        let mut browser = app.browser();
        browser.cookies.insert("symbolon_session".to_owned(), "sym_se_planted".to_owned());
        signed_in(&mut browser, "alice").await;
        let before = browser.cookies["symbolon_session"].clone();
        assert_ne!(before, "sym_se_planted");
        signed_in(&mut browser, "alice").await;
        assert_ne!(browser.cookies["symbolon_session"], before);
        let mut thief = app.browser();
        thief.cookies.insert("symbolon_session".to_owned(), before);
        let list = thief.open("/requests").await.page("/requests");
        assert!(list.answer.response.text().contains("Nobody is signed in"), "{}", list.answer.response);
    }

    async fn whoever_was_signed_out_meanwhile_signs_in_and_finds_the_list(app) {
        let rp = app.client(till()).await;
        app.person("alice").await;
        begin(&rp, &[("requested_expiry", "3600")]).await;
        let mut browser = app.browser();
        let list = signed_in(&mut browser, "alice").await;
        let session = browser.cookies.remove("symbolon_session").expect("a session");
        let page = browser.press(&list, "request-1", &[]).await.page("/sign-in");
        assert!(page.path == "/sign-in" && session.starts_with("sym_se_"), "{}", page.path);
        let list = browser.sign_in(&page, "alice", PASSWORD).await.page("/requests");
        browser.press(&list, "request-1", &[]).await.page("/approve/");
    }

    async fn nobody_has_to_sign_in_and_other_buttons_do_nothing(app) {
        app.person("alice").await;
        let mut browser = app.browser();
        let page = on_page(&mut browser).await;
        let told = kinds(&app).await.len();
        let list = browser.press(&page, "login-cancel", &[]).await.page("/requests");
        assert!(list.answer.response.text().contains("Nobody is signed in"), "{}", list.answer.response);
        for action in ["continue", "allow", "become-administrator"] {
            let fields = [("csrf", token_of(&page)), ("action", action.to_owned())];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            refused_with_a_way_on(&browser.request(Request::form("/sign-in", &fields)).await, "AS-1005").await;
        }
        assert_eq!(kinds(&app).await.len(), told);
    }

    async fn accounts_are_created_for_apps_only(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        assert!(browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/").has("login-sign-up"));
        assert!(!on_page(&mut browser).await.has("login-sign-up"));
    }

    async fn the_form_stays_on_this_server(app) {
        let policy = app.get("/sign-in").await;
        let policy = policy.header("content-security-policy").expect("a policy");
        assert!(policy.contains("form-action 'self'"), "{policy}");
    }
}
