//! The page where a person types the code that a device shows (RFC 8628 §3.3).

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::{
    context::{Device, FieldError},
    dialogue,
    sign_in::unknown_action,
};
use crate::{
    domain::{
        oauth::{Params, UserCode},
        trace::{Reason, Transaction},
    },
    http::{answer, context::RequestContext, cookies, oauth::form},
    service::{
        authorization::Browser,
        device::{self, EntryFailure, VERIFICATION_PATH},
        recorder,
    },
};

/// `GET /device`, perhaps with the code: it is filled in, never sent.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    context.cx.note_transaction(Transaction::DeferredAuthorization);
    let browser = cookies::browser(&context.cx, &request);
    let params = Params::parse(request.query_string().as_bytes()).ok();
    let code = params.as_ref().and_then(|params| params.find("user_code")).and_then(UserCode::parse);
    show(&context, &request, &browser, code.map(|code| code.shown()).as_deref(), None)
}

/// `POST /device`.
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::DeferredAuthorization);
    let browser = cookies::browser(&context.cx, &request);
    let params = match form::params(&context.cx, &request, &body) {
        Ok(params) => params,
        Err(error) => return dialogue::stop(&context, &request, error.into()).await,
    };
    if params.find("action").is_some_and(|action| action != "continue") {
        return dialogue::stop(&context, &request, unknown_action(&context)).await;
    }
    let typed = params.find("user_code").unwrap_or_default();
    let token = params.find("csrf").unwrap_or_default();
    match device::begin(&context.cx, &browser, typed, token).await {
        Ok(started) => {
            let mut response = dialogue::go(&context, &request, started.next).await;
            cookies::set_browser(&context.cx, &mut response, started.browser_cookie.as_ref());
            response
        }
        Err(EntryFailure::Stopped(failure)) => dialogue::stop(&context, &request, failure).await,
        Err(EntryFailure::Again(reason, wait)) => {
            answer::log_refusal(&context.cx, reason);
            recorder::keep(&context.cx).await;
            show(&context, &request, &browser, Some(typed), Some((reason, wait)))
        }
    }
}

fn show(
    context: &RequestContext,
    request: &HttpRequest,
    browser: &Browser,
    typed: Option<&str>,
    refusal: Option<(Reason, Option<u64>)>,
) -> HttpResponse {
    let view = device::entry(&context.cx, browser);
    let error = refusal.map(|(reason, wait)| match wait {
        Some(seconds) => FieldError::throttled_for(reason.code(), seconds),
        None => FieldError::at("user_code", reason.code(), reason.summary()),
    });
    let wait = refusal.and_then(|(_, wait)| wait);
    let page = Device {
        action_url: format!("{}{VERIFICATION_PATH}", context.cx.services.issuer.path()),
        csrf: view.form_token,
        user_code: typed.unwrap_or_default().chars().take(64).collect(),
        error,
        status: if wait.is_some() { 429 } else { 200 },
    };
    let mut response = context.state.pages.respond(&page, &context.state.layout(request));
    answer::retry_later(&mut response, wait);
    cookies::set_browser(&context.cx, &mut response, view.browser_cookie.as_ref());
    response
}
