//! The check_session_iframe (OIDC Session Management 1.0 §3.2): any app's page may frame it, and it
//! tells nothing but whether something changed.

use actix_web::{HttpRequest, HttpResponse};

use super::context::CheckSession;
use crate::http::{context::RequestContext, cookies};

/// `GET /check-session`.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    let page = CheckSession { cookie: cookies::name_of_state(&context.cx) };
    context.state.pages.respond(&page, &context.state.layout(&request))
}
