//! The claims of JWT access tokens, written and read back (RFC 9068 §2.2 and §4).

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{Actor, Confirmation, ErrorCode, OAuthError, scope::parse_scope};
use crate::{
    Timestamp,
    entity::AuthenticationContext,
    ids::{ClientId, SessionId},
    trace::Reason,
};

/// How far another node's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokenClaims {
    /// This server.
    pub issuer: String,
    /// The person, or the client itself.
    pub subject: String,
    /// For whom it is; must not be empty.
    pub audience: Vec<String>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it is issued.
    pub issued_at: Timestamp,
    /// When it begins, if later.
    pub not_before: Option<Timestamp>,
    /// Its identifier.
    pub jti: String,
    /// To whom it is issued.
    pub client_id: ClientId,
    /// What it allows.
    pub scope: Vec<String>,
    /// How the person authenticated; none for a service.
    pub context: Option<AuthenticationContext>,
    /// In which session; none for a service.
    pub session_id: Option<SessionId>,
    /// The person's roles, if they are to be told.
    pub roles: Option<Vec<String>>,
    /// The person's groups, if they are to be told.
    pub groups: Option<Vec<String>>,
    /// What it is bound to.
    pub confirmation: Confirmation,
    /// What was granted in detail (RFC 9396 §9.1).
    pub authorization_details: Vec<Value>,
    /// Who acts for the subject, if somebody does (RFC 8693 §4.1).
    pub actor: Option<Actor>,
}

impl AccessTokenClaims {
    /// The payload of the JWT, as it is serialized; its header carries `typ: at+jwt`.
    pub fn payload(&self) -> Map<String, Value> {
        members_of(self)
    }
}

/// In the order in which they are told; what is not known is left out.
impl Serialize for AccessTokenClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut claims = serializer.serialize_map(None)?;
        claims.serialize_entry("iss", &self.issuer)?;
        claims.serialize_entry("sub", &self.subject)?;
        tell_audience(&mut claims, &self.audience)?;
        claims.serialize_entry("exp", &self.expires_at.seconds())?;
        claims.serialize_entry("iat", &self.issued_at.seconds())?;
        tell(&mut claims, "nbf", self.not_before.map(Timestamp::seconds))?;
        claims.serialize_entry("jti", &self.jti)?;
        claims.serialize_entry("client_id", &self.client_id)?;
        tell(&mut claims, "scope", (!self.scope.is_empty()).then(|| self.scope.join(" ")))?;
        if let Some(context) = &self.context {
            claims.serialize_entry("auth_time", &context.auth_time.seconds())?;
            claims.serialize_entry("acr", &context.acr)?;
            claims.serialize_entry("amr", &context.amr)?;
        }
        tell(&mut claims, "sid", self.session_id.as_ref())?;
        tell(&mut claims, "roles", self.roles.as_ref())?;
        tell(&mut claims, "cnf", (!self.confirmation.is_empty()).then_some(&self.confirmation))?;
        tell(&mut claims, "groups", self.groups.as_ref())?;
        let details = &self.authorization_details;
        tell(&mut claims, "authorization_details", (!details.is_empty()).then_some(details))?;
        tell(&mut claims, "act", self.actor.as_ref().map(Actor::claim))?;
        claims.end()
    }
}

/// A member, if there is something to tell.
pub(super) fn tell<M: SerializeMap>(
    members: &mut M,
    name: &str,
    value: Option<impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| members.serialize_entry(name, &value))
}

/// One audience is a string, several are an array (RFC 7519 §4.1.3); none is no claim.
pub(super) fn tell_audience<M: SerializeMap>(members: &mut M, audience: &[String]) -> Result<(), M::Error> {
    match audience {
        [] => Ok(()),
        [one] => members.serialize_entry("aud", one),
        many => members.serialize_entry("aud", many),
    }
}

/// The members of what serializes as an object.
pub(super) fn members_of(told: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(told) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// An access token of this server that has not expired. Whether it was revoked is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAccessToken {
    /// The person, or the client itself.
    pub subject: String,
    /// To whom it was issued.
    pub client_id: ClientId,
    /// For whom it is.
    pub audience: Vec<String>,
    /// What it allows.
    pub scope: Vec<String>,
    /// Its identifier.
    pub jti: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// In which session.
    pub session_id: Option<SessionId>,
    /// When the person authenticated.
    pub auth_time: Option<Timestamp>,
    /// How strongly.
    pub acr: Option<String>,
    /// By which means.
    pub amr: Vec<String>,
    /// What it is bound to.
    pub confirmation: Confirmation,
    /// What was granted in detail.
    pub authorization_details: Vec<Value>,
    /// Who acts for the subject, if somebody does.
    pub actor: Option<Actor>,
}

