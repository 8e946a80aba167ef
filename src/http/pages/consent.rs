//! The consent page.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{
    context::{AppLink, Consent},
    dialogue,
    sign_in::unknown_action,
};
use crate::{
    domain::{ids::InteractionId, trace::Transaction},
    http::{context::RequestContext, cookies, oauth::form},
    service::{
        authorization::Page,
        consent::{self, AppLinks, ConsentView, Shown},
    },
};

/// `GET /consent/{interaction}`.
pub async fn get(context: RequestContext, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    match consent::view(&context.cx, &id, &browser).await {
        Ok(Shown::Page(view)) => show(&context, &request, view),
        Ok(Shown::Elsewhere(next)) => dialogue::go(&context, &request, next).await,
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}

/// `POST /consent/{interaction}`.
pub async fn post(context: RequestContext, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Consent);
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    let params = match form::params(&context.cx, &request, &body) {
        Ok(params) => params,
        Err(error) => return dialogue::stop(&context, &request, error.into()).await,
    };
    let token = params.find("csrf").unwrap_or_default();
    let next = match params.find("action") {
        Some("allow") => consent::allow(&context.cx, &id, &browser, token).await,
        Some("deny") => consent::deny(&context.cx, &id, &browser, token).await,
        Some("switch") => consent::switch_account(&context.cx, &id, &browser, token).await,
        _ => Err(unknown_action(&context)),
    };
    match next {
        Ok(next) => dialogue::go(&context, &request, next).await,
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}

/// What the app says of itself. Only https reaches a page, and nothing is loaded from there.
fn links(says: &AppLinks) -> Vec<AppLink> {
    [
        ("consent-app-home", "Website", &says.home),
        ("consent-app-policy", "Privacy policy", &says.policy),
        ("consent-app-terms", "Terms", &says.terms),
        ("consent-app-logo", "Logo", &says.logo),
    ]
    .into_iter()
    .filter_map(|(id, label, uri)| AppLink::new(id, label, uri.as_deref()?))
    .collect()
}

fn show(context: &RequestContext, request: &HttpRequest, view: ConsentView) -> HttpResponse {
    let host = view.host.as_deref().unwrap_or("an app on this computer");
    let page = Consent {
        action_url: dialogue::address(context, &Page::Consent(view.interaction)),
        csrf: view.form_token,
        client: dialogue::client_card(&view.app, host),
        account: dialogue::account(&view.account),
        asked: dialogue::asked_for(&view.asked),
        unverified: view.unverified,
        published_by: view.published_by,
        links: links(&view.links),
        contacts: view.links.contacts,
        can_switch: true,
    };
    context.state.pages.respond(&page, &context.state.layout(request))
}
