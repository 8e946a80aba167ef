//! What introspection tells.

use serde_json::json;
use symbolon::domain::entity::AccessTokenFormat;

use crate::support::{ClientSpec, GrantSpec};

both! {
    async fn an_access_token_is_described_in_both_formats(app) {
        let alice = app.person("alice").await;
        for (id, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let rp = app.client(ClientSpec::web(id).set(|settings| settings.access_token_format = format)).await;
            let grant = app.grant(&alice, &rp, GrantSpec::scope("openid profile")).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            let answer = rp.introspect(&tokens.access_token).await;
            let told = answer.json().await;
            let now = app.now().seconds();
            assert_eq!(told["active"], true);
            assert_eq!(told["scope"], "openid profile");
            assert_eq!(told["client_id"], id);
            assert_eq!(told["username"], "alice");
            assert_eq!(told["token_type"], "Bearer");
            assert_eq!((&told["iat"], &told["exp"]), (&json!(now), &json!(now + 600)));
            assert_eq!(told["sub"], alice.id.as_str());
            assert_eq!(told["aud"], app.issuer());
            assert_eq!(told["iss"], app.issuer());
            assert_eq!((&told["auth_time"], &told["acr"]), (&json!(now), &json!("1")));
            assert!(told["jti"].as_str().is_some_and(|jti| !jti.is_empty()));
            assert_eq!(answer.response.header("cache-control"), Some("no-store"));
        }
    }

    async fn a_refresh_token_is_described_whatever_the_hint_says(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        for hint in ["refresh_token", "access_token", "unheard_of"] {
            let fields = [("token", tokens.refresh()), ("token_type_hint", hint)];
            let told = rp.post("/oauth2/introspect", &fields).await.json().await;
            assert_eq!(told["active"], true);
            assert_eq!(told["sub"], alice.id.as_str());
            assert!(told.get("token_type").is_none(), "{told}");
        }
    }

    async fn a_services_token_has_no_username(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let tokens = rp.machine_token().await.ok().await;
        let told = rp.introspect(&tokens.access_token).await.json().await;
        assert_eq!(
            (&told["active"], &told["sub"], &told["scope"]),
            (&json!(true), &json!("service"), &json!("api.read api.write"))
        );
        for personal in ["username", "auth_time", "acr"] {
            assert!(told.get(personal).is_none(), "{told}");
        }
    }

    async fn a_resource_server_learns_about_the_tokens_of_others(app) {
        let api = app.client(ClientSpec::machine("api").set(|settings| settings.may_introspect = true)).await;
        let (rp, alice) = (app.client(ClientSpec::spa("spa")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert!(api.introspect(&tokens.access_token).await.active().await);
        assert!(api.introspect(tokens.refresh()).await.active().await);
    }

    async fn a_token_is_active_until_its_last_millisecond(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let tokens = rp.machine_token().await.ok().await;
        app.clock.advance_millis(599_999);
        assert!(rp.introspect(&tokens.access_token).await.active().await);
        app.clock.advance_millis(1);
        assert!(!rp.introspect(&tokens.access_token).await.active().await);
    }
}
