//! What revocation ends, and what it leaves.

use symbolon::domain::entity::AccessTokenFormat;

use crate::support::{ClientSpec, GrantSpec};

both! {
    async fn an_access_token_goes_alone_in_both_formats(app) {
        let alice = app.person("alice").await;
        for (id, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let rp = app.client(ClientSpec::web(id).set(|settings| settings.access_token_format = format)).await;
            let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
            let first = rp.exchange(&grant).await.ok().await;
            let second = rp.refresh(first.refresh()).await.ok().await;
            rp.revoke(&first.access_token).await.accepted().await;
            assert!(!rp.introspect(&first.access_token).await.active().await);
            rp.userinfo(&first.access_token).await.refused("invalid_token", "AS-1151").await;
            assert!(rp.introspect(&second.access_token).await.active().await);
            rp.refresh(second.refresh()).await.ok().await;
        }
    }

    async fn a_refresh_token_takes_its_whole_authorization_along(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let first = rp.exchange(&grant).await.ok().await;
        let second = rp.refresh(first.refresh()).await.ok().await;
        let unrelated = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let unrelated = rp.exchange(&unrelated).await.ok().await;
        rp.revoke(second.refresh()).await.accepted().await;
        for token in [&first.access_token, &second.access_token, second.refresh()] {
            assert!(!rp.introspect(token).await.active().await);
        }
        rp.refresh(second.refresh()).await.refused("invalid_grant", "AS-1125").await;
        rp.refresh(unrelated.refresh()).await.ok().await;
    }

    async fn a_replaced_refresh_token_revokes_as_well(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let first = rp.exchange(&grant).await.ok().await;
        let second = rp.refresh(first.refresh()).await.ok().await;
        rp.revoke(first.refresh()).await.accepted().await;
        assert!(!rp.introspect(second.refresh()).await.active().await);
    }

    async fn revoking_twice_and_revoking_the_unknown_are_no_errors(app) {
        // RFC 7009 §2.2.
        let rp = app.client(ClientSpec::machine("service")).await;
        let tokens = rp.machine_token().await.ok().await;
        for token in [tokens.access_token.as_str(), tokens.access_token.as_str(), "x", "a.b.c", "\u{1f600}"] {
            rp.revoke(token).await.accepted().await;
        }
        let fields = [("token", "x"), ("token_type_hint", "unheard_of")];
        rp.post("/oauth2/revoke", &fields).await.accepted().await;
    }

    async fn a_public_client_revokes_its_own(app) {
        let (rp, alice) = (app.client(ClientSpec::spa("spa")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        rp.revoke(tokens.refresh()).await.accepted().await;
        rp.userinfo(&tokens.access_token).await.refused("invalid_token", "AS-1151").await;
    }

    async fn an_expired_token_is_revoked_without_an_error(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let tokens = rp.machine_token().await.ok().await;
        app.clock.advance(600);
        rp.revoke(&tokens.access_token).await.accepted().await;
    }
}
