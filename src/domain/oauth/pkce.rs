//! Proof Key for Code Exchange, S256 only (RFC 7636, RFC 9700 §2.1.1 and §4.8.2).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{AuthorizationRequest, OAuthError};
use crate::{entity::Client, trace::Reason};

/// The challenge of an authorization request, if one was sent.
///
/// # Errors
/// `invalid_request`: absent where it is required; a method other than S256 (no method means
/// `plain`); not the base64url form of a SHA-256 hash; or a method without a challenge, which is
/// what a stripped challenge looks like.
pub fn parse_challenge(
    client: &Client,
    challenge: Option<&str>,
    method: Option<&str>,
) -> Result<Option<String>, OAuthError> {
    match (challenge, method) {
        (None, _) if client.requires_pkce() => Err(OAuthError::invalid_request(Reason::PkceRequired)),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(OAuthError::invalid_request(Reason::PkceChallengeMalformed)),
        (Some(challenge), Some("S256")) => match URL_SAFE_NO_PAD.decode(challenge) {
            Ok(hash) if hash.len() == 32 => Ok(Some(challenge.to_owned())),
            _ => Err(OAuthError::invalid_request(Reason::PkceChallengeMalformed)),
        },
        (Some(_), _) => Err(OAuthError::invalid_request(Reason::PkceMethodUnsupported)),
    }
}

/// A pushed request has a challenge where the client's security profile wants one of those, even if it wants none of
/// others (FAPI 1.0 Advanced 5.2.2-18).
///
/// # Errors
/// `invalid_request`.
pub fn check_pushed_challenge(client: &Client, request: &AuthorizationRequest) -> Result<(), OAuthError> {
    let wanted = request.response_type.has_code() && client.profile_rules().is_some_and(|rules| rules.pkce_when_pushed);
    if wanted && request.code_challenge.is_none() {
        return Err(OAuthError::invalid_request(Reason::PkceRequiredInPush));
    }
    Ok(())
}

/// The verifier of a token request belongs to the stored challenge, and neither comes alone.
///
/// # Errors
/// `invalid_grant`.
pub fn check_verifier(stored: Option<&str>, verifier: Option<&str>) -> Result<(), OAuthError> {
    let (challenge, verifier) = match (stored, verifier) {
        (None, None) => return Ok(()),
        (Some(_), None) => return Err(OAuthError::invalid_grant(Reason::PkceVerifierMissing)),
        (None, Some(_)) => return Err(OAuthError::invalid_grant(Reason::PkceVerifierUnexpected)),
        (Some(challenge), Some(verifier)) => (challenge, verifier),
    };
    let computed = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    if is_verifier(verifier) && bool::from(computed.as_bytes().ct_eq(challenge.as_bytes())) {
        Ok(())
    } else {
        Err(OAuthError::invalid_grant(Reason::PkceVerifierMismatch))
    }
}

/// RFC 7636 §4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests;
