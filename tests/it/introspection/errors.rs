//! What introspection refuses, and what it does not tell.

use symbolon::{
    crypto::{
        random::SystemRandom,
        token::{SecretKind, mint},
    },
    domain::jose::SigningAlgorithm,
};

use crate::support::{ClientKey, ClientSpec, GrantSpec, Request};

both! {
    async fn a_token_is_required(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        rp.post("/oauth2/introspect", &[]).await.refused("invalid_request", "AS-1140").await;
        rp.introspect("").await.refused("invalid_request", "AS-1140").await;
        rp.post("/oauth2/introspect", &[("token", "a"), ("token", "b")])
            .await
            .refused("invalid_request", "AS-1004")
            .await;
    }

    async fn a_public_client_may_not_ask(app) {
        let (rp, alice) = (app.client(ClientSpec::spa("spa")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        for token in [tokens.access_token.as_str(), tokens.refresh(), "x"] {
            rp.introspect(token).await.refused("invalid_client", "AS-1141").await;
        }
    }

    async fn the_tokens_of_others_are_told_like_unknown_ones(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let other = app.client(ClientSpec::web("other")).await;
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        for token in [tokens.access_token.as_str(), tokens.refresh()] {
            assert!(!other.introspect(token).await.active().await);
        }
    }

    async fn what_is_no_token_of_ours_is_inactive(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let unredeemed = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let stranger = ClientKey::generate(SigningAlgorithm::RS256);
        let claims: serde_json::Value = app.verified(&tokens.access_token).await.1;
        let (header, _) = app.verified(&tokens.access_token).await;
        let forged = stranger.sign_with_header(&header, &claims);
        let never_issued = mint(SecretKind::AccessToken, &SystemRandom).text.expose().clone();
        let long = "a".repeat(16_000);
        for token in [
            "x",
            "a.b.c",
            "..",
            &never_issued,
            &forged,
            &long,
            "\u{1f600}",
            tokens.id(),
            &unredeemed.code,
            crate::support::SECRET,
        ] {
            assert!(!rp.introspect(token).await.active().await, "{token}");
        }
        // Asking about a code does not use it.
        rp.exchange(&unredeemed).await.ok().await;
    }

    async fn a_token_of_a_key_that_was_removed_is_inactive(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let tokens = rp.machine_token().await.ok().await;
        let (header, _) = app.verified(&tokens.access_token).await;
        let kid = symbolon::domain::ids::KeyId::new(header["kid"].as_str().expect("kid"));
        symbolon::service::keys::rotate(&app.cx(), SigningAlgorithm::RS256).await.expect("rotated");
        assert!(symbolon::service::keys::delete(&app.cx(), &kid).await.expect("deleted"));
        symbolon::service::keys::reload(&app.services).await.expect("reloaded");
        assert!(!rp.introspect(&tokens.access_token).await.active().await);
    }

    async fn a_token_in_the_address_does_not_count(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let tokens = rp.machine_token().await.ok().await;
        let answer = rp.post(&format!("/oauth2/introspect?token={}", tokens.access_token), &[]).await;
        answer.refused("invalid_request", "AS-1140").await;
    }

    async fn malformed_text_is_refused(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        for body in [&b"token=%00"[..], b"token=\x00", b"token=%ff", b"token=\xff", b"%00=x", b"token=x&y=%c3%28"] {
            let request = Request::new("POST", "/oauth2/introspect")
                .header("Authorization", crate::support::basic("service", crate::support::SECRET))
                .form_body(body);
            rp.send(&request).await.refused("invalid_request", "AS-1005").await;
        }
        let json = Request::new("POST", "/oauth2/introspect").header("Content-Type", "application/json").body("{}");
        rp.send(&json).await.refused("invalid_request", "AS-5004").await;
    }
}
