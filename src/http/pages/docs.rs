//! The documentation of the codes, generated from the table of reasons and that of start codes.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::context::{DocsError, DocsErrors, ErrorEntry};
use crate::{
    domain::trace::{Audience, Reason, StartCode},
    http::{
        HttpState,
        answer::{PageFacts, refused_page},
        context::RequestContext,
    },
};

/// `GET /docs/errors`.
pub async fn index(state: Data<HttpState>, request: HttpRequest) -> HttpResponse {
    let reasons = Reason::ALL.iter().map(|reason| describe(*reason));
    let entries = reasons.chain(StartCode::ALL.iter().map(|code| describe_start(*code))).collect();
    state.pages.respond(&DocsErrors::new(&index_url(&state), entries), &state.layout(&request))
}

/// `GET /docs/errors/{code}`.
pub async fn entry(
    state: Data<HttpState>,
    request: HttpRequest,
    code: Path<String>,
    context: RequestContext,
) -> HttpResponse {
    let reason = Reason::from_code(&code).map(describe);
    match reason.or_else(|| StartCode::parse(&code).map(describe_start)) {
        Some(entry) => state.pages.respond(&DocsError::new(&index_url(&state), entry), &state.layout(&request)),
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
        at_start: false,
        oauth_error: None,
    }
}

fn describe_start(code: StartCode) -> ErrorEntry {
    ErrorEntry {
        code: code.as_str().to_owned(),
        summary: code.summary().to_owned(),
        next_step: code.next_step().to_owned(),
        audience: "whoever runs this server".to_owned(),
        at_start: true,
        oauth_error: None,
    }
}
