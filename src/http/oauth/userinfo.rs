//! The UserInfo endpoint: a bearer token in the header, or in the form of a POST (RFC 6750 §2).

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::{form, token::no_store};
use crate::{
    domain::{
        Secret,
        oauth::{ErrorCode, OAuthError, Params},
        trace::{Reason, Transaction},
    },
    http::{
        answer::{Renderer, finish},
        context::RequestContext,
    },
    service::{self, Failure, userinfo::Userinfo},
};

/// `GET /oauth2/userinfo`.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    answer(context, request, Bytes::new()).await
}

/// `POST /oauth2/userinfo`.
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    answer(context, request, body).await
}

async fn answer(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Userinfo);
    let result = respond(&context, &request, &body).await;
    finish(&context, Renderer::Bearer, result).await
}

async fn respond(context: &RequestContext, request: &HttpRequest, body: &Bytes) -> Result<HttpResponse, Failure> {
    let token = bearer(request, body).inspect_err(|error| context.cx.refused("access_token", &[], error.reason))?;
    let told = service::userinfo::respond(&context.cx, token.expose()).await?;
    Ok(match told {
        Userinfo::Claims(claims) => no_store().json(claims),
        Userinfo::Jwt(jwt) => no_store().content_type("application/jwt").body(jwt.expose().clone()),
    })
}

/// The one access token of a request. In the address it is refused: addresses are logged.
fn bearer(request: &HttpRequest, body: &Bytes) -> Result<Secret<String>, OAuthError> {
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
        (None, _, Some(token)) => Ok(token),
        (None, _, None) => Err(OAuthError::new(ErrorCode::InvalidToken, Reason::BearerMissing)),
        (Some(value), None, None) => {
            let text = value.to_str().map_err(|_| invalid())?;
            let (scheme, token) = text.split_once(' ').ok_or_else(invalid)?;
            if scheme.eq_ignore_ascii_case("bearer") { Ok(Secret::from(token.trim_start())) } else { Err(invalid()) }
        }
        (Some(_), _, _) => Err(OAuthError::invalid_request(Reason::BearerTwice)),
    }
}
