//! 96 to 103: request objects (OIDC Core 6, RFC 9101).

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::ClientSettings,
        jose::{RequestObjectAlgorithm, SigningAlgorithm},
    },
    net::fetcher::Reach,
};

use super::{granted, id_claims, left_on_a_page, list, metadata};
use crate::support::{
    Authorize, ClientKey, ClientSpec, Database, JwksServer, RelyingParty, TestApp, form_encode, unsigned,
};

/// The claims with this one instead; null removes it.
pub fn with(mut claims: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
        value => claims[name] = value,
    }
    claims
}

/// An object without a signature.
pub fn unsecured(claims: &Value) -> String {
    format!("{}.", unsigned(&json!({ "alg": "none" }), claims))
}

/// What OAuth wants to see outside in any case, and these.
fn outside(rp: &RelyingParty, more: &[(&str, &str)]) -> String {
    let mut fields = vec![("client_id", rp.client_id.as_str()), ("response_type", "code"), ("scope", "openid")];
    fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    fields.extend(more);
    format!("/oauth2/authorize?{}", form_encode(&fields))
}

/// The settings of a client that is registered for unsigned objects.
fn unsigned_allowed(settings: &mut ClientSettings) {
    settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Unsigned);
}

async fn reaching(database: Database) -> TestApp {
    TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await
}

async fn client_at(app: &TestApp, uri: &str, change: impl FnOnce(&mut ClientSettings)) -> RelyingParty {
    let uri = uri.to_owned();
    app.client(ClientSpec::web("web").set(|settings| settings.request_uris = vec![uri]).set(change)).await
}

fn signing(key: &ClientKey) -> impl FnOnce(&mut ClientSettings) + use<> {
    let jwks = key.jwks();
    move |settings| settings.jwks = Some(jwks)
}

