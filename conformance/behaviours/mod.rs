//! One black-box test for each numbered behaviour of an OpenID Provider, named by its number: over HTTP, against a
//! running server, on SQLite and on PostgreSQL. `conformance/coverage` makes the table of them.
//!
//! They look at the server as a stranger would. The particulars of a feature are tested in its folder of `tests/it`.

mod authorization_errors;
mod authorization_request;
mod authorization_response;
mod ciba;
mod ciba_tokens;
mod discovery;
mod dpop;
mod fapi2;
mod fapi2_client_authentication;
mod fapi2_metadata;
mod fapi2_refresh_and_resource;
mod fapi2_response;
mod id_token;
mod keys;
mod logout;
mod message_signing;
mod mtls;
mod pushed_authorization_request;
mod refresh;
mod registration;
mod request_object;
mod tls;
mod token_endpoint;
mod userinfo;

use serde_json::Value;
use symbolon::{
    domain::jose::{KeyManagementAlgorithm, SigningAlgorithm},
    service::keys as own_keys,
};

use crate::support::{
    Answer, Authorize, Browser, ClientSpec, Database, Grant, Person, RelyingParty, Request, TestApp, Tokens,
};

/// The metadata that every relying party reads first.
async fn metadata(app: &TestApp) -> Value {
    app.document("/.well-known/openid-configuration").await
}

/// A server behind a proxy that ends TLS, known by this issuer.
async fn secure(database: Database, issuer: &str) -> TestApp {
    TestApp::with(database, |options| {
        options.issuer = Some(issuer.to_owned());
        options.trusted = true;
    })
    .await
}

/// The path of an address below the issuer.
fn below<'a>(app: &TestApp, address: &'a str) -> &'a str {
    let path = address.strip_prefix(&app.services.issuer.join("")).filter(|path| path.starts_with('/'));
    path.unwrap_or_else(|| panic!("below the issuer: {address}"))
}

/// Keys of every kind: those that sign, and those that clients encrypt to.
async fn ensure_every_key(app: &TestApp) {
    for algorithm in SigningAlgorithm::ALL {
        app.ensure_key(algorithm).await;
    }
    for algorithm in KeyManagementAlgorithm::ALL {
        own_keys::ensure(&app.cx(), algorithm).await.expect("a key to encrypt to");
    }
}

/// The texts of a list in a document.
fn list<'a>(document: &'a Value, name: &str) -> Vec<&'a str> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("{name} is an array: {document}"));
    values.iter().map(|value| value.as_str().expect("a text")).collect()
}

/// A confidential client and somebody with an account.
async fn parties(app: &TestApp) -> (RelyingParty, Person) {
    (app.client(ClientSpec::web("web")).await, app.person("alice").await)
}

/// Signs somebody in through the pages, in this browser, and gives the code.
async fn granted(browser: &mut Browser<'_>, person: &Person, request: &Authorize) -> Grant {
    browser.grant(person, request).await
}

/// Signs somebody in through the pages, in a fresh browser, and redeems the code.
async fn signed_in(app: &TestApp, rp: &RelyingParty, person: &Person, scope: &str) -> Tokens {
    let grant = granted(&mut app.browser(), person, &Authorize::new(rp, scope)).await;
    rp.exchange(&grant).await.ok().await
}

/// The claims of an ID token whose signature verifies with the published keys.
async fn id_claims(app: &TestApp, tokens: &Tokens) -> Value {
    app.verified(tokens.id()).await.1
}

/// A direct endpoint says no, with one of these errors: in JSON, with 400, or with 401 for `invalid_client` alone.
fn refused_with(answer: &Answer, errors: &[&str]) {
    let response = &answer.response;
    assert_eq!(response.header("content-type"), Some("application/json"), "{response}");
    let error = response.json()["error"].as_str().expect("a text").to_owned();
    assert!(errors.contains(&error.as_str()), "expected {errors:?}: {response}");
    assert!(response.status == 400 || (response.status == 401 && error == "invalid_client"), "{response}");
}

/// The browser goes nowhere: it stays on an error page for people.
async fn left_on_a_page(browser: &mut Browser<'_>, target: &str) {
    let response = browser.request(Request::get(target)).await.response;
    assert!((400..500).contains(&response.status), "{response}");
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"), "{response}");
    assert_eq!(response.header("location"), None, "{response}");
    assert!(response.text().contains("id=\"error-message\""), "{response}");
}

/// Bits of information in a text, judged from how often each character comes (the estimate of the Foundation's suite).
fn entropy_bits(text: &str) -> f64 {
    let length = f64::from(u32::try_from(text.chars().count()).expect("a short text"));
    let mut counts = std::collections::BTreeMap::new();
    for character in text.chars() {
        *counts.entry(character).or_insert(0_u32) += 1;
    }
    let each = |count: &u32| -(f64::from(*count) / length) * (f64::from(*count) / length).log2();
    counts.values().map(each).sum::<f64>() * length
}

/// Whether a text is at least 128 bits long and as unpredictable as the suite demands.
fn is_unguessable(text: &str) -> bool {
    text.len() * 8 >= 128 && entropy_bits(text) > 96.0
}
