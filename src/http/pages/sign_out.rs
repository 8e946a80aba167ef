//! Signing out: the end_session_endpoint (OIDC RP-Initiated Logout 1.0), and the person's own way.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::{
    context::{SignOutConfirm, SignedOut},
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
        Ok(SignOut::Done { redirect }) => {
            recorder::keep(&context.cx).await;
            let location = redirect.unwrap_or_else(|| context.cx.services.issuer.join("/signed-out"));
            let mut response = dialogue::see_other(&location);
            cookies::clear(&context.cx, &mut response, cookies::Name::Session);
            response
        }
        Err(failure) => dialogue::stop(context, request, failure).await,
    }
}

async fn ask(context: &RequestContext, request: &HttpRequest, view: SignOutView) -> HttpResponse {
    recorder::keep(&context.cx).await;
    let page = SignOutConfirm {
        action_url: format!("{}/sign-out", context.cx.services.issuer.path()),
        csrf: view.form_token,
        fields: view.fields,
        account: view.account.as_ref().map(dialogue::account),
        client: view.app.as_ref().map(|app| dialogue::client_card(app, "")),
    };
    let mut response = context.state.pages.respond(&page, &context.state.layout(request));
    if let Some(secret) = &view.browser_cookie {
        cookies::set(&context.cx, &mut response, cookies::Name::Browser, secret);
    }
    response
}
