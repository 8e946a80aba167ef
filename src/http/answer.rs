//! The renderers of refusals and failures: OAuth JSON, bearer challenge, HTML page. Everything that
//! fails passes here: it is logged, its record is kept, and it leaves with its trace id.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
};
use serde_json::json;

use super::{
    context::{HttpState, RequestContext},
    oauth::possession,
    pages::context::{Developer, ErrorPage, Href},
};
use crate::{
    domain::{
        authn::throttle,
        oauth::{ErrorCode, OAuthError, REGISTRATION_ROOM_AFTER, ROOM_AT_NETWORK_AFTER},
        trace::{Audience, Reason},
    },
    service::{Broken, Cx, Failure, authorization::error_uri, possession::PROOF_ALGORITHMS, recorder},
};

/// How the caller wants to hear of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renderer {
    /// RFC 6749 §5.2.
    OauthJson,
    /// RFC 6750 §3.
    Bearer,
    /// RFC 9449 §7.1.
    Dpop,
}

/// Ends a request of a direct endpoint: keeps its record, and renders whichever way it ended.
pub async fn finish(
    context: &RequestContext,
    renderer: Renderer,
    result: Result<HttpResponse, Failure>,
) -> HttpResponse {
    finish_naming(context, renderer, result, None).await
}

/// As [`finish`], naming the member of what was sent that is wrong: one of our own names.
pub async fn finish_naming(
    context: &RequestContext,
    renderer: Renderer,
    result: Result<HttpResponse, Failure>,
    member: Option<&str>,
) -> HttpResponse {
    match result {
        Ok(response) => response,
        Err(Failure::Refused(error)) => {
            log_refusal(&context.cx, error.reason);
            recorder::keep(&context.cx).await;
            refusal(&context.cx, renderer, &error, member)
        }
        Err(Failure::Broken(broken)) => failure(&context.cx, &broken),
    }
}

/// A refusal is normal: one line at info.
pub fn log_refusal(cx: &Cx, reason: Reason) {
    tracing::info!(trace_id = %cx.trace_id(), reason = reason.code(), "{}", reason.summary());
}

fn refusal(cx: &Cx, renderer: Renderer, error: &OAuthError, member: Option<&str>) -> HttpResponse {
    let status = match (renderer, error.code) {
        // At a resource, a proof is part of the authorization (RFC 9449 §7.1).
        (Renderer::Bearer | Renderer::Dpop, ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce) => {
            StatusCode::UNAUTHORIZED
        }
        // Denied before anybody was asked (CIBA Core 1.0 §13).
        _ if matches!(error.reason, Reason::BackchannelTooMany | Reason::BackchannelThrottled) => StatusCode::FORBIDDEN,
        // The network's doing, not ours: a balancer must not take this node for a failing one (RFC 6585 §4).
        _ if room_after(error.reason).is_some() => StatusCode::TOO_MANY_REQUESTS,
        // RFC 9126 §2.3.
        _ if error.reason == Reason::PushedRequestTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        (_, code) => StatusCode::from_u16(code.status()).unwrap_or(StatusCode::BAD_REQUEST),
    };
    let reason = error.public_reason();
    let member = member.map(|member| format!("{member}: ")).unwrap_or_default();
    let description = format!("{}: {member}{}", reason.code(), error.description);
    let mut response = HttpResponse::build(status);
    response.insert_header(("Cache-Control", "no-store")).insert_header(("Pragma", "no-cache"));
    match renderer {
        Renderer::Bearer | Renderer::Dpop => {
            response.insert_header(("WWW-Authenticate", challenge(renderer, error, &description)));
        }
        Renderer::OauthJson if status == StatusCode::UNAUTHORIZED => {
            response.insert_header(("WWW-Authenticate", "Basic realm=\"symbolon\", charset=\"UTF-8\""));
        }
        Renderer::OauthJson => {}
    }
    let mut response = response.json(json!({
        "error": error.code.name(),
        "error_description": description,
        "error_uri": error_uri(cx, reason),
        "trace_id": cx.trace_id().as_str(),
    }));
    if error.code == ErrorCode::UseDpopNonce {
        possession::put_nonce(cx, &mut response);
    }
    retry_later(&mut response, room_after(error.reason));
    response
}

/// After so many seconds there is room again for the network or client at the other end, where it has brought too
/// much.
pub const fn room_after(reason: Reason) -> Option<u64> {
    match reason {
        Reason::DeviceTooMany | Reason::PushedRequestTooMany => Some(ROOM_AT_NETWORK_AFTER),
        Reason::RegistrationTooMany => Some(REGISTRATION_ROOM_AFTER),
        Reason::BackchannelThrottled => Some(throttle::Policy::LOGIN_HINT.longest_delay.unsigned_abs()),
        _ => None,
    }
}

/// How to come back with an access token. Without one there is nothing to tell about it (RFC 6750
/// §3.1), and either scheme will do.
fn challenge(renderer: Renderer, error: &OAuthError, description: &str) -> String {
    let algorithms: Vec<&str> = PROOF_ALGORITHMS.iter().map(|algorithm| algorithm.name()).collect();
    let algorithms = algorithms.join(" ");
    if error.reason == Reason::RegistrationTokenMissing {
        return "Bearer realm=\"symbolon\"".to_owned();
    }
    if error.reason == Reason::BearerMissing {
        return format!("Bearer realm=\"symbolon\", DPoP algs=\"{algorithms}\"");
    }
    let told = format!("realm=\"symbolon\", error=\"{}\", error_description=\"{description}\"", error.code.name());
    match renderer {
        Renderer::Dpop => format!("DPoP {told}, algs=\"{algorithms}\""),
        _ if error.reason == Reason::TokenBoundElsewhere => format!("DPoP {told}, algs=\"{algorithms}\""),
        _ => format!("Bearer {told}"),
    }
}

