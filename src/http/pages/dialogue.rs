//! From a decision of the dialogue to a response: a page, a redirect, a form that posts itself, or
//! an error page.

use actix_web::{HttpRequest, HttpResponse, http::header};

use super::context::{
    Account, AccountChoice, AskedFor, AskedInDetail, AskedOfApi, ClientCard, FormPost, Href, ScopeLine,
};
use crate::{
    domain::{oauth::Answer, trace::Reason},
    http::{
        answer::{PageFacts, failure_page, refused_page, retry_later, room_after},
        context::RequestContext,
    },
    service::{
        accounts::SignedInAccount,
        authorization::{App, DialogueFailure, Next, Page},
        consent::{AskedAll, AskedScope},
        login, recorder,
    },
};

/// A 303, so that nothing that was posted is posted on (RFC 9700 §4.12).
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .finish()
}

/// The address of a page.
pub fn address(context: &RequestContext, page: &Page) -> String {
    let path = match page {
        Page::SignIn(id) => format!("/sign-in/{id}"),
        Page::SignInForRequests => "/sign-in".to_owned(),
        Page::Requests => "/requests".to_owned(),
        Page::SignUp(id) => format!("/sign-up/{id}"),
        Page::Accounts(id) => format!("/accounts/{id}"),
        Page::Consent(id) => format!("/consent/{id}"),
        Page::Approve(id) => format!("/approve/{id}"),
        Page::Answered(answer) => format!("/answered/{}", answer.name()),
    };
    format!("{}{path}", context.cx.services.issuer.path())
}

/// Sends the browser on.
pub async fn go(context: &RequestContext, request: &HttpRequest, next: Next) -> HttpResponse {
    recorder::keep(&context.cx).await;
    match next {
        Next::Page(page) => see_other(&address(context, &page)),
        Next::Answer(Answer::Redirect(location)) => see_other(&location),
        Next::Answer(Answer::FormPost { action, fields }) => match Href::parse(&action) {
            Some(action) => {
                let page = FormPost { action, fields, client_name: None };
                context.state.pages.respond(&page, &context.state.layout(request))
            }
            // Only an app's own scheme ends here; a form cannot be posted to it.
            None => refused_page(context, request, 400, Reason::ResponseModeUnsupported, PageFacts::default()).await,
        },
    }
}

/// The error page of a dialogue that stopped.
pub async fn stop(context: &RequestContext, request: &HttpRequest, failure: DialogueFailure) -> HttpResponse {
    stop_offering(context, request, failure, None).await
}

/// As [`stop`], where signing in is a way on.
pub async fn stop_offering(
    context: &RequestContext,
    request: &HttpRequest,
    failure: DialogueFailure,
    sign_in_url: Option<String>,
) -> HttpResponse {
    match failure {
        DialogueFailure::Refused { error, app } => {
            let facts = PageFacts {
                client: app.as_ref().map(|app| app.name.clone()),
                home_url: app.and_then(|app| app_address(context, &app)),
                sign_in_url,
                ..sent(request, error.reason)
            };
            let wait = room_after(error.reason);
            // RFC 6585 §4.
            let status = wait.map_or(error.code.status(), |_| 429);
            let mut response = refused_page(context, request, status, error.reason, facts).await;
            retry_later(&mut response, wait);
            response
        }
        DialogueFailure::Broken(broken) => {
            recorder::keep(&context.cx).await;
            failure_page(context, request, &broken)
        }
    }
}

/// Where a person goes back to: the app's home, or the way to start it from here.
fn app_address(context: &RequestContext, app: &App) -> Option<String> {
    app.uri.clone().or_else(|| app.starts.as_ref().map(|id| super::app_start::address(context, id.as_str())))
}

/// What a developer sent for the parameter that was refused.
fn sent(request: &HttpRequest, reason: Reason) -> PageFacts {
    let parameter = match reason {
        Reason::RedirectUriNotRegistered => "redirect_uri",
        Reason::LogoutRedirectNotRegistered => "post_logout_redirect_uri",
        _ => return PageFacts::default(),
    };
    let params = crate::domain::oauth::Params::parse(request.query_string().as_bytes());
    PageFacts {
        parameter: Some(parameter.to_owned()),
        sent: params.ok().and_then(|params| params.find(parameter).map(str::to_owned)),
        ..PageFacts::default()
    }
}

/// The app as a person sees it. `host`: where the answer goes.
pub fn client_card(app: &App, host: &str) -> ClientCard {
    ClientCard::new(&app.name, host, None)
}

/// All that is asked for, as a person reads it.
pub fn asked_for(asked: &AskedAll) -> AskedFor {
    let line = |asked: &AskedScope| ScopeLine::new(&asked.scope, &asked.sentence, Some(&asked.detail));
    let at_api = asked
        .apis
        .iter()
        .map(|api| AskedOfApi::new(&api.name, &api.resource, &api.description, api.scopes.iter().map(line).collect()));
    let in_detail = asked.details.iter().map(|one| AskedInDetail::new(&one.title, &one.description, &one.fields));
    AskedFor { scopes: asked.scopes.iter().map(line).collect(), apis: at_api.collect(), details: in_detail.collect() }
}

/// An account that is signed in here, with the session that its buttons name.
pub fn account_choice(choice: &SignedInAccount) -> AccountChoice {
    AccountChoice { session: choice.session.as_str().to_owned(), account: account(&choice.account) }
}

/// A person as they see themselves.
pub fn account(account: &login::Account) -> Account {
    Account::new(account.name.as_deref().unwrap_or(&account.username), account.email.as_deref())
}
