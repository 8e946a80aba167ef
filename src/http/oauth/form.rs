//! The strict reading of a form: content type, size and encoding before anything else.

use actix_web::{HttpRequest, http::header::CONTENT_TYPE, web::Bytes};

use crate::{
    domain::{
        oauth::{OAuthError, Params},
        trace::Reason,
    },
    service::Cx,
};

const FORM: &str = "application/x-www-form-urlencoded";

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
    let mut values = request.headers().get_all(CONTENT_TYPE);
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(text) = value.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let charset_is_utf8 = parts.all(|part| match part.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    media_type.eq_ignore_ascii_case(FORM) && charset_is_utf8
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
