//! A relying party's `jwks_uri`: answers what the test says, and counts who asks.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinHandle};

use super::{received::Received, secure::serve_securely};

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

    /// The same over https. See [`super::reach_secure`].
    pub async fn start_secure(body: &serde_json::Value) -> Self {
        let answer = Arc::new(Mutex::new(http(200, &body.to_string())));
        let asked = Arc::new(AtomicUsize::new(0));
        let (served, counter) = (answer.clone(), asked.clone());
        let (port, task) = serve_securely(rustls::ALL_VERSIONS, move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            served.lock().expect("not poisoned").clone()
        })
        .await;
        Self { uri: format!("https://localhost:{port}/list.json"), answer, asked, task }
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

fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nLocation: http://127.0.0.1/\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
