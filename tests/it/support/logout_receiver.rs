//! A relying party's `backchannel_logout_uri`: keeps what is posted, and answers what the test says.

use std::sync::{Arc, Mutex};

use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinHandle};

use super::received::Received;

/// A running server; it ends when it is dropped.
pub struct LogoutReceiver {
    /// Where it is.
    pub uri: String,
    status: Arc<Mutex<u16>>,
    posted: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl LogoutReceiver {
    /// Starts one that answers 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let uri = format!("http://{}/backchannel", listener.local_addr().expect("an address"));
        let (status, posted) = (Arc::new(Mutex::new(200)), Arc::new(Mutex::new(Vec::new())));
        let (answered, kept) = (status.clone(), posted.clone());
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = Received::read(&mut stream).await else { continue };
                kept.lock().expect("not poisoned").push(request);
                let status = *answered.lock().expect("not poisoned");
                let answer = format!(
                    "HTTP/1.1 {status} Status\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\
                     Connection: close\r\n\r\n"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { uri, status, posted, task }
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        *self.status.lock().expect("not poisoned") = status;
    }

    /// What was posted so far.
    pub fn posted(&self) -> Vec<Received> {
        self.posted.lock().expect("not poisoned").clone()
    }
}

impl Drop for LogoutReceiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}
