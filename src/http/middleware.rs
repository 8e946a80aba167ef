//! What every request passes: a trace id, the refusal of plain HTTP from strangers, the headers
//! that every answer carries, and one log line.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};

use super::{
    answer,
    context::{HttpState, RequestContext, trace_id},
    routes,
};
use crate::domain::trace::Reason;

const TRACE_HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// Headers of every answer that does not set its own.
const DEFAULTS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
];
const HSTS: &str = "max-age=31536000; includeSubDomains";

pub(super) async fn surround(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(state) = request.app_data::<Data<HttpState>>().cloned() else {
        return Err(actix_web::error::ErrorInternalServerError("no state"));
    };
    let header = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    let trace_id = trace_id(&state, header);
    let trace_header = HeaderValue::from_str(trace_id.as_str()).ok();
    request.extensions_mut().insert(trace_id);
    let mut response = if plain_from_stranger(&request, &state) {
        let context = RequestContext::of(request.request())?;
        let refused = answer::refused_page(
            &context,
            request.request(),
            403,
            Reason::PlainHttpRefused,
            answer::PageFacts::default(),
        )
        .await;
        request.into_response(refused).map_into_right_body()
    } else {
        let response = next.call(request).await?;
        // The reading of the body is refused before a handler runs, in words that are not ours: those are not to
        // be stored.
        let ours = response.headers().contains_key(header::CACHE_CONTROL);
        if response.status() == StatusCode::PAYLOAD_TOO_LARGE && !ours {
            let (request, cut) = response.into_parts();
            let direct = routes::is_direct(&request);
            let why = (StatusCode::PAYLOAD_TOO_LARGE, Reason::BodyTooLarge);
            let mut refused = answer::refused_early(&RequestContext::of(&request)?, &request, direct, why).await;
            for (name, value) in cut.headers().iter().filter(|(name, _)| name.as_str().starts_with("access-control-")) {
                refused.headers_mut().insert(name.clone(), value.clone());
            }
            ServiceResponse::new(request, refused).map_into_right_body()
        } else {
            response.map_into_left_body()
        }
    };
    if let Some(value) = trace_header {
        response.headers_mut().insert(TRACE_HEADER, value);
    }
    complete(response.headers_mut(), state.services.issuer.is_https());
    tracing::debug!(
        method = %response.request().method(),
        path = response.request().path(),
        status = response.status().as_u16(),
        "answered"
    );
    Ok(response)
}

/// Off loopback and without TLS of our own, only a declared proxy may speak to us.
fn plain_from_stranger(request: &ServiceRequest, state: &HttpState) -> bool {
    !state.tls
        && !state.loopback
        && !request.peer_addr().is_some_and(|peer| peer.ip().is_loopback() || (state.trusts)(peer.ip()))
}

fn complete(headers: &mut HeaderMap, https: bool) {
    let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|value| value.to_str().ok());
    // A page made for frames; the older header only knows how to refuse.
    let framed = policy.is_some_and(|policy| policy.contains("frame-ancestors *"));
    for (name, value) in DEFAULTS.into_iter().filter(|(name, _)| !(framed && *name == header::X_FRAME_OPTIONS)) {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}
