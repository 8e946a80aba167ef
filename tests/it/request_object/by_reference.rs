//! Objects by reference (OIDC Core 6.2): fetched from registered addresses only, anew each time.

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::ClientSettings,
        jose::{RequestObjectAlgorithm, SigningAlgorithm},
    },
    net::fetcher::Reach,
};

use super::{carrying, none, signing, unsigned_allowed, with};
use crate::support::{Authorize, ClientKey, ClientSpec, Database, JwksServer, RelyingParty, Request, TestApp};

async fn app(database: Database) -> TestApp {
    TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await
}

/// A client that has registered the server's address with this fragment.
async fn client_at(app: &TestApp, server: &JwksServer, spec: ClientSpec, fragment: &str) -> RelyingParty {
    let uri = format!("{}{fragment}", server.uri);
    app.client(spec.set(|settings| settings.request_uris = vec![uri])).await
}

fn target(rp: &RelyingParty, uri: &str) -> String {
    carrying(rp, &[("request_uri", uri), ("redirect_uri", &rp.redirect_uri)])
}

async fn page(app: &TestApp, target: &str, reason: &str) {
    let answer = app.send(Request::get(target)).await;
    answer.refused_page(400, reason).await;
    assert_eq!(answer.response.header("location"), None);
}

both! {
    /// Behaviours 98, 100 and 101.
    async fn the_object_is_fetched_without_the_fragment_and_anew_each_time(database: Database) {
        let app = app(database).await;
        let key = ClientKey::generate(SigningAlgorithm::RS256);
        let server = JwksServer::start(&Value::Null).await;
        let spec = ClientSpec::web("web").set(signing(&key)).set(|settings| {
            settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::RS256));
        });
        let rp = client_at(&app, &server, spec, "#not-a-hash").await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid")).await;
        for (number, fragment) in ["", "#not-a-hash", "#another"].into_iter().enumerate() {
            let state = format!("state-{number}");
            let request = Authorize::new(&rp, "openid").with("state", &state);
            // A text file often ends with a line break.
            server.answer(200, &format!("{}\n", key.sign(&request.claims(&app))));
            let away = browser.open(&target(&rp, &format!("{}{fragment}", server.uri))).await.away();
            assert_eq!(away.parameters()["state"], state, "{}", away.url);
            rp.exchange(&away.grant(&request)).await.ok().await;
            assert_eq!(server.asked(), number + 1);
        }
    }

    /// Behaviour 98.
    async fn an_unsigned_object_may_be_fetched_where_it_is_registered(database: Database) {
        let app = app(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server, ClientSpec::web("web").set(unsigned_allowed), "").await;
        server.answer(200, &none(&Authorize::new(&rp, "openid").claims(&app)));
        app.browser().open(&target(&rp, &server.uri)).await.page("/sign-in/");
    }

    /// Behaviour 98: no registered algorithm means any, where the address is the client's.
    async fn a_client_that_registered_only_the_address_may_leave_the_signature_out_there_alone(database: Database) {
        let app = app(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server, ClientSpec::web("web"), "").await;
        let object = none(&Authorize::new(&rp, "openid").claims(&app));
        server.answer(200, &object);
        app.browser().open(&target(&rp, &server.uri)).await.page("/sign-in/");
        let by_value = [("request", object.as_str()), ("redirect_uri", &rp.redirect_uri)];
        let away = app.browser().open(&carrying(&rp, &by_value)).await.away();
        away.refused(&app, "request_not_supported", "AS-1052").await;
        // At another address it is not even looked at.
        let away = app.browser().open(&target(&rp, &format!("{}?x", server.uri))).await.away();
        away.refused(&app, "invalid_request_uri", "AS-1046").await;
        assert_eq!(server.asked(), 1);
    }

    async fn who_must_sign_signs_also_where_the_address_is_registered(database: Database) {
        let app = app(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let key = ClientKey::generate(SigningAlgorithm::PS256);
        let named = |settings: &mut ClientSettings| {
            settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::PS256));
        };
        let alone = |settings: &mut ClientSettings| settings.require_signed_request_object = true;
        let spec = |name: &str| ClientSpec::web(name).set(signing(&key));
        let rp = client_at(&app, &server, spec("named").set(named), "").await;
        server.answer(200, &none(&Authorize::new(&rp, "openid").claims(&app)));
        let away = app.browser().open(&target(&rp, &server.uri)).await.away();
        away.refused(&app, "invalid_request_object", "AS-1052").await;
        let rp = client_at(&app, &server, spec("alone").set(alone), "").await;
        server.answer(200, &none(&Authorize::new(&rp, "openid").claims(&app)));
        page(&app, &target(&rp, &server.uri), "AS-1052").await;
    }

    async fn an_address_that_is_not_registered_is_not_fetched(database: Database) {
        let app = app(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server, ClientSpec::web("web").set(unsigned_allowed), "").await;
        let without = app.client(ClientSpec::web("without").set(unsigned_allowed)).await;
        server.answer(200, &none(&Authorize::new(&rp, "openid").claims(&app)));
        for uri in [
            format!("{}?x", server.uri),
            format!("{}/", server.uri),
            server.uri.replace("127.0.0.1", "localhost"),
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "file:///etc/passwd".to_owned(),
            "urn:x".to_owned(),
        ] {
            let away = app.browser().open(&target(&rp, &uri)).await.away();
            away.refused(&app, "invalid_request_uri", "AS-1046").await;
            page(&app, &carrying(&rp, &[("request_uri", &uri)]), "AS-1046").await;
        }
        let away = app.browser().open(&target(&without, &server.uri)).await.away();
        away.refused(&app, "request_uri_not_supported", "AS-1046").await;
        assert_eq!(server.asked(), 0);
    }

    async fn what_is_no_object_is_a_page(database: Database) {
        let app = app(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server, ClientSpec::web("web").set(unsigned_allowed), "").await;
        let good = none(&Authorize::new(&rp, "openid").claims(&app));
        for (status, body, reason) in [
            (404, good.as_str(), "AS-1047"),
            (500, &good, "AS-1047"),
            (302, &good, "AS-1047"),
            (200, &"x".repeat(70_000), "AS-1047"),
            (200, "", "AS-1049"),
            (200, "{}", "AS-1049"),
            (200, "<html>", "AS-1049"),
        ] {
            server.answer(status, body);
            page(&app, &target(&rp, &server.uri), reason).await;
        }
        let uri = server.uri.clone();
        drop(server);
        page(&app, &target(&rp, &uri), "AS-1047").await;
    }

    async fn a_private_address_is_never_asked_although_it_is_registered(app) {
        // Design rule D5: without the dangerous reach, loopback is not the internet.
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server, ClientSpec::web("web").set(unsigned_allowed), "").await;
        server.answer(200, &none(&Authorize::new(&rp, "openid").claims(&app)));
        page(&app, &target(&rp, &server.uri), "AS-1047").await;
        assert_eq!(server.asked(), 0);
    }

    async fn for_a_client_under_quarantine_nothing_is_fetched(database: Database) {
        let app = app(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server, ClientSpec::web("web").set(unsigned_allowed), "").await;
        server.answer(200, &none(&Authorize::new(&rp, "openid").claims(&app)));
        app.change_client(&rp, |client| client.settings.quarantined = true).await;
        page(&app, &target(&rp, &server.uri), "AS-1406").await;
        assert_eq!(server.asked(), 0);
    }

    async fn a_fetched_object_meets_the_same_rules(database: Database) {
        let app = app(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server, ClientSpec::web("web").set(unsigned_allowed), "").await;
        let good = Authorize::new(&rp, "openid").claims(&app);
        for (name, value, reason) in [
            ("exp", json!(1), "AS-1054"),
            ("aud", json!("https://other.example"), "AS-1055"),
            ("request_uri", json!(server.uri), "AS-1056"),
            ("client_id", json!("other"), "AS-1057"),
        ] {
            server.answer(200, &none(&with(good.clone(), name, value)));
            let away = app.browser().open(&target(&rp, &server.uri)).await.away();
            away.refused(&app, "invalid_request_object", reason).await;
        }
    }
}
