//! The sign-in page.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{
    context::{ContinueAs, FieldError, SignIn},
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
        authorization::{Browser, DialogueFailure, Page},
        login::{self, SignInFailure, SignInForm, SignInPurpose, SignInRefusal, SignInView},
        recorder,
    },
};

/// `GET /sign-in/{interaction}`.
pub async fn get(context: RequestContext, request: HttpRequest, id: Path<String>) -> HttpResponse {
    context.cx.note_transaction(Transaction::SignIn);
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    match login::view(&context.cx, &id, &browser).await {
        Ok(view) => show(&context, &request, view, None, None),
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}

/// `POST /sign-in/{interaction}`.
pub async fn post(context: RequestContext, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::SignIn);
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    let params = match form::params(&context.cx, &request, &body) {
        Ok(params) => params,
        Err(error) => return dialogue::stop(&context, &request, error.into()).await,
    };
    let token = params.find("csrf").unwrap_or_default();
    let next = match params.find("action") {
        Some("sign-in") | None => return sign_in(&context, &request, &id, &browser, &params).await,
        Some("cancel") => login::cancel(&context.cx, &id, &browser, token).await,
        Some("continue") => login::continue_as(&context.cx, &id, &browser, token).await,
        Some(_) => Err(unknown_action(&context)),
    };
    match next {
        Ok(next) => dialogue::go(&context, &request, next).await,
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}

/// A button that no page of ours has.
pub(super) fn unknown_action(context: &RequestContext) -> DialogueFailure {
    context.cx.refused("action", &[], Reason::ParameterMalformed);
    OAuthError::invalid_request(Reason::ParameterMalformed).into()
}

async fn sign_in(
    context: &RequestContext,
    request: &HttpRequest,
    id: &InteractionId,
    browser: &Browser,
    params: &Params,
) -> HttpResponse {
    let typed = params.find("username").unwrap_or_default();
    let form = SignInForm {
        username: typed.to_owned(),
        password: Secret::from(params.find("password").unwrap_or_default()),
        form_token: params.find("csrf").unwrap_or_default().to_owned(),
    };
    match login::sign_in(&context.cx, id, browser, form).await {
        Ok(signed_in) => {
            let mut response = match signed_in.next {
                Ok(next) => dialogue::go(context, request, next).await,
                Err(failure) => dialogue::stop(context, request, failure).await,
            };
            cookies::keep_session(&context.cx, &mut response, Some(&signed_in.session_cookie));
            response
        }
        Err(SignInFailure::Stopped(failure)) => dialogue::stop(context, request, failure).await,
        Err(SignInFailure::Refused(refusal)) => {
            answer::log_refusal(&context.cx, refusal.reason);
            recorder::keep(&context.cx).await;
            match login::view(&context.cx, id, browser).await {
                Ok(view) => show(context, request, view, Some(refusal), Some(typed)),
                Err(failure) => dialogue::stop(context, request, failure).await,
            }
        }
    }
}

fn show(
    context: &RequestContext,
    request: &HttpRequest,
    view: SignInView,
    refusal: Option<SignInRefusal>,
    typed: Option<&str>,
) -> HttpResponse {
    let note = match view.purpose {
        SignInPurpose::SignIn => None,
        SignInPurpose::OtherAccount => Some("Another account is signed in here. This app asks for a different one."),
        SignInPurpose::Reauthenticate => Some("This app asks you to confirm that it is still you."),
        SignInPurpose::SelectAccount => Some("Choose the account to go on with."),
    };
    let sign_up_url = view.may_sign_up.then(|| dialogue::address(context, &Page::SignUp(view.interaction.clone())));
    let page = SignIn {
        action_url: dialogue::address(context, &Page::SignIn(view.interaction)),
        csrf: view.form_token,
        client: Some(dialogue::client_card(&view.app, "")),
        username: typed.unwrap_or_default().to_owned(),
        login_hint: view.username,
        error: refusal.map(message),
        note: note.map(str::to_owned),
        continue_as: view
            .continue_as
            .map(|offer| ContinueAs { account: dialogue::account(&offer.account), csrf: offer.form_token }),
        sign_up_url,
        status: refusal.map_or(200, status),
    };
    let mut response = context.state.pages.respond(&page, &context.state.layout(request));
    answer::retry_later(&mut response, refusal.and_then(|refusal| refusal.retry_after));
    response
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
