//! The pushed authorization request endpoint (RFC 9126 §2).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Bytes};
use serde_json::json;

use super::token::{answer, no_store};
use crate::{domain::trace::Transaction, http::context::RequestContext, service};

/// `POST /oauth2/par`.
pub async fn push(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    answer(context, request, body, Transaction::PushedAuthorization, async |cx, request| {
        let reply = service::pushed_authorization_request::respond(cx, request).await?;
        let body = json!({ "request_uri": reply.request_uri.expose(), "expires_in": reply.expires_in });
        Ok(no_store().status(StatusCode::CREATED).json(body))
    })
    .await
}
