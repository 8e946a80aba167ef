//! Many at once: an `auth_req_id` is redeemed once, on both databases (security requirements, peers'
//! defect 3).

use tokio::task::JoinSet;

use super::{answer, begin, poll, till};

const MANY: usize = 100;

both! {
    /// Behaviour 198.
    async fn of_a_hundred_redemptions_one_wins(app) {
        let (rp, alice) = (app.client(till()).await, app.person("alice").await);
        let id = begin(&rp, &[("scope", "openid offline_access")]).await;
        answer(&app, &alice, "approve-allow").await;
        let local = tokio::task::LocalSet::new();
        let asking = rp.clone();
        let answers = local
            .run_until(async move {
                let mut tasks = JoinSet::new();
                for _ in 0..MANY {
                    let (rp, id) = (asking.clone(), id.clone());
                    tasks.spawn_local(async move { poll(&rp, &id).await });
                }
                tasks.join_all().await
            })
            .await;
        let mut winners = Vec::new();
        for answer in &answers {
            if answer.response.status == 200 {
                winners.push(answer.ok().await);
            } else {
                assert_eq!(answer.response.json()["error"], "invalid_grant", "{}", answer.response);
            }
        }
        assert_eq!(winners.len(), 1);
        rp.refresh(winners[0].refresh()).await.ok().await;
    }
}