both! {
    async fn b096_unsigned_objects_are_advertised_and_taken_from_who_registered_for_them(database: Database) {
        let app = TestApp::new(database).await;
        let document = metadata(&app).await;
        assert!(list(&document, "request_object_signing_alg_values_supported").contains(&"none"), "{document}");
        let rp = app.client(ClientSpec::web("web").set(unsigned_allowed)).await;
        let object = unsecured(&Authorize::new(&rp, "openid").claims(&app));
        app.browser().open(&outside(&rp, &[("request", &object)])).await.page("/sign-in/");
        // With `none` listed, the suite sends them from clients that registered no algorithm at all.
        let app = reaching(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server.uri, |_| ()).await;
        server.answer(200, &unsecured(&Authorize::new(&rp, "openid").claims(&app)));
        app.browser().open(&outside(&rp, &[("request_uri", &server.uri)])).await.page("/sign-in/");
    }

    async fn b097_an_unsigned_object_wins_over_the_query_or_is_said_not_to_be_supported(app) {
        let (open, alice) =
            (app.client(ClientSpec::web("open").set(unsigned_allowed)).await, app.person("alice").await);
        let request = Authorize::new(&open, "openid").with("state", "inside").with("nonce", "inside");
        let object = unsecured(&request.claims(&app));
        let mut browser = app.browser();
        granted(&mut browser, &alice, &Authorize::new(&open, "openid")).await;
        for more in [vec![], vec![("state", "outside"), ("nonce", "outside")]] {
            let fields = [vec![("request", object.as_str())], more].concat();
            let away = browser.open(&outside(&open, &fields)).await.away();
            assert_eq!(away.parameters()["state"], "inside");
            let tokens = open.exchange(&away.grant(&request)).await.ok().await;
            assert_eq!(id_claims(&app, &tokens).await["nonce"], "inside");
        }
        let plain = app.client(ClientSpec::web("plain")).await;
        let object = unsecured(&Authorize::new(&plain, "openid").claims(&app));
        let fields = [("request", object.as_str()), ("redirect_uri", &plain.redirect_uri), ("state", "outside")];
        let away = app.browser().open(&outside(&plain, &fields)).await.away();
        assert!(away.url.starts_with(&plain.redirect_uri), "{}", away.url);
        assert_eq!(away.parameters()["error"], "request_not_supported");
        assert_eq!(away.parameters()["state"], "outside");
    }

    async fn b098_an_object_by_reference_works_as_the_metadata_says(database: Database) {
        let app = reaching(database).await;
        assert_eq!(metadata(&app).await["request_uri_parameter_supported"], true);
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server.uri, |_| ()).await;
        let alice = app.person("alice").await;
        let request = Authorize::new(&rp, "openid").with("state", "inside");
        server.answer(200, &unsecured(&request.claims(&app)));
        let target = outside(&rp, &[("request_uri", &server.uri)]);
        let grant = app.browser().grant_at(&target, &alice, &request).await;
        rp.exchange(&grant).await.ok().await;
        assert!(server.asked() > 0);
    }

    async fn b099_an_outer_address_that_is_not_registered_is_never_gone_to(app) {
        let key = ClientKey::generate(SigningAlgorithm::RS256);
        let (rp, alice) = (app.client(ClientSpec::web("web").set(signing(&key))).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let claims = request.claims(&app);
        let mut browser = app.browser();
        granted(&mut browser, &alice, &request).await;
        for elsewhere in ["https://evil.example/callback", "https://web.example/callback/r4nd0m"] {
            let object = key.sign(&claims);
            let fields = [("request", object.as_str()), ("redirect_uri", elsewhere)];
            let away = browser.open(&outside(&rp, &fields)).await.away();
            assert!(away.url.starts_with(&format!("{}?", rp.redirect_uri)), "{}", away.url);
            rp.exchange(&away.grant(&request)).await.ok().await;
            // What is not supported is not told to a default address either.
            let object = unsecured(&claims);
            left_on_a_page(&mut browser, &outside(&rp, &[("request", &object), ("redirect_uri", elsewhere)])).await;
        }
    }

    async fn b100_a_registered_fragment_is_no_hash_and_each_object_is_fetched_fresh(database: Database) {
        let app = reaching(database).await;
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &format!("{}#not-a-hash", server.uri), |_| ()).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        granted(&mut browser, &alice, &Authorize::new(&rp, "openid")).await;
        let kinds = ["application/jwt", "text/plain", "application/oauth-authz-req+jwt", "application/octet-stream"];
        for (number, (fragment, kind)) in ["", "#not-a-hash", "", "#not-a-hash"].into_iter().zip(kinds).enumerate() {
            let state = format!("state-{number}");
            let request = Authorize::new(&rp, "openid").with("state", &state);
            server.answer_as(200, kind, "max-age=3600", &unsecured(&request.claims(&app)));
            let target = outside(&rp, &[("request_uri", &format!("{}{fragment}", server.uri))]);
            let away = browser.open(&target).await.away();
            assert_eq!(away.parameters()["state"], state, "{kind}");
            rp.exchange(&away.grant(&request)).await.ok().await;
        }
        assert_eq!(server.asked(), 4);
    }

    async fn b101_an_object_by_reference_may_be_signed_with_rs256(database: Database) {
        let app = reaching(database).await;
        let key = ClientKey::generate(SigningAlgorithm::RS256);
        let server = JwksServer::start(&Value::Null).await;
        let rp = client_at(&app, &server.uri, signing(&key)).await;
        let alice = app.person("alice").await;
        let request = Authorize::new(&rp, "openid");
        server.answer(200, &key.sign(&request.claims(&app)));
        let target = outside(&rp, &[("request_uri", &server.uri), ("redirect_uri", &rp.redirect_uri)]);
        let grant = app.browser().grant_at(&target, &alice, &request).await;
        rp.exchange(&grant).await.ok().await;
        // Signed by somebody else it is nothing.
        let stranger = ClientKey::generate(SigningAlgorithm::RS256);
        server.answer(200, &stranger.sign(&request.claims(&app)));
        left_on_a_page(&mut app.browser(), &target).await;
    }

    async fn b102_type_and_client_inside_and_outside_are_the_same_and_the_rest_is_merged(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let (rp, alice) = (app.client(ClientSpec::web("web").set(signing(&key))).await, app.person("alice").await);
        app.client(ClientSpec::web("other")).await;
        let request = Authorize::new(&rp, "openid");
        let good = request.claims(&app);
        for (name, value) in [("response_type", "id_token"), ("client_id", "other")] {
            let object = key.sign(&with(good.clone(), name, json!(value)));
            let away = app.browser().open(&outside(&rp, &[("request", &object)])).await.away();
            let error = &away.parameters()["error"];
            assert!(["invalid_request_object", "invalid_request"].contains(&error.as_str()), "{name} {error}");
        }
        let object = key.sign(&with(good, "nonce", Value::Null));
        let target = outside(&rp, &[("request", &object), ("nonce", "outside")]);
        let grant = app.browser().grant_at(&target, &alice, &request).await;
        assert_eq!(id_claims(&app, &rp.exchange(&grant).await.ok().await).await["nonce"], "outside");
    }

    async fn b103_a_private_address_is_asked_only_where_the_operator_allows_it(database: Database) {
        for (reach, fetched) in [(Reach::Public, false), (Reach::DangerLoopback, true)] {
            let app = TestApp::with(database, |options| options.reach = reach).await;
            let server = JwksServer::start(&Value::Null).await;
            let rp = client_at(&app, &server.uri, unsigned_allowed).await;
            server.answer(200, &unsecured(&Authorize::new(&rp, "openid").claims(&app)));
            let target = outside(&rp, &[("request_uri", &server.uri)]);
            if fetched {
                app.browser().open(&target).await.page("/sign-in/");
            } else {
                left_on_a_page(&mut app.browser(), &target).await;
            }
            assert_eq!(server.asked(), usize::from(fetched));
        }
    }
}
