//! What servers that stand for other people's receive: a request, read to its end.

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method and path.
    pub line: String,
    /// The headers, as text.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Received {
    /// Reads one; `None`: whoever connected went away, or sent no text.
    pub async fn read(stream: &mut TcpStream) -> Option<Self> {
        let head = head(stream).await?;
        let length = Self { line: String::new(), head: head.clone(), body: String::new() }
            .header("content-length")
            .map_or(Some(0), |value| value.parse().ok())?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let line = head.lines().next().unwrap_or_default().to_owned();
        Some(Self { line, head, body: String::from_utf8(body).ok()? })
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

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

async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}
