//! What a client asks for over the back channel (OpenID Connect CIBA Core 1.0 §7.1): which parameters
//! count, whom they name, and what a signed request says of itself (§7.1.1, FAPI-CIBA 5.2.2).

use serde_json::{Map, Value};

use super::{
    AuthorizationRequest, ErrorCode, OAuthError, Params, RequestObjects, allowed_algorithms,
    authorization_request::parse_deferred_request,
    check_request_object_type,
    deferred::check_restrictions_honoured,
    request_object::{MAX_LIFETIME, check_times, inside, is_about, longest_life},
};
use crate::{
    Secret, Timestamp,
    entity::{Client, DeferredKind, TokenDeliveryMode},
    jose::{SigningAlgorithm, names_audience, numeric_date},
    trace::Reason,
};

/// How long a person has to answer, in seconds, if the client wishes nothing else.
pub const BACKCHANNEL_LIFETIME: i64 = 600;
/// The longest time that a client may wish, in seconds.
pub const MAX_BACKCHANNEL_LIFETIME: i64 = 3600;
/// The claim that ties an ID token to the request that it answers (CIBA §10.3.1).
pub const AUTH_REQ_ID_CLAIM: &str = "urn:openid:params:jwt:claim:auth_req_id";

/// The longest binding message: a person compares it at a glance.
const MAX_BINDING_MESSAGE: usize = 64;
/// The longest notification token (CIBA §7.1).
const MAX_NOTIFICATION_TOKEN: usize = 1024;
/// The parameters of the request: with `request`, none of them stands outside (CIBA §7.1.1).
const PARAMETERS: [&str; 13] = [
    "scope",
    "client_notification_token",
    "acr_values",
    "max_age",
    "login_hint_token",
    "id_token_hint",
    "login_hint",
    "binding_message",
    "user_code",
    "requested_expiry",
    "resource",
    "authorization_details",
    "dpop_jkt",
];

/// Whom a request is about.
#[derive(Clone, Debug)]
pub enum PersonHint {
    /// A username or an email address.
    Login(Secret<String>),
    /// An ID token of this server; not verified yet.
    IdToken(Secret<String>),
}

/// A request, understood. It has no `Debug`, as what it asks has none.
#[derive(Clone)]
pub struct BackchannelRequest {
    /// What is asked, with `openid` among the scopes; nobody has looked for its resources and details.
    pub asked: AuthorizationRequest,
    /// Whom it is about.
    pub person: PersonHint,
    /// What the person compares with what the app shows.
    pub binding_message: Option<String>,
    /// What a ping is authorized with; only of a client that is pinged.
    pub notification_token: Option<Secret<String>>,
    /// Seconds until it expires.
    pub lifetime: i64,
}

/// How the parameters come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried<'a> {
    /// As they are.
    Plain,
    /// In a JWT, which is signed with one of these.
    Signed(&'a str, Vec<SigningAlgorithm>),
}

/// Which parameters count: of a client that registered an algorithm, or whose security profile wants
/// requests signed, the signed ones alone.
///
/// # Errors
/// `invalid_request`.
pub fn check_carrier<'a>(params: &'a Params, client: &Client) -> Result<Carried<'a>, OAuthError> {
    let invalid = |reason| Err(OAuthError::invalid_request(reason));
    let required = client.profile_rules().is_some_and(|rules| rules.request_objects == RequestObjects::Required);
    let registered = client.settings.backchannel_authentication_request_signing_alg;
    let offered = match registered {
        Some(algorithm) => vec![algorithm],
        None if required => SigningAlgorithm::ALL.to_vec(),
        None => Vec::new(),
    };
    match params.find("request") {
        None if offered.is_empty() => Ok(Carried::Plain),
        None => invalid(Reason::BackchannelRequestUnsigned),
        Some(_) if offered.is_empty() => invalid(Reason::BackchannelRequestNotOffered),
        Some(_) if params.names().any(|name| PARAMETERS.contains(&name)) => invalid(Reason::BackchannelRequestMixed),
        Some(object) => Ok(Carried::Signed(object, allowed_algorithms(client, offered))),
    }
}

/// What makes a signed request one of a kind.
#[derive(Clone, Debug)]
pub struct SignedRequest {
    /// `jti`.
    pub jti: Secret<String>,
    /// After this it is refused for its age.
    pub expires_at: Timestamp,
}

