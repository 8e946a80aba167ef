//! What a request shows of the keys of its sender, and the nonce that it is answered with (RFC 9449).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue},
};

use crate::{
    http::context::RequestContext,
    service::{Cx, possession},
};

/// Carries a proof.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");
/// Carries the nonce for the next one.
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What the request shows.
pub fn shown(context: &RequestContext, request: &HttpRequest) -> possession::Possession {
    let path = request.path();
    possession::Possession {
        method: request.method().as_str().to_owned(),
        path: path.strip_prefix(context.state.services.issuer.path()).unwrap_or(path).to_owned(),
        // What is not text is no proof, but it was sent.
        proofs: request.headers().get_all(DPOP).map(|value| value.to_str().unwrap_or_default().to_owned()).collect(),
    }
}

/// Hands the sender of a proof a fresh nonce, where only nonces are believed.
pub fn renew_nonce(cx: &Cx, shown: &possession::Possession, response: &mut HttpResponse) {
    if cx.services.policy.require_dpop_nonce && !shown.proofs.is_empty() {
        put_nonce(cx, response);
    }
}

/// Hands out a fresh nonce.
pub fn put_nonce(cx: &Cx, response: &mut HttpResponse) {
    if let Ok(value) = HeaderValue::from_str(&possession::fresh_nonce(cx)) {
        response.headers_mut().insert(DPOP_NONCE, value);
    }
}
