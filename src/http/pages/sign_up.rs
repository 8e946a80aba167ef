//! The sign-up page (Initiating User Registration via OpenID Connect 1.0).

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{
    context::{FieldError, Severity, SignUp},
    dialogue, setup,
    sign_in::unknown_action,
};
use crate::{
    domain::{
        Secret,
        ids::InteractionId,
        oauth::Params,
        trace::{Reason, Transaction},
    },
    http::{answer, context::RequestContext, cookies, oauth::form},
    service::{
        authorization::{Browser, DialogueFailure, Page},
        recorder,
        sign_up::{self, SignUpFailure, SignUpForm, SignUpRefusal, SignUpView},
    },
};

/// `GET /sign-up/{interaction}`.
pub async fn get(context: RequestContext, request: HttpRequest, id: Path<String>) -> HttpResponse {
    context.cx.note_transaction(Transaction::SignUp);
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    match sign_up::view(&context.cx, &id, &browser).await {
        Ok(view) => show(&context, &request, view, None, None),
        Err(failure) => stop(&context, &request, id, failure).await,
    }
}

/// `POST /sign-up/{interaction}`.
pub async fn post(context: RequestContext, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::SignUp);
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    let params = match form::params(&context.cx, &request, &body) {
        Ok(params) => params,
        Err(error) => return dialogue::stop(&context, &request, error.into()).await,
    };
    let next = match params.find("action") {
        Some("sign-up") | None => return create(&context, &request, id, &browser, &params).await,
        Some("cancel") => sign_up::cancel(&context.cx, &id, &browser, params.find("csrf").unwrap_or_default()).await,
        Some(_) => Err(unknown_action(&context)),
    };
    match next {
        Ok(next) => dialogue::go(&context, &request, next).await,
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}

/// What was typed, but for the password: it is shown again.
struct Typed {
    username: String,
    email: String,
    name: String,
}

impl Typed {
    fn of(params: &Params) -> Self {
        let text = |name: &str| params.find(name).unwrap_or_default().trim().to_owned();
        Self { username: text("username"), email: text("email"), name: text("name") }
    }
}

async fn create(
    context: &RequestContext,
    request: &HttpRequest,
    id: InteractionId,
    browser: &Browser,
    params: &Params,
) -> HttpResponse {
    let typed = Typed::of(params);
    let form = SignUpForm {
        username: typed.username.clone(),
        email: typed.email.clone(),
        name: Some(typed.name.clone()).filter(|name| !name.is_empty()),
        password: Secret::from(params.find("password").unwrap_or_default()),
        form_token: params.find("csrf").unwrap_or_default().to_owned(),
    };
    match sign_up::sign_up(&context.cx, &id, browser, form).await {
        Ok(signed_in) => {
            let mut response = match signed_in.next {
                Ok(next) => dialogue::go(context, request, next).await,
                Err(failure) => dialogue::stop(context, request, failure).await,
            };
            cookies::keep_session(&context.cx, &mut response, Some(&signed_in.session_cookie));
            response
        }
        Err(SignUpFailure::Stopped(failure)) => stop(context, request, id, failure).await,
        Err(SignUpFailure::Refused(refusal)) => {
            answer::log_refusal(&context.cx, refusal.reason);
            recorder::keep(&context.cx).await;
            match sign_up::view(&context.cx, &id, browser).await {
                Ok(view) => show(context, request, view, Some(&refusal), Some(typed)),
                Err(failure) => stop(context, request, id, failure).await,
            }
        }
    }
}

/// Where nobody can sign up (any more), somebody with an account still goes on from here.
async fn stop(
    context: &RequestContext,
    request: &HttpRequest,
    id: InteractionId,
    failure: DialogueFailure,
) -> HttpResponse {
    let closed = matches!(&failure, DialogueFailure::Refused { error, .. } if error.reason == Reason::SignUpClosed);
    let sign_in = closed.then(|| dialogue::address(context, &Page::SignIn(id)));
    dialogue::stop_offering(context, request, failure, sign_in).await
}

fn show(
    context: &RequestContext,
    request: &HttpRequest,
    view: SignUpView,
    refusal: Option<&SignUpRefusal>,
    typed: Option<Typed>,
) -> HttpResponse {
    let hinted = || Typed {
        username: view.username.clone().unwrap_or_default(),
        email: view.email.clone().unwrap_or_default(),
        name: String::new(),
    };
    let Typed { username, email, name } = typed.unwrap_or_else(hinted);
    let page = SignUp {
        action_url: dialogue::address(context, &Page::SignUp(view.interaction.clone())),
        sign_in_url: dialogue::address(context, &Page::SignIn(view.interaction)),
        csrf: view.form_token,
        client: dialogue::client_card(&view.app, ""),
        username,
        email,
        name,
        password_rule: setup::password_rule(context),
        errors: refusal.map(message).into_iter().collect(),
        status: refusal.map_or(200, status),
    };
    let mut response = context.state.pages.respond(&page, &context.state.layout(request));
    answer::retry_later(&mut response, refusal.and_then(|refusal| refusal.retry_after));
    response
}

fn message(refusal: &SignUpRefusal) -> FieldError {
    let code = refusal.reason.code();
    match refusal.reason {
        Reason::SignInThrottled => FieldError::throttled_for(code, refusal.retry_after.unwrap_or_default()),
        Reason::SignUpTooMany => {
            let text = format!("{} {}", refusal.reason.summary(), refusal.reason.next_step());
            FieldError { severity: Severity::Wait, ..FieldError::form(code, &text) }
        }
        Reason::SignUpDone => {
            FieldError::form(code, &format!("{} {}", refusal.reason.summary(), refusal.reason.next_step()))
        }
        Reason::SignInBusy => FieldError::busy(code),
        Reason::UsernameMissing => FieldError::username_missing(code),
        Reason::PasswordMissing => FieldError::password_missing(code),
        Reason::UsernameTaken => {
            FieldError::at("username", code, &format!("{} {}", refusal.reason.summary(), refusal.reason.next_step()))
        }
        reason => setup::field_error(reason, &refusal.message),
    }
}

const fn status(refusal: &SignUpRefusal) -> u16 {
    match refusal.reason {
        Reason::SignInThrottled | Reason::SignUpTooMany => 429,
        Reason::SignInBusy => 503,
        _ => 422,
    }
}
