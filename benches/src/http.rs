//! HTTP/1.1 over one kept-alive loopback connection: just enough of RFC 9112 to drive a server and read its answers
//! (Content-Length and chunked bodies), with no allocation per request.

use std::{io, net::SocketAddr, time::Duration};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A server that does not accept for this long is a failure.
const PATIENCE: Duration = Duration::from_secs(10);
/// Answers larger than this are refused.
const LARGEST: usize = 4 << 20;

/// One answer, borrowed from the connection's buffer.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    /// Status code.
    pub status: u16,
    head: &'a [u8],
    /// The body, chunks already joined.
    pub body: &'a [u8],
}

impl Response<'_> {
    /// Every value of a header; the name is matched without case.
    pub fn headers<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> + 'h {
        self.head.split(|byte| *byte == b'\n').filter_map(move |line| header_value(line, name))
    }

    /// The first value of a header.
    pub fn header<'h>(&'h self, name: &'h str) -> Option<&'h str> {
        self.headers(name).next()
    }

    /// The body as text, empty when it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.body).unwrap_or_default()
    }

    /// A string member of a flat JSON body, without a JSON parser: for values that need no unescaping, as tokens do.
    pub fn json_text(&self, member: &str) -> Option<&str> {
        let text = self.text();
        let after = text.split_once(&format!("\"{member}\""))?.1.trim_start().strip_prefix(':')?.trim_start();
        Some(after.strip_prefix('"')?.split_once('"')?.0)
    }
}

fn header_value<'h>(line: &'h [u8], name: &str) -> Option<&'h str> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (found, value) = line.split_at_checked(colon)?;
    if !found.eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    std::str::from_utf8(value.get(1..)?).ok().map(str::trim)
}

/// Where the parts of a complete answer lie in the buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Parsed {
    status: u16,
    head_end: usize,
    /// Bytes of the buffer that belong to this answer.
    consumed: usize,
    body: Body,
    closes: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Body {
    Plain { start: usize, end: usize },
    Joined(Vec<u8>),
}

/// Reads one answer from the start of `buffer`; `None` when more bytes are needed.
///
/// # Errors
/// A malformed head, an unknown body framing or an answer above 4 MiB.
pub fn parse(buffer: &[u8]) -> io::Result<Option<Parsed>> {
    let Some(head_len) = memmem::find(buffer, b"\r\n\r\n") else {
        return if buffer.len() > 64 * 1024 { Err(malformed("head too large")) } else { Ok(None) };
    };
    let start = head_len + 4;
    let head = buffer.get(..head_len).unwrap_or_default();
    let status = head
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse::<u16>().ok())
        .ok_or_else(|| malformed("no status line"))?;
    let (mut length, mut chunked, mut closes) = (None, false, false);
    for line in head.split(|byte| *byte == b'\n') {
        // The first letters decide before the name is compared: most headers of an answer are of no interest here.
        match line.first().map(u8::to_ascii_lowercase) {
            Some(b'c') => {
                if let Some(value) = header_value(line, "content-length") {
                    length = Some(value.parse::<usize>().map_err(|_| malformed("bad content-length"))?);
                } else if let Some(value) = header_value(line, "connection") {
                    closes = value.eq_ignore_ascii_case("close");
                }
            }
            Some(b't') => {
                chunked |= header_value(line, "transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
            }
            _ => {}
        }
    }
    let bodiless = matches!(status, 204 | 304);
    let (body, consumed) = match (bodiless, chunked, length) {
        (true, _, _) => (Body::Plain { start, end: start }, start),
        (false, true, _) => match join_chunks(buffer.get(start..).unwrap_or_default())? {
            None => return Ok(None),
            Some((joined, used)) => (Body::Joined(joined), start + used),
        },
        (false, false, Some(length)) => {
            if length > LARGEST {
                return Err(malformed("body too large"));
            }
            let end = start + length;
            if buffer.len() < end {
                return Ok(None);
            }
            (Body::Plain { start, end }, end)
        }
        (false, false, None) => return Err(malformed("neither content-length nor chunked")),
    };
    Ok(Some(Parsed { status, head_end: head_len, consumed, body, closes }))
}

