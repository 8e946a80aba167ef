//! The claims of JWT access tokens, written and read back (RFC 9068 §2.2 and §4).

use serde::{Serialize, Serializer, ser::SerializeMap};
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
    read(claims, issuer, now).ok_or(OAuthError::new(ErrorCode::InvalidToken, Reason::BearerInvalid))
}

fn read(claims: &Map<String, Value>, issuer: &str, now: Timestamp) -> Option<VerifiedAccessToken> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(Value::as_i64).map(Timestamp::from_seconds);
    let latest = now.plus_seconds(LEEWAY);
    let (issued_at, expires_at) = (time("iat")?, time("exp")?);
    // A claim of the wrong type is not an absent claim.
    let begins_at = if claims.contains_key("nbf") { time("nbf")? } else { issued_at };
    if text("iss")? != issuer || now >= expires_at || issued_at > latest || begins_at > latest {
        return None;
    }
    let audience = match claims.get("aud")? {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<_>>()?,
        _ => return None,
    };
    let scope = if claims.contains_key("scope") { parse_scope(text("scope")?).ok()? } else { Vec::new() };
    let authorization_details = match claims.get("authorization_details") {
        Some(Value::Array(details)) => details.clone(),
        Some(_) => return None,
        None => Vec::new(),
    };
    Some(VerifiedAccessToken {
        subject: text("sub")?.to_owned(),
        client_id: ClientId::new(text("client_id")?),
        audience,
        scope,
        jti: text("jti")?.to_owned(),
        issued_at,
        expires_at,
        session_id: text("sid").map(SessionId::new),
        auth_time: time("auth_time"),
        acr: text("acr").map(str::to_owned),
        confirmation: Confirmation::of_claims(claims)?,
        authorization_details,
        actor: match claims.get("act") {
            Some(claim) => Some(Actor::read(claim)?),
            None => None,
        },
    })
}

#[cfg(test)]
mod tests;
