//! The backchannel authentication endpoint (OpenID Connect CIBA Core 1.0 §7).

use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use serde_json::json;

use super::token::{answer, no_store};
use crate::{domain::trace::Transaction, http::context::RequestContext, service};

/// `POST /oauth2/backchannel_authentication`.
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    answer(context, request, body, Transaction::DeferredAuthorization, async |cx, request| {
        let reply = service::backchannel_authentication::respond(cx, request).await?;
        Ok(no_store().json(json!({
            "auth_req_id": reply.auth_req_id.expose(),
            "expires_in": reply.expires_in,
            "interval": reply.interval,
        })))
    })
    .await
}
