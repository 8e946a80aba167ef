//! How a client says who it is, and the claims that prove it (RFC 6749 §2.3, RFC 7521 §4.2,
//! RFC 7523 §3, OIDC Core 9). Secrets, signatures and replays are checked by the service.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value};

use super::{OAuthError, Params, encoding};
use crate::{
    Secret, Timestamp,
    entity::{AuthMethod, Client},
    ids::ClientId,
    jose::{JwtKind, names_audience, numeric_date},
    strict_json,
    trace::Reason,
};

/// The one `client_assertion_type` (RFC 7523 §2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest Authorization header and the longest assertion, in bytes.
const MAX_CREDENTIAL: usize = 16 * 1024;
/// The furthest `exp`, in seconds: replays are remembered until then. An hour is what Authlib and
/// others sign by default.
const MAX_ASSERTION_LIFETIME: i64 = 3600;
/// How far the client's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;
/// Of these every request object has one, through the browser or over the back channel; no client says so
/// of itself.
const OF_A_REQUEST: [&str; 3] = ["response_type", "redirect_uri", "scope"];

/// Credentials as presented, before anything about them is believed.
#[derive(Debug)]
pub enum Presented {
    /// A secret in the Authorization header.
    Basic {
        /// Who it claims to be.
        client_id: ClientId,
        /// The proof.
        secret: Secret<String>,
    },
    /// A secret in the form.
    Post {
        /// Who it claims to be.
        client_id: ClientId,
        /// The proof.
        secret: Secret<String>,
    },
    /// A signed assertion.
    Assertion {
        /// Who it claims to be; if absent, [`unverified_subject`] tells whose keys to try.
        client_id: Option<ClientId>,
        /// The compact JWS.
        assertion: Secret<String>,
    },
    /// A name only.
    Public {
        /// Who it claims to be.
        client_id: ClientId,
    },
}

impl Presented {
    /// Reads the credentials from the Authorization header and the form.
    ///
    /// # Errors
    /// `invalid_request` if more than one method was used or header and form name different
    /// clients (RFC 6749 §5.2); `invalid_client` for everything else.
    pub fn parse(authorization: Option<&str>, params: &Params) -> Result<Self, OAuthError> {
        let client_id = params.find("client_id").map(ClientId::new);
        let secret = params.find("client_secret");
        let (assertion, assertion_type) = (params.find("client_assertion"), params.find("client_assertion_type"));
        let asserted = assertion.is_some() || assertion_type.is_some();
        match (authorization, secret, asserted) {
            (Some(header), None, false) => Self::from_basic(header, client_id),
            (None, Some(secret), false) => {
                let client_id = client_id.ok_or(refused(Reason::ClientAuthenticationMissing))?;
                Ok(Self::Post { client_id, secret: Secret::from(secret) })
            }
            (None, None, true) => {
                if assertion_type != Some(CLIENT_ASSERTION_TYPE) {
                    return Err(refused(Reason::AssertionTypeUnsupported));
                }
                let assertion = assertion.ok_or(refused(Reason::AssertionMalformed))?;
                Ok(Self::Assertion { client_id, assertion: Secret::from(assertion) })
            }
            (None, None, false) => {
                let client_id = client_id.ok_or(refused(Reason::ClientAuthenticationMissing))?;
                Ok(Self::Public { client_id })
            }
            _ => Err(OAuthError::invalid_request(Reason::ClientAuthenticationAmbiguous)),
        }
    }

    /// Whether this is how a client of this method presents itself. A secret in the header and a
    /// secret in the form are the same proof, and libraries differ in which they send by default:
    /// either is taken. With which key an assertion was made is checked with that key alone.
    pub const fn fits(&self, method: AuthMethod) -> bool {
        match self {
            Self::Basic { .. } | Self::Post { .. } => {
                matches!(method, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost)
            }
            Self::Assertion { .. } => method.is_assertion(),
            // The proof, if one is needed, is the connection's certificate.
            Self::Public { .. } => matches!(method, AuthMethod::None) || method.needs_certificate(),
        }
    }

    /// Who the client claims to be, where it says so outside of an assertion.
    pub const fn client_id(&self) -> Option<&ClientId> {
        match self {
            Self::Basic { client_id, .. } | Self::Post { client_id, .. } | Self::Public { client_id } => {
                Some(client_id)
            }
            Self::Assertion { client_id, .. } => client_id.as_ref(),
        }
    }

    /// RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. An id that the form
    /// repeats is tolerated, another one is not. An empty secret may as well be left out there, and is none here:
    /// programs that know one way only name public clients so, and of no other client it is a proof.
    fn from_basic(header: &str, in_form: Option<ClientId>) -> Result<Self, OAuthError> {
        let (client_id, secret) = decode_basic(header).ok_or(refused(Reason::ClientAuthenticationMalformed))?;
        if in_form.is_some_and(|other| other != client_id) {
            return Err(OAuthError::invalid_request(Reason::ClientAuthenticationAmbiguous));
        }
        Ok(if secret.expose().is_empty() { Self::Public { client_id } } else { Self::Basic { client_id, secret } })
    }
}

