//! Accounts that nobody gets.

use symbolon::{
    domain::{entity::ConsentMode, jose::SigningAlgorithm},
    store::interaction,
};

use super::{STRONG, count_of_people, create, creating, on_page, user_named};
use crate::support::{Authorize, ClientKey, ClientSpec, GrantSpec, PASSWORD, Page, Request, TestApp, form_encode};

/// The value of an input, as it is shown.
fn shown(page: &Page, id: &str) -> String {
    let text = page.answer.response.text();
    let input = text.split("<input").find(|input| input.contains(&format!("id=\"{id}\""))).expect("an input");
    let value = input.split("value=\"").nth(1).expect("a value");
    value.split('"').next().expect("an end").to_owned()
}

/// The form that a page would send, with one field changed.
fn forged(page: &Page, name: &str, value: &str) -> Request {
    let typed = [("username", "nora"), ("email", "nora@example.com"), ("name", ""), ("password", STRONG)];
    let (form, fields) = page.filled("sign-up-submit", &typed);
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value));
    Request::form(&form.action, &fields)
}

async fn nobody(app: &TestApp) {
    assert_eq!(count_of_people(app).await, 0);
    assert!(user_named(app, "nora").await.is_none());
}

both! {
    async fn until_it_is_opened_no_road_leads_to_an_account(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let keys = key.jwks();
        let rp = app.client(ClientSpec::web("web").set(move |settings| settings.jwks = Some(keys))).await;
        for prompt in ["create", "login create", "create consent", "none create"] {
            let request = creating(&rp).with("prompt", prompt);
            let away = app.browser().authorize(&request).await.away();
            away.refused(&app, "invalid_request", "AS-1011").await;
            rp.push(&request).await.refused("invalid_request", "AS-1011").await;
            let claims = serde_json::json!({
                "iss": "web", "aud": app.issuer(), "client_id": "web", "response_type": "code", "prompt": prompt,
                "redirect_uri": rp.redirect_uri, "scope": "openid", "state": "state-1", "nonce": "n",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
            });
            let object = key.sign(&claims);
            let target = form_encode(&[("client_id", "web"), ("response_type", "code"), ("request", &object)]);
            let away = app.browser().open(&format!("/oauth2/authorize?{target}")).await.away();
            away.refused(&app, "invalid_request", "AS-1011").await;
        }
    }

    async fn until_it_is_opened_no_page_offers_an_account(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        assert!(!page.has("login-sign-up"), "{}", page.answer.response);
        let closed = browser.open(&page.path.replace("/sign-in/", "/sign-up/")).await.page("/sign-up/");
        closed.answer.refused_page(400, "AS-2101").await;
        nobody(&app).await;
    }

    async fn with_none_it_is_no_prompt_even_where_it_is_open(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        for (prompt, reason) in [("none create", "AS-1012"), ("create none", "AS-1012"), ("Create", "AS-1011")] {
            let request = creating(&rp).with("prompt", prompt);
            app.browser().authorize(&request).await.away().refused(&app, "invalid_request", reason).await;
            rp.push(&request).await.refused("invalid_request", reason).await;
        }
    }

    async fn it_is_closed_while_a_page_is_open(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        app.close_sign_up().await;
        let closed = create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/sign-up/");
        closed.answer.refused_page(400, "AS-2101").await;
        assert!(closed.has("error-sign-in"), "the way on is told: {}", closed.answer.response);
        browser.open(&page.path).await.page("/sign-up/").answer.refused_page(400, "AS-2101").await;
        assert!(user_named(&app, "nora").await.is_none());
        // Somebody with an account goes on from here.
        let sign_in = browser.open(&page.path.replace("/sign-up/", "/sign-in/")).await.page("/sign-in/");
        assert!(!sign_in.has("login-sign-up"));
        browser.sign_in(&sign_in, "alice", PASSWORD).await.page("/consent/");
    }

    async fn a_pushed_request_is_judged_by_the_policy_of_the_moment(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let reference = rp.push(&creating(&rp)).await.pushed().await;
        app.close_sign_up().await;
        let away = app.browser().open(&rp.by_reference(&reference)).await.away();
        away.refused(&app, "invalid_request", "AS-1011").await;
    }

    async fn nobody_who_has_an_account_can_be_asked_to_create_it(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let alice = app.person("alice").await;
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let hinted = creating(&rp).and("id_token_hint", tokens.id());
        app.browser().authorize(&hinted).await.away().refused(&app, "invalid_request", "AS-2104").await;
        let claims = format!(r#"{{"id_token":{{"sub":{{"value":"{}"}}}}}}"#, alice.id);
        let demanded = creating(&rp).and("claims", &claims);
        app.browser().authorize(&demanded).await.away().refused(&app, "invalid_request", "AS-2104").await;
        // Nor is an account offered next to signing in as somebody.
        let page = app.browser().authorize(&hinted.without("prompt")).await.page("/sign-in/");
        assert!(!page.has("login-sign-up"), "{}", page.answer.response);
    }

    async fn whoever_is_to_prove_it_again_is_offered_no_account(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        browser.grant(&alice, &request).await;
        let page = browser.authorize(&request.with("prompt", "login")).await.page("/sign-in/");
        assert!(!page.has("login-sign-up"), "{}", page.answer.response);
    }

    async fn what_will_not_do_is_told_next_to_its_field_and_typed_once(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("taken").await;
        let mut browser = app.browser();
        let mut page = on_page(&mut browser, &rp).await;
        let (long, email) = ("x".repeat(1025), "nora@example.com");
        for (username, email, password, reason, field) in [
            ("", email, STRONG, "AS-2005", "username"),
            ("a b", email, STRONG, "AS-2012", "username"),
            ("nora@example.com", email, STRONG, "AS-2012", "username"),
            ("no\u{200b}ra", email, STRONG, "AS-2012", "username"),
            ("taken", email, STRONG, "AS-2102", "username"),
            ("TAKEN", email, STRONG, "AS-2102", "username"),
            ("nora", "", STRONG, "AS-2013", "email"),
            ("nora", "nora", STRONG, "AS-2013", "email"),
            ("nora", "nora@exa mple.com", STRONG, "AS-2013", "email"),
            ("nora", email, "", "AS-2006", "password"),
            ("nora", email, "short", "AS-2011", "password"),
            ("nora", email, "password1234", "AS-2011", "password"),
            ("nora", email, "nora@example.com", "AS-2011", "password"),
            ("nora", email, &long, "AS-2004", "password"),
        ] {
            page = create(&mut browser, &page, username, email, password).await.page("/sign-up/");
            page.complains(422, reason).await;
            assert!(page.has(&format!("{field}-error")), "{reason}: {}", page.answer.response);
            assert_eq!(page.answer.response.text().matches("aria-invalid").count(), 1, "{reason}");
            assert_eq!((shown(&page, "username"), shown(&page, "email")), (username.to_owned(), email.to_owned()));
            assert_eq!((shown(&page, "name").as_str(), shown(&page, "password").as_str()), ("Nora New", ""));
            let told = page.answer.response.text().contains(STRONG);
            assert!(!told, "a password never comes back");
        }
        let endless = "n".repeat(2000);
        let typed = [("username", "nora"), ("email", email), ("name", endless.as_str()), ("password", STRONG)];
        page = browser.press(&page, "sign-up-submit", &typed).await.page("/sign-up/");
        page.complains(422, "AS-3003").await;
        assert!(page.has("name-error"), "{}", page.answer.response);
        assert!(user_named(&app, "nora").await.is_none());
        create(&mut browser, &page, "nora", email, STRONG).await.page("/consent/");
    }

    async fn a_form_from_elsewhere_makes_nothing(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        let mut stranger = app.browser();
        let theirs = on_page(&mut stranger, &rp).await;
        let csrf = |page: &Page| page.filled("sign-up-submit", &[]).1.into_iter().find(|(name, _)| name == "csrf");
        let foreign = csrf(&theirs).expect("a token").1;
        // Nor does the token of another form of the same dialogue do.
        let sign_in = browser.open(&page.path.replace("/sign-up/", "/sign-in/")).await.page("/sign-in/");
        let (_, fields) = sign_in.filled("login-submit", &[]);
        let of_sign_in = fields.into_iter().find(|(name, _)| name == "csrf").expect("a token").1;
        for token in ["", "x", &foreign, &of_sign_in] {
            browser.request(forged(&page, "csrf", token)).await.refused_page(400, "AS-1023").await;
        }
        // Another browser has no part in the dialogue.
        stranger.request(forged(&page, "username", "nora")).await.refused_page(400, "AS-1022").await;
        app.send(forged(&page, "username", "nora")).await.refused_page(400, "AS-1022").await;
        nobody(&app).await;
    }

    async fn a_button_that_no_page_has_or_another_content_type_is_refused(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        browser.request(forged(&page, "action", "invite")).await.refused_page(400, "AS-1005").await;
        let json = Request::new("POST", &page.path).header("Content-Type", "application/json").body("{}");
        browser.request(json).await.refused_page(400, "AS-5004").await;
        for body in [&b"username=%00"[..], b"username=\xff", b"x=%"] {
            let request = Request::new("POST", &page.path).form_body(body);
            browser.request(request).await.refused_page(400, "AS-1005").await;
        }
        nobody(&app).await;
    }

    async fn a_dialogue_that_never_was_or_has_ended_makes_no_account(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web").set(|settings| settings.consent = ConsentMode::Skip)).await;
        let mut browser = app.browser();
        browser.open("/sign-up/no-such-dialogue").await.page("/sign-up/").answer.refused_page(400, "AS-1021").await;
        let page = on_page(&mut browser, &rp).await;
        app.clock.advance(app.services.policy.interaction_seconds);
        let late = create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/sign-up/");
        late.answer.refused_page(400, "AS-1021").await;
        nobody(&app).await;
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.away();
        let again = create(&mut browser, &page, "other", "nora@example.com", STRONG).await.page("/sign-up/");
        again.answer.refused_page(400, "AS-1021").await;
        assert_eq!(count_of_people(&app).await, 1);
    }

    async fn the_form_that_made_the_account_opens_it_to_nobody_without_the_password(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        // Somebody else, later, at the same machine: signed out, and the page is still there.
        browser.cookies.remove("symbolon_session");
        let again = create(&mut browser, &page, "nora", "nora@example.com", "another long password").await;
        let again = again.page("/sign-up/");
        again.complains(422, "AS-2102").await;
        assert!(!browser.cookies.contains_key("symbolon_session"));
    }

    async fn one_dialogue_makes_one_account_whatever_names_are_sent(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        let other = "another long password";
        for number in 0..3 {
            let name = format!("nora{number}");
            let again = create(&mut browser, &page, &name, "nora@example.com", other).await.page("/sign-up/");
            again.complains(422, "AS-2105").await;
            assert!(user_named(&app, &name).await.is_none());
        }
        // Whoever has its password goes on with the account that there is.
        let consent = create(&mut browser, &page, "nora3", "nora@example.com", STRONG).await.page("/consent/");
        assert!(consent.answer.response.text().contains("Nora New"), "{}", consent.answer.response);
        assert_eq!(count_of_people(&app).await, 1);
        // A dialogue of its own makes another one.
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "nora3", "nora@example.com", other).await.page("/consent/");
        assert_eq!(count_of_people(&app).await, 2);
    }

    async fn an_account_of_before_does_not_count_as_the_one_of_the_dialogue(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        app.clock.advance(1);
        // She signs in where she could have signed up, and then creates another account all the same.
        let page = on_page(&mut browser, &rp).await;
        let sign_in = browser.open(&page.path.replace("/sign-up/", "/sign-in/")).await.page("/sign-in/");
        browser.sign_in(&sign_in, "nora", STRONG).await.page("/consent/");
        create(&mut browser, &page, "other", "nora@example.com", STRONG).await.page("/consent/");
        assert_eq!(count_of_people(&app).await, 2);
    }

    async fn whoever_gives_up_is_told_to_the_app_and_leaves_nothing(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        let away = browser.press(&page, "sign-up-cancel", &[]).await.away();
        away.refused(&app, "access_denied", "AS-1020").await;
        browser.open(&page.path).await.page("/sign-up/").answer.refused_page(400, "AS-1021").await;
        nobody(&app).await;
    }

    async fn an_account_that_is_disabled_at_once_gets_nothing(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        let consent = create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        let nora = user_named(&app, "nora").await.expect("an account");
        let nora = crate::support::Person { id: nora.id, username: nora.username };
        app.change_person(&nora, |user| user.state = symbolon::domain::entity::UserState::Disabled).await;
        // What is left of the dialogue asks for an account, as at first.
        browser.press(&consent, "consent-allow", &[]).await.page("/sign-up/");
    }

    async fn a_stored_dialogue_keeps_what_it_asks_for(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let page = on_page(&mut app.browser(), &rp).await;
        let id = symbolon::domain::ids::InteractionId::new(page.path.trim_start_matches("/sign-up/"));
        let stored = app.read(move |tx| interaction::find(tx, &id)).await.expect("stored");
        assert!(stored.request.contains(r#""prompt":["create"]"#), "{}", stored.request);
    }
}