impl VerifiedAccessToken {
    /// Whether the token allows this.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.iter().any(|granted| granted == scope)
    }

    /// Whether the token is for this audience: whoever takes one that is not would let the one that it is
    /// for act here (RFC 9068 §4, RFC 8707 §2).
    ///
    /// # Errors
    /// `invalid_token`.
    pub fn check_audience(&self, audience: &str) -> Result<(), OAuthError> {
        if self.audience.iter().any(|named| named == audience) {
            Ok(())
        } else {
            Err(OAuthError::new(ErrorCode::InvalidToken, Reason::BearerAudience))
        }
    }
}

/// The claims of a JWT whose signature was verified with one of this server's own keys and whose
/// header says `at+jwt`: an ID token must not pass for an access token.
///
/// # Errors
/// `invalid_token`.
pub fn check_own_access_token(
    claims: &Map<String, Value>,
    issuer: &str,
    now: Timestamp,
) -> Result<VerifiedAccessToken, OAuthError> {
    check(Told::deserialize(claims).ok(), issuer, now)
}

/// The claims of an opaque token, as its row has them.
///
/// # Errors
/// `invalid_token`.
pub fn check_stored_access_token(
    claims: &str,
    issuer: &str,
    now: Timestamp,
) -> Result<VerifiedAccessToken, OAuthError> {
    check(serde_json::from_str(claims).ok(), issuer, now)
}

fn check(told: Option<Told>, issuer: &str, now: Timestamp) -> Result<VerifiedAccessToken, OAuthError> {
    told.and_then(|told| told.verified(issuer, now))
        .ok_or(OAuthError::new(ErrorCode::InvalidToken, Reason::BearerInvalid))
}

/// The claims that are read. One of the wrong type, or null, is not an absent one.
#[derive(Deserialize)]
struct Told {
    iss: String,
    sub: String,
    client_id: ClientId,
    aud: Audience,
    jti: String,
    iat: i64,
    exp: i64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<i64>,
    #[serde(default, deserialize_with = "present")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "present")]
    sid: Option<SessionId>,
    #[serde(default, deserialize_with = "present")]
    auth_time: Option<i64>,
    #[serde(default, deserialize_with = "present")]
    acr: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    cnf: Option<Confirmation>,
    #[serde(default, deserialize_with = "present")]
    authorization_details: Option<Vec<Value>>,
    #[serde(default, deserialize_with = "present")]
    act: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Told {
    fn verified(self, issuer: &str, now: Timestamp) -> Option<VerifiedAccessToken> {
        let (issued_at, expires_at) = (Timestamp::from_seconds(self.iat), Timestamp::from_seconds(self.exp));
        let begins_at = self.nbf.map_or(issued_at, Timestamp::from_seconds);
        let latest = now.plus_seconds(LEEWAY);
        if self.iss != issuer || now >= expires_at || issued_at > latest || begins_at > latest {
            return None;
        }
        // A binding to nothing would be no binding.
        if self.cnf.as_ref().is_some_and(Confirmation::is_empty) {
            return None;
        }
        Some(VerifiedAccessToken {
            subject: self.sub,
            client_id: self.client_id,
            audience: match self.aud {
                Audience::One(one) => vec![one],
                Audience::Many(many) => many,
            },
            scope: self.scope.map_or(Ok(Vec::new()), |scope| parse_scope(&scope)).ok()?,
            jti: self.jti,
            issued_at,
            expires_at,
            session_id: self.sid,
            auth_time: self.auth_time.map(Timestamp::from_seconds),
            acr: self.acr,
            amr: self.amr,
            confirmation: self.cnf.unwrap_or_default(),
            authorization_details: self.authorization_details.unwrap_or_default(),
            actor: match &self.act {
                Some(claim) => Some(Actor::read(claim)?),
                None => None,
            },
        })
    }
}

#[cfg(test)]
mod tests;
