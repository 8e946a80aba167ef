//! Several accounts in one browser: chosen by the person or by a hint, signed out one by one or together.

use symbolon::domain::entity::{ConsentMode, UserState};

use crate::support::{
    Authorize, Browser, ClientSpec, PASSWORD, Page, Person, RelyingParty, Request, TestApp, Tokens, form_encode,
};

async fn app_of(app: &TestApp, id: &str) -> RelyingParty {
    let back = format!("https://{id}.example/back");
    let spec = ClientSpec::web(id).set(|settings| {
        settings.consent = ConsentMode::Skip;
        settings.post_logout_redirect_uris = vec![back];
    });
    app.client(spec).await
}

/// Signs in beside whoever is signed in.
async fn add(app: &TestApp, browser: &mut Browser<'_>, rp: &RelyingParty, person: &Person) -> Tokens {
    // What happened in the same millisecond has no order.
    app.clock.advance(1);
    let request = Authorize::new(rp, "openid");
    let page = browser.authorize(&request.clone().with("prompt", "login")).await.page("/sign-in/");
    let away = browser.sign_in(&page, &person.username, PASSWORD).await.away();
    rp.exchange(&away.grant(&request)).await.ok().await
}

async fn subject(app: &TestApp, tokens: &Tokens) -> String {
    app.verified(tokens.id()).await.1["sub"].as_str().expect("sub").to_owned()
}

/// Whom an answer without pages is about.
async fn silently(app: &TestApp, browser: &mut Browser<'_>, rp: &RelyingParty, more: &[(&str, &str)]) -> String {
    let mut request = Authorize::new(rp, "openid").with("prompt", "none");
    for (name, value) in more {
        request = request.with(name, value);
    }
    let grant = browser.authorize(&request).await.away().grant(&request);
    subject(app, &rp.exchange(&grant).await.ok().await).await
}

/// The number of the button of this person.
fn place(page: &Page, person: &Person) -> usize {
    let text = page.answer.response.text();
    let at = text.find(&format!("{} Example", person.username)).expect("listed");
    text[..at].matches("class=\"account-pick\"").count()
}

