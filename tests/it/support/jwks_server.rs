//! A relying party's `jwks_uri`: answers what the test says, and counts who asks.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinHandle};

use super::received::Received;

/// A running server; it ends when it is dropped.
pub struct JwksServer {
    /// Where it is.
    pub uri: String,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl JwksServer {
    /// Starts one that answers 200 with this body.
    pub async fn start(body: &serde_json::Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let uri = format!("http://{}/jwks.json", listener.local_addr().expect("an address"));
        let answer = Arc::new(Mutex::new(http(200, &body.to_string())));
        let asked = Arc::new(AtomicUsize::new(0));
        let (served, counter) = (answer.clone(), asked.clone());
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(_) = Received::read(&mut stream).await else { continue };
                counter.fetch_add(1, Ordering::SeqCst);
                let text = served.lock().expect("not poisoned").clone();
                let _ = stream.write_all(text.as_bytes()).await;
            }
        });
        Self { uri, answer, asked, task }
    }

    /// The same over https, by the name `localhost`. [`authority`] vouches for it.
    pub async fn start_secure(body: &serde_json::Value) -> Self {
        symbolon::tls::install_crypto_provider();
        let chain = vec![CertificateDer::from_pem_file(fixture("server.pem")).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_file(fixture("server.key")).expect("a key");
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a pair");
        let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").await.expect("a free port"));
        let uri = format!("https://localhost:{}/list.json", listener.local_addr().expect("an address").port());
        let answer = Arc::new(Mutex::new(http(200, &body.to_string())));
        let asked = Arc::new(AtomicUsize::new(0));
        let (served, counter) = (answer.clone(), asked.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let stream = stream.into_std().expect("a stream");
                let (config, served, counter) = (config.clone(), served.clone(), counter.clone());
                tokio::task::spawn_blocking(move || {
                    // Whoever does not believe the certificate hangs up, and has not asked.
                    drop(answer_securely(config, stream, || {
                        counter.fetch_add(1, Ordering::SeqCst);
                        served.lock().expect("not poisoned").clone()
                    }));
                });
            }
        });
        Self { uri, answer, asked, task }
    }

    /// Answers this from now on.
    pub fn answer(&self, status: u16, body: &str) {
        *self.answer.lock().expect("not poisoned") = http(status, body);
    }

    /// Answers this from now on, whatever the path.
    pub fn answer_as(&self, status: u16, content_type: &str, cache_control: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().expect("not poisoned") = format!(
            "HTTP/1.1 {status} Status\r\nContent-Type: {content_type}\r\nCache-Control: {cache_control}\r\n\
             Location: http://127.0.0.1/\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for JwksServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Who vouches for what is served securely: a certificate in PEM.
pub fn authority() -> Vec<u8> {
    std::fs::read(fixture("ca.pem")).expect("a certificate")
}

fn fixture(name: &str) -> std::path::PathBuf {
    std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/mtls/fixtures").join(name)
}

fn answer_securely(
    config: Arc<ServerConfig>,
    mut stream: TcpStream,
    answer: impl FnOnce() -> String,
) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut secure = rustls::Stream::new(&mut connection, &mut stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        secure.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    secure.write_all(answer().as_bytes())?;
    secure.conn.send_close_notify();
    secure.flush()
}

fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nLocation: http://127.0.0.1/\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
