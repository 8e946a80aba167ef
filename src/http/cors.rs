//! Cross-origin reading of the endpoints that browser applications call (RFC 9700 §2.6). No
//! credentials travel along, so any origin may; the authorization endpoint and pages never take part.

use actix_web::{
    HttpResponse,
    dev::ServiceResponse,
    http::header::{self, HeaderValue},
};

const ALLOWED_HEADERS: &str = "Authorization, Content-Type, DPoP, MCP-Protocol-Version, Traceparent";
const EXPOSED_HEADERS: &str = "DPoP-Nonce, WWW-Authenticate, X-Trace-Id, Retry-After";

/// Lets any origin read the answer.
pub(super) fn open<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    response
}

/// Answers a preflight request.
pub(super) async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header(("Access-Control-Allow-Methods", "GET, POST, OPTIONS"))
        .insert_header(("Access-Control-Allow-Headers", ALLOWED_HEADERS))
        .insert_header(("Access-Control-Max-Age", "7200"))
        .finish()
}
