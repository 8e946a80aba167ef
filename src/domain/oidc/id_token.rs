//! The claims of an ID token (OIDC Core 2, 3.1.3.6), and what an `id_token_hint` is believed (3.1.2.1).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::{
    Timestamp,
    entity::AuthenticationContext,
    ids::{ClientId, SessionId, UserId},
    jose::SigningAlgorithm,
    oauth::OAuthError,
    trace::Reason,
};

/// The claims that ID tokens carry besides `sub` and those about the person.
pub const PROTOCOL_CLAIMS: &[&str] =
    &["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash", "c_hash", "s_hash"];

/// Claims with a meaning for the protocol that an ID token of this server never carries: they belong
/// to access tokens, logout tokens and proofs, and tell those apart from ID tokens.
const FOREIGN_CLAIMS: &[&str] =
    &["nbf", "jti", "rt_hash", "events", "scope", "client_id", "cnf", "act", "may_act", "sub_id"];

/// What an ID token says.
#[derive(Clone, Debug)]
pub struct IdTokenFacts<'a> {
    /// `iss`: the issuer, exactly as configured.
    pub issuer: &'a str,
    /// `sub`: what the client knows the person by.
    pub subject: &'a str,
    /// `aud` and `azp`.
    pub client_id: &'a ClientId,
    /// `iat`.
    pub issued_at: Timestamp,
    /// Seconds until `exp`.
    pub lifetime: i64,
    /// The algorithm that it will be signed with; decides the hash of `at_hash`, `c_hash` and `s_hash`.
    pub algorithm: SigningAlgorithm,
    /// `auth_time`, `acr` and `amr`.
    pub context: &'a AuthenticationContext,
    /// `nonce`, only as it was sent.
    pub nonce: Option<&'a str>,
    /// `sid`.
    pub sid: Option<&'a SessionId>,
    /// The access token issued with it.
    pub access_token: Option<&'a str>,
    /// The code issued with it, from the authorization endpoint.
    pub code: Option<&'a str>,
    /// The state of the request, in an ID token that signs the response to it.
    pub state: Option<&'a str>,
    /// The claims about the person.
    pub extra: Map<String, Value>,
}

impl IdTokenFacts<'_> {
    /// The claims set. What the protocol means by a claim cannot be overwritten, or supplied where it
    /// is missing, by `extra`; nothing in it is null or empty text.
    pub fn claims(self) -> Map<String, Value> {
        let mut claims = self.extra;
        claims.retain(|name, value| !is_reserved(name) && !value.is_null() && value.as_str() != Some(""));
        let hash = |value: &str| URL_SAFE_NO_PAD.encode(self.algorithm.half_hash(value));
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("iss", self.issuer.into());
        set("sub", self.subject.into());
        set("aud", self.client_id.as_str().into());
        set("azp", self.client_id.as_str().into());
        set("iat", self.issued_at.seconds().into());
        set("exp", self.issued_at.plus_seconds(self.lifetime).seconds().into());
        set("auth_time", self.context.auth_time.seconds().into());
        if !self.context.acr.is_empty() {
            set("acr", self.context.acr.as_str().into());
        }
        if !self.context.amr.is_empty() {
            set("amr", self.context.amr.clone().into());
        }
        // A parameter sent without a value is treated as not sent (RFC 6749 §3.1).
        if let Some(nonce) = self.nonce.filter(|nonce| !nonce.is_empty()) {
            set("nonce", nonce.into());
        }
        if let Some(sid) = self.sid {
            set("sid", sid.as_str().into());
        }
        if let Some(access_token) = self.access_token {
            set("at_hash", hash(access_token).into());
        }
        if let Some(code) = self.code {
            set("c_hash", hash(code).into());
        }
        // FAPI 1.0 Advanced §5.2.2.1: the ID token as a detached signature over the response.
        if let Some(state) = self.state {
            set("s_hash", hash(state).into());
        }
        claims
    }
}

/// Whether only the protocol may set this claim.
fn is_reserved(claim: &str) -> bool {
    claim == "sub" || PROTOCOL_CLAIMS.contains(&claim) || FOREIGN_CLAIMS.contains(&claim)
}

/// What an ID token of this server says when it comes back as a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Whom it is about.
    pub subject: UserId,
    /// Whom it was issued to; never empty.
    pub client_ids: Vec<ClientId>,
    /// The session it came from.
    pub sid: Option<SessionId>,
}

/// Reads the claims of a hint whose signature was verified with one of this server's own keys. It
/// may have expired: it only says who is meant (OIDC Core 3.1.2.1, RP-Initiated Logout 1.0 §2).
/// Another kind of token signed with the same keys is no ID token.
///
/// # Errors
/// `invalid_request` with `Reason::IdTokenHintInvalid`.
pub fn check_own_id_token_hint(claims: &Map<String, Value>, issuer: &str) -> Result<Hint, OAuthError> {
    read_hint(claims, issuer).ok_or(OAuthError::invalid_request(Reason::IdTokenHintInvalid))
}

fn read_hint(claims: &Map<String, Value>, issuer: &str) -> Option<Hint> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let is_id_token = claims.get("auth_time").is_some_and(Value::is_i64)
        && claims.get("exp").is_some_and(Value::is_i64)
        && !FOREIGN_CLAIMS.iter().any(|foreign| claims.contains_key(*foreign));
    if !is_id_token || text("iss") != Some(issuer) {
        return None;
    }
    let client_ids: Vec<ClientId> = match claims.get("aud")? {
        Value::String(only) => vec![ClientId::new(only.as_str())],
        Value::Array(several) => {
            several.iter().map(|one| one.as_str().map(ClientId::new)).collect::<Option<Vec<_>>>()?
        }
        _ => return None,
    };
    if client_ids.is_empty() || client_ids.iter().any(|id| id.as_str().is_empty()) {
        return None;
    }
    let sid = match claims.get("sid") {
        None => None,
        Some(_) => Some(SessionId::new(text("sid")?)),
    };
    Some(Hint { subject: UserId::new(text("sub")?), client_ids, sid })
}

#[cfg(test)]
mod tests;