fn decode_basic(header: &str) -> Option<(ClientId, Secret<String>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") || encoded.len() > MAX_CREDENTIAL {
        return None;
    }
    let joined = Secret::new(STANDARD.decode(encoded).ok()?);
    let mut halves = joined.expose().splitn(2, |byte| *byte == b':');
    let client_id = encoding::decode(halves.next()?, MAX_CREDENTIAL).filter(|id| !id.is_empty())?;
    let secret = encoding::decode(halves.next()?, MAX_CREDENTIAL)?;
    Some((ClientId::new(client_id), Secret::new(secret)))
}

/// The client exists and is in use. Outside, both failures read like a wrong secret.
///
/// # Errors
/// `invalid_client`.
pub fn check_client_usable(client: Option<&Client>) -> Result<&Client, OAuthError> {
    client.filter(|client| client.enabled).ok_or(refused(Reason::ClientUnknown))
}

/// The client used the method it is registered for, which is one of its security profile.
///
/// # Errors
/// `invalid_client`.
pub fn check_method(client: &Client, presented: &Presented) -> Result<(), OAuthError> {
    let method = client.settings.token_endpoint_auth_method;
    let in_profile = client.profile_rules().is_none_or(|rules| rules.auth_methods.contains(&method));
    if in_profile && presented.fits(method) { Ok(()) } else { Err(refused(Reason::ClientMethodMismatch)) }
}

/// What must be remembered of an accepted assertion, so that it is accepted once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionFacts {
    /// Its `jti`.
    pub jti: String,
    /// After this it is refused anyway.
    pub expires_at: Timestamp,
}

/// Whether a JWT that the client signed was signed to authenticate it, and not for something else that
/// clients sign (RFC 8725 §3.11 and §3.12): a request object may have every claim of an assertion.
///
/// # Errors
/// `invalid_client`.
pub fn check_assertion_kind(header: &Map<String, Value>, claims: &Map<String, Value>) -> Result<(), OAuthError> {
    let asks = OF_A_REQUEST.iter().any(|name| claims.contains_key(*name));
    if JwtKind::ClientAssertion.admits(header) && !asks { Ok(()) } else { Err(refused(Reason::AssertionKind)) }
}

/// The claims of an assertion whose signature was verified with the client's key.
/// `audiences` are the issuer and the addresses that clients use in its place.
///
/// # Errors
/// `invalid_client`.
pub fn check_assertion(
    client_id: &ClientId,
    claims: &Map<String, Value>,
    audiences: &[String],
    now: Timestamp,
) -> Result<AssertionFacts, OAuthError> {
    let is_client = |name| claims.get(name).and_then(Value::as_str) == Some(client_id.as_str());
    let jti = claims.get("jti").and_then(Value::as_str).filter(|jti| (1..=256).contains(&jti.len()));
    let (Some(jti), Some(expires_at)) = (jti, date(claims, "exp")?) else {
        return Err(refused(Reason::AssertionClaims));
    };
    if !is_client("iss") || !is_client("sub") || !names_audience(claims.get("aud"), audiences) {
        return Err(refused(Reason::AssertionClaims));
    }
    let latest = now.plus_seconds(LEEWAY);
    for begin in [date(claims, "nbf")?, date(claims, "iat")?].into_iter().flatten() {
        if begin > latest {
            return Err(refused(Reason::AssertionExpired));
        }
    }
    if expires_at <= now {
        return Err(refused(Reason::AssertionExpired));
    }
    if expires_at > latest.plus_seconds(MAX_ASSERTION_LIFETIME) {
        return Err(refused(Reason::AssertionClaims));
    }
    Ok(AssertionFacts { jti: jti.to_owned(), expires_at })
}

/// The audience is the issuer as a single text, for clients that may name nothing else or beside it:
/// by their settings, or by their security profile.
///
/// # Errors
/// `invalid_client`.
pub fn check_audience_is_text(client: &Client, claims: &Map<String, Value>, issuer: &str) -> Result<(), OAuthError> {
    let of_profile = client.profile_rules().is_some_and(|rules| rules.assertion_audience.is_some());
    if claims.get("aud").and_then(Value::as_str) == Some(issuer) {
        return Ok(());
    }
    Err(refused(if of_profile { Reason::ProfileAudience } else { Reason::AssertionClaims }))
}

fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, OAuthError> {
    numeric_date(claims, name).map_err(|_| refused(Reason::AssertionClaims))
}

/// The `sub` that an assertion claims, to find the keys to verify it with. Nothing else may be
/// concluded from it.
pub fn unverified_subject(assertion: &str) -> Option<ClientId> {
    unverified_text(assertion, "sub").map(ClientId::new)
}

/// The `iss` that an assertion claims, to find the keys to verify it with. Nothing else may be
/// concluded from it.
pub fn unverified_issuer(assertion: &str) -> Option<String> {
    unverified_text(assertion, "iss")
}

fn unverified_text(assertion: &str, name: &str) -> Option<String> {
    if assertion.len() > MAX_CREDENTIAL {
        return None;
    }
    let mut parts = assertion.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = strict_json::parse_object(&URL_SAFE_NO_PAD.decode(payload).ok()?)?;
    named(claims.get(name)?.as_str()?.to_owned())
}

/// JSON can name what no form can: a database may refuse NUL in any text.
fn named(text: String) -> Option<String> {
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}

const fn refused(reason: Reason) -> OAuthError {
    OAuthError::invalid_client(reason)
}

#[cfg(test)]
mod tests;
