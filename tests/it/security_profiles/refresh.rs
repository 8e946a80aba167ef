//! Refresh tokens that stay, because only their client can use them.

use tokio::task::{JoinSet, LocalSet};

use super::{Party, TOKEN};
use crate::support::TestApp;

const MANY: usize = 100;

async fn brief(app: &TestApp, party: &Party) {
    app.change_client(&party.rp, |client| client.settings.refresh_token_lifetime = Some(3600)).await;
}

both! {
    /// Behaviour 176.
    async fn the_refresh_token_stays_and_works_again_later(app) {
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let first = party.tokens(&app, &alice).await;
        let next = party.refresh(&app, first.refresh()).await.ok_as("DPoP").await;
        assert_eq!(next.refresh(), first.refresh());
        assert_ne!(next.access_token, first.access_token);
        app.clock.advance(300);
        let later = party.refresh(&app, first.refresh()).await.ok_as("DPoP").await;
        assert_eq!(later.refresh(), first.refresh());
    }

    async fn each_use_moves_its_idle_expiry(app) {
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        brief(&app, &party).await;
        let tokens = party.tokens(&app, &alice).await;
        for _ in 0..3 {
            app.clock.advance(3000);
            party.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
        }
        app.clock.advance(3600);
        party.refresh(&app, tokens.refresh()).await.refused("invalid_grant", "AS-1122").await;
    }

    async fn a_revoked_one_is_dead(app) {
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let tokens = party.tokens(&app, &alice).await;
        party.rp.revoke(tokens.refresh()).await.accepted().await;
        party.refresh(&app, tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
    }

    async fn without_the_profile_it_is_rotated_from_then_on(app) {
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let kept = party.tokens(&app, &alice).await;
        app.change_client(&party.rp, |client| client.settings.security_profile = None).await;
        // An assertion is not tried twice: until then the client was known as it was.
        app.clock.advance(60);
        let rotated = party.refresh(&app, kept.refresh()).await.ok_as("DPoP").await;
        assert_ne!(rotated.refresh(), kept.refresh());
        party.refresh(&app, rotated.refresh()).await.ok_as("DPoP").await;
        // A replaced token is theft again, also once the profile is back.
        app.change_client(&party.rp, |client| {
            client.settings.security_profile = Some(symbolon::domain::oauth::SecurityProfile::Fapi2Security);
        })
        .await;
        app.clock.advance(60);
        party.refresh(&app, kept.refresh()).await.refused("invalid_grant", "AS-1124").await;
        party.refresh(&app, rotated.refresh()).await.refused("invalid_grant", "AS-1124").await;
    }

    /// Behaviour 176.
    async fn a_hundred_at_once_all_keep_it(app) {
        let (party, alice) = (Party::fapi2(&app).await, app.person("alice").await);
        let tokens = party.tokens(&app, &alice).await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
        let requests: Vec<_> = (0..MANY).map(|_| party.proving(&app, TOKEN, &fields)).collect();
        let rp = party.rp.clone();
        let answers = LocalSet::new()
            .run_until(async move {
                let mut tasks = JoinSet::new();
                for request in requests {
                    let rp = rp.clone();
                    tasks.spawn_local(async move { rp.send(&request).await });
                }
                tasks.join_all().await
            })
            .await;
        for answer in &answers {
            assert_eq!(answer.ok_as("DPoP").await.refresh(), tokens.refresh());
        }
        party.refresh(&app, tokens.refresh()).await.ok_as("DPoP").await;
    }
}
