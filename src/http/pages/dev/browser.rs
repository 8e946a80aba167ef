//! The playground's cookie, and the one host under which it works.

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite},
};

use crate::{domain::Issuer, service::playground::BrowserKey};

/// The name of the cookie.
pub(super) const COOKIE: &str = "symbolon_dev";

/// The browser that a request comes from.
pub(super) fn find(request: &HttpRequest) -> Option<BrowserKey> {
    BrowserKey::parse(request.cookie(COOKIE)?.value())
}

/// Gives the browser its name.
pub(super) fn remember(response: &mut HttpResponse, issuer: &Issuer, key: &BrowserKey) {
    let cookie = Cookie::build(COOKIE, key.text().expose().as_str())
        .path(format!("{}/dev", issuer.path()))
        .http_only(true)
        .same_site(SameSite::Lax)
        // Plain HTTP only on loopback, where a Secure cookie would not come back everywhere.
        .secure(issuer.is_https())
        .finish();
    if let Err(error) = response.add_cookie(&cookie) {
        tracing::error!(%error, "the playground's cookie could not be set");
    }
}

/// Where the playground really is, if it was opened under another name of this computer: a cookie
/// set for `127.0.0.1` would be missing when the answer comes back to `localhost`.
pub(super) fn elsewhere(issuer: &Issuer, host: &str) -> Option<String> {
    let name = |authority: &str| match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_ascii_lowercase(),
        _ => authority.to_ascii_lowercase(),
    };
    let asked = name(host);
    let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&asked.as_str());
    (issuer.is_loopback() && loopback && asked != name(issuer.host())).then(|| issuer.join("/dev"))
}
