//! The authorization endpoint (RFC 6749 §3.1): GET, and POST with the same parameters in a form.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::dialogue;
use crate::{
    domain::{
        oauth::OAuthError,
        trace::{Reason, Transaction},
    },
    http::{context::RequestContext, cookies, oauth::form},
    service::authorization,
};

/// `GET /oauth2/authorize`.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    start(&context, &request, request.query_string().as_bytes()).await
}

/// `POST /oauth2/authorize`.
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    if !form::is_form(&request) {
        context.cx.note_transaction(Transaction::Authorization);
        let error = OAuthError::invalid_request(Reason::ContentTypeWrong);
        context.cx.refused("request", &[], error.reason);
        return dialogue::stop(&context, &request, error.into()).await;
    }
    start(&context, &request, &body).await
}

async fn start(context: &RequestContext, request: &HttpRequest, encoded: &[u8]) -> HttpResponse {
    let browser = cookies::browser(&context.cx, request);
    match authorization::start(&context.cx, encoded, &browser).await {
        Ok(started) => {
            let mut response = dialogue::go(context, request, started.next).await;
            cookies::set_browser(&context.cx, &mut response, started.browser_cookie.as_ref());
            cookies::refresh_state(&context.cx, request, &mut response, browser.session.as_ref());
            response
        }
        Err(failure) => dialogue::stop(context, request, failure).await,
    }
}
