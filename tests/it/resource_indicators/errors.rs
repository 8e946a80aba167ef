//! What is refused: unknown, foreign, or more than was granted.

use symbolon::domain::entity::ConsentMode;

use super::{INVOICES, MCP, exchange, granted, refresh, world};
use crate::support::{Authorize, ClientSpec, GrantSpec, TestApp};

async fn refused_at_start(app: &TestApp, request: &Authorize, reason: &str) {
    let away = app.browser().authorize(request).await.away();
    away.refused(app, "invalid_target", reason).await;
}

both! {
    async fn an_unknown_resource_is_an_invalid_target_and_never_ignored(app) {
        let (rp, alice) = world(&app).await;
        let base = Authorize::new(&rp, "openid invoices.read");
        for unknown in [
            "https://api.example",
            "https://invoices.example.com",
            "https://invoices.example.com/v1/",
            "https://invoices.example.com/V1",
            "https://INVOICES.example.com/v1",
            "https://invoices.example.com:443/v1",
            "http://invoices.example.com/v1",
            "https://invoices.example.com/v1?x",
            "https://mcp.example.com//",
            "urn:invoices",
        ] {
            refused_at_start(&app, &base.clone().and("resource", unknown), "AS-1016").await;
            refused_at_start(&app, &base.clone().and("resource", INVOICES).and("resource", unknown), "AS-1016").await;
        }
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid invoices.read")).await;
        exchange(&rp, &grant, &[("resource", "https://api.example")]).await.refused("invalid_target", "AS-1016").await;
        // The code was not used up by that.
        rp.exchange(&grant).await.ok().await;
    }

    async fn what_is_unknown_cannot_be_pushed(app) {
        let (rp, _) = world(&app).await;
        let base = Authorize::new(&rp, "invoices.read").and("resource", INVOICES);
        rp.push(&base.clone().and("resource", "https://api.example")).await.refused("invalid_target", "AS-1016").await;
        rp.push(&base.clone().and("resource", "api")).await.refused("invalid_target", "AS-1070").await;
        rp.push(&base.and("authorization_details", r#"[{"type":"x"}]"#))
            .await
            .refused("invalid_authorization_details", "AS-1081")
            .await;
    }

    async fn a_malformed_resource_is_an_invalid_target(app) {
        let (rp, _) = world(&app).await;
        let base = Authorize::new(&rp, "invoices.read");
        for malformed in ["invoices", "/v1", "//invoices.example.com", "https://", "https://a.example/#x", "https://a.example/ä"] {
            refused_at_start(&app, &base.clone().and("resource", malformed), "AS-1070").await;
            let fields = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("resource", malformed)];
            rp.token(&fields).await.refused("invalid_target", "AS-1070").await;
        }
        let many = (0..9).fold(base, |request, n| request.and("resource", &format!("https://a{n}.example")));
        refused_at_start(&app, &many, "AS-1070").await;
    }

    async fn only_the_resource_may_be_repeated(app) {
        let (rp, _) = world(&app).await;
        let request = Authorize::new(&rp, "openid").and("resource", MCP).and("resource", MCP).and("scope", "email");
        app.browser().authorize(&request).await.page("/oauth2/authorize").answer.refused_page(400, "AS-1004").await;
        let fields = [("grant_type", "client_credentials"), ("resource", MCP), ("resource", MCP), ("scope", "a"), ("scope", "b")];
        rp.token(&fields).await.refused("invalid_request", "AS-1004").await;
    }

    async fn a_client_without_any_of_its_scopes_may_not_name_an_api(app) {
        world(&app).await;
        let stranger = app.client(ClientSpec::web("stranger")).await;
        let request = Authorize::new(&stranger, "openid").and("resource", INVOICES);
        refused_at_start(&app, &request, "AS-1071").await;
        let service = app.client(ClientSpec::machine("service")).await;
        let fields = [("grant_type", "client_credentials"), ("resource", INVOICES)];
        service.token(&fields).await.refused("invalid_target", "AS-1071").await;
    }

    async fn a_token_request_cannot_reach_beyond_what_was_granted(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "openid offline_access invoices.read tools.call").and("resource", INVOICES);
        let grant = granted(&app, &alice, &request).await;
        for beyond in [&[("resource", MCP)][..], &[("resource", INVOICES), ("resource", MCP)]] {
            exchange(&rp, &grant, beyond).await.refused("invalid_target", "AS-1072").await;
        }
        let tokens = exchange(&rp, &grant, &[("resource", INVOICES)]).await.ok().await;
        refresh(&rp, &tokens, &[("resource", MCP)]).await.refused("invalid_target", "AS-1072").await;
        // Without a resource in the authorization request, the scope tells what was granted.
        let grant = granted(&app, &alice, &Authorize::new(&rp, "openid invoices.read")).await;
        exchange(&rp, &grant, &[("resource", MCP)]).await.refused("invalid_target", "AS-1072").await;
    }

    async fn scopes_of_another_api_alone_are_refused(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "offline_access invoices.read tools.call").and("resource", INVOICES).and("resource", MCP);
        let tokens = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        refresh(&rp, &tokens, &[("resource", MCP), ("scope", "invoices.read")])
            .await
            .refused("invalid_scope", "AS-1073")
            .await;
        let service = app
            .client(ClientSpec::machine("service").set(|settings| {
                settings.scope = vec!["invoices.read".to_owned(), "tools.call".to_owned()];
            }))
            .await;
        let fields = [("grant_type", "client_credentials"), ("resource", MCP), ("scope", "invoices.read")];
        service.token(&fields).await.refused("invalid_scope", "AS-1073").await;
    }

    async fn a_deleted_api_gets_no_more_tokens(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "openid offline_access tools.call").and("resource", MCP);
        let tokens = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        app.delete_api(MCP).await;
        // Never the client's own audience instead.
        refresh(&rp, &tokens, &[]).await.refused("invalid_target", "AS-1016").await;
        refresh(&rp, &tokens, &[("resource", MCP)]).await.refused("invalid_target", "AS-1016").await;
        refused_at_start(&app, &request, "AS-1016").await;
    }

    async fn an_api_that_is_deleted_during_the_dialogue_is_not_granted(app) {
        let (rp, _) = world(&app).await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "tools.call").and("resource", MCP)).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", crate::support::PASSWORD).await.page("/consent/");
        app.delete_api(MCP).await;
        browser.press(&page, "consent-allow", &[]).await.away().refused(&app, "invalid_target", "AS-1016").await;
    }

    async fn a_right_that_the_client_lost_is_not_used_by_a_refresh(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "openid offline_access tools.call").and("resource", MCP);
        let tokens = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        app.change_client(&rp, |client| client.settings.scope.retain(|scope| scope != "tools.call")).await;
        app.services.clients.forget(&rp.client_id);
        refresh(&rp, &tokens, &[("resource", MCP)]).await.refused("invalid_target", "AS-1071").await;
        refresh(&rp, &tokens, &[]).await.refused("invalid_target", "AS-1016").await;
    }

    async fn consent_to_one_resource_is_none_to_another(app) {
        let (rp, alice) = world(&app).await;
        app.api("https://one.example.com", &[]).await;
        app.api("https://two.example.com", &[]).await;
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid").and("resource", "https://one.example.com")).await;
        let other = Authorize::new(&rp, "openid").and("resource", "https://two.example.com");
        browser.authorize(&other.clone().and("prompt", "none")).await.away().refused(&app, "consent_required", "AS-1018").await;
        browser.authorize(&other).await.page("/consent/");
        // A first-party client is not asked for any.
        app.change_client(&rp, |client| client.settings.consent = ConsentMode::Skip).await;
        app.services.clients.forget(&rp.client_id);
        browser.authorize(&other.and("prompt", "none")).await.away();
    }

    async fn a_withdrawn_consent_to_the_resource_ends_the_tokens(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "offline_access").and("resource", MCP);
        let tokens = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        let (user_id, client_id, granted_at) = (alice.id.clone(), rp.client_id.clone(), app.now());
        app.write(move |tx| {
            let scope = vec!["offline_access".to_owned()];
            symbolon::store::consent::put(tx, &symbolon::domain::entity::Consent { user_id, client_id, scope, granted_at })
        })
        .await;
        refresh(&rp, &tokens, &[]).await.refused("invalid_grant", "AS-1128").await;
    }
}
