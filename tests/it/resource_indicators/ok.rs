//! What a named resource gets.

use serde_json::json;
use symbolon::domain::{entity::AccessTokenFormat, jose::SigningAlgorithm};

use super::{INVOICES, MCP, claims, client, exchange, granted, refresh, world};
use crate::support::{Authorize, ClientSpec, GrantSpec};

both! {
    async fn a_token_is_for_the_resource_that_was_asked_for_and_says_nothing_of_others(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "openid email invoices.read tools.call").and("resource", INVOICES);
        let grant = granted(&app, &alice, &request).await;
        let tokens = exchange(&rp, &grant, &[("resource", INVOICES)]).await.ok().await;
        let claims = claims(&app, &tokens).await;
        // With openid the issuer is a further audience, so that UserInfo answers.
        assert_eq!(claims["aud"], json!([INVOICES, app.issuer()]));
        assert_eq!(claims["scope"], "openid email invoices.read");
        assert_eq!(tokens.scope.as_deref(), Some("openid email invoices.read"));
        assert_eq!(rp.userinfo(&tokens.access_token).await.json().await["email"], "alice@example.com");
        assert!(tokens.id_token.is_some());
    }

    async fn without_a_resource_in_the_token_request_the_granted_ones_are_meant(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "invoices.read tools.call").and("resource", INVOICES).and("resource", MCP);
        let grant = granted(&app, &alice, &request).await;
        let both = rp.exchange(&grant).await.ok().await;
        assert_eq!(claims(&app, &both).await["aud"], json!([INVOICES, MCP]));
        assert_eq!(claims(&app, &both).await["scope"], "invoices.read tools.call");
    }

    async fn a_refresh_narrows_to_one_and_the_next_one_may_name_the_other(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "openid offline_access invoices.read tools.call")
            .and("resource", INVOICES)
            .and("resource", MCP);
        let first = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        let one = refresh(&rp, &first, &[("resource", MCP), ("scope", "tools.call")]).await.ok().await;
        let told = claims(&app, &one).await;
        assert_eq!((&told["aud"], &told["scope"]), (&json!(MCP), &json!("tools.call")));
        // This token is for that API alone.
        rp.userinfo(&one.access_token).await.refused("invalid_token", "AS-1155").await;
        let other = refresh(&rp, &one, &[("resource", INVOICES)]).await.ok().await;
        assert_eq!(claims(&app, &other).await["aud"], json!([INVOICES, app.issuer()]));
        let all = refresh(&rp, &other, &[]).await.ok().await;
        assert_eq!(claims(&app, &all).await["aud"], json!([INVOICES, MCP, app.issuer()]));
    }

    async fn the_slash_of_an_empty_path_makes_no_difference_and_the_registered_form_is_the_audience(app) {
        let (rp, alice) = world(&app).await;
        let slash = format!("{MCP}/");
        let request = Authorize::new(&rp, "tools.call").and("resource", &slash);
        let tokens = exchange(&rp, &granted(&app, &alice, &request).await, &[("resource", &slash)]).await.ok().await;
        assert_eq!(claims(&app, &tokens).await["aud"], MCP);
    }

    /// RFC 6749 §3.3: whoever asked for scopes and gets none is told so.
    async fn a_token_without_any_of_the_scopes_that_were_asked_for_says_so(app) {
        const OPEN: &str = "https://open.example.com";
        let (rp, alice) = world(&app).await;
        app.api(OPEN, &[]).await;
        let request = Authorize::new(&rp, "offline_access tools.call").and("resource", OPEN).and("resource", MCP);
        let first = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        assert_eq!(first.scope.as_deref(), Some("offline_access tools.call"));
        let machine = |id: &str, scope: &[&str]| {
            let scope = scope.iter().map(|one| (*one).to_owned()).collect();
            app.client(ClientSpec::machine(id).set(|settings| settings.scope = scope))
        };
        let (scoped, bare) = (machine("scoped", &["tools.call"]).await, machine("bare", &[]).await);
        let fields = [("grant_type", "client_credentials"), ("resource", OPEN)];
        let asked = [fields.as_slice(), &[("scope", "tools.call")]].concat();
        assert_eq!(scoped.token(&asked).await.ok().await.scope.as_deref(), Some(""));
        assert_eq!(scoped.token(&fields).await.ok().await.scope.as_deref(), Some(""), "nor what it is registered for");
        assert_eq!(bare.token(&fields).await.ok().await.scope, None, "nothing was asked for");
        let request = Authorize::new(&rp, "tools.call").and("resource", OPEN);
        let person = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        assert_eq!(person.scope.as_deref(), Some(""));
        let request = Authorize::new(&rp, "").without("scope").and("resource", OPEN);
        let person = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        assert_eq!(person.scope, None);
    }

    async fn a_scope_that_was_granted_leads_to_its_api_in_the_token_request(app) {
        let (rp, alice) = world(&app).await;
        let grant = granted(&app, &alice, &Authorize::new(&rp, "openid invoices.read")).await;
        let tokens = exchange(&rp, &grant, &[("resource", INVOICES)]).await.ok().await;
        assert_eq!(claims(&app, &tokens).await["aud"], json!([INVOICES, app.issuer()]));
    }

    async fn without_any_resource_nothing_changes(app) {
        let (rp, alice) = world(&app).await;
        let tokens = rp.exchange(&app.grant(&alice, &rp, GrantSpec::scope("openid invoices.read")).await).await.ok().await;
        let told = claims(&app, &tokens).await;
        assert_eq!((&told["aud"], &told["scope"]), (&json!(app.issuer()), &json!("openid invoices.read")));
    }

    async fn a_pushed_request_names_several_resources_too(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "invoices.read tools.call").and("resource", INVOICES).and("resource", MCP);
        let mut browser = app.browser();
        browser.grant(&alice, &request).await;
        let reference = rp.push(&request).await.pushed().await;
        let away = browser.open(&rp.by_reference(&reference)).await.away();
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        assert_eq!(claims(&app, &tokens).await["aud"], json!([INVOICES, MCP]));
    }

    async fn a_service_names_its_resources(app) {
        world(&app).await;
        let service = app
            .client(ClientSpec::machine("service").set(|settings| {
                settings.scope = ["invoices.read", "invoices.write", "tools.call", "other"].map(str::to_owned).to_vec();
            }))
            .await;
        let fields = [("grant_type", "client_credentials"), ("resource", INVOICES)];
        let one = service.token(&fields).await.ok().await;
        let told = claims(&app, &one).await;
        assert_eq!((&told["aud"], &told["scope"]), (&json!(INVOICES), &json!("invoices.read invoices.write")));
        let fields = [
            ("grant_type", "client_credentials"),
            ("resource", INVOICES),
            ("resource", MCP),
            ("scope", "tools.call invoices.read"),
        ];
        let told = claims(&app, &service.token(&fields).await.ok().await).await;
        assert_eq!((&told["aud"], &told["scope"]), (&json!([INVOICES, MCP]), &json!("tools.call invoices.read")));
        assert_eq!(claims(&app, &service.machine_token().await.ok().await).await["aud"], app.issuer());
    }

    async fn format_algorithm_and_life_are_the_api_s_own(app) {
        app.api_with(INVOICES, &["invoices.read"], |settings| {
            settings.access_token_format = Some(AccessTokenFormat::Opaque);
            settings.access_token_lifetime = Some(120);
        })
        .await;
        app.api_with(MCP, &["tools.call"], |settings| {
            settings.access_token_format = Some(AccessTokenFormat::Jwt);
            settings.access_token_signed_response_alg = Some(SigningAlgorithm::ES256);
        })
        .await;
        let (rp, alice) = (app.client(client("web")).await, app.person("alice").await);
        let opaque_client =
            app.client(client("opaque").set(|settings| settings.access_token_format = AccessTokenFormat::Opaque)).await;
        let request = Authorize::new(&rp, "invoices.read").and("resource", INVOICES);
        let opaque = rp.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        assert!(!opaque.access_token.contains('.'), "{}", opaque.access_token);
        assert_eq!(opaque.expires_in, 120);
        let told = rp.introspect(&opaque.access_token).await.json().await;
        assert_eq!((&told["aud"], &told["scope"]), (&json!(INVOICES), &json!("invoices.read")));
        let request = Authorize::new(&opaque_client, "tools.call").and("resource", MCP);
        let jwt = opaque_client.exchange(&granted(&app, &alice, &request).await).await.ok().await;
        assert_eq!(app.verified(&jwt.access_token).await.0["alg"], "ES256");
    }

    async fn the_consent_page_speaks_in_the_words_of_the_api(app) {
        let (rp, _) = world(&app).await;
        app.api("https://plain.example.com", &[]).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid invoices.read")
            .and("resource", INVOICES)
            .and("resource", "https://plain.example.com");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", crate::support::PASSWORD).await.page("/consent/");
        let text = page.answer.response.text();
        for shown in [
            "Do invoices.read for you",
            "The API https://invoices.example.com/v1",
            "Use The API https://plain.example.com on your behalf",
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert!(!text.contains("tools.call"), "{text}");
        browser.press(&page, "consent-allow", &[]).await.away();
        // Remembered: the same again needs no page, another resource does.
        browser.authorize(&request).await.away();
        browser.authorize(&Authorize::new(&rp, "openid invoices.read").and("resource", MCP)).await.page("/consent/");
    }
}
