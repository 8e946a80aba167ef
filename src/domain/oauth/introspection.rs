//! Token introspection: who may ask, and what the answer says (RFC 7662 §2).

use serde_json::{Map, Value, json};

use super::{Actor, Confirmation, OAuthError};
use crate::{Timestamp, entity::Client, ids::ClientId, trace::Reason};

/// Whether the asking client may learn about the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// Tell what is known.
    Tell,
    /// Answer as for an unknown token: an error would confirm that it exists (RFC 7662 §4).
    Withhold,
}

/// Confidential clients learn about their own tokens, and about others' if they are registered
/// to. `token_client` is whose token it is, if it is one.
///
/// # Errors
/// `invalid_client` for public clients, which cannot prove who they are.
pub fn check_may_introspect(client: &Client, token_client: Option<&ClientId>) -> Result<Disclosure, OAuthError> {
    if !client.is_confidential() {
        return Err(OAuthError::invalid_client(Reason::IntrospectionNotAllowed));
    }
    Ok(match token_client {
        Some(owner) if *owner == client.client_id || client.settings.may_introspect => Disclosure::Tell,
        _ => Disclosure::Withhold,
    })
}

/// What is known of a token that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introspected {
    /// What it allows.
    pub scope: Vec<String>,
    /// To whom it was issued.
    pub client_id: ClientId,
    /// The person's name here, if the token is about a person.
    pub username: Option<String>,
    /// `Bearer` or `DPoP` for access tokens; refresh tokens have none.
    pub token_type: Option<&'static str>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it begins, if later.
    pub not_before: Option<Timestamp>,
    /// The `sub`.
    pub subject: Option<String>,
    /// For whom it is.
    pub audience: Vec<String>,
    /// This server.
    pub issuer: String,
    /// Its identifier, if it has one.
    pub jti: Option<String>,
    /// When the person authenticated (RFC 9470 §6.2).
    pub auth_time: Option<Timestamp>,
    /// How strongly (RFC 9470 §6.2).
    pub acr: Option<String>,
    /// By which means (RFC 8176).
    pub amr: Vec<String>,
    /// What it is bound to (RFC 8705 §3.2, RFC 9449 §6.2).
    pub confirmation: Confirmation,
    /// What was granted in detail (RFC 9396 §9.2).
    pub authorization_details: Vec<Value>,
    /// Who acts for the subject, if somebody does (RFC 8693 §4.1).
    pub actor: Option<Actor>,
}

impl Introspected {
    /// The members of the response; what is not known is left out, never null or empty.
    pub fn response(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("active".to_owned(), Value::Bool(true));
        let mut tell = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        let seconds = |time: Timestamp| json!(time.seconds());
        tell("scope", (!self.scope.is_empty()).then(|| json!(self.scope.join(" "))));
        tell("client_id", Some(json!(self.client_id)));
        tell("username", self.username.as_ref().map(|name| json!(name)));
        tell("token_type", self.token_type.map(|kind| json!(kind)));
        tell("exp", Some(seconds(self.expires_at)));
        tell("iat", Some(seconds(self.issued_at)));
        tell("nbf", self.not_before.map(seconds));
        tell("sub", self.subject.as_ref().map(|subject| json!(subject)));
        tell("aud", super::access_token::audience_value(&self.audience));
        tell("iss", Some(json!(self.issuer)));
        tell("jti", self.jti.as_ref().map(|jti| json!(jti)));
        tell("auth_time", self.auth_time.map(seconds));
        tell("cnf", self.confirmation.claim());
        tell("acr", self.acr.as_ref().map(|acr| json!(acr)));
        tell("amr", (!self.amr.is_empty()).then(|| json!(self.amr)));
        let details = &self.authorization_details;
        tell("authorization_details", (!details.is_empty()).then(|| json!(details)));
        tell("act", self.actor.as_ref().map(Actor::claim));
        members
    }
}

/// The claims of an answer that is a JWT (RFC 9701 §5): `sub` and `exp` are left out, so that it
/// cannot pass for an access token.
pub fn introspection_claims(
    issuer: &str,
    caller: &ClientId,
    now: Timestamp,
    members: Map<String, Value>,
) -> Map<String, Value> {
    let claims = [
        ("iss", json!(issuer)),
        ("aud", json!(caller)),
        ("iat", json!(now.seconds())),
        ("token_introspection", Value::Object(members)),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The answer about anything else: expired, revoked, unknown, or not the caller's to know.
pub fn inactive() -> Map<String, Value> {
    Map::from_iter([("active".to_owned(), Value::Bool(false))])
}

#[cfg(test)]
mod tests;
