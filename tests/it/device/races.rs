//! Many at once: a request is answered once, and a code is redeemed once, on both databases.

use super::{approve, begin, card, poll, television};
use crate::support::{Button, Settled, TestApp, all_but, answer_at_once, at_once, outcome};

/// Answers one request with these buttons in turn, many times at once.
async fn race(app: &TestApp, buttons: &[Button]) -> Settled {
    let (tv, alice) = (app.client(television()).await, app.person("alice").await);
    let device = begin(&tv, "openid offline_access").await;
    let (mut browser, user_code) = (app.browser(), device.user_code.clone());
    let press = async |button: Button| {
        let page = card(&mut browser, &alice, &user_code).await;
        let typed: &[(&str, &str)] = match button {
            Button::Allow => &[("started_here", "yes")],
            Button::Deny => &[],
        };
        browser.pressing(&page, button.name(), typed)
    };
    let asking = tv.clone();
    answer_at_once((app, &tv, &alice), buttons, press, async move |_| poll(&asking, &device).await).await
}

both! {
    async fn of_a_hundred_who_allow_one_device_one_does_and_one_token_comes_of_it(app) {
        assert_eq!(race(&app, &[Button::Allow]).await, Settled::Allowed);
    }

    async fn of_a_hundred_who_deny_one_device_one_does_and_no_token_comes_of_it(app) {
        assert_eq!(race(&app, &[Button::Deny]).await, Settled::Denied);
    }

    async fn of_a_hundred_who_allow_and_deny_one_device_one_is_heard(app) {
        race(&app, &[Button::Allow, Button::Deny]).await;
    }

    async fn of_a_hundred_redemptions_one_wins(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid offline_access").await;
        approve(&app, &alice, &device).await;
        let asking = tv.clone();
        let answers = at_once(async move |_| poll(&asking, &device).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1163")));
        // A device that asked twice is no thief: the winner keeps what it has.
        tv.refresh(winners[0].ok().await.refresh()).await.ok().await;
    }
}
