//! The start page: what this server is, and who is signed in.

use actix_web::{HttpRequest, HttpResponse};

use super::{context::Home, dialogue};
use crate::{
    http::{answer::failure_page, context::RequestContext, cookies},
    service::{Broken, Failure, admin::AdminFailure, login, sessions, setup},
};

/// `GET /`.
pub async fn get(context: RequestContext, request: HttpRequest) -> HttpResponse {
    let browser = cookies::browser(&context.cx, &request);
    let account = match sessions::current(&context.cx, browser.session.as_ref()).await {
        Ok(session) => session.map(|(_, user)| dialogue::account(&login::Account::from(&user))),
        Err(Failure::Broken(broken)) => return failure_page(&context, &request, &broken),
        Err(Failure::Refused(error)) => {
            return failure_page(&context, &request, &Broken::Internal(error.description.to_owned()));
        }
    };
    // Nobody administers a playground.
    let awaits_setup = if account.is_some() || context.state.playground {
        false
    } else {
        match setup::has_administrator(&context.cx).await {
            Ok(found) => !found,
            Err(AdminFailure::Broken(broken)) => return failure_page(&context, &request, &broken),
            Err(AdminFailure::Refused { .. }) => false,
        }
    };
    let issuer = context.cx.services.issuer.join("");
    let page = Home::new(&issuer, account, awaits_setup, context.state.playground);
    context.state.pages.respond(&page, &context.state.layout(&request))
}

/// `GET /favicon.ico`: browsers ask for it whatever the page says.
pub async fn favicon(context: RequestContext) -> HttpResponse {
    let address = super::asset_url("favicon.svg").unwrap_or_default();
    let base = context.cx.services.issuer.path();
    HttpResponse::MovedPermanently()
        .insert_header(("Location", format!("{base}{address}")))
        .insert_header(("Cache-Control", "public, max-age=86400"))
        .finish()
}
