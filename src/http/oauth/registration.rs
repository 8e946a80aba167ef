//! The registration endpoint and the address of each registration (RFC 7591 §3, RFC 7592 §2): JSON
//! in, JSON out.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Bytes, Path},
};
use serde_json::json;

use super::form;
use crate::{
    domain::{
        Secret,
        oauth::{ErrorCode, OAuthError, TokenScheme, describe},
        request_headers::is_json,
        trace::Reason,
    },
    http::{
        answer::{Renderer, finish_naming},
        context::RequestContext,
    },
    service::{
        Cx, Failure,
        registration::{self, Issued, Refused, management},
    },
};

/// `POST /oauth2/register`.
pub async fn register(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    let issued = async {
        let token = bearer(&request)?;
        check_json(&request)?;
        registration::register(&context.cx, token.as_ref(), &body).await
    };
    let result = issued.await.map(|issued| render(&context.cx, StatusCode::CREATED, &issued));
    answer(&context, result).await
}

/// `GET /oauth2/register/{client_id}`.
pub async fn get(context: RequestContext, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let found = async { management::find(&context.cx, &id, bearer(&request)?.as_ref()).await };
    let result = found.await.map(|issued| render(&context.cx, StatusCode::OK, &issued));
    answer(&context, result).await
}

/// `PUT /oauth2/register/{client_id}`.
pub async fn put(context: RequestContext, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    let replaced = async {
        let token = bearer(&request)?;
        check_json(&request)?;
        management::replace(&context.cx, &id, token.as_ref(), &body).await
    };
    let result = replaced.await.map(|issued| render(&context.cx, StatusCode::OK, &issued));
    answer(&context, result).await
}

/// `DELETE /oauth2/register/{client_id}`.
pub async fn delete(context: RequestContext, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let deleted = async { management::delete(&context.cx, &id, bearer(&request)?.as_ref()).await };
    let result =
        deleted.await.map(|()| HttpResponse::NoContent().insert_header(("Cache-Control", "no-store")).finish());
    answer(&context, result).await
}

/// The bearer token, if there is one (RFC 6750 §2.1).
fn bearer(request: &HttpRequest) -> Result<Option<Secret<String>>, OAuthError> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), rest) = (values.next(), values.next()) else { return Ok(None) };
    if rest.is_some() {
        return Err(OAuthError::invalid_request(Reason::BearerTwice));
    }
    match TokenScheme::parse_authorization(value.to_str().unwrap_or_default()) {
        Some((TokenScheme::Bearer, token)) => Ok(Some(token)),
        _ => Err(OAuthError::new(ErrorCode::InvalidToken, Reason::BearerInvalid)),
    }
}

fn check_json(request: &HttpRequest) -> Result<(), OAuthError> {
    match form::only_value(request, header::CONTENT_TYPE).is_some_and(is_json) {
        true => Ok(()),
        false => Err(OAuthError::new(ErrorCode::InvalidClientMetadata, Reason::RegistrationMalformed)),
    }
}

/// The client information response (RFC 7591 §3.2.1): every stored value, and what is told this once.
fn render(cx: &Cx, status: StatusCode, issued: &Issued) -> HttpResponse {
    let mut members = describe(&issued.client);
    let address = format!("/oauth2/register/{}", issued.client.client_id);
    members.insert("registration_client_uri".to_owned(), json!(cx.services.issuer.join(&address)));
    members.insert("registration_access_token".to_owned(), json!(issued.management.expose()));
    if let Some(secret) = &issued.secret {
        members.insert("client_secret".to_owned(), json!(secret.expose()));
        // It never expires.
        members.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    HttpResponse::build(status)
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Pragma", "no-cache"))
        .json(members)
}

async fn answer(context: &RequestContext, result: Result<HttpResponse, Refused>) -> HttpResponse {
    let refused = match result {
        Ok(response) => return response,
        Err(refused) => refused,
    };
    let renderer = match &refused.failure {
        Failure::Refused(error) if error.code == ErrorCode::InvalidToken => Renderer::Bearer,
        _ => Renderer::OauthJson,
    };
    note(&context.cx, &refused.failure);
    let mut response = finish_naming(context, renderer, Err(refused.failure), refused.field.as_deref()).await;
    if let Some(seconds) = refused.retry_after {
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
    response
}

/// What was refused before the use case could note it is in the record all the same.
fn note(cx: &Cx, failure: &Failure) {
    if let Failure::Refused(error) = failure
        && cx.record().reason() != Some(error.reason)
    {
        cx.refused("request", &[], error.reason);
    }
}
