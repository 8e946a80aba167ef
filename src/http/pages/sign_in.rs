//! The sign-in page.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{
    context::{ContinueAs, FieldError, SignIn, SignInHere},
    dialogue,
};
use crate::{
    domain::{
        Secret,
        ids::InteractionId,
        oauth::{OAuthError, Params},
        trace::{Reason, Transaction},
    },
    http::{answer, context::RequestContext, cookies, oauth::form},
    service::{
        authorization::{Browser, DialogueFailure, Next, Page},
        login::{self, Occasion, SignInFailure, SignInForm, SignInPurpose, SignInRefusal, SignInView},
        recorder,
    },
};

/// `GET /sign-in/{interaction}`.
pub async fn get(context: RequestContext, request: HttpRequest, id: Path<String>) -> HttpResponse {
    open(&context, &request, &Occasion::Dialogue(InteractionId::new(id.into_inner()))).await
}

/// `POST /sign-in/{interaction}`.
pub async fn post(context: RequestContext, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    answered(&context, &request, &Occasion::Dialogue(InteractionId::new(id.into_inner())), &body).await
}

/// `GET /sign-in`.
pub async fn open_for_requests(context: RequestContext, request: HttpRequest) -> HttpResponse {
    open(&context, &request, &Occasion::Requests).await
}

/// `POST /sign-in`.
pub async fn post_for_requests(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    answered(&context, &request, &Occasion::Requests, &body).await
}

async fn open(context: &RequestContext, request: &HttpRequest, occasion: &Occasion) -> HttpResponse {
    context.cx.note_transaction(Transaction::SignIn);
    show(context, request, occasion, &cookies::browser(&context.cx, request), None).await
}

async fn answered(context: &RequestContext, request: &HttpRequest, occasion: &Occasion, body: &Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::SignIn);
    let browser = cookies::browser(&context.cx, request);
    let params = match form::params(&context.cx, request, body) {
        Ok(params) => params,
        Err(error) => return stop(context, request, occasion, error.into()).await,
    };
    let token = params.find("csrf").unwrap_or_default();
    let next = match (params.find("action"), occasion) {
        (Some("sign-in") | None, _) => return sign_in(context, request, occasion, &browser, &params).await,
        (Some("cancel"), Occasion::Dialogue(id)) => login::cancel(&context.cx, id, &browser, token).await,
        (Some("continue"), Occasion::Dialogue(id)) => login::continue_as(&context.cx, id, &browser, token).await,
        // Nobody is told, and nothing was begun.
        (Some("cancel"), Occasion::Requests) => Ok(Next::Page(Page::Requests)),
        _ => Err(unknown_action(context)),
    };
    match next {
        Ok(next) => dialogue::go(context, request, next).await,
        Err(failure) => stop(context, request, occasion, failure).await,
    }
}

/// The error page. Where no app waits, the way on is to begin anew.
async fn stop(
    context: &RequestContext,
    request: &HttpRequest,
    occasion: &Occasion,
    failure: DialogueFailure,
) -> HttpResponse {
    let anew = (*occasion == Occasion::Requests).then(|| dialogue::address(context, &occasion.page()));
    dialogue::stop_offering(context, request, failure, anew).await
}

/// A button that no page of ours has.
pub(super) fn unknown_action(context: &RequestContext) -> DialogueFailure {
    context.cx.refused("action", &[], Reason::ParameterMalformed);
    OAuthError::invalid_request(Reason::ParameterMalformed).into()
}

