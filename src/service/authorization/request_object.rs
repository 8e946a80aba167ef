//! A request object, read: decrypted, verified with the client's keys, or accepted unsigned from a
//! client that is registered so (OIDC Core 6.3, RFC 9101 §6.1 and §6.2).

use serde_json::{Map, Value};

use crate::{
    crypto::{compact::VerifyError, unsecured::UnsecuredJwt},
    domain::{
        entity::Client,
        jose::SigningAlgorithm,
        oauth::{
            ErrorCode, OAuthError, check_may_be_unsigned, check_request_object_type, check_request_uri,
            request_object_algorithms,
        },
        trace::Reason,
    },
    service::{
        Cx,
        client_keys::{self, NotVerified},
        clients::ClientView,
    },
};

/// The algorithms accepted in request objects. Metadata reads this table.
pub const REQUEST_OBJECT_ALGORITHMS: &[SigningAlgorithm] = &SigningAlgorithm::ALL;

/// What is asked for when an object is fetched; what comes back is judged by its content.
const ACCEPT: &str = "application/oauth-authz-req+jwt, application/jwt, */*;q=0.1";

const fn refused(reason: Reason) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, reason)
}

/// The claims of an object that may be believed as far as its client may be.
///
/// # Errors
/// `invalid_request_object`, or `request_not_supported` for an unsigned one.
pub(super) async fn read(cx: &Cx, view: &ClientView, text: &str) -> Result<Map<String, Value>, OAuthError> {
    let text = decrypt(text)?;
    if let Some(unsecured) = UnsecuredJwt::parse(text).map_err(malformed)? {
        check_may_be_unsigned(&view.client)?;
        check_request_object_type(&unsecured.header)?;
        cx.passed("request_object", &[("alg", "none")]);
        return Ok(unsecured.danger_claims);
    }
    let allowed = request_object_algorithms(&view.client, REQUEST_OBJECT_ALGORITHMS);
    let verified = client_keys::verify(cx, view, text, &allowed).await.map_err(|error| match error {
        NotVerified::KeysUnavailable => refused(Reason::ClientKeysUnavailable),
        NotVerified::Token(error) => malformed(error),
    })?;
    check_request_object_type(&verified.header)?;
    let alg = verified.header.get("alg").and_then(Value::as_str).unwrap_or_default();
    cx.passed("request_object", &[("alg", alg)]);
    Ok(verified.claims)
}

fn malformed(error: VerifyError) -> OAuthError {
    refused(match error {
        VerifyError::BadSignature | VerifyError::KeyNotFound | VerifyError::KeyAmbiguous => {
            Reason::RequestObjectSignature
        }
        VerifyError::AlgorithmNotAllowed => Reason::RequestObjectAlgorithm,
        _ => Reason::RequestObjectMalformed,
    })
}

/// The JWS inside of an encrypted object (RFC 7516 §3.1: five parts), or the text as it is. Nothing
/// can be encrypted to this server, so what seems to be is refused.
fn decrypt(text: &str) -> Result<&str, OAuthError> {
    if text.split('.').count() == 5 { Err(refused(Reason::RequestObjectEncrypted)) } else { Ok(text) }
}

/// Fetches the object at an address that the client has registered, anew each time.
///
/// # Errors
/// `invalid_request_uri` if nothing usable is there.
pub(super) async fn fetch(cx: &Cx, client: &Client, sent: &str) -> Result<String, OAuthError> {
    let address = check_request_uri(client, sent)?;
    match cx.services.fetcher.text(address, ACCEPT).await {
        Ok(text) => Ok(text.trim_ascii().to_owned()),
        Err(error) => {
            tracing::info!(trace_id = %cx.trace_id(), why = %error, "a client's request_uri gave no request object");
            Err(OAuthError::new(ErrorCode::InvalidRequestUri, Reason::RequestUriUnavailable))
        }
    }
}
