//! The consent page.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{
    context::{AskedInDetail, AskedOfApi, Consent, ScopeLine},
    dialogue,
    sign_in::unknown_action,
};
use crate::{
    domain::{ids::InteractionId, trace::Transaction},
    http::{context::RequestContext, cookies, oauth::form},
    service::{
        authorization::Page,
        consent::{self, AskedScope, ConsentView, Shown},
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

fn show(context: &RequestContext, request: &HttpRequest, view: ConsentView) -> HttpResponse {
    let host = view.host.as_deref().unwrap_or("an app on this computer");
    let line = |asked: &AskedScope| ScopeLine::new(&asked.scope, &asked.sentence, Some(&asked.detail));
    let asked = &view.asked;
    let at_api = asked
        .apis
        .iter()
        .map(|api| AskedOfApi::new(&api.name, &api.resource, &api.description, api.scopes.iter().map(line).collect()));
    let in_detail = asked.details.iter().map(|one| AskedInDetail::new(&one.title, &one.description, &one.fields));
    let page = Consent {
        action_url: dialogue::address(context, &Page::Consent(view.interaction)),
        csrf: view.form_token,
        client: dialogue::client_card(&view.app, host),
        account: dialogue::account(&view.account),
        scopes: asked.scopes.iter().map(line).collect(),
        apis: at_api.collect(),
        details: in_detail.collect(),
        unverified: false,
        can_switch: true,
    };
    context.state.pages.respond(&page, &context.state.layout(request))
}
