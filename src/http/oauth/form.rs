//! The strict reading of a form: content type, size and encoding before anything else.

use actix_web::{
    HttpRequest,
    http::header::{CONTENT_TYPE, HeaderName},
    web::Bytes,
};

use crate::{
    domain::{
        oauth::{OAuthError, Params},
        request_headers,
        trace::Reason,
    },
    service::Cx,
};

/// The parameters of a form request.
///
/// # Errors
/// `invalid_request` for another content type or a malformed body.
pub fn params(cx: &Cx, request: &HttpRequest, body: &Bytes) -> Result<Params, OAuthError> {
    let parsed =
        if is_form(request) { Params::parse(body) } else { Err(OAuthError::invalid_request(Reason::ContentTypeWrong)) };
    parsed.inspect_err(|error| cx.refused("request", &[], error.reason))
}

/// Whether the request says that its body is a form (RFC 6749 appendix B).
pub fn is_form(request: &HttpRequest) -> bool {
    only_value(request, CONTENT_TYPE).is_some_and(request_headers::is_form)
}

/// The value of a header that was sent once and is text.
pub fn only_value(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    let mut values = request.headers().get_all(name);
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The Authorization header: absent, one readable value, or refused.
///
/// # Errors
/// `invalid_client` when it was sent twice or is not text.
pub fn authorization<'a>(cx: &Cx, request: &'a HttpRequest) -> Result<Option<&'a str>, OAuthError> {
    let mut values = request.headers().get_all(actix_web::http::header::AUTHORIZATION);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(refused(cx, Reason::ClientAuthenticationMalformed)),
        },
        (Some(_), Some(_)) => Err(refused(cx, Reason::ClientAuthenticationAmbiguous)),
    }
}

fn refused(cx: &Cx, reason: Reason) -> OAuthError {
    cx.refused("client_authentication", &[], reason);
    OAuthError::invalid_client(reason)
}
