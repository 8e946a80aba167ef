//! The requests that wait for an answer of the people who are signed in here (OpenID Connect CIBA
//! Core 1.0 §8).

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::{
    context::{Requests, WaitingRequest},
    dialogue,
};
use crate::{
    http::{answer::failure_page, context::RequestContext, cookies, oauth::form},
    service::{authorization::Page, login::Occasion, requests},
};

/// `GET /requests`.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    let browser = cookies::browser(&context.cx, &request);
    let view = match requests::view(&context.cx, &browser).await {
        Ok(view) => view,
        Err(broken) => return failure_page(&context, &request, &broken),
    };
    let now = context.cx.now();
    let page = Requests {
        action_url: dialogue::address(&context, &Page::Requests),
        csrf: view.form_token,
        signed_in: view.signed_in,
        sign_in_url: dialogue::address(&context, &Occasion::Requests.page()),
        waiting: view
            .waiting
            .iter()
            .map(|waiting| WaitingRequest {
                id: waiting.id.as_str().to_owned(),
                client: dialogue::client_card(&waiting.app, ""),
                account: dialogue::account(&waiting.account),
                binding_message: waiting.binding_message.clone(),
                minutes: now.seconds_since(waiting.created_at).max(0) / 60,
            })
            .collect(),
    };
    let mut response = context.state.pages.respond(&page, &context.state.layout(&request));
    cookies::set_browser(&context.cx, &mut response, view.browser_cookie.as_ref());
    response
}

/// `POST /requests`: opens one of them, or signs in first.
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    let browser = cookies::browser(&context.cx, &request);
    let params = match form::params(&context.cx, &request, &body) {
        Ok(params) => params,
        Err(error) => return dialogue::stop(&context, &request, error.into()).await,
    };
    let (id, token) = (params.find("request").unwrap_or_default(), params.find("csrf").unwrap_or_default());
    match requests::open(&context.cx, &browser, id, token).await {
        Ok(started) => dialogue::go(&context, &request, started.next).await,
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}
