//! Guessing is slow, and knocking does not lock the owner out (ASVS 6.1.1, 6.3.1).

use crate::support::{Authorize, ClientSpec, PASSWORD};

both! {
    async fn after_a_few_failures_an_account_waits_whatever_the_password(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let mut page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        for attempt in 0..7 {
            page = browser.sign_in(&page, "alice", "wrong password").await.page("/sign-in/");
            if page.answer.response.status == 429 {
                assert!(attempt >= 5, "everybody mistypes: {attempt}");
                break;
            }
            page.complains(200, "AS-2001").await;
        }
        page.complains(429, "AS-2002").await;
        let wait: i64 = page.answer.response.header("retry-after").expect("Retry-After").parse().expect("seconds");
        assert!((1..=300).contains(&wait), "{wait}");
        // Not even the right password is looked at.
        page = browser.sign_in(&page, "alice", PASSWORD).await.page("/sign-in/");
        page.complains(429, "AS-2002").await;
        app.clock.advance(wait);
        browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
    }

    async fn an_unknown_name_waits_like_a_known_one(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let mut page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let mut failures = 0;
        while page.answer.response.status != 429 {
            page = browser.sign_in(&page, "nobody", "wrong password").await.page("/sign-in/");
            failures += 1;
            assert!(failures < 10, "an unknown name is guessed without end");
        }
        page.complains(429, "AS-2002").await;
    }

    async fn a_network_that_tries_many_names_waits(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let mut browser = app.browser();
        let mut page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let mut attempts = 0;
        while page.answer.response.status != 429 {
            page = browser.sign_in(&page, &format!("name-{attempts}"), "wrong password").await.page("/sign-in/");
            attempts += 1;
            assert!(attempts < 40, "a network guesses without end");
        }
        assert!(attempts > 20, "{attempts}");
        page.complains(429, "AS-2002").await;
    }

    async fn a_success_clears_the_account(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        for _ in 0..3 {
            let mut browser = app.browser();
            let mut page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
            for _ in 0..4 {
                page = browser.sign_in(&page, "alice", "wrong password").await.page("/sign-in/");
                page.complains(200, "AS-2001").await;
            }
            browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        }
    }

    async fn who_began_before_another_ones_success_does_not_wait_for_it(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let (mut first, mut second) = (app.browser(), app.browser());
        let page = first.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        let other = second.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        app.clock.advance(5);
        first.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        // Its password took longer to check; or another node's clock is a little behind.
        app.clock.advance(-2);
        second.sign_in(&other, "alice", PASSWORD).await.page("/consent/");
    }
}
