//! Refreshing: each token is replaced by one successor, a lost answer is recovered within the
//! grace, and a used token that comes back later ends the family (RFC 9700 §4.14.2).

use crate::support::{ClientSpec, GrantSpec, Person, RelyingParty, TestApp, Tokens};

async fn signed_in(app: &TestApp, scope: &str) -> (RelyingParty, Person, Tokens) {
    let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
    let grant = app.grant(&alice, &rp, GrantSpec::scope(scope)).await;
    let tokens = rp.exchange(&grant).await.ok().await;
    (rp, alice, tokens)
}

both! {
    async fn a_refresh_gives_new_tokens_and_the_old_one_is_replaced(app) {
        // Behaviours 91 to 93.
        let (rp, _, first) = signed_in(&app, "openid profile offline_access").await;
        let second = rp.refresh(first.refresh()).await.ok().await;
        assert_ne!(first.refresh(), second.refresh());
        assert_ne!(first.access_token, second.access_token);
        assert_eq!(first.scope, second.scope);
        assert!(!rp.introspect(first.refresh()).await.active().await, "a replaced token is not alive");
        assert!(rp.introspect(second.refresh()).await.active().await);
        assert!(rp.introspect(&first.access_token).await.active().await, "the old access token lives out its time");
    }

    async fn the_id_token_of_a_refresh_tells_of_the_same_sign_in(app) {
        // Behaviours 71 and 94.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access").nonce("n-1")).await;
        let first = rp.exchange(&grant).await.ok().await;
        app.clock.advance(100);
        let second = rp.refresh(first.refresh()).await.ok().await;
        let ((_, before), (_, after)) = (app.verified(first.id()).await, app.verified(second.id()).await);
        for same in ["iss", "sub", "aud", "azp", "auth_time", "sid", "acr"] {
            assert_eq!(before[same], after[same], "{same}");
        }
        assert_ne!(before["iat"], after["iat"]);
        assert!(after.get("nonce").is_none() || after["nonce"] == before["nonce"], "{after}");
    }

    async fn a_lost_answer_is_recovered_with_the_very_same_successor(app) {
        let (rp, _, first) = signed_in(&app, "openid offline_access").await;
        let lost = rp.refresh(first.refresh()).await.ok().await;
        app.clock.advance_millis(59_999);
        let again = rp.refresh(first.refresh()).await.ok().await;
        assert_eq!(lost.refresh(), again.refresh());
        assert_ne!(lost.access_token, again.access_token);
        rp.refresh(again.refresh()).await.ok().await;
    }

    async fn after_the_grace_a_used_token_is_theft_and_ends_the_family(app) {
        let (rp, _, first) = signed_in(&app, "openid offline_access").await;
        let second = rp.refresh(first.refresh()).await.ok().await;
        app.clock.advance(60);
        rp.refresh(first.refresh()).await.refused("invalid_grant", "AS-1124").await;
        rp.refresh(second.refresh()).await.refused("invalid_grant", "AS-1125").await;
        for token in [&first.access_token, &second.access_token, second.refresh()] {
            assert!(!rp.introspect(token).await.active().await);
        }
        rp.userinfo(&second.access_token).await.refused("invalid_token", "AS-1151").await;
    }

    async fn once_the_successor_was_used_a_repeat_is_theft_even_within_the_grace(app) {
        let (rp, _, first) = signed_in(&app, "openid offline_access").await;
        let second = rp.refresh(first.refresh()).await.ok().await;
        let third = rp.refresh(second.refresh()).await.ok().await;
        rp.refresh(first.refresh()).await.refused("invalid_grant", "AS-1124").await;
        rp.refresh(third.refresh()).await.refused("invalid_grant", "AS-1125").await;
        assert!(!rp.introspect(third.refresh()).await.active().await);
    }

    async fn without_grace_every_repeat_is_theft(database: Database) {
        let app = TestApp::with(database, |options| options.policy.refresh_grace_seconds = 0).await;
        let (rp, _, first) = signed_in(&app, "openid offline_access").await;
        let second = rp.refresh(first.refresh()).await.ok().await;
        rp.refresh(first.refresh()).await.refused("invalid_grant", "AS-1124").await;
        rp.refresh(second.refresh()).await.refused("invalid_grant", "AS-1125").await;
    }

    async fn the_refresh_token_of_another_client_is_refused_and_survives(app) {
        // Behaviour 93.
        let (rp, _, first) = signed_in(&app, "openid offline_access").await;
        let other = app.client(ClientSpec::web("other")).await;
        other.refresh(first.refresh()).await.refused("invalid_grant", "AS-1123").await;
        let second = rp.refresh(first.refresh()).await.ok().await;
        app.clock.advance(61);
        other.refresh(first.refresh()).await.refused("invalid_grant", "AS-1123").await;
        rp.refresh(second.refresh()).await.ok().await;
    }

    async fn a_refresh_token_is_required_and_must_be_one_of_ours(app) {
        let (rp, _, tokens) = signed_in(&app, "openid offline_access").await;
        rp.token(&[("grant_type", "refresh_token")]).await.refused("invalid_request", "AS-1120").await;
        rp.refresh("").await.refused("invalid_request", "AS-1120").await;
        let mistyped = format!("{}0", tokens.refresh());
        for token in ["x", &mistyped, &tokens.access_token, tokens.id()] {
            rp.refresh(token).await.refused("invalid_grant", "AS-1121").await;
        }
        rp.refresh(tokens.refresh()).await.ok().await;
    }

    async fn the_scope_may_be_repeated_or_narrowed(app) {
        // Behaviour 92.
        let (rp, _, first) = signed_in(&app, "openid profile email offline_access").await;
        let refresh = async |token: String, scope: &'static str| {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
            rp.token(&fields).await.ok().await
        };
        let same = refresh(first.refresh().to_owned(), "openid profile email offline_access").await;
        assert_eq!(same.scope, first.scope);
        let narrow = refresh(same.refresh().to_owned(), "openid email").await;
        assert_eq!(narrow.scope.as_deref(), Some("openid email"));
        let told = rp.userinfo(&narrow.access_token).await.json().await;
        assert!(told.get("email").is_some() && told.get("name").is_none(), "{told}");
        // The refresh token keeps the whole grant (RFC 6749 §6).
        let whole = rp.refresh(narrow.refresh()).await.ok().await;
        assert_eq!(whole.scope, first.scope);
        let without_openid = refresh(whole.refresh().to_owned(), "profile").await;
        assert_eq!(without_openid.id_token, None);
    }

    async fn the_scope_may_not_grow_and_a_refusal_does_not_use_the_token(app) {
        let (rp, _, first) = signed_in(&app, "openid offline_access").await;
        for (scope, reason) in
            [("openid profile", "AS-1129"), ("OPENID", "AS-1129"), ("openid  offline_access", "AS-1009")]
        {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", first.refresh()), ("scope", scope)];
            rp.token(&fields).await.refused("invalid_scope", reason).await;
        }
        rp.refresh(first.refresh()).await.ok().await;
    }

    async fn an_idle_token_expires(app) {
        let (rp, _, first) = signed_in(&app, "openid offline_access").await;
        let idle = app.services.policy.refresh_idle_seconds;
        app.clock.advance(idle - 1);
        let second = rp.refresh(first.refresh()).await.ok().await;
        app.clock.advance(idle);
        rp.refresh(second.refresh()).await.refused("invalid_grant", "AS-1122").await;
        assert!(!rp.introspect(second.refresh()).await.active().await);
    }

    async fn a_family_ends_however_often_it_is_used(database: Database) {
        let app = TestApp::with(database, |options| {
            options.policy.refresh_idle_seconds = 1000;
            options.policy.refresh_absolute_seconds = 2500;
        })
        .await;
        let (rp, _, mut tokens) = signed_in(&app, "openid offline_access").await;
        for _ in 0..2 {
            app.clock.advance(999);
            tokens = rp.refresh(tokens.refresh()).await.ok().await;
        }
        app.clock.advance(502);
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1122").await;
    }

    async fn the_lifetime_of_the_client_wins_over_the_policy(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.refresh_token_lifetime = Some(100));
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        app.clock.advance(100);
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1122").await;
    }

    async fn an_online_token_ends_with_its_session_and_an_offline_one_does_not(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let session = app.session(&alice).await;
        let online = app.grant(&alice, &rp, GrantSpec::scope("openid").session(&session)).await;
        let offline = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access").session(&session)).await;
        let (online, offline) = (rp.exchange(&online).await.ok().await, rp.exchange(&offline).await.ok().await);
        app.end_session(&session).await;
        rp.refresh(online.refresh()).await.refused("invalid_grant", "AS-1126").await;
        assert!(!rp.introspect(&online.access_token).await.active().await);
        assert!(rp.introspect(&offline.access_token).await.active().await);
        rp.refresh(offline.refresh()).await.ok().await;
    }

    async fn an_online_token_ends_when_its_session_expires(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        app.clock.advance(app.services.policy.session_idle_seconds);
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1126").await;
    }

    async fn a_secret_that_was_rotated_refreshes_no_more_and_the_new_one_does(app) {
        let (rp, _, tokens) = signed_in(&app, "openid offline_access").await;
        app.rotate_secret(&rp, "another-secret").await;
        rp.refresh(tokens.refresh()).await.refused("invalid_client", "AS-1204").await;
        let rp = rp.with(crate::support::Credentials::Basic("another-secret".to_owned()));
        rp.refresh(tokens.refresh()).await.ok().await;
    }

    async fn a_redelivery_is_refused_once_its_standing_is_gone(app) {
        let (rp, alice, first) = signed_in(&app, "openid offline_access").await;
        rp.refresh(first.refresh()).await.ok().await;
        app.change_person(&alice, |user| user.state = symbolon::domain::entity::UserState::Disabled).await;
        rp.refresh(first.refresh()).await.refused("invalid_grant", "AS-1127").await;
    }
}