/// The server could not decide: 503 or 500, never a 4xx.
pub fn failure(cx: &Cx, broken: &Broken) -> HttpResponse {
    let (code, reason, retry_after) = classify(cx, broken);
    let mut response = HttpResponse::build(StatusCode::from_u16(code.status()).unwrap_or_default());
    if let Some(seconds) = retry_after {
        response.insert_header(("Retry-After", seconds.to_string()));
    }
    response.insert_header(("Cache-Control", "no-store")).insert_header(("Pragma", "no-cache"));
    response.json(json!({
        "error": code.name(),
        "error_description": format!("{}: {}", reason.code(), reason.summary()),
        "trace_id": cx.trace_id().as_str(),
    }))
}

fn classify(cx: &Cx, broken: &Broken) -> (ErrorCode, Reason, Option<u32>) {
    tracing::error!(trace_id = %cx.trace_id(), error = %broken, "a request failed");
    match broken {
        Broken::Unavailable { retry_after, .. } => {
            (ErrorCode::TemporarilyUnavailable, Reason::Overloaded, Some(*retry_after))
        }
        Broken::Internal(_) => (ErrorCode::ServerError, Reason::Internal, None),
    }
}

/// What a page about a refusal may add.
#[derive(Clone, Debug, Default)]
pub struct PageFacts {
    /// The client's name, once known.
    pub client: Option<String>,
    /// Where the client lives, once known.
    pub home_url: Option<String>,
    /// The sign-in page, where the dialogue can go on there.
    pub sign_in_url: Option<String>,
    /// The parameter that was refused.
    pub parameter: Option<String>,
    /// What was sent for it.
    pub sent: Option<String>,
}

/// The error page of a refusal.
pub async fn refused_page(
    context: &RequestContext,
    request: &HttpRequest,
    status: u16,
    reason: Reason,
    facts: PageFacts,
) -> HttpResponse {
    log_refusal(&context.cx, reason);
    note_refusal(&context.cx, request, reason);
    recorder::keep(&context.cx).await;
    error_page(context, request, status, reason, facts)
}

/// What no handler got to see, refused in the form in which the route speaks. `direct`: programs call it.
pub async fn refused_early(
    context: &RequestContext,
    request: &HttpRequest,
    direct: bool,
    (status, reason): (StatusCode, Reason),
) -> HttpResponse {
    if !direct {
        return refused_page(context, request, status.as_u16(), reason, PageFacts::default()).await;
    }
    log_refusal(&context.cx, reason);
    note_refusal(&context.cx, request, reason);
    recorder::keep(&context.cx).await;
    let mut response = refusal(&context.cx, Renderer::OauthJson, &OAuthError::invalid_request(reason), None);
    *response.status_mut() = status;
    response
}

/// What was refused before a use case could note it is in the record all the same.
fn note_refusal(cx: &Cx, request: &HttpRequest, reason: Reason) {
    if cx.record().reason() != Some(reason) {
        cx.refused("request", &[("method", request.method().as_str()), ("path", request.path())], reason);
    }
}

/// The error page of a failure of ours.
pub fn failure_page(context: &RequestContext, request: &HttpRequest, broken: &Broken) -> HttpResponse {
    let (code, reason, retry_after) = classify(&context.cx, broken);
    let mut response = error_page(context, request, code.status(), reason, PageFacts::default());
    retry_later(&mut response, retry_after.map(u64::from));
    response
}

/// Says when to try again, in seconds.
pub fn retry_later(response: &mut HttpResponse, retry_after: Option<u64>) {
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
    }
}

fn error_page(
    context: &RequestContext,
    request: &HttpRequest,
    status: u16,
    reason: Reason,
    facts: PageFacts,
) -> HttpResponse {
    let state: &HttpState = &context.state;
    let cx = &context.cx;
    let docs = Href::parse(&error_uri(cx, reason));
    let page = ErrorPage {
        heading: heading(reason).to_owned(),
        sentence: reason.summary().to_owned(),
        next_step: reason.next_step().to_owned(),
        code: reason.code().to_owned(),
        trace_id: cx.trace_id().short().to_owned(),
        time: rfc3339(cx.now().seconds()),
        client: facts.client,
        home_url: facts.home_url.as_deref().and_then(Href::parse),
        sign_in_url: facts.sign_in_url.as_deref().and_then(Href::parse),
        developer: (reason.audience() == Audience::Developer)
            .then(|| Developer::new(facts.parameter.as_deref(), facts.sent.as_deref(), reason.next_step(), docs)),
        status,
    };
    state.pages.respond(&page, &state.layout(request))
}

/// Whose turn it is, before what happened.
const fn heading(reason: Reason) -> &'static str {
    match (reason, reason.audience()) {
        (Reason::PathUnknown, _) => "Page not found",
        (Reason::MethodNotAllowed | Reason::BodyTooLarge | Reason::ContentTypeWrong, _) => {
            "This request cannot be read"
        }
        (
            Reason::LogoutRedirectNotRegistered
            | Reason::LogoutHintInvalid
            | Reason::LogoutClientMismatch
            | Reason::LogoutHintMissing,
            _,
        ) => "This sign-out link is not set up correctly",
        (_, Audience::Person) => "That did not work",
        (Reason::RegistrationTooMany, _) | (_, Audience::Administrator) => "This cannot be done right now",
        (_, Audience::Developer) => "This sign-in link is not set up correctly",
    }
}

/// A time as people and programs read it (RFC 3339).
pub(super) fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}
