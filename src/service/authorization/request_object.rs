//! A request object, read: decrypted, verified with the client's keys, or accepted unsigned from a
//! client, or at an address of one, that is registered so (OIDC Core 6.3, RFC 9101 §6.1 and §6.2).

use serde_json::{Map, Value};

use crate::{
    crypto::{compact::VerifyError, unsecured::UnsecuredJwt},
    domain::{
        entity::Client,
        jose::SigningAlgorithm,
        oauth::{
            ErrorCode, OAuthError, Passing, algorithm_reason, check_may_be_unsigned, check_request_object_type,
            check_request_uri, request_object_algorithms,
        },
        trace::Reason,
    },
    service::{
        Cx,
        client_keys::{self, NotVerified},
        clients::ClientView,
        keys,
    },
};

/// The algorithms accepted in request objects. Metadata reads this table.
pub const REQUEST_OBJECT_ALGORITHMS: &[SigningAlgorithm] = &SigningAlgorithm::ALL;

/// What is asked for when an object is fetched; what comes back is judged by its content.
const ACCEPT: &str = "application/oauth-authz-req+jwt, application/jwt, */*;q=0.1";

const fn refused(reason: Reason) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, reason)
}

/// An object that may be believed as far as its client may be.
pub(super) struct RequestObject {
    /// What it says.
    pub claims: Map<String, Value>,
    /// Whether the client signed it.
    pub signed: bool,
}

/// Reads an object.
///
/// # Errors
/// `invalid_request_object`, or `request_not_supported` for an unsigned one.
pub(super) async fn read(
    cx: &Cx,
    view: &ClientView,
    text: &str,
    passing: Passing,
) -> Result<RequestObject, OAuthError> {
    let decrypted = decrypt(cx, &view.client, text)?;
    let text = decrypted.as_deref().unwrap_or(text);
    if let Some(unsecured) = UnsecuredJwt::parse(text).map_err(malformed)? {
        check_may_be_unsigned(&view.client, passing)?;
        check_request_object_type(&unsecured.header)?;
        cx.passed("request_object", &[("alg", "none")]);
        return Ok(RequestObject { claims: unsecured.danger_claims, signed: false });
    }
    let allowed = request_object_algorithms(&view.client, REQUEST_OBJECT_ALGORITHMS);
    let verified = client_keys::verify(cx, view, text, &allowed).await.map_err(|error| match error {
        NotVerified::Token(VerifyError::AlgorithmNotAllowed) => {
            refused(algorithm_reason(&view.client, Reason::RequestObjectAlgorithm))
        }
        NotVerified::KeysUnavailable => refused(Reason::ClientKeysUnavailable),
        NotVerified::Token(error) => malformed(error),
    })?;
    check_request_object_type(&verified.header)?;
    let alg = verified.header.get("alg").and_then(Value::as_str).unwrap_or_default();
    cx.passed("request_object", &[("alg", alg)]);
    Ok(RequestObject { claims: verified.claims, signed: true })
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

/// The JWS inside of an encrypted object (RFC 7516 §3.1: five parts; RFC 9101 §6.1), if it is one. A
/// client that has registered how it encrypts may do so (OIDC Registration 2), or must, where an
/// administrator said so; no other may.
fn decrypt(cx: &Cx, client: &Client, text: &str) -> Result<Option<String>, OAuthError> {
    let registered = client.settings.request_object_encryption();
    match (text.split('.').count() == 5, registered) {
        (false, _) if client.settings.require_encrypted_request_object => Err(refused(Reason::RequestObjectInTheOpen)),
        (false, _) => Ok(None),
        (true, None) => Err(refused(Reason::RequestObjectEncrypted)),
        (true, Some(registered)) => {
            let opened = keys::decrypt_own(cx, text, |choice| choice == registered);
            let opened = opened.map_err(|_| refused(Reason::RequestObjectUndecryptable))?;
            let inside = String::from_utf8(opened.plaintext.expose().clone());
            cx.passed("request_object_encryption", &[("alg", registered.alg.name()), ("enc", registered.enc.name())]);
            inside.map(Some).map_err(|_| refused(Reason::RequestObjectMalformed))
        }
    }
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
