//! Signing out: the end_session_endpoint (OIDC RP-Initiated Logout 1.0), and the person's own way.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::{
    context::{Href, SignOutConfirm, SignedOut, app_names},
    dialogue,
};
use crate::{
    domain::{
        oauth::{OAuthError, Params},
        trace::{Reason, Transaction},
    },
    http::{context::RequestContext, cookies, oauth::form},
    service::{
        authorization::DialogueFailure,
        end_session::{self, SignOut, SignOutView},
        recorder,
    },
};

/// `GET /oauth2/logout` and `GET /sign-out`.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    let browser = cookies::browser(&context.cx, &request);
    let outcome = end_session::start(&context.cx, request.query_string().as_bytes(), &browser).await;
    answer(&context, &request, outcome).await
}

/// `POST /oauth2/logout`: a client's form (RP-Initiated Logout 1.0 §2).
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Logout);
    if let Err(error) = check_form(&context, &request) {
        return dialogue::stop(&context, &request, error.into()).await;
    }
    let browser = cookies::browser(&context.cx, &request);
    let outcome = end_session::start(&context.cx, &body, &browser).await;
    answer(&context, &request, outcome).await
}

/// `POST /sign-out`: the confirmation page's form.
pub async fn confirm(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Logout);
    if let Err(error) = check_form(&context, &request) {
        return dialogue::stop(&context, &request, error.into()).await;
    }
    let action = Params::parse(&body).ok().and_then(|params| params.find("action").map(str::to_owned));
    if action.as_deref() == Some("stay") {
        return dialogue::see_other(&context.cx.services.issuer.join("/"));
    }
    let browser = cookies::browser(&context.cx, &request);
    let outcome = end_session::confirm(&context.cx, &body, &browser).await;
    answer(&context, &request, outcome).await
}

/// `GET /signed-out`.
pub async fn signed_out(context: RequestContext, request: HttpRequest) -> HttpResponse {
    context.state.pages.respond(&SignedOut::new(None, None), &context.state.layout(&request))
}

fn check_form(context: &RequestContext, request: &HttpRequest) -> Result<(), OAuthError> {
    if form::is_form(request) {
        return Ok(());
    }
    context.cx.refused("request", &[], Reason::ContentTypeWrong);
    Err(OAuthError::invalid_request(Reason::ContentTypeWrong))
}

async fn answer(
    context: &RequestContext,
    request: &HttpRequest,
    outcome: Result<SignOut, DialogueFailure>,
) -> HttpResponse {
    match outcome {
        Ok(SignOut::Confirm(view)) => ask(context, request, *view).await,
        Ok(SignOut::Done(done)) => {
            recorder::keep(&context.cx).await;
            let mut response = match framed(&done) {
                Some(page) => context.state.pages.respond(&page, &context.state.layout(request)),
                None => {
                    let signed_out = || context.cx.services.issuer.join("/signed-out");
                    dialogue::see_other(&done.redirect.clone().unwrap_or_else(signed_out))
                }
            };
            cookies::keep_session(&context.cx, &mut response, done.session_cookie.as_ref());
            response
        }
        Err(failure) => dialogue::stop(context, request, failure).await,
    }
}

/// The page that loads what apps want loaded, before the browser goes on; none if there is nothing.
fn framed(done: &end_session::SignedOut) -> Option<SignedOut> {
    let frames: Vec<(&str, &str)> = done
        .apps
        .iter()
        .filter_map(|app| app.frame.as_ref())
        .map(|frame| (frame.address.as_str(), frame.origin.as_str()))
        .collect();
    if frames.is_empty() {
        return None;
    }
    let continue_url = match &done.redirect {
        // An app's own scheme is no address for a page; the browser goes there at once.
        Some(redirect) => Some(Href::parse(redirect)?),
        None => None,
    };
    let client_name = done.app.as_ref().map(|app| app.name.as_str());
    let page = SignedOut::new(continue_url, client_name);
    Some(page.with_apps(done.apps.iter().map(|app| app.name.as_str()), frames))
}

async fn ask(context: &RequestContext, request: &HttpRequest, view: SignOutView) -> HttpResponse {
    recorder::keep(&context.cx).await;
    let page = SignOutConfirm {
        action_url: format!("{}/sign-out", context.cx.services.issuer.path()),
        csrf: view.form_token,
        fields: view.fields,
        account: view.account.as_ref().map(dialogue::account),
        client: view.app.as_ref().map(|app| dialogue::client_card(app, "")),
        others: view.others.iter().map(dialogue::account_choice).collect(),
        apps: app_names(view.apps.iter().map(String::as_str)),
    };
    let mut response = context.state.pages.respond(&page, &context.state.layout(request));
    cookies::set_browser(&context.cx, &mut response, view.browser_cookie.as_ref());
    response
}
