//! An app that nobody registered signs somebody in.

use serde_json::json;
use symbolon::{
    domain::{entity::Owner, jose::SigningAlgorithm, oauth::DocumentMode},
    service::admin::{maintenance, registration::PolicyChanges},
    store::client,
};

use super::Published;
use crate::support::{Authorize, ClientKey, Credentials, PASSWORD};

both! {
    async fn an_app_that_nobody_registered_signs_in_and_refreshes(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let alice = app.person("alice").await;
        let grant = app.browser().grant(&alice, &Authorize::new(rp, "openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["aud"], published.id());
        rp.refresh(tokens.refresh()).await.ok().await;
        assert_eq!(published.server.asked(), 1);
        let id = rp.client_id.clone();
        let stored = app.read(move |tx| client::find(tx, &id)).await.expect("a client");
        assert_eq!((stored.owner, stored.name.as_str()), (Owner::Cimd, "Agent"));
    }

    async fn people_are_asked_every_time_and_see_the_host(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        app.person("alice").await;
        let mut browser = app.browser();
        let request = Authorize::new(rp, "openid").with("redirect_uri", "https://vscode.dev/redirect");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        for shown in ["Agent", "Unverified app", "vscode.dev"] {
            assert!(page.answer.response.text().contains(shown), "{shown}");
        }
        browser.press(&page, "consent-allow", &[]).await.away();
        let again = browser.authorize(&request).await.page("/consent/");
        browser.press(&again, "consent-allow", &[]).await.away();
        let none = browser.authorize(&request.with("prompt", "none")).await.away();
        none.refused(app, "consent_required", "AS-1018").await;
    }

    async fn a_document_is_believed_as_long_as_it_says(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let body = published.document().to_string();
        published.server.answer_as(200, "application/json; charset=utf-8", "public, max-age=600", &body);
        let request = Authorize::new(rp, "openid");
        for _ in 0..3 {
            app.browser().authorize(&request).await.page("/sign-in/");
        }
        app.clock.advance(599);
        app.browser().authorize(&request).await.page("/sign-in/");
        assert_eq!(published.server.asked(), 1);
        let mut renamed = published.document();
        renamed["client_name"] = json!("Renamed");
        published.server.answer_as(200, "application/json", "no-store", &renamed.to_string());
        app.clock.advance(1);
        let page = app.browser().authorize(&request).await.page("/sign-in/");
        assert_eq!(published.server.asked(), 2);
        assert!(page.answer.response.text().contains("Renamed"));
        // Whatever it says, not more often than every five minutes.
        app.clock.advance(299);
        app.browser().authorize(&request).await.page("/sign-in/");
        assert_eq!(published.server.asked(), 2);
        app.clock.advance(1);
        app.browser().authorize(&request).await.page("/sign-in/");
        assert_eq!(published.server.asked(), 3);
    }

    async fn a_document_that_names_the_end_of_its_life_is_believed_until_then(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let body = published.document().to_string();
        let request = Authorize::new(rp, "openid");
        let mut asked = 0;
        // The test's clock begins at 08:00:00 that day.
        for (headers, seconds) in [
            ("public\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\nExpires: Fri, 15 Jan 2027 08:10:00 GMT", 600),
            ("max-age=900\r\nExpires: Fri, 15 Jan 2027 08:00:00 GMT", 900),
            ("private\r\nExpires: 0", 300),
            ("private\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\nExpires: Fri, 15 Jan 2038 08:00:00 GMT", 86_400),
        ] {
            published.server.answer_as(200, "application/json", headers, &body);
            app.browser().authorize(&request).await.page("/sign-in/");
            asked += 1;
            assert_eq!(published.server.asked(), asked, "{headers}");
            app.clock.advance(seconds - 1);
            app.browser().authorize(&request).await.page("/sign-in/");
            assert_eq!(published.server.asked(), asked, "{headers}");
            app.clock.advance(1);
        }
    }

    async fn while_its_host_is_away_a_document_holds_for_a_day(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let request = Authorize::new(rp, "openid");
        app.browser().authorize(&request).await.page("/sign-in/");
        published.server.answer(503, "{}");
        app.clock.advance(3600);
        for _ in 0..3 {
            app.browser().authorize(&request).await.page("/sign-in/");
        }
        assert_eq!(published.server.asked(), 2, "a failure is remembered for a moment");
        app.clock.advance(86_400);
        let stop = app.browser().authorize(&request).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1442").await;
        published.publish(|_| {});
        app.clock.advance(30);
        app.browser().authorize(&request).await.page("/sign-in/");
    }

    async fn a_client_with_keys_proves_who_it_is(database: Database) {
        let published = Published::start(database).await;
        let app = &published.app;
        app.open_documents().await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let jwks = key.jwks();
        published.publish(|document| {
            document["token_endpoint_auth_method"] = json!("private_key_jwt");
            document["jwks"] = jwks;
        });
        let alice = app.person("alice").await;
        let rp = published.rp.with(Credentials::Key(key));
        let grant = app.browser().grant(&alice, &Authorize::new(&rp, "openid")).await;
        published.rp.exchange(&grant).await.refused("invalid_client", "AS-1205").await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn a_release_outlives_a_new_document_but_not_another_app(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.registration_policy(PolicyChanges { documents: Some(DocumentMode::Any), ..PolicyChanges::default() }).await;
        let request = Authorize::new(rp, "openid");
        let stop = app.browser().authorize(&request).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1406").await;
        symbolon::service::admin::registration::release(&app.cx(), published.id()).await.expect("released");
        app.browser().authorize(&request).await.page("/sign-in/");
        published.publish(|document| document["client_uri"] = json!("https://agent.example/about"));
        app.clock.advance(3600);
        app.browser().authorize(&request).await.page("/sign-in/");
        let id = rp.client_id.clone();
        let stored = app.read(move |tx| client::find(tx, &id)).await.expect("a client");
        assert_eq!(stored.settings.client_uri.as_deref(), Some("https://agent.example/about"));
        for (name, value) in [
            ("client_name", json!("Your Bank")),
            ("redirect_uris", json!(["http://127.0.0.1:33418", "https://evil.example/"])),
            ("logo_uri", json!("https://bank.example/logo.png")),
        ] {
            published.publish(|document| document[name] = value);
            app.clock.advance(3600);
            let stop = app.browser().authorize(&request).await.page("/oauth2/authorize");
            stop.answer.refused_page(400, "AS-1406").await;
            symbolon::service::admin::registration::release(&app.cx(), published.id()).await.expect("released");
            app.browser().authorize(&request).await.page("/sign-in/");
        }
    }

    async fn a_host_on_the_list_needs_no_release(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.registration_policy(PolicyChanges {
            documents: Some(DocumentMode::Hosts),
            document_hosts: Some(vec![published.host()]),
            ..PolicyChanges::default()
        })
        .await;
        app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/sign-in/");
        // Nor does it need one when its app has changed.
        published.publish(|document| document["client_name"] = json!("Renamed"));
        app.clock.advance(3600);
        let page = app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/sign-in/");
        assert!(page.answer.response.text().contains("Renamed"));
    }

    async fn a_client_that_nobody_uses_goes(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        app.registration_policy(PolicyChanges { unused_seconds: Some(86_400), ..PolicyChanges::default() }).await;
        app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/sign-in/");
        app.clock.advance(86_401);
        maintenance::delete_expired(&app.cx()).await.expect("cleaned");
        let id = rp.client_id.clone();
        assert!(app.read(move |tx| client::find(tx, &id)).await.is_none());
        // It comes back as it went.
        app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/sign-in/");
    }
}
