//! Assertions as grants: what an administrator may trust, and what an assertion of a trusted issuer
//! must say (RFC 7523 §2.1 and §3).

use serde_json::{Map, Value};

use super::{
    ErrorCode, OAuthError, Params, SettingsRule,
    client_metadata::{check_key_set, is_https, rule},
    params::{check_resource_absent, check_restrictions_absent},
    scope::{OFFLINE_ACCESS, OPENID, check_allowed, is_scope_token, parse_scope},
};
use crate::{
    Secret, Timestamp,
    entity::{Client, SubjectMapping, TrustedIssuer},
    jose::{JwtKind, names_audience, numeric_date},
    trace::Reason,
};

/// How far the issuer's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;
/// The furthest `exp`, in seconds: replays are remembered until then.
const MAX_LIFETIME: i64 = 3600;
/// The longest text of an issuer, subject or identifier, in bytes.
const MAX_TEXT: usize = 512;
/// The longest list.
const MAX_ITEMS: usize = 100;

/// A request.
#[derive(Debug)]
pub struct JwtBearerRequest {
    /// The assertion.
    pub assertion: Secret<String>,
    /// The scopes, if sent.
    pub scope: Option<String>,
}

impl JwtBearerRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// `invalid_request` without an assertion, `invalid_target` with a resource.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        check_resource_absent(params)?;
        check_restrictions_absent(params)?;
        Ok(Self {
            assertion: Secret::from(params.require("assertion", Reason::BearerAssertionMissing)?),
            scope: params.find("scope").map(str::to_owned),
        })
    }
}

/// Whether an administrator may trust an issuer like this.
///
/// # Errors
/// The first rule that is broken.
pub fn check_trusted_issuer(issuer: &TrustedIssuer) -> Result<(), SettingsRule> {
    let text = |text: &str| (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control);
    if !text(&issuer.issuer) {
        return rule("issuer", "Give the iss of the assertions: 1 to 512 bytes without control characters.");
    }
    match (&issuer.jwks, &issuer.jwks_uri) {
        (Some(jwks), None) => check_key_set(jwks)?,
        (None, Some(uri)) if is_https(uri) => {}
        (None, Some(_)) => return rule("jwks_uri", "Give the whole https address, without fragment or user name."),
        _ => return rule("jwks", "Give the keys by value or by reference, and not both."),
    }
    if issuer.audience.as_ref().is_some_and(|audience| !text(audience)) {
        return rule("audience", "An audience is a text of 1 to 512 bytes without control characters.");
    }
    if !(1..=MAX_ITEMS).contains(&issuer.clients.len()) {
        return rule("clients", "Name 1 to 100 clients that may send its assertions.");
    }
    if issuer.scope.len() > MAX_ITEMS || !issuer.scope.iter().all(|scope| is_scope_token(scope)) {
        return rule("scope", "A scope is printable ASCII without spaces, commas, quotes and backslashes.");
    }
    Ok(())
}

/// Whether a client may send assertions of an issuer.
///
/// # Errors
/// `unauthorized_client`.
pub fn check_may_vouch(issuer: &TrustedIssuer, client: &Client) -> Result<(), OAuthError> {
    if issuer.clients.contains(&client.client_id) {
        Ok(())
    } else {
        Err(OAuthError::new(ErrorCode::UnauthorizedClient, Reason::BearerClientNotAllowed))
    }
}

/// What an assertion says that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerFacts {
    /// Whom it is about.
    pub subject: String,
    /// Its identifier, to be used once.
    pub jti: String,
    /// After this it is refused anyway.
    pub expires_at: Timestamp,
}

/// Whether a JWT that the issuer signed was signed to vouch, and not for something else that issuers sign
/// about people (RFC 8725 §3.11 and §3.12): what has `events` tells of something that happened, and mostly
/// that somebody is to be let in no longer (RFC 8417 §2.2, OpenID Connect Back-Channel Logout 1.0 §2.4).
///
/// # Errors
/// `invalid_grant`.
pub fn check_bearer_kind(header: &Map<String, Value>, claims: &Map<String, Value>) -> Result<(), OAuthError> {
    if JwtKind::AuthorizationGrant.admits(header) && !claims.contains_key("events") {
        Ok(())
    } else {
        Err(OAuthError::invalid_grant(Reason::BearerAssertionKind))
    }
}

/// The claims of an assertion whose signature was verified with the issuer's key. `audiences` are
/// this issuer and its token endpoint, for issuers that are registered with no audience of their own.
///
/// # Errors
/// `invalid_grant`.
pub fn check_bearer_assertion(
    issuer: &TrustedIssuer,
    claims: &Map<String, Value>,
    audiences: &[String],
    now: Timestamp,
) -> Result<BearerFacts, OAuthError> {
    let wrong = OAuthError::invalid_grant(Reason::BearerAssertionClaims);
    let text = |name: &str| {
        let value = claims.get(name).and_then(Value::as_str);
        value.filter(|text| (1..=MAX_TEXT).contains(&text.len()) && !text.contains(char::is_control))
    };
    let time = |name: &str| numeric_date(claims, name).map_err(|_| wrong);
    let (Some(subject), Some(jti), Some(expires_at)) = (text("sub"), text("jti"), time("exp")?) else {
        return Err(wrong);
    };
    let own = issuer.audience.as_ref().map(std::slice::from_ref);
    if text("iss") != Some(issuer.issuer.as_str()) || !names_audience(claims.get("aud"), own.unwrap_or(audiences)) {
        return Err(wrong);
    }
    let latest = now.plus_seconds(LEEWAY);
    let begins = [time("nbf")?, time("iat")?];
    if expires_at <= now || begins.into_iter().flatten().any(|begin| begin > latest) {
        return Err(OAuthError::invalid_grant(Reason::BearerAssertionExpired));
    }
    if expires_at > latest.plus_seconds(MAX_LIFETIME) {
        return Err(wrong);
    }
    Ok(BearerFacts { subject: subject.to_owned(), jti: jti.to_owned(), expires_at })
}

/// The scopes: within what the issuer may vouch for and the client is registered for. None comes with
/// a refresh token.
///
/// # Errors
/// `invalid_scope` for what is asked for and not allowed.
pub fn bearer_scope(
    issuer: &TrustedIssuer,
    client: &Client,
    requested: Option<&str>,
) -> Result<Vec<String>, OAuthError> {
    // A client has no person to describe.
    let describes = |scope: &String| scope == OPENID && issuer.subject == SubjectMapping::Client;
    let Some(requested) = requested else {
        let both = issuer.scope.iter().filter(|scope| client.settings.scope.contains(scope));
        return Ok(both.filter(|scope| *scope != OFFLINE_ACCESS && !describes(scope)).cloned().collect());
    };
    let mut scope = parse_scope(requested)?;
    scope.retain(|scope| scope != OFFLINE_ACCESS);
    if scope.iter().any(describes) {
        return Err(OAuthError::invalid_scope(Reason::OpenidScopeNotForMachines));
    }
    check_allowed(client, &scope)?;
    if scope.iter().all(|scope| issuer.scope.contains(scope)) {
        Ok(scope)
    } else {
        Err(OAuthError::invalid_scope(Reason::ScopeNotAllowed))
    }
}

#[cfg(test)]
mod tests;
