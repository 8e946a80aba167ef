//! A relying party's `backchannel_logout_uri`: keeps what is posted, and answers what the test says.

use std::sync::{Arc, Mutex};

use rustls::SupportedProtocolVersion;
use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinHandle};

use super::{received::Received, secure::serve_securely};

/// A running server; it ends when it is dropped.
pub struct LogoutReceiver {
    /// Where it is.
    pub uri: String,
    desk: Desk,
    task: JoinHandle<()>,
}

/// What it answers, and what it was sent.
#[derive(Clone)]
struct Desk {
    answer: Arc<Mutex<String>>,
    posted: Arc<Mutex<Vec<Received>>>,
}

impl Desk {
    fn new() -> Self {
        Self { answer: Arc::new(Mutex::new(http(200, ""))), posted: Arc::default() }
    }

    fn take(&self, request: Received) -> String {
        self.posted.lock().expect("not poisoned").push(request);
        self.answer.lock().expect("not poisoned").clone()
    }
}

impl LogoutReceiver {
    /// Starts one that answers 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let uri = format!("http://{}/backchannel", listener.local_addr().expect("an address"));
        let desk = Desk::new();
        let kept = desk.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = Received::read(&mut stream).await else { continue };
                let _ = stream.write_all(kept.take(request).as_bytes()).await;
            }
        });
        Self { uri, desk, task }
    }

    /// The same over https, in these versions of TLS. See [`super::reach_secure`].
    pub async fn start_secure(versions: &[&'static SupportedProtocolVersion]) -> Self {
        let desk = Desk::new();
        let kept = desk.clone();
        let (port, task) = serve_securely(versions, move |request| kept.take(request)).await;
        Self { uri: format!("https://localhost:{port}/backchannel"), desk, task }
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        self.answer_with(status, "");
    }

    /// Answers with this status and this body from now on.
    pub fn answer_with(&self, status: u16, body: &str) {
        *self.desk.answer.lock().expect("not poisoned") = http(status, body);
    }

    /// What was posted so far.
    pub fn posted(&self) -> Vec<Received> {
        self.desk.posted.lock().expect("not poisoned").clone()
    }
}

impl Drop for LogoutReceiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}
