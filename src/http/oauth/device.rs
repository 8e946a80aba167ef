//! The device authorization endpoint (RFC 8628 §3.1).

use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use serde_json::json;

use super::token::{answer, no_store};
use crate::{domain::trace::Transaction, http::context::RequestContext, service};

/// `POST /oauth2/device_authorization`.
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    answer(context, request, body, Transaction::DeferredAuthorization, async |cx, request| {
        let reply = service::device::respond(cx, request).await?;
        Ok(no_store().json(json!({
            "device_code": reply.device_code.expose(),
            "user_code": reply.user_code,
            "verification_uri": reply.verification_uri,
            "verification_uri_complete": reply.verification_uri_complete,
            "expires_in": reply.expires_in,
            "interval": reply.interval,
        })))
    })
    .await
}
