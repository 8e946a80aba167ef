//! Many at once: one artefact, one winner, and the family's fate is the same on both databases
//! (security requirements, peers' defects 2 and 3).

use crate::support::{ClientSpec, GrantSpec, MANY, TestApp, all_but, at_once, outcome};

both! {
    async fn of_a_hundred_redemptions_one_wins_and_the_replays_revoke_it(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let asking = rp.clone();
        let answers = at_once(async move |_| asking.exchange(&grant).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!(winners.len(), 1, "{refusals:?}");
        assert_eq!(refusals, all_but(1, "AS-1114"));
        let tokens = winners[0].ok().await;
        assert!(!rp.introspect(&tokens.access_token).await.active().await);
        assert!(!rp.introspect(tokens.refresh()).await.active().await);
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
    }

    async fn a_hundred_refreshes_within_the_grace_all_get_the_same_successor(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let first = rp.exchange(&grant).await.ok().await;
        let token = first.refresh().to_owned();
        let asking = rp.clone();
        let answers = at_once(async move |_| asking.refresh(&token).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!((winners.len(), refusals.len()), (MANY, 0), "{refusals:?}");
        let tokens = winners[0].ok().await;
        let successor = tokens.refresh();
        for winner in winners {
            assert_eq!(winner.ok().await.refresh(), successor, "the family is a chain");
        }
        let next = rp.refresh(successor).await.ok().await;
        assert!(rp.introspect(next.refresh()).await.active().await);
    }

    async fn of_a_hundred_refreshes_without_grace_one_wins_and_the_family_ends(database: Database) {
        let app = TestApp::with(database, |options| options.policy.refresh_grace_seconds = 0).await;
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let first = rp.exchange(&grant).await.ok().await;
        let token = first.refresh().to_owned();
        let asking = rp.clone();
        let answers = at_once(async move |_| asking.refresh(&token).await).await;
        let (winners, refusals) = outcome(&answers, &app).await;
        assert_eq!(winners.len(), 1, "{refusals:?}");
        assert_eq!(refusals, all_but(1, "AS-1124"));
        let tokens = winners[0].ok().await;
        assert!(!rp.introspect(tokens.refresh()).await.active().await);
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
    }
}
