//! The one access token of a request to a protected resource: in the Authorization header, as a bearer
//! token or with a proof, or in the form of a POST (RFC 6750 §2, RFC 9449 §7.1).

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::{form, possession};
use crate::{
    domain::{
        Secret,
        oauth::{ErrorCode, OAuthError, Params, TokenScheme},
        trace::Reason,
    },
    http::{
        answer::{Renderer, finish},
        context::RequestContext,
    },
    service::{Failure, protected_resource::SentToken},
};

/// Reads the token, answers by `respond`, and renders either way.
pub async fn answer(
    context: &RequestContext,
    request: &HttpRequest,
    body: &Bytes,
    respond: impl AsyncFnOnce(&SentToken) -> Result<HttpResponse, Failure>,
) -> HttpResponse {
    let shown = possession::shown(context, request);
    let (renderer, result) = match read(request, body) {
        Ok((scheme, text)) => {
            let renderer = if scheme == TokenScheme::Dpop { Renderer::Dpop } else { Renderer::Bearer };
            (renderer, respond(&SentToken { scheme, text, possession: shown.clone() }).await)
        }
        Err(error) => {
            context.cx.refused("access_token", &[], error.reason);
            (Renderer::Bearer, Err(error.into()))
        }
    };
    let mut response = finish(context, renderer, result).await;
    possession::renew_nonce(&context.cx, &shown, &mut response);
    response
}

/// In the address it is refused: addresses are logged.
fn read(request: &HttpRequest, body: &Bytes) -> Result<(TokenScheme, Secret<String>), OAuthError> {
    let query = Params::parse(request.query_string().as_bytes())?;
    if query.find("access_token").is_some() {
        return Err(OAuthError::invalid_request(Reason::BearerInQuery));
    }
    let in_form = match form::is_form(request) {
        true => Params::parse(body)?.find("access_token").map(Secret::from),
        false => None,
    };
    let mut headers = request.headers().get_all(actix_web::http::header::AUTHORIZATION);
    let invalid = || OAuthError::new(ErrorCode::InvalidToken, Reason::BearerInvalid);
    match (headers.next(), headers.next(), in_form) {
        (None, _, Some(token)) => Ok((TokenScheme::Bearer, token)),
        (None, _, None) => Err(OAuthError::new(ErrorCode::InvalidToken, Reason::BearerMissing)),
        (Some(value), None, None) => {
            TokenScheme::parse_authorization(value.to_str().unwrap_or_default()).ok_or_else(invalid)
        }
        (Some(_), _, _) => Err(OAuthError::invalid_request(Reason::BearerTwice)),
    }
}
