//! Signing in that works.

use crate::support::{Authorize, ClientSpec, PASSWORD};

both! {
    async fn a_name_and_an_email_address_are_taken_in_any_case(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        for login in ["alice", "ALICE", " alice ", "alice@example.com", "Alice@Example.COM"] {
            let mut browser = app.browser();
            let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
            browser.sign_in(&page, login, PASSWORD).await;
            assert!(browser.cookies.contains_key("symbolon_session"), "{login}");
        }
    }

    async fn the_session_cookie_is_not_readable_by_scripts_and_stays_on_this_site(app) {
        // ASVS 3.3.1 to 3.3.4.
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let (form, fields) = page.filled("login-submit", &[("username", "alice"), ("password", PASSWORD)]);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.request(crate::support::Request::form(&form.action, &fields)).await;
        let cookies: Vec<&str> = answer
            .response
            .headers
            .iter()
            .filter(|(name, value)| name == "set-cookie" && value.starts_with("symbolon_session="))
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(cookies.len(), 1, "{}", answer.response);
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookies[0].contains(attribute), "{}", cookies[0]);
        }
        assert!(!cookies[0].contains("Domain") && !cookies[0].contains("Expires"), "{}", cookies[0]);
        // Its secret has 256 bits and a prefix that scanners find.
        assert!(cookies[0].starts_with("symbolon_session=sym_se_"), "{}", cookies[0]);
    }

    async fn two_tabs_of_one_browser_both_arrive(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let first = browser.authorize(&request).await.page("/sign-in/");
        let second = browser.authorize(&request).await.page("/sign-in/");
        let consent = browser.sign_in(&second, &alice.username, PASSWORD).await.page("/consent/");
        browser.press(&consent, "consent-allow", &[]).await.away();
        let away = browser.sign_in(&first, &alice.username, PASSWORD).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
    }

    async fn select_account_offers_whoever_is_signed_in(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        browser.grant(&alice, &base).await;
        let request = base.with("prompt", "select_account");
        let page = browser.authorize(&request).await.page("/accounts/");
        let away = browser.press(&page, "account-1", &[]).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
    }

    async fn another_person_signs_in_beside_the_first(app) {
        let (rp, alice, bob) =
            (app.client(ClientSpec::web("web")).await, app.person("alice").await, app.person("bob").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        let of_alice = rp.exchange(&browser.grant(&alice, &base).await).await.ok().await;
        let page = browser.authorize(&base.clone().with("prompt", "login")).await.page("/sign-in/");
        let page = browser.sign_in(&page, "bob", PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        let of_bob = rp.exchange(&away.grant(&base)).await.ok().await;
        assert_eq!(app.verified(of_bob.id()).await.1["sub"], bob.id.as_str());
        rp.refresh(of_alice.refresh()).await.ok().await;
    }

    async fn the_hint_fills_the_field_and_locks_nobody_out(app) {
        // Behaviour 35.
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").and("login_hint", "buffy@localhost");
        let page = browser.authorize(&request).await.page("/sign-in/");
        assert!(page.answer.response.text().contains("value=\"buffy@localhost\""), "{}", page.answer.response);
        browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
    }
}
