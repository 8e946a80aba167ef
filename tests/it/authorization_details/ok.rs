//! What was asked for in detail is shown, kept, told, and narrowed.

use serde_json::json;
use symbolon::domain::entity::{AccessTokenFormat, ConsentMode};

use super::{allow, payment, text, world};
use crate::support::{Authorize, ClientSpec, PASSWORD};

both! {
    /// Behaviour 179.
    async fn details_come_back_in_the_token_response_the_token_and_introspection(app) {
        let (rp, alice) = world(&app).await;
        let details = [payment(5)];
        let request = Authorize::new(&rp, "openid").and("authorization_details", &text(&details));
        let answer = rp.exchange(&app.browser().grant(&alice, &request).await).await;
        let told: serde_json::Value = answer.response.json();
        assert_eq!(told["authorization_details"], json!(details));
        let token = told["access_token"].as_str().expect("a token");
        assert_eq!(app.verified(token).await.1["authorization_details"], json!(details));
        assert_eq!(rp.introspect(token).await.json().await["authorization_details"], json!(details));
        let refresh = told["refresh_token"].as_str().expect("a refresh token");
        assert_eq!(rp.introspect(refresh).await.json().await["authorization_details"], json!(details));
        let again: serde_json::Value = rp.refresh(refresh).await.response.json();
        assert_eq!(again["authorization_details"], json!(details));
    }

    async fn an_opaque_token_tells_them_by_introspection(app) {
        let (_, alice) = world(&app).await;
        let rp = app
            .client(ClientSpec::web("opaque").set(|settings| {
                settings.access_token_format = AccessTokenFormat::Opaque;
                allow(&mut settings.authorization_details_types);
            }))
            .await;
        let request = Authorize::new(&rp, "openid").and("authorization_details", &text(&[payment(7)]));
        let tokens = rp.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
        let told = rp.introspect(&tokens.access_token).await.json().await;
        assert_eq!(told["authorization_details"], json!([payment(7)]));
    }

    async fn a_token_request_keeps_fewer_of_them(app) {
        let (rp, alice) = world(&app).await;
        let request = Authorize::new(&rp, "openid").and("authorization_details", &text(&[payment(1), payment(2)]));
        let tokens = rp.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
        let one = text(&[payment(2)]);
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("authorization_details", one.as_str())];
        let told: serde_json::Value = rp.token(&fields).await.response.json();
        assert_eq!(told["authorization_details"], json!([payment(2)]));
    }

    async fn the_consent_page_shows_every_value_and_asks_each_time(app) {
        let (rp, _) = world(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").and("authorization_details", &text(&[payment(5)]));
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        let html = page.answer.response.text();
        for shown in
            ["The type payment", "What it is about", "amount.value", "<dd>5</dd>", "EUR", "Bob &lt;b&gt; &amp; sons"]
        {
            assert!(html.contains(shown), "{shown}: {html}");
        }
        browser.press(&page, "consent-allow", &[]).await.away();
        browser.authorize(&request).await.page("/consent/");
        // Without details the consent is remembered.
        browser.authorize(&Authorize::new(&rp, "openid")).await.away();
    }

    async fn a_first_party_client_and_a_service_need_no_page(app) {
        let (rp, alice) = world(&app).await;
        app.change_client(&rp, |client| client.settings.consent = ConsentMode::Skip).await;
        app.services.clients.forget(&rp.client_id);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid").and("authorization_details", &text(&[payment(5)]));
        browser.grant(&alice, &request).await;
        browser.authorize(&request.and("prompt", "none")).await.away();
        let service =
            app.client(ClientSpec::machine("service").set(|settings| allow(&mut settings.authorization_details_types))).await;
        let details = text(&[payment(9)]);
        let fields = [("grant_type", "client_credentials"), ("authorization_details", details.as_str())];
        let told: serde_json::Value = service.token(&fields).await.response.json();
        assert_eq!(told["authorization_details"], json!([payment(9)]));
    }

    async fn an_object_with_locations_is_told_only_at_those_resources(app) {
        let (rp, alice) = world(&app).await;
        for resource in ["https://one.example.com", "https://two.example.com"] {
            app.api(resource, &[]).await;
        }
        let mut here = payment(1);
        here["locations"] = json!(["https://one.example.com"]);
        let request = Authorize::new(&rp, "offline_access")
            .and("resource", "https://one.example.com")
            .and("resource", "https://two.example.com")
            .and("authorization_details", &text(&[here.clone(), payment(2)]));
        let tokens = rp.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
        let mut refresh = tokens.refresh().to_owned();
        for (resource, expected) in
            [("https://one.example.com", json!([here, payment(2)])), ("https://two.example.com", json!([payment(2)]))]
        {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("resource", resource)];
            let told: serde_json::Value = rp.token(&fields).await.response.json();
            assert_eq!(told["authorization_details"], expected, "{resource}");
            refresh = told["refresh_token"].as_str().expect("a refresh token").to_owned();
        }
    }

    async fn metadata_lists_the_types(app) {
        world(&app).await;
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            assert_eq!(app.document(path).await["authorization_details_types_supported"], json!(["other", "payment"]));
        }
    }
}
