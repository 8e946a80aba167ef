//! A relying party's `backchannel_logout_uri`: keeps what is posted, and answers what the test says.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Method and path.
    pub line: String,
    /// The headers, as text.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Posted {
    /// The fields of the form.
    pub fn fields(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    /// The logout token: the one field that there is.
    pub fn logout_token(&self) -> String {
        match self.fields().as_slice() {
            [(name, token)] if name == "logout_token" => token.clone(),
            other => panic!("only logout_token is sent: {other:?}"),
        }
    }
}

/// A running server; it ends when it is dropped.
pub struct LogoutReceiver {
    /// Where it is.
    pub uri: String,
    status: Arc<Mutex<u16>>,
    posted: Arc<Mutex<Vec<Posted>>>,
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
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    match stream.read(&mut byte).await {
                        Ok(1) => head.push(byte[0]),
                        _ => break,
                    }
                }
                let head = String::from_utf8(head).expect("a head of text");
                let length = head
                    .lines()
                    .filter_map(|line| line.split_once(':'))
                    .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                    .map_or(0, |(_, value)| value.trim().parse().expect("a number"));
                let mut body = vec![0; length];
                stream.read_exact(&mut body).await.expect("the whole body");
                let line = head.lines().next().unwrap_or_default().to_owned();
                let body = String::from_utf8(body).expect("a body of text");
                kept.lock().expect("not poisoned").push(Posted { line, head, body });
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
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().expect("not poisoned").clone()
    }
}

impl Drop for LogoutReceiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}
