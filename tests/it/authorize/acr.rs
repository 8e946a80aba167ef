//! How strongly a person is to be authenticated: wishes and demands (OIDC Core 5.5.1.1).

use serde_json::json;

use crate::support::{Authorize, ClientSpec};

both! {
    /// Behaviour 36.
    async fn a_class_that_can_be_reached_is_the_one_in_the_id_token(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        let document = app.document("/.well-known/openid-configuration").await;
        let supported: Vec<&str> =
            document["acr_values_supported"].as_array().expect("a list").iter().filter_map(|acr| acr.as_str()).collect();
        for request in [
            base.clone().with("acr_values", &supported.join(" ")),
            base.clone().with("acr_values", "1 2"),
            base.clone().with("claims", r#"{"id_token":{"acr":{"essential":true,"values":["2","1"]}}}"#),
            base.clone().with("claims", r#"{"id_token":{"acr":{"essential":true}}}"#),
        ] {
            let tokens = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
            assert_eq!(app.verified(tokens.id()).await.1["acr"], json!("1"));
        }
    }

    async fn a_wish_that_cannot_be_met_is_no_error(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        for request in [
            base.clone().with("acr_values", "9 urn:mace:incommon:iap:gold"),
            base.clone().with("claims", r#"{"id_token":{"acr":{"value":"9"}}}"#),
            base.clone().with("claims", r#"{"userinfo":{"acr":{"essential":true,"value":"9"}}}"#),
        ] {
            let tokens = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
            assert_eq!(app.verified(tokens.id()).await.1["acr"], json!("1"));
        }
    }

    async fn a_demand_that_cannot_be_met_is_refused_before_anybody_signs_in(app) {
        let rp = app.client(ClientSpec::web("web").hybrid()).await;
        let base = Authorize::new(&rp, "openid");
        for acr in [r#"{"essential":true,"value":"9"}"#, r#"{"essential":true,"values":["8","9"]}"#] {
            for response_type in ["code", "code id_token"] {
                let claims = format!(r#"{{"id_token":{{"acr":{acr}}}}}"#);
                let request = base.clone().with("claims", &claims).with("response_type", response_type);
                let away = app.browser().authorize(&request).await.away();
                away.refused(&app, "unmet_authentication_requirements", "AS-1034").await;
            }
        }
    }
}
