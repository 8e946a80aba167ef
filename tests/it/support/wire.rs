//! HTTP/1.1 written by hand: the tests send what no well-behaved client would, and read what came
//! back byte for byte.

use std::{fmt::Write as _, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request, with any bytes anywhere.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// Any method.
    pub fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        Self { method: method.to_owned(), target: target.as_ref().to_vec(), headers: Vec::new(), body: None }
    }

    /// A GET.
    pub fn get(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target)
    }

    /// A POST of a form.
    pub fn form(target: &str, fields: &[(&str, &str)]) -> Self {
        Self::new("POST", target).form_body(form_encode(fields))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Sends this as the body of a form.
    #[must_use]
    pub fn form_body(self, body: impl AsRef<[u8]>) -> Self {
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    /// Sends this as the body, whatever it is.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    /// What goes over the wire.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut bytes = self.method.clone().into_bytes();
        bytes.push(b' ');
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(format!(" HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n").as_bytes());
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        if let Some(body) = &self.body {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            bytes.extend_from_slice(body);
        } else {
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }
}

/// An answer as it came over the wire.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The header, if it was sent; it must not have been sent twice.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let value = values.next();
        assert!(values.next().is_none(), "the header {name} came twice: {self}");
        value
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|_| panic!("the body is not text: {self}"))
    }

    /// The body as JSON, of the right content type.
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Reads what came over the wire.
    pub fn parse(bytes: &[u8], head_only: bool) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes.get(..end)?.to_vec()).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let raw = bytes.get(end + 4..)?;
        let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
        let body = if chunked && !head_only { unchunk(raw)? } else { raw.to_vec() };
        Some(Self { status, headers, body })
    }
}

impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{}", String::from_utf8_lossy(&self.body).chars().take(2000).collect::<String>())
    }
}

fn unchunk(mut raw: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = raw.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(raw.get(..line)?).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(raw.get(line + 2..line + 2 + size)?);
        raw = raw.get(line + 4 + size..)?;
    }
}

/// The way to one server: a connection for each request.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Where it listens.
    pub address: SocketAddr,
    /// What clients write in `Host`.
    pub host: String,
}

impl Wire {
    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: &Request) -> Response {
        self.try_send(&request.bytes(&self.host), request.method == "HEAD")
            .await
            .unwrap_or_else(|| panic!("no HTTP answer to {request:?}"))
    }

    /// Sends a request; none if what came back is not HTTP.
    pub async fn try_send_request(&self, request: &Request) -> Option<Response> {
        self.try_send(&request.bytes(&self.host), request.method == "HEAD").await
    }

    /// Sends any bytes, and nothing after them.
    pub async fn try_send_and_close(&self, bytes: &[u8]) -> Option<Response> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        stream.write_all(bytes).await.ok()?;
        stream.shutdown().await.ok()?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Response::parse(&answer, false)
    }

    /// Sends any bytes; none if what came back is not HTTP.
    pub async fn try_send(&self, bytes: &[u8], head_only: bool) -> Option<Response> {
        let mut stream = TcpStream::connect(self.address).await.ok()?;
        // The server may answer and close before it has read everything, for example a body that is too large.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Response::parse(&answer, head_only)
    }
}

/// `application/x-www-form-urlencoded`.
pub fn form_encode(fields: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        for (index, part) in [name, value].into_iter().enumerate() {
            if index == 1 {
                body.push('=');
            }
            for byte in part.bytes() {
                match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => body.push(char::from(byte)),
                    _ => write!(body, "%{byte:02X}").expect("text can be written to"),
                }
            }
        }
    }
    body
}
