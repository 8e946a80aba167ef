//! The token, introspection and revocation endpoints.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use serde::Serialize;

use super::form;
use crate::{
    domain::{Secret, trace::Transaction},
    http::{
        answer::{Renderer, finish},
        context::RequestContext,
    },
    service::{self, Failure, token::TokenReply},
};

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
}

/// `POST /oauth2/token`.
pub async fn token(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Token);
    let result = respond_token(&context, &request, &body).await;
    finish(&context, Renderer::OauthJson, result).await
}

async fn respond_token(context: &RequestContext, request: &HttpRequest, body: &Bytes) -> Result<HttpResponse, Failure> {
    let params = form::params(&context.cx, request, body)?;
    let authorization = form::authorization(&context.cx, request)?;
    service::token::respond(&context.cx, authorization, &params).await.map(|reply| render(&reply))
}

fn render(reply: &TokenReply) -> HttpResponse {
    fn text(secret: &Option<Secret<String>>) -> Option<&str> {
        secret.as_ref().map(|secret| secret.expose().as_str())
    }
    no_store().json(TokenResponse {
        access_token: reply.access_token.expose(),
        token_type: "Bearer",
        expires_in: reply.expires_in,
        scope: (!reply.scope.is_empty()).then(|| reply.scope.join(" ")),
        refresh_token: text(&reply.refresh_token),
        id_token: text(&reply.id_token),
    })
}

/// `POST /oauth2/introspect`.
pub async fn introspect(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Introspection);
    let result = respond_introspect(&context, &request, &body).await;
    finish(&context, Renderer::OauthJson, result).await
}

async fn respond_introspect(
    context: &RequestContext,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<HttpResponse, Failure> {
    let params = form::params(&context.cx, request, body)?;
    let authorization = form::authorization(&context.cx, request)?;
    let answer = service::introspection::respond(&context.cx, authorization, &params).await?;
    Ok(no_store().json(answer))
}

/// `POST /oauth2/revoke`.
pub async fn revoke(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Revocation);
    let result = respond_revoke(&context, &request, &body).await;
    finish(&context, Renderer::OauthJson, result).await
}

async fn respond_revoke(
    context: &RequestContext,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<HttpResponse, Failure> {
    let params = form::params(&context.cx, request, body)?;
    let authorization = form::authorization(&context.cx, request)?;
    service::revocation::respond(&context.cx, authorization, &params).await?;
    Ok(no_store().finish())
}

/// Token answers are never cached (RFC 6749 §5.1).
pub(super) fn no_store() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header(("Cache-Control", "no-store")).insert_header(("Pragma", "no-cache"));
    response
}
