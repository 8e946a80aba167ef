//! Documents and addresses that are not accepted.

use serde_json::{Value, json};
use symbolon::{
    domain::oauth::{DocumentMode, RegistrationMode},
    service::admin::registration::PolicyChanges,
    store::client,
};

use super::Published;
use crate::{
    security_profiles::blames,
    support::{Authorize, Credentials, JwksServer, RelyingParty},
};

fn at(rp: &RelyingParty, app: &crate::support::TestApp, id: &str) -> RelyingParty {
    RelyingParty::known(app, id, &rp.redirect_uri, Credentials::Public)
}

both! {
    async fn documents_are_not_fetched_until_somebody_allows_it(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        let request = Authorize::new(rp, "openid");
        let refuses = async || {
            let stop = app.browser().authorize(&request).await.page("/oauth2/authorize");
            stop.answer.refused_page(400, "AS-1440").await;
            rp.refresh("x").await.refused("invalid_client", "AS-1440").await;
        };
        refuses().await;
        app.registration_policy(PolicyChanges {
            documents: Some(DocumentMode::Hosts),
            document_hosts: Some(vec!["other.example".to_owned()]),
            ..PolicyChanges::default()
        })
        .await;
        refuses().await;
        assert_eq!(published.server.asked(), 0);
    }

    async fn when_it_is_no_longer_allowed_the_client_is_given_nothing_more(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let alice = app.person("alice").await;
        let grant = app.browser().grant(&alice, &Authorize::new(rp, "openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        app.registration_policy(PolicyChanges { documents: Some(DocumentMode::Off), ..PolicyChanges::default() }).await;
        app.clock.advance(3);
        rp.refresh(tokens.refresh()).await.refused("invalid_client", "AS-1440").await;
        let stop = app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1440").await;
    }

    async fn an_address_that_is_not_in_its_normal_form_is_refused(database: Database) {
        let published = Published::start(database).await;
        let app = &published.app;
        app.open_documents().await;
        let id = published.id().to_owned();
        let host = published.host();
        for wrong in [
            format!("http://{host}"),
            format!("http://{host}/"),
            format!("{id}?x=1"),
            format!("{id}#x"),
            format!("http://{host}/a/../client.json"),
            format!("http://user@{host}/client.json"),
            "http://agent.example/client.json".to_owned(),
            "https://agent.example".to_owned(),
            "https://AGENT.example/client.json".to_owned(),
            "https://agent.example:443/client.json".to_owned(),
            format!("https://agent.example/{}", "x".repeat(600)),
        ] {
            let rp = at(&published.rp, app, &wrong);
            let stop = app.browser().authorize(&Authorize::new(&rp, "openid")).await.page("/oauth2/authorize");
            stop.answer.refused_page(400, "AS-1441").await;
        }
        assert_eq!(published.server.asked(), 0);
    }

    async fn an_address_that_gives_no_document_is_refused(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let good = published.document().to_string();
        let huge = format!("{}{good}", " ".repeat(70_000));
        for (status, content_type, body) in [
            (404, "application/json", good.as_str()),
            (500, "application/json", &good),
            (302, "application/json", &good),
            (204, "application/json", ""),
            (200, "text/html", &good),
            (200, "text/plain", &good),
            (200, "application/json", &huge),
        ] {
            published.server.answer_as(status, content_type, "max-age=600", body);
            app.clock.advance(30);
            let stop = app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/oauth2/authorize");
            stop.answer.refused_page(400, "AS-1442").await;
        }
        let asked = published.server.asked();
        for _ in 0..10 {
            rp.refresh("x").await.refused("invalid_client", "AS-1442").await;
        }
        assert_eq!(published.server.asked(), asked, "a failure is remembered for a moment");
        assert!(app.read(|tx| client::list(tx, None, 10)).await.is_empty());
    }

    async fn a_document_of_somebody_else_is_refused(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        for other in [json!("https://agent.example/client.json"), json!(null), json!(format!("{}/", published.id()))] {
            published.publish(|document| document["client_id"] = other);
            app.clock.advance(30);
            let stop = app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/oauth2/authorize");
            stop.answer.refused_page(400, "AS-1443").await;
        }
    }

    async fn a_document_that_is_not_acceptable_is_refused(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let changes: [(&str, Value); 8] = [
            ("client_secret", json!("x")),
            ("client_secret_expires_at", json!(0)),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("redirect_uris", json!(["https://agent.example/#"])),
            ("grant_types", json!(["client_credentials"])),
            ("software_statement", json!("x")),
            ("client_name", json!("a\nb")),
        ];
        for (name, value) in changes {
            published.publish(|document| document[name] = value);
            app.clock.advance(30);
            let stop = app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/oauth2/authorize");
            stop.answer.refused_page(400, "AS-1444").await;
        }
        published.publish(|document| document["tls_client_certificate_bound_access_tokens"] = json!(true));
        app.clock.advance(30);
        let stop = app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1413").await;
        for body in ["", "[]", "{\"client_id\":1,\"client_id\":2}", "<html>"] {
            published.server.answer(200, body);
            app.clock.advance(30);
            rp.refresh("x").await.refused("invalid_client", "AS-1444").await;
        }
        assert!(app.read(|tx| client::list(tx, None, 10)).await.is_empty());
    }

    async fn a_document_that_turned_bad_ends_the_client_at_once(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let alice = app.person("alice").await;
        let grant = app.browser().grant(&alice, &Authorize::new(rp, "openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        published.publish(|document| document["client_id"] = json!("https://evil.example/client.json"));
        app.clock.advance(3600);
        rp.refresh(tokens.refresh()).await.refused("invalid_client", "AS-1443").await;
    }

    async fn an_address_that_a_document_dropped_is_not_gone_to(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/sign-in/");
        published.publish(|document| document["redirect_uris"] = json!(["https://vscode.dev/redirect"]));
        app.clock.advance(3600);
        let stop = app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1003").await;
    }

    async fn there_are_so_many_and_no_more(database: Database) {
        let published = Published::start(database).await;
        let app = &published.app;
        app.open_documents().await;
        app.registration_policy(PolicyChanges { max_clients: Some(1), ..PolicyChanges::default() }).await;
        app.browser().authorize(&Authorize::new(&published.rp, "openid")).await.page("/sign-in/");
        let second = JwksServer::start(&json!({})).await;
        let id = second.uri.replace("/jwks.json", "/client.json");
        let mut document = published.document();
        document["client_id"] = json!(id);
        second.answer(200, &document.to_string());
        let rp = at(&published.rp, app, &id);
        let stop = app.browser().authorize(&Authorize::new(&rp, "openid")).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1404").await;
    }

    async fn a_network_brings_so_many_unknown_documents_an_hour_and_no_more(database: Database) {
        let published = Published::start(database).await;
        let app = &published.app;
        app.open_documents().await;
        app.registration_policy(PolicyChanges { per_network: Some(3), ..PolicyChanges::default() }).await;
        let numbered = |number: usize| at(&published.rp, app, &format!("{}/{number}", published.id()));
        // Wherever a program names itself, and whether or not it has more than a name.
        for number in 0..3 {
            numbered(number).refresh("x").await.refused("invalid_client", "AS-1443").await;
        }
        assert_eq!(published.server.asked(), 3);
        for number in 3..6 {
            let answer = numbered(number).refresh("x").await;
            answer.refused_as(429, "temporarily_unavailable", "AS-1403").await;
            assert_eq!(answer.response.header("retry-after"), Some("3600"));
        }
        let pushing = numbered(6);
        let answer = pushing.push(&Authorize::new(&pushing, "openid")).await;
        answer.refused_as(429, "temporarily_unavailable", "AS-1403").await;
        let stop = app.browser().authorize(&Authorize::new(&published.rp, "openid")).await.page("/oauth2/authorize");
        stop.answer.refused_page(429, "AS-1403").await;
        assert_eq!(stop.answer.response.header("retry-after"), Some("3600"));
        assert_eq!(published.server.asked(), 3, "what is too much is not fetched");
        assert!(app.read(|tx| client::list(tx, None, 10)).await.is_empty());
        // The document had no say in it: in an hour it is fetched at once.
        app.clock.advance(3600);
        app.browser().authorize(&Authorize::new(&published.rp, "openid")).await.page("/sign-in/");
    }

    async fn a_known_document_is_fetched_again_however_many_its_network_has_brought(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        app.registration_policy(PolicyChanges { per_network: Some(1), ..PolicyChanges::default() }).await;
        published.server.answer_as(200, "application/json", "no-store", &published.document().to_string());
        for asked in 1..=4 {
            app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/sign-in/");
            assert_eq!(published.server.asked(), asked);
            app.clock.advance(300);
        }
        let other = at(rp, app, &format!("{}/other", published.id()));
        other.refresh("x").await.refused_as(429, "temporarily_unavailable", "AS-1403").await;
        // Nor does it take the places of those who register.
        app.registration_policy(PolicyChanges { registration: Some(RegistrationMode::Open), ..PolicyChanges::default() }).await;
        app.register(&json!({ "redirect_uris": ["https://app.example/cb"] })).await.registered().await;
    }

    async fn with_no_limit_a_network_brings_any_number_of_documents(database: Database) {
        let published = Published::start(database).await;
        let app = &published.app;
        app.open_documents().await;
        app.registration_policy(PolicyChanges { per_network: Some(0), ..PolicyChanges::default() }).await;
        for number in 0..25 {
            let rp = at(&published.rp, app, &format!("{}/{number}", published.id()));
            rp.refresh("x").await.refused("invalid_client", "AS-1443").await;
        }
        assert_eq!(published.server.asked(), 25);
    }

    async fn a_private_address_is_never_asked(app) {
        // Without the dangerous reach, this machine is not the internet.
        app.open_documents().await;
        let server = JwksServer::start(&json!({})).await;
        let id = server.uri.replace("/jwks.json", "/client.json");
        let rp = RelyingParty::known(&app, &id, "http://127.0.0.1:1", Credentials::Public);
        let stop = app.browser().authorize(&Authorize::new(&rp, "openid")).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1441").await;
        for id in ["https://127.0.0.1/client.json", "https://localhost/client.json", "https://10.0.0.1/client.json"] {
            let rp = RelyingParty::known(&app, id, "http://127.0.0.1:1", Credentials::Public);
            let stop = app.browser().authorize(&Authorize::new(&rp, "openid")).await.page("/oauth2/authorize");
            stop.answer.refused_page(400, "AS-1442").await;
        }
        assert_eq!(server.asked(), 0);
    }

    async fn a_document_that_leaves_the_profile_of_documents_is_refused(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        let request = Authorize::new(rp, "openid");
        let refuses = async || {
            app.clock.advance(3600);
            let stop = app.browser().authorize(&request).await.page("/oauth2/authorize");
            stop.answer.refused_page(400, "AS-1706").await;
            blames(app, stop.answer.trace_id(), Some("mcp")).await;
            let record = app.record(stop.answer.trace_id()).await.expect("a record");
            let member = record.steps.iter().flat_map(|step| &step.facts).find(|(name, _)| name == "member");
            assert_eq!(member.expect("a member").1, "request_uris (security profile mcp)");
            rp.refresh("x").await.refused("invalid_client", "AS-1706").await;
        };
        published.publish(|document| document["request_uris"] = json!(["https://agent.example/r"]));
        refuses().await;
        published.publish(|_| {});
        app.clock.advance(3600);
        app.browser().authorize(&request).await.page("/sign-in/");
        // It is of the profile now, whatever an administrator says about new ones.
        app.registration_policy(PolicyChanges { document_profile: Some(None), ..PolicyChanges::default() }).await;
        published.publish(|document| document["request_uris"] = json!(["https://agent.example/r"]));
        refuses().await;
    }

    async fn without_a_profile_of_documents_the_same_is_accepted(database: Database) {
        let published = Published::start(database).await;
        let (app, rp) = (&published.app, &published.rp);
        app.open_documents().await;
        app.registration_policy(PolicyChanges { document_profile: Some(None), ..PolicyChanges::default() }).await;
        published.publish(|document| document["request_uris"] = json!(["https://agent.example/r"]));
        app.browser().authorize(&Authorize::new(rp, "openid")).await.page("/sign-in/");
        let id = rp.client_id.clone();
        let stored = app.read(move |tx| client::find(tx, &id)).await.expect("a client");
        assert_eq!(stored.settings.security_profile, None);
    }
}
