//! 91 to 95: refresh tokens (OIDC Core 11 and 12, RFC 6749 §6).

use serde_json::json;
use symbolon::{domain::jose::SigningAlgorithm, net::fetcher::Reach};

use super::{granted, id_claims, is_unguessable, list, metadata, parties, signed_in};
use crate::support::{Authorize, ClientKey, ClientSpec, Credentials, JwksServer, TestApp};

/// In an order of the client's own.
const REQUESTED: &str = "offline_access email openid";

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
        // As it was asked for, and as it was answered.
        let mut last = signed_in(&app, &rp, &alice, REQUESTED).await;
        let granted = last.scope.clone().expect("a scope");
        for scope in [REQUESTED, granted.as_str()] {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", last.refresh()), ("scope", scope)];
            let next = rp.token(&fields).await.ok().await;
            assert!(is_unguessable(&next.access_token) && is_unguessable(next.refresh()));
            assert_eq!(next.scope.as_deref(), Some(granted.as_str()));
            last = next;
        }
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
        let (before, after) = (id_claims(&app, &first).await, id_claims(&app, &second).await);
        for same in ["iss", "sub", "aud", "azp", "auth_time"] {
            assert!(!before[same].is_null(), "{same}: {before}");
            assert_eq!(before[same], after[same], "{same}");
        }
        assert_eq!((&after["iss"], &after["aud"], &after["azp"]), (&json!(app.issuer()), &json!("web"), &json!("web")));
        assert!(after["iat"].as_i64() > before["iat"].as_i64());
    }

    async fn b095_refresh_tokens_are_printable_and_a_new_key_may_use_them(database: Database) {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        let (old, new) = (ClientKey::generate(SigningAlgorithm::ES256), ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&old.jwks()).await;
        let uri = server.uri.clone();
        let spec = ClientSpec::web("keyed").keyed(&old).set(|settings| {
            settings.jwks = None;
            settings.jwks_uri = Some(uri);
        });
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let tokens = signed_in(&app, &rp.with(Credentials::Key(old)), &alice, "openid offline_access").await;
        assert!(tokens.refresh().bytes().all(|byte| matches!(byte, 0x20..=0x7e)));
        server.answer(200, &new.jwks().to_string());
        app.clock.advance(60);
        rp.with(Credentials::Key(new)).refresh(tokens.refresh()).await.ok().await;
        assert_eq!(server.asked(), 2);
    }
}
