//! Scopes: what may be written (RFC 6749 §3.3), what a client may ask for, what a refresh may keep (§6).

use super::{ErrorCode, GrantType, OAuthError};
use crate::{entity::Client, trace::Reason};

/// One request may name this many scopes.
const MAX_SCOPES: usize = 100;
/// Tokens that outlive the session (OIDC Core 11).
pub(super) const OFFLINE_ACCESS: &str = "offline_access";
/// An OpenID Connect request (OIDC Core 3.1.2.1).
pub(super) const OPENID: &str = "openid";

/// Whether `token` is one scope. Commas are legal in RFC 6749, but here always mean a list that
/// was joined wrongly, so they are refused with that explanation.
pub(super) fn is_scope_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x2b | 0x2d..=0x5b | 0x5d..=0x7e))
}

/// The scopes in the order of the request, each once.
///
/// # Errors
/// `invalid_scope`: other separators than single spaces, characters outside the grammar, commas,
/// or more than 100 scopes.
pub fn parse_scope(text: &str) -> Result<Vec<String>, OAuthError> {
    let mut scopes: Vec<String> = Vec::new();
    for (count, token) in text.split(' ').enumerate() {
        if count >= MAX_SCOPES || !is_scope_token(token) {
            return Err(OAuthError::invalid_scope(Reason::ScopeMalformed));
        }
        if !scopes.iter().any(|known| known == token) {
            scopes.push(token.to_owned());
        }
    }
    Ok(scopes)
}

/// The scopes that a client asks a person for. The default scope is none at all (RFC 6749 §3.3).
/// `offline_access` is kept where it can have an effect and dropped elsewhere, as OIDC Core 11 asks:
/// it is never an error.
///
/// # Errors
/// `invalid_scope`.
pub(super) fn requested_of_person(client: &Client, requested: Option<&str>) -> Result<Vec<String>, OAuthError> {
    let Some(text) = requested else {
        return Ok(Vec::new());
    };
    let mut scope = parse_scope(text)?;
    let offline = client.allows_grant(GrantType::RefreshToken)
        && client.settings.scope.iter().any(|allowed| allowed == OFFLINE_ACCESS);
    scope.retain(|scope| offline || scope != OFFLINE_ACCESS);
    check_allowed(client, &scope)?;
    Ok(scope)
}

/// Every scope is one that the client is registered for.
///
/// # Errors
/// `invalid_scope`.
pub fn check_allowed(client: &Client, scopes: &[String]) -> Result<(), OAuthError> {
    if scopes.iter().all(|scope| client.settings.scope.contains(scope)) {
        Ok(())
    } else {
        Err(OAuthError::new(ErrorCode::InvalidScope, Reason::ScopeNotAllowed))
    }
}

/// The scopes of a refresh: what is asked for within what was granted, or all that was granted
/// (RFC 6749 §6). A client repeats the scope of its first request, so `offline_access` that was
/// dropped there is dropped here too, never refused.
///
/// # Errors
/// `invalid_scope`: malformed, or more than was granted.
pub fn narrow(requested: Option<&str>, granted: &[String]) -> Result<Vec<String>, OAuthError> {
    let Some(requested) = requested else {
        return Ok(granted.to_vec());
    };
    let mut scopes = parse_scope(requested)?;
    scopes.retain(|scope| scope != OFFLINE_ACCESS || granted.contains(scope));
    if scopes.is_empty() || scopes.iter().any(|scope| !granted.contains(scope)) {
        return Err(OAuthError::invalid_scope(Reason::ScopeExceedsGrant));
    }
    Ok(scopes)
}

#[cfg(test)]
mod tests;
