//! Many at once: a code is redeemed once, on both databases.

use super::{approve, begin, poll, television};
use crate::support::{all_but, at_once, outcome};

both! {
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
