//! What a request shows of the keys of its sender, and the nonce that it is answered with (RFC 9449).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue},
};

use super::form;
use crate::{
    domain::request_headers::parse_client_certificates,
    http::context::{PeerCertificates, RequestContext},
    service::{Cx, possession},
};

/// Carries a proof.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");
/// Carries the nonce for the next one.
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// The certificate of a proxy's TLS client.
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
/// What came with it.
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// What the request shows.
pub fn shown(context: &RequestContext, request: &HttpRequest) -> possession::Possession {
    let path = request.path();
    possession::Possession {
        method: request.method().as_str().to_owned(),
        path: path.strip_prefix(context.state.services.issuer.path()).unwrap_or(path).to_owned(),
        // What is not text is no proof, but it was sent.
        proofs: request.headers().get_all(DPOP).map(|value| value.to_str().unwrap_or_default().to_owned()).collect(),
        certificate: certificate(context, request),
    }
}

/// The certificate of the TLS client: of this connection, or as a declared proxy tells it.
fn certificate(context: &RequestContext, request: &HttpRequest) -> Option<possession::ShownCertificate> {
    let state = &context.state;
    // Of the connection, if it has one: what a proxy tells is of another connection.
    let shown = match request.conn_data::<PeerCertificates>() {
        Some(PeerCertificates(shown)) => shown.clone(),
        None if state.client_cert_header && request.peer_addr().is_some_and(|peer| (state.trusts)(peer.ip())) => {
            told(request)?
        }
        None => return None,
    };
    let (der, between) = shown.split_first()?;
    let vouched_for = (state.vouches)(der, between, context.cx.now().seconds());
    possession::ShownCertificate::parse(der, vouched_for)
}

/// `Client-Cert` and `Client-Cert-Chain` (RFC 9440 §2), each once.
fn told(request: &HttpRequest) -> Option<Vec<Vec<u8>>> {
    parse_client_certificates(form::only_value(request, CLIENT_CERT)?, form::only_value(request, CLIENT_CERT_CHAIN))
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
