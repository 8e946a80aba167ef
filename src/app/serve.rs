//! Running the servers: the sockets, TLS, the jobs, and the words printed at start.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};

use super::StartError;
use crate::{
    config::{Settings, TlsFiles},
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
    let Encryption { tls, mutual, vouches } = encryption(&settings)?;
    if let Some(address) = settings.management.bind {
        let server = http::serve_management(services.clone(), listen(address)?).map_err(failed)?;
        actix_web::rt::spawn(server);
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let trusted = settings.clone();
    let jobs = jobs::spawn(&services);
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

/// What the listeners encrypt with, and who vouches for the clients behind them.
struct Encryption {
    tls: Option<rustls::ServerConfig>,
    mutual: Option<(TcpListener, rustls::ServerConfig)>,
    vouches: http::Vouches,
}

/// Reads the files of TLS, and reads them again at every SIGHUP.
fn encryption(settings: &Settings) -> Result<Encryption, StartError> {
    let load = |files: &TlsFiles| ServerTls::load(&files.certificate_file, &files.key_file).map(Arc::new);
    let certificate = settings.tls.as_ref().map(load).transpose()?;
    let of_clients = |file: &PathBuf| ClientAuthorities::load(file).map(Arc::new);
    let authorities = settings.mtls.ca_file.as_ref().map(of_clients).transpose()?;
    let http = HttpVersions::Http2AndHttp1;
    let tls = certificate.as_ref().map(|certificate| certificate.server_config(http)).transpose()?;
    let mutual = match (&certificate, settings.mtls.bind) {
        (Some(certificate), Some(address)) => Some((listen(address)?, certificate.mutual_config(http)?)),
        _ => None,
    };
    let vouches: http::Vouches = match authorities.clone() {
        Some(authorities) => Arc::new(move |certificate, between, now| authorities.vouch(certificate, between, now)),
        None => Arc::new(|_, _, _| false),
    };
    if certificate.is_some() || authorities.is_some() {
        spawn_reload_on_sighup(certificate, authorities).map_err(failed)?;
    }
    Ok(Encryption { tls, mutual, vouches })
}

fn failed(cause: std::io::Error) -> StartError {
    StartError::new(StartCode::Resources, cause.to_string())
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