both! {
    async fn the_chooser_lists_everybody_and_the_chosen_one_goes_on(app) {
        let (rp, other) = (app_of(&app, "web").await, app_of(&app, "other").await);
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        add(&app, &mut browser, &rp, &alice).await;
        add(&app, &mut browser, &rp, &bob).await;
        for (person, count) in [(&alice, 2), (&bob, 2), (&alice, 2)] {
            app.clock.advance(1);
            let request = Authorize::new(&other, "openid").with("prompt", "select_account");
            let page = browser.authorize(&request).await.page("/accounts/");
            let text = page.answer.response.text();
            assert_eq!(text.matches("class=\"account-pick\"").count(), count);
            for shown in ["alice@example.com", "bob@example.com", "account-other", "account-remove-1"] {
                assert!(text.contains(shown), "{shown}");
            }
            let away = browser.press(&page, &format!("account-{}", place(&page, person)), &[]).await.away();
            let tokens = other.exchange(&away.grant(&request)).await.ok().await;
            assert_eq!(subject(&app, &tokens).await, person.id.as_str());
            // The app comes back to the account that it was given last; the first app to its own.
            assert_eq!(silently(&app, &mut browser, &other, &[]).await, person.id.as_str());
            assert_eq!(silently(&app, &mut browser, &rp, &[]).await, bob.id.as_str());
        }
    }

    async fn an_app_that_met_nobody_here_has_the_person_choose(app) {
        let (rp, fresh) = (app_of(&app, "web").await, app_of(&app, "fresh").await);
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        add(&app, &mut browser, &rp, &alice).await;
        let request = Authorize::new(&fresh, "openid");
        add(&app, &mut browser, &rp, &bob).await;
        let silent = browser.authorize(&request.clone().with("prompt", "none")).await.away();
        silent.refused(&app, "account_selection_required", "AS-1019").await;
        let page = browser.authorize(&request).await.page("/accounts/");
        let away = browser.press(&page, &format!("account-{}", place(&page, &alice)), &[]).await.away();
        let tokens = fresh.exchange(&away.grant(&request)).await.ok().await;
        assert_eq!(subject(&app, &tokens).await, alice.id.as_str());
    }

    async fn a_hint_picks_the_matching_account(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob, carol) = (app.person("alice").await, app.person("bob").await, app.person("carol").await);
        let mut browser = app.browser();
        let of_alice = add(&app, &mut browser, &rp, &alice).await;
        let of_bob = add(&app, &mut browser, &rp, &bob).await;
        for (tokens, person) in [(&of_alice, &alice), (&of_bob, &bob), (&of_alice, &alice)] {
            assert_eq!(silently(&app, &mut browser, &rp, &[("id_token_hint", tokens.id())]).await, person.id.as_str());
        }
        for (hint, person) in [("alice", &alice), ("BOB@example.com", &bob)] {
            assert_eq!(silently(&app, &mut browser, &rp, &[("login_hint", hint)]).await, person.id.as_str(), "{hint}");
        }
        let mut elsewhere = app.browser();
        let of_carol = add(&app, &mut elsewhere, &rp, &carol).await;
        let request = Authorize::new(&rp, "openid").with("id_token_hint", of_carol.id());
        let silent = browser.authorize(&request.clone().with("prompt", "none")).await.away();
        silent.refused(&app, "login_required", "AS-1019").await;
        let page = browser.authorize(&request).await.page("/sign-in/");
        browser.sign_in(&page, "carol", PASSWORD).await.away();
    }

    async fn a_login_hint_of_somebody_else_asks_once(app) {
        let rp = app_of(&app, "web").await;
        let (alice, first) = (app.person("alice").await, app_of(&app, "first").await);
        let mut browser = app.browser();
        add(&app, &mut browser, &first, &alice).await;
        let request = Authorize::new(&rp, "openid").with("login_hint", "dora@example.com");
        let silent = browser.authorize(&request.clone().with("prompt", "none")).await.away();
        silent.refused(&app, "account_selection_required", "AS-1019").await;
        let page = browser.authorize(&request).await.page("/accounts/");
        browser.press(&page, "account-1", &[]).await.away();
        browser.authorize(&request).await.away().grant(&request);
    }

    async fn another_account_signs_in_from_the_chooser(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        add(&app, &mut browser, &rp, &alice).await;
        let request = Authorize::new(&rp, "openid").with("prompt", "select_account");
        let page = browser.authorize(&request).await.page("/accounts/");
        let other = page.path.replace("/accounts/", "/sign-in/");
        assert!(page.answer.response.text().contains(&format!("id=\"account-other\" href=\"{other}\"")));
        let page = browser.open(&other).await.page("/sign-in/");
        let away = browser.sign_in(&page, &bob.username, PASSWORD).await.away();
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        assert_eq!(subject(&app, &tokens).await, bob.id.as_str());
    }

    async fn an_account_is_removed_and_the_others_stay(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        let of_alice = add(&app, &mut browser, &rp, &alice).await;
        let of_bob = add(&app, &mut browser, &rp, &bob).await;
        let request = Authorize::new(&rp, "openid").with("prompt", "select_account");
        let page = browser.authorize(&request).await.page("/accounts/");
        let button = format!("account-remove-{}", place(&page, &alice));
        let page = browser.press(&page, &button, &[]).await.page("/accounts/");
        assert!(!page.answer.response.text().contains("alice@example.com"));
        rp.refresh(of_alice.refresh()).await.refused("invalid_grant", "AS-1125").await;
        rp.refresh(of_bob.refresh()).await.ok().await;
        assert_eq!(silently(&app, &mut browser, &rp, &[]).await, bob.id.as_str());
        browser.press(&page, "account-remove-1", &[]).await.page("/sign-in/");
        assert!(!browser.cookies.contains_key("symbolon_session") && !browser.cookies.contains_key("symbolon_state"));
    }

    async fn cancelling_the_choice_tells_the_app(app) {
        let (rp, alice) = (app_of(&app, "web").await, app.person("alice").await);
        let mut browser = app.browser();
        add(&app, &mut browser, &rp, &alice).await;
        let request = Authorize::new(&rp, "openid").with("prompt", "select_account");
        let page = browser.authorize(&request).await.page("/accounts/");
        let away = browser.press(&page, "account-cancel", &[]).await.away();
        away.refused(&app, "access_denied", "AS-1020").await;
        browser.request(Request::get(&page.path)).await.refused_page(400, "AS-1021").await;
    }

    async fn a_forged_choice_chooses_nobody(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let (mut browser, mut of_bob) = (app.browser(), app.browser());
        add(&app, &mut browser, &rp, &alice).await;
        let stranger = add(&app, &mut of_bob, &rp, &bob).await;
        let sid = app.verified(stranger.id()).await.1["sid"].as_str().expect("sid").to_owned();
        let request = Authorize::new(&rp, "openid").with("prompt", "select_account");
        let page = browser.authorize(&request).await.page("/accounts/");
        let (form, fields) = page.filled("account-1", &[]);
        let csrf = &fields.iter().find(|(name, _)| name == "csrf").expect("csrf").1;
        let own = &fields.iter().find(|(name, _)| name == "account").expect("account").1;
        for (fields, code) in [
            (vec![("csrf", csrf.as_str()), ("account", &sid)], "AS-1005"),
            (vec![("csrf", csrf.as_str()), ("account", "")], "AS-1005"),
            (vec![("csrf", csrf.as_str()), ("remove", &sid)], "AS-1005"),
            (vec![("csrf", csrf.as_str()), ("account", own), ("remove", own)], "AS-1005"),
            (vec![("csrf", csrf.as_str())], "AS-1005"),
            (vec![("csrf", ""), ("account", own)], "AS-1023"),
            (vec![("csrf", "x"), ("remove", own)], "AS-1023"),
            (vec![("csrf", "x"), ("action", "cancel")], "AS-1023"),
        ] {
            browser.request(Request::form(&form.action, &fields)).await.refused_page(400, code).await;
        }
        of_bob.request(Request::get(&page.path)).await.refused_page(400, "AS-1022").await;
        // A list that changed meanwhile is another page.
        add(&app, &mut browser, &rp, &bob).await;
        let fields = [("csrf", csrf.as_str()), ("account", own.as_str())];
        browser.request(Request::form(&form.action, &fields)).await.refused_page(400, "AS-1023").await;
    }

    async fn a_choice_does_not_answer_prompt_login_or_pass_to_somebody_else(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        add(&app, &mut browser, &rp, &alice).await;
        add(&app, &mut browser, &rp, &bob).await;
        app.clock.advance(60);
        let request = Authorize::new(&rp, "openid").with("prompt", "select_account login");
        let page = browser.authorize(&request).await.page("/accounts/");
        let page = browser.press(&page, &format!("account-{}", place(&page, &alice)), &[]).await.page("/sign-in/");
        assert!(page.answer.response.text().contains("value=\"alice\""), "the chosen account signs in again");
        let away = browser.sign_in(&page, "alice", PASSWORD).await.away();
        assert_eq!(subject(&app, &rp.exchange(&away.grant(&request)).await.ok().await).await, alice.id.as_str());
    }

    async fn each_account_has_its_own_secret_and_only_the_renewed_one_changes(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        add(&app, &mut browser, &rp, &alice).await;
        let of_alice = browser.cookies["symbolon_session"].clone();
        add(&app, &mut browser, &rp, &bob).await;
        let both = browser.cookies["symbolon_session"].clone();
        let (of_bob, rest) = both.split_once('.').expect("two secrets");
        assert_eq!(rest, of_alice);
        add(&app, &mut browser, &rp, &alice).await;
        let renewed = browser.cookies["symbolon_session"].clone();
        let (new, rest) = renewed.split_once('.').expect("two secrets");
        assert_eq!(rest, of_bob);
        assert_ne!(new, of_alice);
        // A stolen old secret is worth nothing, alone or beside a good one.
        let mut thief = app.browser();
        thief.cookies.insert("symbolon_session".to_owned(), of_alice.clone());
        let request = Authorize::new(&rp, "openid").with("prompt", "none");
        thief.authorize(&request).await.away().refused(&app, "login_required", "AS-1017").await;
        thief.cookies.insert("symbolon_session".to_owned(), format!("{of_alice}.{of_bob}"));
        assert_eq!(silently(&app, &mut thief, &rp, &[]).await, bob.id.as_str());
    }

    async fn an_account_that_ended_elsewhere_is_not_offered(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        add(&app, &mut browser, &rp, &alice).await;
        add(&app, &mut browser, &rp, &bob).await;
        app.change_person(&bob, |user| user.state = UserState::Disabled).await;
        let request = Authorize::new(&rp, "openid").with("prompt", "select_account");
        let page = browser.authorize(&request).await.page("/accounts/");
        assert!(!page.answer.response.text().contains("bob@example.com"));
        assert_eq!(silently(&app, &mut browser, &rp, &[]).await, alice.id.as_str());
    }

    async fn signing_out_names_the_accounts_and_ends_the_chosen_one_or_all(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        for button in ["logout-confirm", "logout-account-1", "logout-all"] {
            let mut browser = app.browser();
            let of_alice = add(&app, &mut browser, &rp, &alice).await;
            let of_bob = add(&app, &mut browser, &rp, &bob).await;
            let page = browser.open("/sign-out").await.page("/sign-out");
            browser.press(&page, button, &[]).await.page("/signed-out");
            let (alice_stays, bob_stays) = match button {
                "logout-confirm" => (true, false),
                "logout-account-1" => (false, true),
                _ => (false, false),
            };
            assert_eq!(rp.refresh(of_alice.refresh()).await.response.status == 200, alice_stays, "{button}");
            assert_eq!(rp.refresh(of_bob.refresh()).await.response.status == 200, bob_stays, "{button}");
            assert_eq!(browser.cookies.contains_key("symbolon_session"), alice_stays || bob_stays, "{button}");
        }
    }

    async fn an_apps_hint_signs_out_its_own_account_only(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        let of_alice = add(&app, &mut browser, &rp, &alice).await;
        let of_bob = add(&app, &mut browser, &rp, &bob).await;
        let back = "https://web.example/back";
        let fields = [("id_token_hint", of_alice.id()), ("post_logout_redirect_uri", back)];
        let away = browser.open(&format!("/oauth2/logout?{}", form_encode(&fields))).await.away();
        assert_eq!(away.url, back);
        rp.refresh(of_alice.refresh()).await.refused("invalid_grant", "AS-1125").await;
        rp.refresh(of_bob.refresh()).await.ok().await;
        assert_eq!(silently(&app, &mut browser, &rp, &[]).await, bob.id.as_str());
        // Alice is gone: her hint is not a licence to sign Bob out.
        let page = browser.open(&format!("/oauth2/logout?{}", form_encode(&fields))).await.page("/oauth2/logout");
        assert!(page.has("logout-confirm"));
    }

    async fn a_forged_sign_out_of_a_strangers_account_ends_nothing(app) {
        let rp = app_of(&app, "web").await;
        let (alice, bob) = (app.person("alice").await, app.person("bob").await);
        let (mut browser, mut of_bob) = (app.browser(), app.browser());
        let of_alice = add(&app, &mut browser, &rp, &alice).await;
        let stranger = add(&app, &mut of_bob, &rp, &bob).await;
        let sid = app.verified(stranger.id()).await.1["sid"].as_str().expect("sid").to_owned();
        let page = browser.open("/sign-out").await.page("/sign-out");
        let (form, fields) = page.filled("logout-confirm", &[]);
        let csrf = &fields.iter().find(|(name, _)| name == "csrf").expect("csrf").1;
        let fields = [("csrf", csrf.as_str()), ("account", sid.as_str())];
        browser.request(Request::form(&form.action, &fields)).await.refused_page(400, "AS-1005").await;
        rp.refresh(stranger.refresh()).await.ok().await;
        rp.refresh(of_alice.refresh()).await.ok().await;
    }
}
