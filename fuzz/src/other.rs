//! Opaque tokens, names, headers, and the sign-out request.

use symbolon::{
    config::Network,
    crypto::token::{SecretKind, parse},
};
use symbolon_domain::{
    Issuer,
    authn::username::{check_email, check_username},
    oauth::{Params, UserCode},
    oidc::logout::PostLogoutRedirect,
    trace::TraceId,
};

use crate::oauth::client;

/// Codes and tokens: one text is never two kinds of secret.
pub fn opaque_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let kinds = [SecretKind::AccessToken, SecretKind::RefreshToken, SecretKind::AuthorizationCode, SecretKind::Session];
    assert!(kinds.into_iter().filter(|kind| parse(*kind, text).is_some()).count() <= 1);
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
