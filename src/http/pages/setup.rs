//! The page behind the setup link: it creates the first administrator, once.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};

use super::{
    context::{Command, FieldError, Setup, SetupDone},
    dialogue,
};
use crate::{
    domain::{
        Secret,
        oauth::Params,
        trace::{Reason, Transaction},
    },
    http::{
        answer::{PageFacts, failure_page, log_refusal, refused_page},
        context::RequestContext,
        oauth::form,
    },
    service::{admin::AdminFailure, recorder, setup},
};

/// `GET /setup`. The code arrives in the fragment, which only the browser sees; a small script
/// moves it into the form, or the person pastes it.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    context.cx.note_transaction(Transaction::Setup);
    match setup::has_administrator(&context.cx).await {
        Ok(false) => show(&context, &request, &Typed::default(), None),
        Ok(true) => {
            context.cx.refused("setup", &[], Reason::SetupCodeInvalid);
            refused_page(&context, &request, 410, Reason::SetupCodeInvalid, PageFacts::default()).await
        }
        Err(failure) => fail(&context, &request, failure, &Typed::default()).await,
    }
}

/// `POST /setup`. The code itself shows that the form is the person's own: nobody else knows it.
pub async fn post(context: RequestContext, request: HttpRequest, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Setup);
    let params = match form::params(&context.cx, &request, &body) {
        Ok(params) => params,
        Err(error) => return dialogue::stop(&context, &request, error.into()).await,
    };
    let typed = Typed::of(&params);
    let optional = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let code = Secret::from(typed.code.as_str());
    let password = Secret::from(params.find("password").unwrap_or_default());
    let (email, name) = (optional(&typed.email), optional(&typed.name));
    match setup::complete(&context.cx, &code, &typed.username, email, name, &password).await {
        Ok(_) => {
            recorder::keep(&context.cx).await;
            done(&context, &request, typed.username)
        }
        Err(failure) => fail(&context, &request, failure, &typed).await,
    }
}

#[derive(Default)]
struct Typed {
    code: String,
    username: String,
    email: String,
    name: String,
}

impl Typed {
    fn of(params: &Params) -> Self {
        let text = |name: &str| params.find(name).unwrap_or_default().to_owned();
        Self { code: text("code"), username: text("username"), email: text("email"), name: text("name") }
    }
}

async fn fail(context: &RequestContext, request: &HttpRequest, failure: AdminFailure, typed: &Typed) -> HttpResponse {
    match failure {
        AdminFailure::Refused { reason, message } => {
            log_refusal(&context.cx, reason);
            recorder::keep(&context.cx).await;
            show(context, request, typed, Some(field_error(reason, &message)))
        }
        AdminFailure::Broken(broken) => failure_page(context, request, &broken),
    }
}

/// A refusal of management as a form tells it. The command line names the field in the sentence; here it
/// stands next to it.
pub(super) fn field_error(reason: Reason, message: &str) -> FieldError {
    let field = field(reason);
    let sentence = message.strip_prefix(field).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message);
    FieldError::at(field, reason.code(), sentence)
}

/// The password rule, before anybody breaks it.
pub(super) fn password_rule(context: &RequestContext) -> String {
    let minimum = context.cx.services.policy.password_min_length;
    format!("At least {minimum} characters. A few random words are fine.")
}

/// Next to which field a refusal stands; empty: above the form.
const fn field(reason: Reason) -> &'static str {
    match reason {
        Reason::SetupCodeInvalid => "code",
        Reason::UsernameMissing | Reason::UsernameMalformed | Reason::NameTaken => "username",
        Reason::EmailMalformed => "email",
        // The only other value that a form of ours asks for.
        Reason::ValueNotAllowed => "name",
        Reason::PasswordMissing | Reason::PasswordTooLong | Reason::PasswordTooWeak => "password",
        _ => "",
    }
}

fn show(context: &RequestContext, request: &HttpRequest, typed: &Typed, error: Option<FieldError>) -> HttpResponse {
    let page = Setup {
        action_url: format!("{}/setup", context.cx.services.issuer.path()),
        csrf: String::new(),
        code: typed.code.clone(),
        username: typed.username.clone(),
        email: typed.email.clone(),
        name: typed.name.clone(),
        password_rule: password_rule(context),
        status: if error.is_some() { 422 } else { 200 },
        errors: error.into_iter().collect(),
    };
    context.state.pages.respond(&page, &context.state.layout(request))
}

fn done(context: &RequestContext, request: &HttpRequest, username: String) -> HttpResponse {
    let command = |what: &str, command: &str| Command { what: what.to_owned(), command: command.to_owned() };
    let commands = vec![
        command(
            "Register an app",
            "symbolon client create --kind spa --name demo --redirect-uri http://localhost:5173/callback",
        ),
        command("Add a person", "symbolon user create alice --email alice@example.com --password-stdin"),
        command("See what happened", "symbolon event list"),
    ];
    context.state.pages.respond(&SetupDone { username, commands }, &context.state.layout(request))
}
