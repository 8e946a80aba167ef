//! What a person is asked, and what is remembered.

use symbolon::domain::entity::ConsentMode;

use crate::support::{Authorize, ClientSpec, PASSWORD};

both! {
    async fn the_page_names_the_app_the_account_and_what_is_asked(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid email offline_access")).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        let text = page.answer.response.text();
        for shown in
            ["The app web", "web.example", "alice Example", "See your email address", "Keep access while you are away"]
        {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert!(!text.contains("See your profile"), "{text}");
    }

    async fn only_what_is_new_is_a_reason_to_ask_again(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid email");
        browser.grant(&alice, &base).await;
        browser.authorize(&base).await.away();
        browser.authorize(&base.clone().with("scope", "openid")).await.away();
        let page = browser.authorize(&base.clone().with("scope", "openid profile")).await.page("/consent/");
        browser.press(&page, "consent-allow", &[]).await.away();
        // Both consents together.
        browser.authorize(&base.with("scope", "openid email profile")).await.away();
    }

    async fn always_means_each_time_and_skip_means_never(app) {
        let alice = app.person("alice").await;
        let always = app.client(ClientSpec::web("always").set(|settings| settings.consent = ConsentMode::Always)).await;
        let skip = app.client(ClientSpec::web("skip").set(|settings| settings.consent = ConsentMode::Skip)).await;
        let mut browser = app.browser();
        let request = Authorize::new(&always, "openid");
        browser.grant(&alice, &request).await;
        let page = browser.authorize(&request).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        always.exchange(&away.grant(&request)).await.ok().await;
        browser.authorize(&Authorize::new(&skip, "openid profile")).await.away();
    }

    async fn switching_the_account_leads_to_the_other_ones_consent(app) {
        let (rp, bob) = (app.client(ClientSpec::web("web")).await, app.person("bob").await);
        app.person("alice").await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        let page = browser.press(&page, "consent-switch", &[]).await.page("/sign-in/");
        let page = browser.sign_in(&page, "bob", PASSWORD).await.page("/consent/");
        assert!(page.answer.response.text().contains("bob Example"));
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["sub"], bob.id.as_str());
    }
}
