//! Running the servers: the sockets, TLS, the jobs, and the words printed at start.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use super::StartError;
use crate::{
    config::Settings,
    domain::trace::StartCode,
    http::{self, Binding, HttpOptions},
    jobs,
    service::Services,
    telemetry,
    tls::{ClientAuthorities, HttpVersions, ServerTls, spawn_reload_on_sighup},
};

/// Binds the public socket. Before anything is printed: an address in use is told at once.
///
/// # Errors
/// With the address, and what to do.
pub fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|cause| {
        StartError::new(
            StartCode::Resources,
            format!("{address} cannot be listened on: {cause}. Stop what uses it, or choose another with bind"),
        )
    })
}

/// Runs until a signal ends it, and drains.
///
/// # Errors
/// When a socket, a certificate or a template cannot be used.
pub async fn run(
    services: Arc<Services>,
    settings: Arc<Settings>,
    listener: TcpListener,
    playground: bool,
) -> Result<(), StartError> {
    let failed = |cause: std::io::Error| StartError::new(StartCode::Resources, cause.to_string());
    let mut mutual = None;
    let tls = match &settings.tls {
        Some(files) => {
            let tls = ServerTls::load(&files.certificate_file, &files.key_file)
                .map_err(|cause| StartError::new(StartCode::Resources, cause.to_string()))?;
            let tls = Arc::new(tls);
            let config = tls
                .server_config(HttpVersions::Http2AndHttp1)
                .map_err(|cause| StartError::new(StartCode::Resources, cause.to_string()))?;
            if let Some(address) = settings.mtls.bind {
                let config = tls
                    .mutual_config(HttpVersions::Http2AndHttp1)
                    .map_err(|cause| StartError::new(StartCode::Resources, cause.to_string()))?;
                mutual = Some((listen(address)?, config));
            }
            spawn_reload_on_sighup(tls).map_err(failed)?;
            Some(config)
        }
        None => None,
    };
    if let Some(address) = settings.management.bind {
        let server = http::serve_management(services.clone(), listen(address)?).map_err(failed)?;
        actix_web::rt::spawn(server);
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let trusted = settings.clone();
    let jobs = jobs::spawn(&services);
    let vouches: http::Vouches = match &settings.mtls.ca_file {
        Some(file) => {
            let authorities = ClientAuthorities::load(file)
                .map_err(|cause| StartError::new(StartCode::Resources, cause.to_string()))?;
            Arc::new(move |certificate, between, now| authorities.vouch(certificate, between, now))
        }
        None => Arc::new(|_, _, _| false),
    };
    let server = http::serve(HttpOptions {
        services,
        binding: Binding { listener, tls },
        workers: settings.http.workers(cores),
        max_body_bytes: settings.http.max_body_bytes,
        request_timeout: settings.http.request_timeout.duration(),
        trusts: Arc::new(move |address| trusted.trusts(address)),
        mutual,
        vouches,
        client_cert_header: settings.mtls.from_proxy,
        playground,
        test_hooks: settings.conformance.danger_test_hooks && !playground,
        handle_signals: true,
    })
    .map_err(failed)?;
    let ended = server.await.map_err(failed);
    drop(jobs);
    ended
}

/// Runs a server's future on the runtime that servers need.
pub fn block_on<T>(server: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(server)
}

/// Starts the log of this process.
///
/// # Errors
/// When the settings of the log cannot be understood.
pub fn start_log(settings: &Settings) -> Result<(), StartError> {
    telemetry::init(&settings.log).map_err(|cause| StartError::new(StartCode::Resources, cause.to_string()))
}
