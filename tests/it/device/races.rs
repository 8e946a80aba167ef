//! Many at once: a code is redeemed once, on both databases (security requirements, peers' defect 3).

use tokio::task::JoinSet;

use super::{approve, begin, poll, television};

const MANY: usize = 100;

both! {
    async fn of_a_hundred_redemptions_one_wins(app) {
        let (tv, alice) = (app.client(television()).await, app.person("alice").await);
        let device = begin(&tv, "openid offline_access").await;
        approve(&app, &alice, &device).await;
        let local = tokio::task::LocalSet::new();
        let rp = tv.clone();
        let answers = local
            .run_until(async move {
                let mut tasks = JoinSet::new();
                for _ in 0..MANY {
                    let (rp, device) = (rp.clone(), device.clone());
                    tasks.spawn_local(async move { poll(&rp, &device).await });
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
        // A device that asked twice is no thief: the winner keeps what it has.
        tv.refresh(winners[0].refresh()).await.ok().await;
    }
}