/// What a verified request object says of itself: every claim is required.
///
/// # Errors
/// `invalid_request`, whatever is wrong.
pub fn check_signed_request(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    client: &Client,
    issuer: &str,
    now: Timestamp,
) -> Result<SignedRequest, OAuthError> {
    check_request_object_type(header).map_err(as_invalid_request)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let time = |name: &str| {
        numeric_date(claims, name).ok().flatten().ok_or(OAuthError::invalid_request(Reason::RequestObjectClaims))
    };
    let (_, _, end) = (time("iat")?, time("nbf")?, time("exp")?);
    let ours =
        text("iss") == Some(client.client_id.as_str()) && names_audience(claims.get("aud"), &[issuer.to_owned()]);
    let (true, false, Some(jti)) = (ours, is_about(claims, client), text("jti")) else {
        return Err(OAuthError::invalid_request(Reason::RequestObjectClaims));
    };
    // FAPI-CIBA 5.2.2 bounds the life of every such request as FAPI does; a profile may bound it further.
    check_times(claims, longest_life(client).or(Some(MAX_LIFETIME)), now).map_err(as_invalid_request)?;
    Ok(SignedRequest { jti: Secret::from(jti), expires_at: end })
}

/// The parameters in a request object.
///
/// # Errors
/// `invalid_request`.
pub fn signed_parameters(claims: &Map<String, Value>) -> Result<Params, OAuthError> {
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err(OAuthError::invalid_request(Reason::RequestObjectNested));
    }
    let inside = inside(claims).map_err(as_invalid_request)?;
    let pairs: Vec<(&str, &str)> = inside.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Params::from_pairs(&pairs).map_err(|_| OAuthError::invalid_request(Reason::RequestObjectValue))
}

/// The one code for everything that is wrong with a request object here (CIBA §13).
const fn as_invalid_request(error: OAuthError) -> OAuthError {
    OAuthError::invalid_request(error.reason)
}

impl BackchannelRequest {
    /// Reads the parameters that count.
    ///
    /// # Errors
    /// CIBA §13: `invalid_request`, `invalid_scope`, `invalid_binding_message`; `invalid_target`,
    /// `invalid_authorization_details`.
    pub fn parse(params: &Params, client: &Client) -> Result<Self, OAuthError> {
        check_restrictions_honoured(params, DeferredKind::Backchannel)?;
        if params.find("user_code").is_some() {
            return Err(OAuthError::invalid_request(Reason::BackchannelUserCode));
        }
        let person = parse_hint(params)?;
        let asked = parse_deferred_request(params, client)?;
        if !asked.is_openid() {
            return Err(OAuthError::invalid_scope(Reason::BackchannelScope));
        }
        Ok(Self {
            asked,
            person,
            binding_message: parse_binding_message(params.find("binding_message"))?,
            notification_token: parse_notification_token(params, client)?,
            lifetime: parse_expiry(params.find("requested_expiry"))?,
        })
    }
}

/// Exactly one hint, of those that are understood here (CIBA §7.1).
fn parse_hint(params: &Params) -> Result<PersonHint, OAuthError> {
    match (params.find("login_hint"), params.find("id_token_hint"), params.find("login_hint_token")) {
        (Some(login), None, None) => Ok(PersonHint::Login(Secret::from(login))),
        (None, Some(token), None) => Ok(PersonHint::IdToken(Secret::from(token))),
        _ => Err(OAuthError::invalid_request(Reason::BackchannelHint)),
    }
}

/// Plain letters only: what two screens show must look the same on both, and nothing else may look
/// like it.
fn parse_binding_message(sent: Option<&str>) -> Result<Option<String>, OAuthError> {
    match sent {
        None => Ok(None),
        Some(text) if text.len() <= MAX_BINDING_MESSAGE && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
            Ok(Some(text.to_owned()))
        }
        Some(_) => Err(OAuthError::new(ErrorCode::InvalidBindingMessage, Reason::BindingMessageMalformed)),
    }
}

/// A token of RFC 6750 §2.1, required of whoever is pinged.
fn parse_notification_token(params: &Params, client: &Client) -> Result<Option<Secret<String>>, OAuthError> {
    if client.settings.token_delivery_mode() == TokenDeliveryMode::Poll {
        return Ok(None);
    }
    let of_bearer = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let well_formed = |text: &str| {
        let body = text.trim_end_matches('=');
        text.len() <= MAX_NOTIFICATION_TOKEN && !body.is_empty() && body.bytes().all(of_bearer)
    };
    match params.find("client_notification_token").filter(|text| well_formed(text)) {
        Some(token) => Ok(Some(Secret::from(token))),
        None => Err(OAuthError::invalid_request(Reason::NotificationToken)),
    }
}

/// A wish for longer than is possible is cut: the answer says for how long it is.
fn parse_expiry(sent: Option<&str>) -> Result<i64, OAuthError> {
    let Some(text) = sent else { return Ok(BACKCHANNEL_LIFETIME) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<i64>().ok().filter(|seconds| digits && *seconds > 0) {
        Some(seconds) => Ok(seconds.min(MAX_BACKCHANNEL_LIFETIME)),
        None => Err(OAuthError::invalid_request(Reason::RequestedExpiry)),
    }
}

#[cfg(test)]
mod tests;
