//! 91 to 95: refresh tokens (OIDC Core 11 and 12, RFC 6749 §6).

use symbolon::domain::jose::SigningAlgorithm;

use super::{granted, id_claims, is_unguessable, list, metadata, parties, signed_in};
use crate::support::{Authorize, ClientKey, ClientSpec, Credentials};

both! {
    async fn b091_offline_access_gives_a_refresh_token_also_to_who_has_consented_before(app) {
        let (rp, alice) = parties(&app).await;
        signed_in(&app, &rp, &alice, "openid offline_access").await;
        let request = Authorize::new(&rp, "openid offline_access").with("prompt", "consent");
        let grant = granted(&mut app.browser(), &alice, &request).await;
        assert!(rp.exchange(&grant).await.ok().await.refresh_token.is_some());
    }

    async fn b092_a_refresh_repeats_the_scope_and_gives_tokens_as_good_as_the_first(app) {
        assert!(list(&metadata(&app).await, "grant_types_supported").contains(&"refresh_token"));
        let (rp, alice) = parties(&app).await;
        let first = signed_in(&app, &rp, &alice, "openid offline_access").await;
        let scope = first.scope.clone().expect("a scope");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", first.refresh()), ("scope", scope.as_str())];
        let second = rp.token(&fields).await.ok().await;
        assert!(is_unguessable(&second.access_token) && is_unguessable(second.refresh()));
    }

    async fn b093_the_refresh_token_of_another_client_is_invalid_grant(app) {
        let (rp, alice) = parties(&app).await;
        let other = app.client(ClientSpec::web("other")).await;
        let tokens = signed_in(&app, &rp, &alice, "openid offline_access").await;
        let answer = other.refresh(tokens.refresh()).await;
        assert_eq!(answer.response.status, 400, "{}", answer.response);
        answer.refused("invalid_grant", "AS-1123").await;
    }

    async fn b094_the_id_token_of_a_refresh_keeps_to_the_rules(app) {
        let (rp, alice) = parties(&app).await;
        let first = signed_in(&app, &rp, &alice, "openid offline_access").await;
        app.clock.advance(1);
        let second = rp.refresh(first.refresh()).await.ok().await;
        if second.id_token.is_some() {
            let (before, after) = (id_claims(&app, &first).await, id_claims(&app, &second).await);
            assert_eq!((&before["sub"], &before["auth_time"]), (&after["sub"], &after["auth_time"]));
            assert!(after["iat"].as_i64() > before["iat"].as_i64());
        }
    }

    async fn b095_refresh_tokens_are_printable_and_a_new_key_may_use_them(app) {
        let (old, new) = (ClientKey::generate(SigningAlgorithm::ES256), ClientKey::generate(SigningAlgorithm::ES256));
        let rp = app.client(ClientSpec::web("keyed").keyed(&old)).await;
        let alice = app.person("alice").await;
        let tokens = signed_in(&app, &rp.with(Credentials::Key(old)), &alice, "openid offline_access").await;
        assert!(tokens.refresh().bytes().all(|byte| matches!(byte, 0x20..=0x7e)));
        let jwks = new.jwks();
        app.change_client(&rp, move |client| client.settings.jwks = Some(jwks)).await;
        app.clock.advance(60);
        rp.with(Credentials::Key(new)).refresh(tokens.refresh()).await.ok().await;
    }
}
