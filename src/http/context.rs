//! What a handler is handed: the context of its request, built before it runs.

use std::{future::Ready, net::IpAddr, sync::Arc};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};

use super::pages::{Layout, Pages, Theme};
use crate::{
    domain::{
        oidc::discovery::Endpoint,
        request_headers::find_sender,
        trace::{TraceId, Transaction},
    },
    service::{
        Cx, Services,
        context::{Peer, fresh_trace_id},
    },
};

/// A test whether an address is a declared proxy.
pub type Trusts = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// A test whether an authority vouches for a client's certificate: the certificate, what came with it,
/// and the time in seconds.
pub type Vouches = Arc<dyn Fn(&[u8], &[Vec<u8>], i64) -> bool + Send + Sync>;

/// The certificates that a TLS client showed, its own first.
#[derive(Clone, Debug)]
pub(super) struct PeerCertificates(pub(super) Vec<Vec<u8>>);

/// The endpoints that metadata names, with the paths that they are routed at.
pub(super) type RoutedEndpoints = Vec<(Endpoint, &'static str)>;

/// What the handlers of one server share.
pub struct HttpState {
    /// The services.
    pub services: Arc<Services>,
    /// The parsed templates.
    pub pages: Pages,
    /// What metadata names.
    pub(super) endpoints: fn() -> RoutedEndpoints,
    /// Whether an address is a declared proxy.
    pub trusts: Trusts,
    /// Whether an authority vouches for a client's certificate.
    pub vouches: Vouches,
    /// Whether declared proxies tell the certificates of clients.
    pub client_cert_header: bool,
    /// Whether this server itself speaks TLS.
    pub tls: bool,
    /// Whether it listens on loopback only.
    pub loopback: bool,
    /// Whether the playground is served.
    pub playground: bool,
}

impl HttpState {
    /// The layout of a page for this request.
    pub fn layout(&self, request: &HttpRequest) -> Layout {
        let theme = request.cookie("symbolon_theme").and_then(|cookie| Theme::parse(cookie.value()));
        Layout { theme, ..Layout::new(&self.services.policy.instance_name) }
    }
}

/// The trace id of a request: the caller's, if it sent a valid `traceparent`, or a fresh one.
pub(super) fn trace_id(state: &HttpState, header: Option<&str>) -> TraceId {
    header.and_then(TraceId::from_traceparent).unwrap_or_else(|| fresh_trace_id(&state.services))
}

/// The address at the other end, as declared proxies tell it.
pub(super) fn peer_address(request: &HttpRequest, trusts: &Trusts) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|address| address.ip())?;
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    Some(find_sender(peer, forwarded, |address| trusts(address)))
}

/// The context of one request, as handlers take it.
pub struct RequestContext {
    /// The state of the server.
    pub state: Data<HttpState>,
    /// The services' context.
    pub cx: Cx,
}

impl FromRequest for RequestContext {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

impl RequestContext {
    /// Builds the context of a request that the middleware has passed.
    ///
    /// # Errors
    /// When the server was assembled without its state: a defect.
    pub fn of(request: &HttpRequest) -> Result<Self, actix_web::Error> {
        let state = request
            .app_data::<Data<HttpState>>()
            .cloned()
            .ok_or_else(|| actix_web::error::ErrorInternalServerError("no state"))?;
        let trace_id = request.extensions().get::<TraceId>().cloned().unwrap_or_else(|| trace_id(&state, None));
        let mut cx = Cx::new(state.services.clone(), trace_id, Transaction::Request, "anonymous");
        let agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok());
        cx.peer = Peer {
            address: peer_address(request, &state.trusts),
            user_agent: agent.map(|text| text.chars().take(200).collect()),
        };
        Ok(Self { state, cx })
    }
}
