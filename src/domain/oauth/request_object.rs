//! Request objects: the parameters of an authorization request in a JWT. Which of them count, what
//! the JWT must say of itself, and what its JSON means as parameters (OIDC Core 6, RFC 9101,
//! FAPI 2.0 Message Signing 5.3).
//!
//! A client is in one of two styles. By default the object wins and what it leaves out is taken from
//! outside (OIDC Core 6.1). With `require_signed_request_object` only what is inside counts
//! (RFC 9101 §6.3), and the object lives for an hour at most. A security profile may demand the same
//! of the object's times in either style.

use serde_json::{Map, Value};

use super::{ErrorCode, OAuthError, Params, RequestObjects, allowed_algorithms};
use crate::{
    Timestamp,
    entity::Client,
    jose::{JwtKind, RequestObjectAlgorithm, SigningAlgorithm, names_audience, numeric_date},
    trace::Reason,
};

/// How far the client's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;
/// How long an object may live, and how old it may be, where it must say so: an hour, in seconds.
pub(super) const MAX_LIFETIME: i64 = 3600;
/// The claims of the JWT itself (RFC 7519 §4.1). They are no parameters.
const OF_THE_JWT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
/// The parameters that bring the object.
const CARRIERS: [&str; 2] = ["request", "request_uri"];
/// The parameters that are JSON texts outside, and may be JSON itself inside.
const OBJECTS: [&str; 2] = ["claims", "registration"];
/// The same, for a list.
const LISTS: [&str; 1] = ["authorization_details"];
/// The parameter that may come more than once outside, and be a list inside (RFC 8707 §2.1).
const REPEATED: &str = "resource";

const fn refused(reason: Reason) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, reason)
}

/// The algorithms that this client may sign with.
pub fn request_object_algorithms(client: &Client, supported: &[SigningAlgorithm]) -> Vec<SigningAlgorithm> {
    let supported = supported.iter().copied();
    match client.settings.request_object_signing_alg {
        None => allowed_algorithms(client, supported),
        Some(RequestObjectAlgorithm::Unsigned) => Vec::new(),
        Some(RequestObjectAlgorithm::Signed(registered)) => {
            allowed_algorithms(client, supported.filter(|algorithm| *algorithm == registered))
        }
    }
}

/// How a request object comes (OIDC Core 6.1 and 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// In `request`.
    ByValue,
    /// At a `request_uri` that is registered for the client.
    ByReference,
}

/// Whether this client's objects may be unsigned: if it is registered so; and where nothing is registered, if the
/// object lies at an address that is, since whoever answers there is the client. No registered algorithm means any
/// (OIDC Registration 2), but a security profile may know better.
///
/// # Errors
/// `invalid_request_object` if it must sign, `request_not_supported` if nothing is registered.
pub fn check_may_be_unsigned(client: &Client, passing: Passing) -> Result<(), OAuthError> {
    let any = client.profile_rules().is_none_or(|rules| rules.request_objects == RequestObjects::Any);
    match (client.settings.request_object_signing_alg, client.settings.require_signed_request_object) {
        (Some(RequestObjectAlgorithm::Unsigned), false) => Ok(()),
        (None, false) if any && passing == Passing::ByReference => Ok(()),
        (None, false) => Err(OAuthError::new(ErrorCode::RequestNotSupported, Reason::RequestObjectUnsigned)),
        _ => Err(refused(Reason::RequestObjectUnsigned)),
    }
}

/// The type in the header, if there is one (RFC 9101 §10.8): a JWT of another kind is no request.
///
/// # Errors
/// `invalid_request_object`.
pub fn check_request_object_type(header: &Map<String, Value>) -> Result<(), OAuthError> {
    if JwtKind::RequestObject.admits(header) { Ok(()) } else { Err(refused(Reason::RequestObjectMalformed)) }
}

/// The parameters that count, of those in the object and those next to it.
///
/// # Errors
/// `invalid_request_object` if a value has a JSON type that its parameter has not.
pub fn request_object_parameters(
    claims: &Map<String, Value>,
    outside: &Params,
    client: &Client,
) -> Result<Params, OAuthError> {
    let inside = inside(claims)?;
    let mut pairs: Vec<(&str, &str)> = inside.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if !client.settings.require_signed_request_object {
        pairs.extend(outside.pairs().filter(|(name, _)| !claims.contains_key(*name) && !CARRIERS.contains(name)));
    }
    Params::from_pairs(&pairs).map_err(|_| refused(Reason::RequestObjectValue))
}

/// The claims that are parameters, as texts.
///
/// # Errors
/// As [`request_object_parameters`].
pub(super) fn inside(claims: &Map<String, Value>) -> Result<Vec<(&str, String)>, OAuthError> {
    let mut inside = Vec::new();
    for (name, value) in claims.iter().filter(|(name, _)| !OF_THE_JWT.contains(&name.as_str())) {
        read_parameter(name, value, &mut inside)?;
    }
    Ok(inside)
}

