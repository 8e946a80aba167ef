//! Accounts that their people create.

use serde_json::json;
use symbolon::{
    domain::{
        entity::{ConsentMode, Owner},
        oidc::sign_up::SignUpMode,
    },
    store::event,
};

use super::{STRONG, count_of_people, create, creating, on_page, user_named};
use crate::support::{Authorize, ClientSpec, PASSWORD};

both! {
    async fn discovery_tells_whether_an_account_can_be_asked_for(app) {
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            app.close_sign_up().await;
            let closed = app.document(path).await["prompt_values_supported"].clone();
            app.open_sign_up().await;
            let opened = app.document(path).await["prompt_values_supported"].clone();
            if path.ends_with("openid-configuration") {
                assert_eq!(closed, json!(["none", "login", "consent", "select_account"]));
                assert_eq!(opened, json!(["none", "login", "consent", "select_account", "create"]));
            } else {
                assert!(closed.is_null() && opened.is_null(), "{opened}");
            }
        }
    }

    async fn a_new_account_is_asked_for_consent_and_gets_its_tokens(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        assert!(page.has("sign-up-sign-in") && page.has("sign-up-cancel"), "{}", page.answer.response);
        assert_eq!(page.answer.response.header("cache-control"), Some("no-store"));
        let began = app.now();
        app.clock.advance(30);
        let consent = create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        // It is consumed: nothing asks for a second account.
        let request = creating(&rp);
        let away = browser.press(&consent, "consent-allow", &[]).await.away();
        assert_eq!(away.parameters()["state"], "state-1");
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        let (_, claims) = app.verified(tokens.id()).await;
        let nora = user_named(&app, "nora").await.expect("an account");
        assert_eq!(claims["sub"], nora.id.as_str());
        assert_eq!((&claims["acr"], &claims["amr"]), (&json!("1"), &json!(["pwd"])));
        assert_eq!(claims["auth_time"], began.plus_seconds(30).seconds());
        let told = rp.userinfo(&tokens.access_token).await.json().await;
        assert_eq!((&told["email"], &told["email_verified"]), (&json!("nora@example.com"), &json!(false)));
        assert_eq!((&told["preferred_username"], &told["name"]), (&json!("nora"), &json!("Nora New")));
        assert_eq!((nora.owner, nora.email_verified), (Owner::Person, false));
        rp.refresh(tokens.refresh()).await.ok().await;
    }

    async fn the_facts_are_told_once_each_by_the_person_themselves(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web").set(|settings| settings.consent = ConsentMode::Skip)).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.away();
        let nora = user_named(&app, "nora").await.expect("an account");
        let events = app.read(|tx| event::list(tx, 0, 100)).await;
        let of_nora: Vec<_> = events.iter().filter(|event| event.user_id.as_deref() == Some(nora.id.as_str())).collect();
        let kinds: Vec<&str> = of_nora.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["user.created", "sign_in.succeeded", "authorization.granted"]);
        let actor = format!("user:{}", nora.id);
        assert!(of_nora.iter().all(|event| event.actor == actor), "{of_nora:?}");
        for event in &events {
            assert!(!event.facts.contains("nora"), "personal data is sealed: {}", event.facts);
        }
        assert!(of_nora[0].facts.contains("\"owner\":\"person\""), "{}", of_nora[0].facts);
        assert!(of_nora[0].sealed.is_some());
    }

    async fn whoever_is_signed_in_stays_beside_the_new_account(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let of_alice = rp.exchange(&browser.grant(&alice, &Authorize::new(&rp, "openid offline_access")).await).await;
        let of_alice = of_alice.ok().await;
        app.clock.advance(1);
        // Her session answers no request for an account, and is left alone by it.
        let page = on_page(&mut browser, &rp).await;
        rp.refresh(of_alice.refresh()).await.ok().await;
        let consent = create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        let request = creating(&rp);
        let away = browser.press(&consent, "consent-allow", &[]).await.away();
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        let nora = user_named(&app, "nora").await.expect("an account");
        assert_eq!(app.verified(tokens.id()).await.1["sub"], nora.id.as_str());
        let choice = Authorize::new(&rp, "openid").with("prompt", "select_account");
        let page = browser.authorize(&choice).await.page("/accounts/");
        assert_eq!(page.answer.response.text().matches("class=\"account-pick\"").count(), 2);
        assert!(page.answer.response.text().contains("alice@example.com"));
    }

    async fn a_new_account_signs_in_with_its_password_elsewhere(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, " Nora ", " nora@example.com ", STRONG).await.page("/consent/");
        let mut elsewhere = app.browser();
        let page = elsewhere.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        elsewhere.sign_in(&page, "nora", STRONG).await.page("/consent/");
    }

    async fn the_pages_lead_to_each_other_in_the_same_dialogue(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        // From the sign-in page to an account.
        let request = Authorize::new(&rp, "openid");
        let page = browser.authorize(&request).await.page("/sign-in/");
        assert!(page.has("login-sign-up"), "{}", page.answer.response);
        let sign_up = browser.open(&page.path.replace("/sign-in/", "/sign-up/")).await.page("/sign-up/");
        let consent = create(&mut browser, &sign_up, "nora", "nora@example.com", STRONG).await.page("/consent/");
        let away = browser.press(&consent, "consent-allow", &[]).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
        // From the sign-up page to whoever has one: that answers the request for one.
        let mut other = app.browser();
        let page = on_page(&mut other, &rp).await;
        let sign_in = other.open(&page.path.replace("/sign-up/", "/sign-in/")).await.page("/sign-in/");
        let consent = other.sign_in(&sign_in, "alice", PASSWORD).await.page("/consent/");
        let away = other.press(&consent, "consent-allow", &[]).await.away();
        rp.exchange(&away.grant(&creating(&rp))).await.ok().await;
    }

    async fn whoever_has_an_account_here_may_go_on_with_it(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid profile email")).await;
        let page = on_page(&mut browser, &rp).await;
        let sign_in = browser.open(&page.path.replace("/sign-up/", "/sign-in/")).await.page("/sign-in/");
        let away = browser.press(&sign_in, "login-continue", &[]).await.away();
        let tokens = rp.exchange(&away.grant(&creating(&rp))).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["sub"], alice.id.as_str());
    }

    async fn other_prompts_go_with_it(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web").set(|settings| settings.consent = ConsentMode::Skip)).await;
        for (number, prompt) in ["create login", "login create", "select_account create"].into_iter().enumerate() {
            let mut browser = app.browser();
            let request = creating(&rp).with("prompt", prompt);
            let page = browser.authorize(&request).await.page("/sign-up/");
            let name = format!("nora{number}");
            let away = create(&mut browser, &page, &name, "nora@example.com", STRONG).await.away();
            rp.exchange(&away.grant(&request)).await.ok().await;
        }
        let mut browser = app.browser();
        let request = creating(&rp).with("prompt", "consent create");
        let page = browser.authorize(&request).await.page("/sign-up/");
        create(&mut browser, &page, "norax", "nora@example.com", STRONG).await.page("/consent/");
    }

    async fn a_hint_fills_the_field_that_it_fits(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        for (hint, field) in [("nora@example.com", "email"), ("nora", "username"), ("tel:+49", "username")] {
            let request = creating(&rp).and("login_hint", hint);
            let page = browser.authorize(&request).await.page("/sign-up/");
            let text = page.answer.response.text();
            let input = text.split("<input").find(|input| input.contains(&format!("id=\"{field}\""))).expect("an input");
            assert!(input.contains(&format!("value=\"{hint}\"")), "{hint}: {input}");
            assert_eq!(text.matches(hint).count(), 1, "{hint}");
        }
        // What can be nobody's name fills nothing.
        let request = creating(&rp).and("login_hint", &"x".repeat(300));
        let page = browser.authorize(&request).await.page("/sign-up/");
        assert!(!page.answer.response.text().contains("xxx"));
    }

    async fn the_full_name_may_be_left_out(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        let typed = [("username", "nora"), ("email", "nora@example.com"), ("name", ""), ("password", STRONG)];
        browser.press(&page, "sign-up-submit", &typed).await.page("/consent/");
        assert_eq!(user_named(&app, "nora").await.expect("an account").name, None);
    }

    async fn a_form_that_is_sent_twice_makes_one_account_and_signs_in(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        // The second one leaves before the first one's cookie has arrived.
        let mut second = app.browser();
        second.cookies = browser.cookies.clone();
        create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        let consent = create(&mut second, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        assert_eq!(count_of_people(&app).await, 1);
        let away = second.press(&consent, "consent-allow", &[]).await.away();
        rp.exchange(&away.grant(&creating(&rp))).await.ok().await;
    }

    async fn a_request_that_was_pushed_asks_for_an_account_too(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        let request = creating(&rp);
        let reference = rp.push(&request).await.pushed().await;
        let mut browser = app.browser();
        let page = browser.open(&rp.by_reference(&reference)).await.page("/sign-up/");
        let consent = create(&mut browser, &page, "nora", "nora@example.com", STRONG).await.page("/consent/");
        let away = browser.press(&consent, "consent-allow", &[]).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
    }

    async fn the_other_node_of_a_cluster_knows_the_policy(app) {
        let other = app.second_node().await;
        app.sign_up_policy(SignUpMode::Open, 5).await;
        let rp = app.client(ClientSpec::web("web")).await;
        let page = other.browser().authorize(&creating(&rp)).await.page("/sign-up/");
        assert_eq!(page.answer.response.status, 200);
    }
}
