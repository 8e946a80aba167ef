//! What revocation refuses.

use symbolon::domain::entity::AccessTokenFormat;

use crate::support::{ClientSpec, GrantSpec, Request};

both! {
    async fn a_token_is_required(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        rp.post("/oauth2/revoke", &[]).await.refused("invalid_request", "AS-1140").await;
        rp.revoke("").await.refused("invalid_request", "AS-1140").await;
        rp.post("/oauth2/revoke", &[("token", "a"), ("token", "a")]).await.refused("invalid_request", "AS-1004").await;
    }

    async fn the_tokens_of_another_client_survive(app) {
        let (other, alice) = (app.client(ClientSpec::web("other")).await, app.person("alice").await);
        for (id, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let rp = app.client(ClientSpec::web(id).set(|settings| settings.access_token_format = format)).await;
            let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            for token in [tokens.access_token.as_str(), tokens.refresh()] {
                other.revoke(token).await.refused("invalid_grant", "AS-1142").await;
                assert!(rp.introspect(token).await.active().await);
            }
        }
    }

    async fn malformed_text_and_other_content_types_are_refused(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        for body in [&b"token=%00"[..], b"token=\x00", b"token=%ff", b"token=\xff", b"%00=x"] {
            let request = Request::new("POST", "/oauth2/revoke")
                .header("Authorization", crate::support::basic("service", crate::support::SECRET))
                .form_body(body);
            rp.send(&request).await.refused("invalid_request", "AS-1005").await;
        }
        let json = Request::new("POST", "/oauth2/revoke").header("Content-Type", "application/json").body("{}");
        rp.send(&json).await.refused("invalid_request", "AS-5004").await;
    }
}
