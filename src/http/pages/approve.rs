//! The page about a request from another device or over the back channel, and the page that ends it.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Path},
};

use super::{
    context::{Answered, Approve, FieldError},
    dialogue,
    sign_in::unknown_action,
};
use crate::{
    domain::{
        entity::DeferredKind,
        ids::InteractionId,
        trace::{Reason, Transaction},
    },
    http::{
        answer::{self, PageFacts},
        context::RequestContext,
        cookies,
        oauth::form,
    },
    service::{
        approval::{self, ApprovalView},
        authorization::{self, Page},
        consent::Shown,
        recorder,
    },
};

/// `GET /approve/{interaction}`.
pub async fn get(context: RequestContext, request: HttpRequest, id: Path<String>) -> HttpResponse {
    show(&context, &request, &InteractionId::new(id.into_inner())).await
}

/// `POST /approve/{interaction}`.
pub async fn post(context: RequestContext, request: HttpRequest, id: Path<String>, body: Bytes) -> HttpResponse {
    context.cx.note_transaction(Transaction::Consent);
    let (id, browser) = (InteractionId::new(id.into_inner()), cookies::browser(&context.cx, &request));
    let params = match form::params(&context.cx, &request, &body) {
        Ok(params) => params,
        Err(error) => return dialogue::stop(&context, &request, error.into()).await,
    };
    let token = params.find("csrf").unwrap_or_default();
    let next = match params.find("action") {
        // Nobody types anything for a request over the back channel, which names whom it is about.
        Some("allow") if params.find("started_here") != Some("yes") => {
            match approval::view(&context.cx, &id, &browser).await {
                Ok(Shown::Page(view)) if view.kind == DeferredKind::Device => {
                    return unconfirmed(&context, &request, view).await;
                }
                Ok(Shown::Page(_)) => approval::allow(&context.cx, &id, &browser, token).await,
                Ok(Shown::Elsewhere(next)) => Ok(next),
                Err(failure) => Err(failure),
            }
        }
        Some("allow") => approval::allow(&context.cx, &id, &browser, token).await,
        Some("deny") => approval::deny(&context.cx, &id, &browser, token).await,
        Some("switch") => approval::switch_account(&context.cx, &id, &browser, token).await,
        _ => Err(unknown_action(&context)),
    };
    match next {
        Ok(next) => dialogue::go(&context, &request, next).await,
        Err(failure) => dialogue::stop(&context, &request, failure).await,
    }
}

/// Whoever was talked into typing a code is asked once more (RFC 8628 §5.4).
async fn unconfirmed(context: &RequestContext, request: &HttpRequest, view: ApprovalView) -> HttpResponse {
    let reason = Reason::ConfirmationMissing;
    context.cx.refused("confirmation", &[], reason);
    answer::log_refusal(&context.cx, reason);
    recorder::keep(&context.cx).await;
    render(context, request, view, Some(FieldError::at("started_here", reason.code(), reason.next_step())))
}

async fn show(context: &RequestContext, request: &HttpRequest, id: &InteractionId) -> HttpResponse {
    let browser = cookies::browser(&context.cx, request);
    match approval::view(&context.cx, id, &browser).await {
        Ok(Shown::Page(view)) => render(context, request, view, None),
        Ok(Shown::Elsewhere(next)) => dialogue::go(context, request, next).await,
        Err(failure) => dialogue::stop(context, request, failure).await,
    }
}

fn render(
    context: &RequestContext,
    request: &HttpRequest,
    view: ApprovalView,
    error: Option<FieldError>,
) -> HttpResponse {
    let ago = context.cx.now().seconds_since(view.created_at).max(0);
    let page = Approve {
        action_url: dialogue::address(context, &Page::Approve(view.interaction)),
        csrf: view.form_token,
        client: dialogue::client_card(&view.app, ""),
        account: dialogue::account(&view.account),
        user_code: view.user_code,
        binding_message: view.binding_message,
        minutes: ago / 60,
        time: answer::rfc3339(view.created_at.seconds()),
        address: view.address.map(|address| address.to_canonical().to_string()),
        elsewhere: view.elsewhere,
        from_device: view.kind == DeferredKind::Device,
        asked: dialogue::asked_for(&view.asked),
        unverified: view.unverified,
        published_by: view.published_by,
        error,
    };
    context.state.pages.respond(&page, &context.state.layout(request))
}

/// `GET /answered/{answer}`.
pub async fn answered(context: RequestContext, request: HttpRequest, answer: Path<String>) -> HttpResponse {
    let Some(known) = authorization::Answered::from_name(&answer) else {
        return answer::refused_page(&context, &request, 404, Reason::PathUnknown, PageFacts::default()).await;
    };
    let page = Answered { allowed: known == authorization::Answered::Allowed };
    context.state.pages.respond(&page, &context.state.layout(&request))
}