fn read_parameter<'a>(name: &'a str, value: &Value, into: &mut Vec<(&'a str, String)>) -> Result<(), OAuthError> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        // 3600.0 and 1e3 are other texts than the client meant.
        Value::Number(number) if !number.is_f64() => number.to_string(),
        Value::Object(_) if OBJECTS.contains(&name) => value.to_string(),
        Value::Array(_) if LISTS.contains(&name) => value.to_string(),
        Value::Array(items) if name == REPEATED => {
            for item in items {
                let text = item.as_str().ok_or(refused(Reason::RequestObjectValue))?;
                into.push((name, text.to_owned()));
            }
            return Ok(());
        }
        _ => return Err(refused(Reason::RequestObjectValue)),
    };
    into.push((name, text));
    Ok(())
}

/// What the object says of itself: who made it, for whom, and when.
///
/// # Errors
/// `invalid_request_object`.
pub fn check_request_object(
    claims: &Map<String, Value>,
    outside: &Params,
    client: &Client,
    issuer: &str,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let alone = client.settings.require_signed_request_object;
    check_same_request(claims, outside, client, alone)?;
    let is_client = |value: &Value| value.as_str() == Some(client.client_id.as_str());
    let from_client = claims.get("iss").is_none_or(is_client) && !is_about(claims, client);
    let for_us = match claims.get("aud") {
        None => !alone,
        aud => names_audience(aud, &[issuer.to_owned()]),
    };
    if !from_client || !for_us {
        return Err(refused(Reason::RequestObjectClaims));
    }
    check_times(claims, longest_life(client).or(alone.then_some(MAX_LIFETIME)), now)
}

/// Whether the object is about the client itself, as the JWT is that the client authenticates with: no
/// request is (RFC 9101 §10.8).
pub(super) fn is_about(claims: &Map<String, Value>, client: &Client) -> bool {
    claims.get("sub").and_then(Value::as_str) == Some(client.client_id.as_str())
}

/// How long a request object of this client may live, if its security profile says so.
pub(super) fn longest_life(client: &Client) -> Option<i64> {
    client.profile_rules().and_then(|rules| rules.longest_request_object)
}

/// What must be the same inside and outside (OIDC Core 6.1, RFC 9101 §5).
fn check_same_request(
    claims: &Map<String, Value>,
    outside: &Params,
    client: &Client,
    alone: bool,
) -> Result<(), OAuthError> {
    let words = |text: &str| {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let same_client = match claims.get("client_id") {
        None => !alone,
        Some(inside) => inside.as_str() == Some(client.client_id.as_str()),
    };
    let same_type = match (claims.get("response_type").and_then(Value::as_str), outside.find("response_type")) {
        (Some(inside), Some(outside)) if !alone => words(inside) == words(outside),
        _ => true,
    };
    if same_client && same_type { Ok(()) } else { Err(refused(Reason::RequestObjectMismatch)) }
}

/// `longest`: how long the object may live, where it must say so.
///
/// # Errors
/// `invalid_request_object`.
pub(super) fn check_times(claims: &Map<String, Value>, longest: Option<i64>, now: Timestamp) -> Result<(), OAuthError> {
    let time = |name| numeric_date(claims, name).map_err(|_| refused(Reason::RequestObjectClaims));
    let (issued, begin, end) = (time("iat")?, time("nbf")?, time("exp")?);
    let latest = now.plus_seconds(LEEWAY);
    if [issued, begin].into_iter().flatten().any(|begin| begin > latest) || end.is_some_and(|end| end <= now) {
        return Err(refused(Reason::RequestObjectExpired));
    }
    let Some(longest) = longest else { return Ok(()) };
    match (begin, end) {
        (Some(begin), Some(end)) if end <= begin.plus_seconds(longest) && begin >= now.plus_seconds(-longest) => Ok(()),
        _ => Err(refused(Reason::RequestObjectClaims)),
    }
}

/// Whether this address is one of the client's registered ones, and where to fetch: fragments are
/// compared by nobody and sent to nobody (OIDC Core 6.2).
///
/// # Errors
/// `invalid_request_uri`; `request_uri_not_supported` if the client has registered none at all.
pub fn check_request_uri<'a>(client: &'a Client, sent: &str) -> Result<&'a str, OAuthError> {
    let registered = &client.settings.request_uris;
    let sent = without_fragment(sent);
    registered.iter().map(|known| without_fragment(known)).find(|known| *known == sent).ok_or_else(|| {
        let code = if registered.is_empty() { ErrorCode::RequestUriNotSupported } else { ErrorCode::InvalidRequestUri };
        OAuthError::new(code, Reason::RequestUriNotRegistered)
    })
}

/// The address without its fragment.
pub(super) fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(address, _)| address)
}

#[cfg(test)]
mod tests;
