//! What a DPoP proof must say (RFC 9449 §4.2 and §4.3). Its signature is checked with the key that it
//! brings along, its `jti` is used up and its nonce is opened by the service; the rules are here.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use url::Url;

use super::numeric_date;
use crate::{
    Timestamp,
    oauth::{ErrorCode, OAuthError},
    trace::Reason,
};

/// `typ` of a proof.
pub const PROOF_TYPE: &str = "dpop+jwt";
/// A nonce is accepted for so long, in seconds.
pub const NONCE_SECONDS: i64 = 300;
/// A proof's `jti` is remembered for so long, in seconds: longer than any proof is accepted.
pub const REMEMBERED_SECONDS: i64 = 600;
/// How far a proof's `iat` may be from now, in seconds, either way.
const WINDOW: i64 = 60;
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 512;
/// A SHA-256 in base64url.
const THUMBPRINT_LENGTH: usize = 43;

/// What a proof is for.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The addresses at which the request may have arrived.
    pub targets: &'a [String],
    /// The access token that comes with it, if one does.
    pub access_token: Option<&'a str>,
    /// Whether only a nonce of this server shows that a proof is fresh.
    pub nonce_required: bool,
}

/// What became of the proof's nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonce {
    /// It has none.
    Absent,
    /// This server made it, a short while ago.
    Fresh,
    /// Anything else.
    Stale,
}

/// The one proof of a request.
///
/// # Errors
/// `invalid_dpop_proof` if there are two (RFC 9449 §4.3, item 1).
pub fn only_proof(headers: &[String]) -> Result<Option<&str>, OAuthError> {
    match headers {
        [] => Ok(None),
        [proof] => Ok(Some(proof)),
        _ => Err(refused(Reason::DpopProofMultiple)),
    }
}

/// The key in the header of a proof. That it is public, and of which type, shows when it is parsed.
///
/// # Errors
/// `invalid_dpop_proof` for another `typ`, or without a key.
pub fn check_header(header: &Map<String, Value>) -> Result<&Map<String, Value>, OAuthError> {
    if header.get("typ").and_then(Value::as_str) != Some(PROOF_TYPE) {
        return Err(refused(Reason::DpopProofMalformed));
    }
    header.get("jwk").and_then(Value::as_object).ok_or(refused(Reason::DpopProofKey))
}

/// The nonce of a proof.
///
/// # Errors
/// `invalid_dpop_proof` if it is not text.
pub fn nonce(claims: &Map<String, Value>) -> Result<Option<&str>, OAuthError> {
    match claims.get("nonce") {
        None => Ok(None),
        Some(Value::String(nonce)) => Ok(Some(nonce)),
        Some(_) => Err(refused(Reason::DpopProofMalformed)),
    }
}

/// The claims of a proof whose signature holds. Gives its `jti`, to be used up. With a fresh nonce the
/// client's clock does not matter (RFC 9449 §8): the nonce holds the time of this server and bounds the life
/// of the proof in place of `iat`, which may be any time (§11.1). Claims that are not known are nobody's
/// concern.
///
/// # Errors
/// `invalid_dpop_proof`, or `use_dpop_nonce`.
pub fn check_claims<'a>(
    claims: &'a Map<String, Value>,
    demand: &Demand<'_>,
    nonce: Nonce,
    now: Timestamp,
) -> Result<&'a str, OAuthError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).ok_or(refused(Reason::DpopProofMalformed));
    let jti = text("jti")?;
    if !(1..=MAX_JTI).contains(&jti.len()) {
        return Err(refused(Reason::DpopProofMalformed));
    }
    let (method, target) = (text("htm")?, text("htu")?);
    let issued_at = time(claims, "iat")?.ok_or(refused(Reason::DpopProofMalformed))?;
    if method != demand.method || !demand.targets.iter().any(|expected| is_same_target(expected, target)) {
        return Err(refused(Reason::DpopProofTarget));
    }
    if let Some(token) = demand.access_token
        && text("ath")? != URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
    {
        return Err(refused(Reason::DpopProofToken));
    }
    match nonce {
        Nonce::Stale => return Err(use_nonce()),
        Nonce::Absent if demand.nonce_required => return Err(use_nonce()),
        Nonce::Absent => check_time(claims, issued_at, now)?,
        Nonce::Fresh => {}
    }
    Ok(jti)
}

fn check_time(claims: &Map<String, Value>, issued_at: Timestamp, now: Timestamp) -> Result<(), OAuthError> {
    let (earliest, latest) = (now.plus_seconds(-WINDOW), now.plus_seconds(WINDOW));
    let ended = time(claims, "exp")?.is_some_and(|end| end < earliest);
    let not_begun = time(claims, "nbf")?.is_some_and(|begin| begin > latest);
    if issued_at < earliest || issued_at > latest || ended || not_begun {
        return Err(refused(Reason::DpopProofExpired));
    }
    Ok(())
}

fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, OAuthError> {
    numeric_date(claims, name).map_err(|_| refused(Reason::DpopProofMalformed))
}

/// Without query and fragment, case of scheme and host folded, default port left out (RFC 9449 §4.3,
/// item 9, and RFC 3986 §6.2.2 and §6.2.3).
fn is_same_target(expected: &str, sent: &str) -> bool {
    let bare = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    bare(expected).is_some_and(|expected| bare(sent) == Some(expected))
}

/// A `dpop_jkt` (RFC 9449 §10): the thumbprint of a key.
///
/// # Errors
/// `invalid_request` for any other text.
pub fn parse_thumbprint(text: &str) -> Result<String, OAuthError> {
    let well_formed = text.len() == THUMBPRINT_LENGTH && URL_SAFE_NO_PAD.decode(text).is_ok();
    if well_formed { Ok(text.to_owned()) } else { Err(OAuthError::invalid_request(Reason::DpopThumbprintMalformed)) }
}

/// `invalid_dpop_proof`.
pub const fn refused(reason: Reason) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidDpopProof, reason)
}

const fn use_nonce() -> OAuthError {
    OAuthError::new(ErrorCode::UseDpopNonce, Reason::DpopNonceRequired)
}

#[cfg(test)]
mod tests;
