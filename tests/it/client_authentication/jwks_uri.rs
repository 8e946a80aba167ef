//! Keys by reference (OIDC Core 10.1.1): fetched with care, remembered for a moment, asked for again
//! when a key is missing.

use std::collections::HashMap;

use serde_json::json;
use symbolon::{
    domain::{entity::AuthMethod, jose::SigningAlgorithm},
    net::fetcher::Reach,
};

use crate::support::{ClientKey, ClientSpec, Database, JwksServer, MANY, RelyingParty, TestApp, at_once, outcome};

async fn app(database: Database) -> TestApp {
    TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await
}

async fn client_at(app: &TestApp, uri: &str) -> RelyingParty {
    let uri = uri.to_owned();
    let spec = ClientSpec::machine("service").set(|settings| {
        settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        settings.jwks_uri = Some(uri);
    });
    app.client(spec).await
}

both! {
    async fn keys_are_fetched_once_and_again_after_a_minute(database: Database) {
        let (app, key) = (app(database).await, ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&key.jwks()).await;
        let rp = client_at(&app, &server.uri).await;
        for _ in 0..3 {
            rp.token_with_assertion(&key.sign(&rp.assertion().0)).await.ok().await;
        }
        assert_eq!(server.asked(), 1);
        app.clock.advance(60);
        rp.token_with_assertion(&key.sign(&rp.assertion().0)).await.ok().await;
        assert_eq!(server.asked(), 2);
    }

    /// Whoever knows a `client_id` must not make this server ask an address as often as they like.
    async fn of_a_hundred_who_need_the_keys_at_once_one_fetches_them(database: Database) {
        let (app, key) = (app(database).await, ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&key.jwks()).await;
        let rp = client_at(&app, &server.uri).await;
        let (honest, stranger) = (rp.clone(), ClientKey::generate(SigningAlgorithm::ES256));
        let asking = async move |number| {
            let signer = if number % 2 == 0 { &key } else { &stranger };
            honest.token_with_assertion(&signer.sign(&honest.assertion().0)).await
        };
        let (winners, refusals) = (MANY / 2, HashMap::from([("AS-1212".to_owned(), MANY / 2)]));
        let answers = at_once(asking.clone()).await;
        let (won, refused) = outcome(&answers, &app).await;
        assert_eq!((won.len(), refused), (winners, refusals.clone()));
        assert_eq!(server.asked(), 1);
        // Too old for all of them at once, and with a key that is missing.
        app.clock.advance(60);
        let answers = at_once(asking).await;
        let (won, refused) = outcome(&answers, &app).await;
        assert_eq!((won.len(), refused), (winners, refusals));
        assert_eq!(server.asked(), 2);
    }

    async fn a_key_that_appeared_meanwhile_is_found(database: Database) {
        // Behaviours 27 and 95.
        let (app, old) = (app(database).await, ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&old.jwks()).await;
        let rp = client_at(&app, &server.uri).await;
        rp.token_with_assertion(&old.sign(&rp.assertion().0)).await.ok().await;
        let new = ClientKey::generate(SigningAlgorithm::ES256);
        server.answer(200, &json!({ "keys": [old.jwk(), new.jwk()] }).to_string());
        app.clock.advance(5);
        rp.token_with_assertion(&new.sign(&rp.assertion().0)).await.ok().await;
        assert_eq!(server.asked(), 2);
    }

    async fn an_unknown_key_does_not_make_the_server_ask_without_end(database: Database) {
        let (app, key) = (app(database).await, ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&key.jwks()).await;
        let rp = client_at(&app, &server.uri).await;
        let stranger = ClientKey::generate(SigningAlgorithm::ES256);
        for _ in 0..10 {
            rp.token_with_assertion(&stranger.sign(&rp.assertion().0)).await.refused("invalid_client", "AS-1212").await;
        }
        assert_eq!(server.asked(), 1);
    }

    async fn what_is_no_key_set_is_refused(database: Database) {
        let (app, key) = (app(database).await, ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&key.jwks()).await;
        let rp = client_at(&app, &server.uri).await;
        let good = key.jwks().to_string();
        let private =
            json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": key.jwk()["x"], "y": key.jwk()["y"], "d": "AAAA" }] });
        let huge = format!("{}{}", " ".repeat(70_000), good);
        let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
        for (status, body) in [
            (404, good.as_str()),
            (500, &good),
            (302, &good),
            (200, ""),
            (200, "<html>"),
            (200, "[]"),
            (200, "{}"),
            (200, "{\"keys\":{}}"),
            (200, "{\"keys\":[]}"),
            (200, &private.to_string()),
            (200, &huge),
            (200, &deep),
        ] {
            server.answer(status, body);
            app.clock.advance(120);
            let answer = rp.token_with_assertion(&key.sign(&rp.assertion().0)).await;
            answer.refused("invalid_client", "AS-1216").await;
        }
        server.answer(200, &good);
        app.clock.advance(5);
        rp.token_with_assertion(&key.sign(&rp.assertion().0)).await.ok().await;
    }

    /// Whoever knows a `client_id` must not make this server ask an address as often as they like.
    async fn an_address_that_gives_no_keys_is_left_alone_for_a_moment(database: Database) {
        let (app, key) = (app(database).await, ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&key.jwks()).await;
        let rp = client_at(&app, &server.uri).await;
        let broken = [(500, ""), (200, "<html>"), (200, "{\"keys\":{}}"), (200, "{\"keys\":[]}")];
        for (number, (status, body)) in broken.into_iter().enumerate() {
            server.answer(status, body);
            for _ in 0..5 {
                let answer = rp.token_with_assertion(&key.sign(&rp.assertion().0)).await;
                answer.refused("invalid_client", "AS-1216").await;
                app.clock.advance(1);
            }
            assert_eq!(server.asked(), number + 1, "{status} {body}");
        }
        // Soon after it is mended, the client is heard again.
        server.answer(200, &key.jwks().to_string());
        rp.token_with_assertion(&key.sign(&rp.assertion().0)).await.ok().await;
    }

    async fn an_address_that_does_not_answer_is_refused(database: Database) {
        let (app, key) = (app(database).await, ClientKey::generate(SigningAlgorithm::ES256));
        let server = JwksServer::start(&key.jwks()).await;
        let uri = server.uri.clone();
        drop(server);
        let rp = client_at(&app, &uri).await;
        rp.token_with_assertion(&key.sign(&rp.assertion().0)).await.refused("invalid_client", "AS-1216").await;
    }

    async fn a_private_address_is_never_asked(app) {
        // Design rule D5: without the dangerous reach, loopback is not the internet.
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let server = JwksServer::start(&key.jwks()).await;
        let rp = client_at(&app, &server.uri).await;
        rp.token_with_assertion(&key.sign(&rp.assertion().0)).await.refused("invalid_client", "AS-1216").await;
        assert_eq!(server.asked(), 0);
    }

    async fn a_client_without_keys_is_refused(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let spec = ClientSpec::machine("service")
            .set(|settings| settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt);
        let rp = app.client(spec).await;
        rp.token_with_assertion(&key.sign(&rp.assertion().0)).await.refused("invalid_client", "AS-1216").await;
    }
}
