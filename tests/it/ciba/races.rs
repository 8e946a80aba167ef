//! Many at once: an `auth_req_id` is redeemed once, on both databases.

use super::{answer, begin, poll, till};
use crate::support::{all_but, at_once, outcome};

both! {
    /// Behaviour 198.
    async fn of_a_hundred_redemptions_one_wins(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[("scope", "openid offline_access")]).await;
        answer(&app, &alice, "approve-allow").await;
        let asking = rp.clone();
        let answers = at_once(async move |_| poll(&asking, &id).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals), (1, all_but(1, "AS-1163")));
        rp.refresh(winners[0].ok().await.refresh()).await.ok().await;
    }
}
