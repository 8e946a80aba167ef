//! Assembling and running the servers: the public one and the management one.

use std::{any::Any, net::TcpListener, sync::Arc, time::Duration};

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::from_fn,
    rt::net::TcpStream,
    web::{self, Data, PayloadConfig},
};

use super::{
    context::{HttpState, PeerCertificates, Trusts, Vouches},
    health, middleware,
    pages::{Pages, RenderError},
    routes,
};
use crate::service::{Services, playground::Playground};

/// Where and how the public server listens.
pub struct Binding {
    /// A bound socket.
    pub listener: TcpListener,
    /// The TLS configuration; none for plain HTTP on loopback or behind a declared proxy.
    pub tls: Option<rustls::ServerConfig>,
}

/// What the public server needs.
pub struct HttpOptions {
    /// The services.
    pub services: Arc<Services>,
    /// Where it listens.
    pub binding: Binding,
    /// Worker threads.
    pub workers: usize,
    /// The largest body, in bytes.
    pub max_body_bytes: usize,
    /// The longest time until a request's head is read.
    pub request_timeout: Duration,
    /// Whether an address is a declared proxy.
    pub trusts: Trusts,
    /// Where clients with certificates are listened for.
    pub mutual: Option<(TcpListener, rustls::ServerConfig)>,
    /// Whether an authority vouches for a client's certificate.
    pub vouches: Vouches,
    /// Whether declared proxies tell the certificates of clients.
    pub client_cert_header: bool,
    /// Whether the playground is served.
    pub playground: bool,
    /// Whether what a run of a conformance suite needs is served.
    pub test_hooks: bool,
    /// Whether SIGTERM and SIGINT are handled here.
    pub handle_signals: bool,
}

/// Starts the public server. It runs when the result is awaited, and drains on SIGTERM.
///
/// # Errors
/// When a template does not parse, or the socket cannot be used.
pub fn serve(options: HttpOptions) -> std::io::Result<Server> {
    let base = options.services.issuer.path().to_owned();
    let pages = Pages::new(&base, None).map_err(|error: RenderError| std::io::Error::other(error.to_string()))?;
    let loopback = options.binding.listener.local_addr()?.ip().is_loopback();
    let relying_party = options.playground.then(|| Data::new(Playground::new(&options.services)));
    let state = Data::new(HttpState {
        services: options.services,
        pages,
        endpoints: routes::endpoints,
        trusts: options.trusts,
        vouches: options.vouches,
        client_cert_header: options.client_cert_header,
        tls: options.binding.tls.is_some(),
        loopback,
        playground: options.playground,
    });
    let max_body = options.max_body_bytes;
    let extras = routes::Extras { playground: options.playground, test_hooks: options.test_hooks };
    let factory = move || {
        App::new()
            .app_data(state.clone())
            .app_data(PayloadConfig::new(max_body))
            .wrap(from_fn(middleware::surround))
            .configure(|config| {
                if let Some(relying_party) = &relying_party {
                    config.app_data(relying_party.clone());
                }
                routes::configure(config, &base, extras);
            })
    };
    let mut server = HttpServer::new(factory)
        .on_connect(keep_certificates)
        .workers(options.workers)
        .client_request_timeout(options.request_timeout)
        .shutdown_timeout(10);
    if !options.handle_signals {
        server = server.disable_signals();
    }
    let server = match options.binding.tls {
        Some(tls) => server.listen_rustls_0_23(options.binding.listener, tls)?,
        None => server.listen(options.binding.listener)?,
    };
    let server = match options.mutual {
        Some((listener, tls)) => server.listen_rustls_0_23(listener, tls)?,
        None => server,
    };
    Ok(server.run())
}

/// What a TLS client showed at its handshake goes along with each of its requests.
fn keep_certificates(connection: &dyn Any, extensions: &mut actix_web::dev::Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
    if let Some(certificates) = stream.get_ref().1.peer_certificates() {
        extensions.insert(PeerCertificates(certificates.iter().map(|der| der.to_vec()).collect()));
    }
}

/// Starts the management server: liveness and readiness, for the machine room only.
///
/// # Errors
/// When the socket cannot be used, or a template does not parse.
pub fn serve_management(services: Arc<Services>, listener: TcpListener) -> std::io::Result<Server> {
    let pages = Pages::new("", None).map_err(|error| std::io::Error::other(error.to_string()))?;
    let trusts: Trusts = Arc::new(|_| false);
    let state = Data::new(HttpState {
        services,
        pages,
        endpoints: routes::endpoints,
        trusts,
        vouches: Arc::new(|_, _, _| false),
        client_cert_header: false,
        tls: false,
        loopback: true,
        playground: false,
    });
    let factory = move || {
        App::new()
            .app_data(state.clone())
            .route("/livez", web::get().to(health::live))
            .route("/readyz", web::get().to(health::ready))
    };
    Ok(HttpServer::new(factory).workers(1).disable_signals().listen(listener)?.run())
}
