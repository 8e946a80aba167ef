//! Requests in an object, by value, that end with a code.

use serde_json::json;
use symbolon::{domain::jose::SigningAlgorithm, net::fetcher::Reach};

use super::{by_value, carrying, none, signing, unsigned_allowed, with};
use crate::support::{Authorize, ClientKey, ClientSpec, JwksServer, Request, TestApp};

both! {
    /// Behaviours 13, 14 and 96.
    async fn the_metadata_says_what_is_accepted(app) {
        for document in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let document = app.document(document).await;
            assert_eq!(document["request_parameter_supported"], true);
            assert_eq!(document["request_uri_parameter_supported"], true);
            assert_eq!(document["require_request_uri_registration"], true);
            let algorithms = document["request_object_signing_alg_values_supported"].as_array().expect("a list");
            assert!(algorithms.contains(&json!("RS256")) && algorithms.contains(&json!("none")), "{algorithms:?}");
        }
    }

    /// Behaviour 97: state and nonce stand only inside.
    async fn every_advertised_algorithm_of_request_objects_is_accepted(app) {
        let alice = app.person("alice").await;
        let document = app.document("/.well-known/openid-configuration").await;
        for name in document["request_object_signing_alg_values_supported"].as_array().expect("a list") {
            let name = name.as_str().expect("text");
            let id = format!("app-{}", name.to_lowercase());
            let key = name.parse::<SigningAlgorithm>().ok().map(ClientKey::generate);
            let rp = match &key {
                Some(key) => app.client(ClientSpec::web(&id).set(signing(key))).await,
                None => app.client(ClientSpec::web(&id).set(unsigned_allowed)).await,
            };
            let request = Authorize::new(&rp, "openid profile").with("state", "inside").with("nonce", "inside");
            let inside = request.claims(&app);
            let object = key.as_ref().map_or_else(|| none(&inside), |key| key.sign(&inside));
            let target = by_value(&rp, &object);
            let mut browser = app.browser();
            let grant = browser.grant_at(&target, &alice, &request).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            assert_eq!(tokens.scope.as_deref(), Some("openid profile"));
            assert_eq!(app.verified(tokens.id()).await.1["nonce"], "inside", "{name}");
            let away = browser.open(&target).await.away();
            assert_eq!(away.parameters()["state"], "inside", "{name}");
        }
    }

    /// Behaviours 97, 99 and 102.
    async fn the_object_wins_and_what_it_leaves_out_is_taken_from_outside(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let (rp, alice) = (app.client(ClientSpec::web("web").set(signing(&key))).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let mut browser = app.browser();
        browser.grant(&alice, &request).await;
        let inside = with(with(request.claims(&app), "nonce", json!(null)), "code_challenge", json!(null));
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let target = carrying(
            &rp,
            &[
                ("request", &key.sign(&inside)),
                ("redirect_uri", "https://evil.example/callback"),
                ("scope", "openid admin"),
                ("state", "outside"),
                ("nonce", "outside"),
                ("code_challenge", challenge),
            ],
        );
        let away = browser.open(&target).await.away();
        assert!(away.url.starts_with("https://web.example/callback?"), "{}", away.url);
        assert_eq!(away.parameters()["state"], "state-1");
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["nonce"], "outside");
    }

    async fn values_may_be_json(app) {
        let (rp, alice) =
            (app.client(ClientSpec::web("web").set(unsigned_allowed)).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let mut browser = app.browser();
        let tokens = rp.exchange(&browser.grant(&alice, &request).await).await.ok().await;
        let inside = request.claims(&app);
        app.clock.advance(5);
        let target = |name: &str, value| by_value(&rp, &none(&with(inside.clone(), name, value)));
        browser.open(&target("max_age", json!(1))).await.page("/sign-in/");
        browser.open(&target("max_age", json!(1000))).await.away().grant(&request);
        let sub = json!({ "id_token": { "sub": { "value": "somebody else" } } });
        browser.open(&target("claims", sub)).await.page("/sign-in/");
        browser.open(&target("id_token_hint", json!(tokens.id()))).await.away().grant(&request);
    }

    /// Behaviour 186.
    async fn the_type_of_the_object_may_be_said_or_not(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::web("web").set(signing(&key))).await;
        let claims = Authorize::new(&rp, "openid").claims(&app);
        for header in [
            json!({ "alg": "ES256" }),
            json!({ "alg": "ES256", "typ": "JWT" }),
            json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" }),
            json!({ "alg": "ES256", "typ": "Application/OAuth-Authz-Req+JWT" }),
            json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt", "kid": key.jwk()["kid"] }),
        ] {
            let target = by_value(&rp, &key.sign_with_header(&header, &claims));
            app.browser().open(&target).await.page("/sign-in/");
        }
    }

    async fn the_object_may_be_posted(app) {
        let (rp, alice) =
            (app.client(ClientSpec::web("web").set(unsigned_allowed)).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let mut browser = app.browser();
        browser.grant(&alice, &request).await;
        let target = by_value(&rp, &none(&request.claims(&app)));
        let (path, body) = target.split_once('?').expect("a query");
        let answer = browser.request(Request::new("POST", path).form_body(body)).await;
        assert!(answer.response.header("location").is_some_and(|to| to.contains("code=")), "{}", answer.response);
    }

    /// Behaviour 183.
    async fn an_object_may_be_pushed(app) {
        let key = ClientKey::generate(SigningAlgorithm::PS256);
        let (rp, alice) = (app.client(ClientSpec::web("web").set(signing(&key))).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let inside = request.claims(&app);
        for aud in [json!(app.issuer()), json!(["https://other.example", app.issuer()])] {
            let object = key.sign(&with(inside.clone(), "aud", aud));
            let reference = rp.post("/oauth2/par", &[("request", &object)]).await.pushed().await;
            let grant = app.browser().grant_at(&rp.by_reference(&reference), &alice, &request).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            assert_eq!(app.verified(tokens.id()).await.1["nonce"], "nonce-1");
        }
    }

    async fn the_keys_of_the_client_may_be_fetched(database: Database) {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let server = JwksServer::start(&key.jwks()).await;
        let uri = server.uri.clone();
        let rp = app.client(ClientSpec::web("web").set(|settings| settings.jwks_uri = Some(uri))).await;
        let target = by_value(&rp, &key.sign(&Authorize::new(&rp, "openid").claims(&app)));
        app.browser().open(&target).await.page("/sign-in/");
        app.browser().open(&target).await.page("/sign-in/");
        assert_eq!(server.asked(), 1);
    }
}
