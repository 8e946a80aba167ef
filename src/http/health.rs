//! Whether the process lives, and whether it can serve.

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use super::HttpState;
use crate::service::health;

/// The process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({ "status": "ok" }))
}

/// The database answers, and keys are loaded.
pub async fn ready(state: Data<HttpState>) -> HttpResponse {
    let reasons = health::unready(&state.services).await;
    let (status, mut response) = match reasons.is_empty() {
        true => ("ok", HttpResponse::Ok()),
        false => ("unavailable", HttpResponse::ServiceUnavailable()),
    };
    response.insert_header(("Cache-Control", "no-store")).json(json!({ "status": status, "reasons": reasons }))
}
