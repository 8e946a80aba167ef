//! The claims of JWT access tokens, written and read back (RFC 9068 §2.2 and §4).

use serde_json::{Map, Value, json};

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
    /// The payload of the JWT; its header carries `typ: at+jwt`.
    pub fn payload(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value);
            }
        };
        claim("iss", Some(json!(self.issuer)));
        claim("sub", Some(json!(self.subject)));
        claim("aud", audience_value(&self.audience));
        claim("exp", Some(json!(self.expires_at.seconds())));
        claim("iat", Some(json!(self.issued_at.seconds())));
        claim("nbf", self.not_before.map(|time| json!(time.seconds())));
        claim("jti", Some(json!(self.jti)));
        claim("client_id", Some(json!(self.client_id)));
        claim("scope", (!self.scope.is_empty()).then(|| json!(self.scope.join(" "))));
        if let Some(context) = &self.context {
            claim("auth_time", Some(json!(context.auth_time.seconds())));
            claim("acr", Some(json!(context.acr)));
            claim("amr", Some(json!(context.amr)));
        }
        claim("sid", self.session_id.as_ref().map(|sid| json!(sid)));
        claim("roles", self.roles.as_ref().map(|roles| json!(roles)));
        claim("cnf", self.confirmation.claim());
        claim("groups", self.groups.as_ref().map(|groups| json!(groups)));
        let details = &self.authorization_details;
        claim("authorization_details", (!details.is_empty()).then(|| json!(details)));
        claim("act", self.actor.as_ref().map(Actor::claim));
        claims
    }
}

/// One audience is a string, several are an array (RFC 7519 §4.1.3); none is no claim.
pub(super) fn audience_value(audience: &[String]) -> Option<Value> {
    match audience {
        [] => None,
        [one] => Some(json!(one)),
        many => Some(json!(many)),
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
    let texts = |value: &Value| -> Option<Vec<String>> {
        value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
    };
    let audience = match claims.get("aud")? {
        Value::String(one) => vec![one.clone()],
        many @ Value::Array(_) => texts(many)?,
        _ => return None,
    };
    let scope = if claims.contains_key("scope") { parse_scope(text("scope")?).ok()? } else { Vec::new() };
    let amr = match claims.get("amr") {
        Some(means) => texts(means)?,
        None => Vec::new(),
    };
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
        amr,
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
