//! Consents that are denied, stale, or not the person's own.

use crate::support::{Authorize, ClientSpec, PASSWORD, Request};

both! {
    async fn a_denial_goes_to_the_app_and_nothing_is_remembered(app) {
        // Behaviour 52.
        let (rp, _) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-deny", &[]).await.away();
        away.refused(&app, "access_denied", "AS-1020").await;
        assert_eq!(away.parameters()["state"], "state-1");
        browser.press(&page, "consent-allow", &[]).await.page("/consent/").answer.refused_page(400, "AS-1021").await;
        let none = browser.authorize(&request.with("prompt", "none")).await.away();
        none.refused(&app, "consent_required", "AS-1018").await;
    }

    async fn a_consent_counts_only_for_the_account_that_the_page_named(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let alice = app.person("alice").await;
        app.person("bob").await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let of_alice = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        // In another tab somebody else signs in.
        let other = browser.authorize(&request.clone().with("prompt", "login")).await.page("/sign-in/");
        let of_bob = browser.sign_in(&other, "bob", PASSWORD).await.page("/consent/");
        // Each page is about the account that it names, and answers for that one only.
        let (_, fields) = of_alice.filled("consent-allow", &[]);
        let token = &fields.iter().find(|(name, _)| name == "csrf").expect("csrf").1;
        let forged = Request::form(&of_bob.path, &[("csrf", token.as_str()), ("action", "allow")]);
        browser.request(forged).await.refused_page(400, "AS-1023").await;
        let grant = browser.press(&of_alice, "consent-allow", &[]).await.away().grant(&request);
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["sub"], alice.id.as_str());
    }

    async fn a_form_without_its_token_or_with_an_unknown_button_is_refused(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        for action in ["allow", "deny", "switch"] {
            for token in ["", "x"] {
                let request = Request::form(&page.path, &[("csrf", token), ("action", action)]);
                browser.request(request).await.refused_page(400, "AS-1023").await;
            }
        }
        let (form, _) = page.filled("consent-allow", &[]);
        for action in ["", "ALLOW", "allow-all"] {
            let request = Request::form(&page.path, &[("csrf", form.hidden[0].1.as_str()), ("action", action)]);
            browser.request(request).await.refused_page(400, "AS-1005").await;
        }
        browser.press(&page, "consent-allow", &[]).await.away();
    }

    async fn another_browser_cannot_agree(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        let mut stranger = app.browser();
        stranger.press(&page, "consent-allow", &[]).await.page("/consent/").answer.refused_page(400, "AS-1022").await;
        // Whoever stole the session cookie, but not the browser's own, has nothing either.
        stranger.cookies.insert("symbolon_session".to_owned(), browser.cookies["symbolon_session"].clone());
        stranger.press(&page, "consent-allow", &[]).await.page("/consent/").answer.refused_page(400, "AS-1022").await;
    }

    async fn the_consent_page_is_not_reached_without_signing_in(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let consent = page.path.replace("/sign-in/", "/consent/");
        browser.open(&consent).await.page("/sign-in/");
        let forged = Request::form(&consent, &[("csrf", "x"), ("action", "allow")]);
        let answer = browser.request(forged).await;
        assert!(
            answer.response.header("location").is_none_or(|location| location.starts_with("/sign-in/")),
            "{}",
            answer.response
        );
    }
}
