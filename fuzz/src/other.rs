//! Opaque tokens, names, headers, and the sign-out request.

use std::sync::LazyLock;

use symbolon::{
    config::Network,
    crypto::{
        random::SeededRandom,
        token::{SecretKind, hash_of, mint, parse},
    },
    service::authorization::{Browser, Form},
};
use symbolon_domain::{
    Issuer,
    authn::username::{check_email, check_username},
    oauth::{Params, UserCode},
    oidc::logout::PostLogoutRedirect,
    trace::TraceId,
};

use crate::oauth::client;

/// A browser with a secret that is the same in every run.
static BROWSER: LazyLock<Browser> = LazyLock::new(|| {
    let minted = mint(SecretKind::Interaction, &SeededRandom::danger_from_seed(1));
    Browser { session: None, secret: Some(minted.text) }
});

/// Codes and tokens: one text is never two kinds of secret, and a form takes the one token that is its own.
pub fn opaque_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut kinds = SecretKind::ALL.into_iter().filter_map(|kind| parse(kind, text).map(|hash| (kind, hash)));
    if let Some((kind, hash)) = kinds.next() {
        assert!(text.starts_with(kind.prefix()) && hash == hash_of(text));
    }
    assert!(kinds.next().is_none());
    for form in [Form::Consent, Form::SignOut] {
        let accepted = BROWSER.check_form_token(form, &["i1", "s1"], text).is_ok();
        assert_eq!(accepted, text == BROWSER.form_token(form, &["i1", "s1"]));
    }
}

/// Names that people type, addresses of issuers and networks, and the trace header.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = (check_username(text), check_email(text));
    if let Some(code) = UserCode::parse(text) {
        assert_eq!(UserCode::parse(&code.shown()).map(|again| again.shown()), Some(code.shown()));
    }
    if let Ok(issuer) = Issuer::parse(text) {
        assert!(issuer.is_https() || issuer.is_loopback());
    }
    drop(Network::parse(text));
    if let Some(trace) = TraceId::from_traceparent(text) {
        assert_eq!(trace.as_str().len(), 32);
    }
}

/// Sign-out: only the registered address, with nothing but the state added.
pub fn logout_request(data: &[u8]) {
    const REGISTERED: &str = "https://web.example/after";
    let Ok(params) = Params::parse(data) else { return };
    let mut client = client(Vec::new());
    client.settings.post_logout_redirect_uris = vec![REGISTERED.to_owned()];
    let Some(sent) = params.find("post_logout_redirect_uri") else { return };
    if let Ok(redirect) = PostLogoutRedirect::registered(sent, &client) {
        assert_eq!(redirect.as_str(), REGISTERED);
        assert!(redirect.location(params.find("state")).starts_with(REGISTERED));
    }
}