async fn sign_in(
    context: &RequestContext,
    request: &HttpRequest,
    occasion: &Occasion,
    browser: &Browser,
    params: &Params,
) -> HttpResponse {
    let typed = params.find("username").unwrap_or_default();
    let form = SignInForm {
        username: typed.to_owned(),
        password: Secret::from(params.find("password").unwrap_or_default()),
        form_token: params.find("csrf").unwrap_or_default().to_owned(),
    };
    match login::sign_in(&context.cx, occasion, browser, form).await {
        Ok(signed_in) => {
            let mut response = match signed_in.next {
                Ok(next) => dialogue::go(context, request, next).await,
                Err(failure) => stop(context, request, occasion, failure).await,
            };
            cookies::keep_session(&context.cx, &mut response, Some(&signed_in.session_cookie));
            response
        }
        Err(SignInFailure::Stopped(failure)) => stop(context, request, occasion, failure).await,
        Err(SignInFailure::Refused(refusal)) => {
            answer::log_refusal(&context.cx, refusal.reason);
            recorder::keep(&context.cx).await;
            show(context, request, occasion, browser, Some((refusal, typed))).await
        }
    }
}

/// The page; after a refusal with what was typed as the name.
async fn show(
    context: &RequestContext,
    request: &HttpRequest,
    occasion: &Occasion,
    browser: &Browser,
    refused: Option<(SignInRefusal, &str)>,
) -> HttpResponse {
    let view = match login::view(&context.cx, occasion, browser).await {
        Ok(view) => view,
        Err(failure) => return stop(context, request, occasion, failure).await,
    };
    let refusal = refused.map(|(refusal, _)| refusal);
    let browser_cookie = view.browser_cookie.clone();
    let page = page(context, view, refused);
    let layout = context.state.layout(request);
    let mut response = match occasion {
        Occasion::Dialogue(_) => context.state.pages.respond(&page, &layout),
        Occasion::Requests => context.state.pages.respond(&SignInHere(page), &layout),
    };
    answer::retry_later(&mut response, refusal.and_then(|refusal| refusal.retry_after));
    cookies::set_browser(&context.cx, &mut response, browser_cookie.as_ref());
    response
}

fn page(context: &RequestContext, view: SignInView, refused: Option<(SignInRefusal, &str)>) -> SignIn {
    let note = match view.purpose {
        SignInPurpose::SignIn => None,
        SignInPurpose::OtherAccount => Some("Another account is signed in here. This app asks for a different one."),
        SignInPurpose::Reauthenticate => Some("This app asks you to confirm that it is still you."),
        SignInPurpose::SelectAccount => Some("Choose the account to go on with."),
    };
    let refusal = refused.map(|(refusal, _)| refusal);
    SignIn {
        action_url: dialogue::address(context, &view.occasion.page()),
        csrf: view.form_token,
        client: view.app.as_ref().map(|app| dialogue::client_card(app, "")),
        username: refused.map(|(_, typed)| typed.to_owned()).unwrap_or_default(),
        login_hint: view.username,
        error: refusal.map(message),
        note: note.map(str::to_owned),
        continue_as: view
            .continue_as
            .map(|offer| ContinueAs { account: dialogue::account(&offer.account), csrf: offer.form_token }),
        sign_up_url: view.sign_up.map(|page| dialogue::address(context, &page)),
        status: refusal.map_or(200, status),
    }
}

fn message(refusal: SignInRefusal) -> FieldError {
    let code = refusal.reason.code();
    match refusal.reason {
        Reason::CredentialsWrong => FieldError::credentials_do_not_match(code),
        Reason::SignInThrottled => FieldError::throttled_for(code, refusal.retry_after.unwrap_or_default()),
        Reason::SignInBusy => FieldError::busy(code),
        Reason::UsernameMissing => FieldError::username_missing(code),
        Reason::PasswordMissing => FieldError::password_missing(code),
        Reason::PasswordTooLong => FieldError::at("password", code, refusal.reason.summary()),
        other => FieldError::form(code, other.summary()),
    }
}

const fn status(refusal: SignInRefusal) -> u16 {
    match refusal.reason {
        Reason::SignInThrottled => 429,
        Reason::SignInBusy => 503,
        // The form is shown again: for a person that is an ordinary page.
        _ => 200,
    }
}
