//! A server over https, by the name `localhost`, for those that stand for other people's. See [`reach_secure`].

use std::{net::TcpStream, sync::Arc, time::Duration};

use rustls::{
    ServerConfig, ServerConnection, SupportedProtocolVersion,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use symbolon::net::fetcher::DangerExceptions;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Options, received::Received};

/// Lets an application reach what is served securely, as if it were elsewhere.
pub fn reach_secure(options: &mut Options) {
    let authority = std::fs::read(fixture("ca.pem")).expect("a certificate");
    options.exceptions = DangerExceptions { hosts: vec!["localhost".to_owned()], authorities: Some(authority) };
}

/// Answers requests in these versions of TLS until the task ends. Gives the port too.
pub async fn serve_securely(
    versions: &[&'static SupportedProtocolVersion],
    answer: impl Fn(Received) -> String + Send + Sync + 'static,
) -> (u16, JoinHandle<()>) {
    symbolon::tls::install_crypto_provider();
    let chain = vec![CertificateDer::from_pem_file(fixture("server.pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).expect("a key");
    let config = ServerConfig::builder_with_protocol_versions(versions).with_no_client_auth();
    let config = Arc::new(config.with_single_cert(chain, key).expect("a pair"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let answer = Arc::new(answer);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let stream = stream.into_std().expect("a stream");
            let (config, answer) = (config.clone(), answer.clone());
            // Whoever does not believe the certificate hangs up, and has not asked.
            tokio::task::spawn_blocking(move || drop(answer_one(config, stream, answer.as_ref())));
        }
    });
    (port, task)
}

fn answer_one(
    config: Arc<ServerConfig>,
    mut stream: TcpStream,
    answer: &impl Fn(Received) -> String,
) -> std::io::Result<()> {
    use std::io::Write as _;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut secure = rustls::Stream::new(&mut connection, &mut stream);
    let Some(request) = Received::read_from(&mut secure) else { return Ok(()) };
    let text = answer(Received { tls: secure.conn.protocol_version(), ..request });
    secure.write_all(text.as_bytes())?;
    secure.conn.send_close_notify();
    secure.flush()
}

fn fixture(name: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/mtls/fixtures").join(name)
}
