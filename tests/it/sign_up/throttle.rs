//! Asking which usernames are taken is slow, and one network makes so many accounts (ASVS 6.1.1, 6.3.8).

use symbolon::domain::oidc::sign_up::SignUpMode;

use super::{STRONG, count_of_people, create, on_page};
use crate::support::{Authorize, ClientSpec, PASSWORD};

both! {
    async fn a_browser_that_asks_for_many_taken_names_waits(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let mut page = on_page(&mut browser, &rp).await;
        let mut asked = 0;
        while page.answer.response.status != 429 {
            page = create(&mut browser, &page, "alice", "x@example.com", STRONG).await.page("/sign-up/");
            asked += 1;
            assert!(asked < 20, "names are guessed without end");
        }
        assert!(asked > 10, "a person tries a few: {asked}");
        page.complains(429, "AS-2002").await;
        // Nor is a name that is free looked at meanwhile.
        page = create(&mut browser, &page, "free", "x@example.com", STRONG).await.page("/sign-up/");
        page.complains(429, "AS-2002").await;
        let wait: i64 = page.answer.response.header("retry-after").expect("Retry-After").parse().expect("seconds");
        app.clock.advance(wait);
        create(&mut browser, &page, "free", "x@example.com", STRONG).await.page("/consent/");
    }

    async fn a_network_that_drops_its_cookies_waits_too(app) {
        app.open_sign_up().await;
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut asked = 0;
        loop {
            let mut browser = app.browser();
            let page = on_page(&mut browser, &rp).await;
            let page = create(&mut browser, &page, "alice", "x@example.com", STRONG).await.page("/sign-up/");
            if page.answer.response.status == 429 {
                break;
            }
            asked += 1;
            assert!(asked < 40, "a network guesses without end");
        }
        assert!(asked > 20, "{asked}");
        // Its people sign in all the same: the counters are others.
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
    }

    async fn a_network_makes_so_many_accounts_in_an_hour(app) {
        app.sign_up_policy(SignUpMode::Open, 2).await;
        let rp = app.client(ClientSpec::web("web")).await;
        for name in ["one", "two"] {
            let mut browser = app.browser();
            let page = on_page(&mut browser, &rp).await;
            create(&mut browser, &page, name, "x@example.com", STRONG).await.page("/consent/");
        }
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        let page = create(&mut browser, &page, "three", "x@example.com", STRONG).await.page("/sign-up/");
        page.complains(429, "AS-2103").await;
        let wait: i64 = page.answer.response.header("retry-after").expect("Retry-After").parse().expect("seconds");
        assert!((3500..=3600).contains(&wait), "{wait}");
        assert_eq!(count_of_people(&app).await, 2, "nothing is left behind");
        app.clock.advance(wait);
        let mut browser = app.browser();
        let page = on_page(&mut browser, &rp).await;
        create(&mut browser, &page, "three", "x@example.com", STRONG).await.page("/consent/");
    }

    async fn what_was_refused_counts_as_no_account(app) {
        app.sign_up_policy(SignUpMode::Open, 1).await;
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let mut page = on_page(&mut browser, &rp).await;
        for (name, email, password) in
            [("alice", "x@example.com", STRONG), ("nora", "x", STRONG), ("nora", "x@example.com", "short")]
        {
            page = create(&mut browser, &page, name, email, password).await.page("/sign-up/");
            assert_eq!(page.answer.response.status, 422, "{}", page.answer.response);
        }
        create(&mut browser, &page, "nora", "x@example.com", STRONG).await.page("/consent/");
    }
}
