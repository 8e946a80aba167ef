//! What servers that stand for other people's receive: a request, read to its end.

use rustls::ProtocolVersion;
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
    /// In which TLS it came, if in any.
    pub tls: Option<ProtocolVersion>,
}

impl Received {
    /// Reads one; `None`: whoever connected went away, or sent no text.
    pub async fn read(stream: &mut TcpStream) -> Option<Self> {
        let (request, mut body) = Self::begin(head(stream).await?)?;
        stream.read_exact(&mut body).await.ok()?;
        request.end(body)
    }

    /// The same from a stream that blocks.
    pub fn read_from(stream: &mut impl std::io::Read) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            head.extend(byte);
        }
        let (request, mut body) = Self::begin(String::from_utf8(head).ok()?)?;
        stream.read_exact(&mut body).ok()?;
        request.end(body)
    }

    /// All but the body, and the room for that.
    fn begin(head: String) -> Option<(Self, Vec<u8>)> {
        let line = head.lines().next().unwrap_or_default().to_owned();
        let request = Self { line, head, body: String::new(), tls: None };
        let length = request.header("content-length").map_or(Some(0), |value| value.parse().ok())?;
        Some((request, vec![0; length]))
    }

    fn end(self, body: Vec<u8>) -> Option<Self> {
        Some(Self { body: String::from_utf8(body).ok()?, ..self })
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
