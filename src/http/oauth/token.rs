//! The token, introspection and revocation endpoints.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web::Bytes,
};
use serde::Serialize;

use super::{form, possession};
use crate::{
    domain::{Secret, oauth, request_headers::accepts, trace::Transaction},
    http::{
        answer::{Renderer, finish},
        context::RequestContext,
    },
    service::{
        self, Cx, Failure,
        client_authentication::DirectRequest,
        introspection::{Introspection, Wish},
        token::TokenReply,
    },
};

/// The media type of introspection answers that are JWTs (RFC 9701 §4).
const INTROSPECTION_JWT: &str = "application/token-introspection+jwt";

#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    authorization_details: &'a [serde_json::Value],
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
}

/// `POST /oauth2/token`.
pub async fn token(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    answer(context, request, body, Transaction::Token, async |cx, request| {
        service::token::respond(cx, request).await.map(|reply| render(&reply))
    })
    .await
}

/// `POST /oauth2/introspect`.
pub async fn introspect(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    let accepted = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    let wish = if accepts(accepted, INTROSPECTION_JWT) { Wish::Jwt } else { Wish::Json };
    answer(context, request, body, Transaction::Introspection, async |cx, request| {
        service::introspection::respond(cx, request, wish).await.map(|answer| match answer {
            Introspection::Json(Some(told)) => no_store().json(told),
            Introspection::Json(None) => no_store().json(oauth::inactive()),
            Introspection::Jwt(jwt) => no_store().content_type(INTROSPECTION_JWT).body(jwt.expose().clone()),
        })
    })
    .await
}

/// `POST /oauth2/revoke`.
pub async fn revoke(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    answer(context, request, body, Transaction::Revocation, async |cx, request| {
        service::revocation::respond(cx, request).await.map(|()| no_store().finish())
    })
    .await
}

/// A form from a client: read strictly, answered by `respond`, rendered either way.
pub(super) async fn answer(
    context: RequestContext,
    request: HttpRequest,
    body: Bytes,
    transaction: Transaction,
    respond: impl AsyncFnOnce(&Cx, &DirectRequest<'_>) -> Result<HttpResponse, Failure>,
) -> HttpResponse {
    let cx = &context.cx;
    cx.note_transaction(transaction);
    let shown = possession::shown(&context, &request);
    let result = async {
        let params = form::params(cx, &request, &body)?;
        let authorization = form::authorization(cx, &request)?;
        respond(cx, &DirectRequest { authorization, params: &params, possession: &shown }).await
    }
    .await;
    let mut response = finish(&context, Renderer::OauthJson, result).await;
    possession::renew_nonce(cx, &shown, &mut response);
    response
}

fn render(reply: &TokenReply) -> HttpResponse {
    fn text(secret: &Option<Secret<String>>) -> Option<&str> {
        secret.as_ref().map(|secret| secret.expose().as_str())
    }
    no_store().json(TokenResponse {
        access_token: reply.access_token.expose(),
        token_type: reply.scheme.name(),
        expires_in: reply.expires_in,
        scope: reply.scope.as_ref().map(|scope| scope.join(" ")),
        refresh_token: text(&reply.refresh_token),
        id_token: text(&reply.id_token),
        authorization_details: &reply.authorization_details,
        issued_token_type: reply.issued_token_type,
    })
}

/// Token answers are never cached (RFC 6749 §5.1).
pub(super) fn no_store() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((header::PRAGMA, HeaderValue::from_static("no-cache")));
    response
}