/// Joins a chunked body (RFC 9112 section 7.1); answers the joined bytes and how much of `input` they took.
fn join_chunks(input: &[u8]) -> io::Result<Option<(Vec<u8>, usize)>> {
    let (mut joined, mut at) = (Vec::new(), 0usize);
    loop {
        let rest = input.get(at..).unwrap_or_default();
        let Some(line_end) = memmem::find(rest, b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(rest.get(..line_end).unwrap_or_default())
            .ok()
            .and_then(|line| line.split(';').next())
            .and_then(|digits| usize::from_str_radix(digits.trim(), 16).ok())
            .ok_or_else(|| malformed("bad chunk size"))?;
        if joined.len() + size > LARGEST {
            return Err(malformed("body too large"));
        }
        let data = line_end + 2;
        if size == 0 {
            // Trailers are not used by any server measured here: the empty line follows at once.
            return match rest.get(data..data + 2) {
                None => Ok(None),
                Some(b"\r\n") => Ok(Some((joined, at + data + 2))),
                Some(_) => Err(malformed("trailers are not supported")),
            };
        }
        let Some(chunk) = rest.get(data..data + size + 2) else { return Ok(None) };
        let Some(chunk) = chunk.strip_suffix(b"\r\n") else { return Err(malformed("chunk without its end")) };
        joined.extend_from_slice(chunk);
        at += data + size + 2;
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// One connection: it sends a request and reads its answer, one at a time.
pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    last: Option<Parsed>,
}

impl Connection {
    /// A connection that opens with its first request. The address must be a loopback address.
    ///
    /// # Errors
    /// The address is not a loopback address: nothing else may be loaded.
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "only loopback addresses may be loaded"));
        }
        Ok(Self { address, stream: None, buffer: Vec::with_capacity(16 * 1024), last: None })
    }

    /// Opens the connection now, so that the first timed request does not pay for it.
    ///
    /// # Errors
    /// The server does not accept.
    pub async fn open(&mut self) -> io::Result<()> {
        if self.stream.is_none() {
            let stream = timeout(PATIENCE, TcpStream::connect(self.address)).await??;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends one request and reads its answer. After an error the connection reopens with the next request. There is
    /// no time limit here, it would cost each request a timer: whoever waits for many of these sets one.
    ///
    /// # Errors
    /// Connection loss or a malformed answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Response<'_>> {
        if let Err(error) = self.exchange(request).await {
            self.stream = None;
            return Err(error);
        }
        self.last_response().ok_or_else(|| malformed("no answer"))
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<()> {
        if self.last.as_ref().is_some_and(|parsed| parsed.closes) {
            self.stream = None;
        }
        self.last = None;
        self.buffer.clear();
        self.open().await?;
        let Some(stream) = self.stream.as_mut() else { return Err(malformed("not connected")) };
        stream.write_all(request).await?;
        loop {
            let read = stream.read_buf(&mut self.buffer).await?;
            if read == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed before the answer was whole"));
            }
            if let Some(parsed) = parse(&self.buffer)? {
                if parsed.consumed != self.buffer.len() {
                    return Err(malformed("more bytes than one answer"));
                }
                self.last = Some(parsed);
                return Ok(());
            }
        }
    }

    fn last_response(&self) -> Option<Response<'_>> {
        let parsed = self.last.as_ref()?;
        let body = match &parsed.body {
            Body::Plain { start, end } => self.buffer.get(*start..*end)?,
            Body::Joined(joined) => joined.as_slice(),
        };
        Some(Response { status: parsed.status, head: self.buffer.get(..parsed.head_end)?, body })
    }
}

/// A request without a body; `extra` are whole header lines, each with its CRLF.
pub fn get(host: &str, path: &str, extra: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{extra}\r\n").into_bytes()
}

/// A form POST; `extra` are whole header lines, each with its CRLF.
pub fn post(host: &str, path: &str, extra: &str, form: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n{extra}\r\n{form}",
        form.len()
    )
    .into_bytes()
}

/// Percent-encodes one form or query value (everything but RFC 3986 unreserved characters).
pub fn encode(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// Lets a test look at a whole answer without a connection.
#[cfg(test)]
pub fn with_answer<T>(bytes: &[u8], look: impl FnOnce(&Response<'_>) -> T) -> T {
    let parsed = parse(bytes).unwrap().expect("a whole answer");
    let connection =
        Connection { address: ([127, 0, 0, 1], 1).into(), stream: None, buffer: bytes.to_vec(), last: Some(parsed) };
    look(&connection.last_response().expect("an answer"))
}

#[cfg(test)]
mod tests;
