//! The documentation of the reason codes, generated from the table of reasons.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::context::{DocsError, DocsErrors, ErrorEntry};
use crate::{
    domain::trace::{Audience, Reason},
    http::{
        HttpState,
        answer::{PageFacts, refused_page},
        context::RequestContext,
    },
};

/// `GET /docs/errors`.
pub async fn index(state: Data<HttpState>, request: HttpRequest) -> HttpResponse {
    let entries = Reason::ALL.iter().map(|reason| describe(*reason)).collect();
    state.pages.respond(&DocsErrors::new(&index_url(&state), entries), &state.layout(&request))
}

/// `GET /docs/errors/{code}`.
pub async fn entry(
    state: Data<HttpState>,
    request: HttpRequest,
    code: Path<String>,
    context: RequestContext,
) -> HttpResponse {
    match Reason::from_code(&code) {
        Some(reason) => {
            state.pages.respond(&DocsError::new(&index_url(&state), describe(reason)), &state.layout(&request))
        }
        None => refused_page(&context, &request, 404, Reason::PathUnknown, PageFacts::default()).await,
    }
}

fn index_url(state: &HttpState) -> String {
    state.services.issuer.join("/docs/errors")
}

fn describe(reason: Reason) -> ErrorEntry {
    ErrorEntry {
        code: reason.code().to_owned(),
        summary: reason.summary().to_owned(),
        next_step: reason.next_step().to_owned(),
        audience: match reason.audience() {
            Audience::Person => "the person signing in",
            Audience::Developer => "the developer of the app",
            Audience::Administrator => "an administrator of this server",
        }
        .to_owned(),
        oauth_error: None,
    }
}
