//! Many at once: one artefact, one winner, and the family's fate is the same on both databases
//! (security requirements, peers' defects 2 and 3).

use std::collections::HashMap;

use tokio::task::JoinSet;

use crate::support::{Answer, ClientSpec, GrantSpec, RelyingParty, TestApp, Tokens};

const MANY: usize = 100;

async fn at_once(request: impl AsyncFn(RelyingParty) -> Answer + Clone + 'static, rp: &RelyingParty) -> Vec<Answer> {
    let local = tokio::task::LocalSet::new();
    let rp = rp.clone();
    local
        .run_until(async move {
            let mut tasks = JoinSet::new();
            for _ in 0..MANY {
                let (request, rp) = (request.clone(), rp.clone());
                tasks.spawn_local(async move { request(rp).await });
            }
            tasks.join_all().await
        })
        .await
}

/// Winners, and how often each refusal came.
async fn outcome(answers: &[Answer], app: &TestApp) -> (Vec<Tokens>, HashMap<String, usize>) {
    let (mut winners, mut refusals) = (Vec::new(), HashMap::new());
    for answer in answers {
        if answer.response.status == 200 {
            winners.push(answer.ok().await);
        } else {
            let record = app.record(answer.trace_id()).await.expect("a refusal is recorded");
            *refusals.entry(record.reason().expect("a reason").code().to_owned()).or_insert(0) += 1;
        }
    }
    (winners, refusals)
}

both! {
    async fn of_a_hundred_redemptions_one_wins_and_the_replays_revoke_it(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let answers = at_once(async move |rp: RelyingParty| rp.exchange(&grant).await, &rp).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!(winners.len(), 1, "{refusals:?}");
        assert_eq!(refusals, HashMap::from([("AS-1114".to_owned(), MANY - 1)]));
        let tokens = &winners[0];
        assert!(!rp.introspect(&tokens.access_token).await.active().await);
        assert!(!rp.introspect(tokens.refresh()).await.active().await);
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
    }

    async fn a_hundred_refreshes_within_the_grace_all_get_the_same_successor(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let first = rp.exchange(&grant).await.ok().await;
        let token = first.refresh().to_owned();
        let answers = at_once(async move |rp: RelyingParty| rp.refresh(&token).await, &rp).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals.len()), (MANY, 0), "{refusals:?}");
        let successor = winners[0].refresh();
        assert!(winners.iter().all(|tokens| tokens.refresh() == successor), "the family is a chain");
        let next = rp.refresh(successor).await.ok().await;
        assert!(rp.introspect(next.refresh()).await.active().await);
    }

    async fn of_a_hundred_refreshes_without_grace_one_wins_and_the_family_ends(database: Database) {
        let app = TestApp::with(database, |options| options.policy.refresh_grace_seconds = 0).await;
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let first = rp.exchange(&grant).await.ok().await;
        let token = first.refresh().to_owned();
        let answers = at_once(async move |rp: RelyingParty| rp.refresh(&token).await, &rp).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!(winners.len(), 1, "{refusals:?}");
        assert_eq!(refusals, HashMap::from([("AS-1124".to_owned(), MANY - 1)]));
        assert!(!rp.introspect(winners[0].refresh()).await.active().await);
        rp.refresh(winners[0].refresh()).await.refused("invalid_grant", "AS-1125").await;
    }
}
