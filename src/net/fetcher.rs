//! The one outbound fetcher (SSRF-safe): https only, every resolved address checked, no redirects,
//! no proxy from the environment, bounded in time and size.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Method, StatusCode, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, DATE, EXPIRES, HeaderMap, HeaderValue},
};

use crate::domain::strict_json;

/// Whatever is fetched ends after this long.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Whatever is fetched is at most this large.
const MAX_BYTES: usize = 64 * 1024;

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The address is not allowed: not https, or not public.
    NotAllowed(&'static str),
    /// No answer, or not the expected one.
    Failed(String),
}

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAllowed(why) => f.write_str(why),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for FetchError {}

/// An answer, whatever its status.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most 64 KiB.
    pub body: Vec<u8>,
}

impl Answer {
    /// Each value of a header, in the order of the answer; one that is no text is the replacement character.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\u{fffd}")).collect()
    }
}

/// A document with what says how long it may be kept.
#[derive(Clone, Debug)]
pub struct Document {
    /// The body: JSON by its media type, not parsed yet.
    pub body: Vec<u8>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `Expires`.
    pub expires: Option<String>,
    /// `Date`.
    pub date: Option<String>,
}

/// Which addresses may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses over https.
    Public,
    /// Also loopback, also over http: the playground and tests.
    DangerLoopback,
}

/// What is reached and trusted beyond that, for test suites and clients inside of a network.
#[derive(Clone, Debug, Default)]
pub struct DangerExceptions {
    /// These hosts, by their whole names, wherever they resolve to; over https, as all others.
    pub hosts: Vec<String>,
    /// Certificates that are trusted besides those of the system, in PEM.
    pub authorities: Option<Vec<u8>>,
}

/// The outbound client.
#[derive(Clone)]
pub struct Fetcher {
    client: reqwest::Client,
    reach: Reach,
}

impl Fetcher {
    /// A fetcher of this reach.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new(reach: Reach) -> Result<Self, FetchError> {
        Self::danger_with(reach, DangerExceptions::default())
    }

    /// A fetcher of this reach, and beyond.
    ///
    /// # Errors
    /// When the TLS library cannot be set up, or the certificates are none.
    pub fn danger_with(reach: Reach, exceptions: DangerExceptions) -> Result<Self, FetchError> {
        let authorities = match exceptions.authorities {
            Some(pem) => reqwest::Certificate::from_pem_bundle(&pem).ok().filter(|found| !found.is_empty()),
            None => Some(Vec::new()),
        };
        let authorities = authorities.ok_or_else(|| FetchError::Failed("there is no certificate in PEM".into()))?;
        #[expect(clippy::disallowed_methods, reason = "this is the one place where an outbound client is built")]
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT)
            .https_only(reach == Reach::Public)
            .dns_resolver(Arc::new(CheckedResolver { reach, hosts: exceptions.hosts.into() }))
            .tls_certs_merge(authorities)
            .user_agent(concat!("symbolon/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| FetchError::Failed(error.to_string()))?;
        Ok(Self { client, reach })
    }

    /// Fetches a JSON document.
    ///
    /// # Errors
    /// When the address is not allowed, or the answer is not a JSON document of modest size.
    pub async fn json(&self, address: &str) -> Result<serde_json::Value, FetchError> {
        let body = self.body(address, "application/json").await?;
        strict_json::parse(&body)
            .ok_or_else(|| FetchError::Failed("the answer is not JSON, or says a member twice".into()))
    }

    /// Fetches a text; its content type is not looked at.
    ///
    /// # Errors
    /// When the address is not allowed, or the answer is not a text of modest size.
    pub async fn text(&self, address: &str, accept: &str) -> Result<String, FetchError> {
        let body = self.body(address, accept).await?;
        String::from_utf8(body).map_err(|_| FetchError::Failed("the answer is not text".into()))
    }

    async fn body(&self, address: &str, accept: &str) -> Result<Vec<u8>, FetchError> {
        let url = self.check(address)?;
        let response = self.client.get(url).header("accept", accept).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(FetchError::Failed(format!("the answer was {}", response.status())));
        }
        bounded(response).await
    }

    /// Fetches a document that says it is JSON, with how long it may be kept.
    ///
    /// # Errors
    /// When the address is not allowed, the answer is not 200 or not JSON by its media type, or it is
    /// too large.
    pub async fn document(&self, address: &str) -> Result<Document, FetchError> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let answer = self.send(Method::GET, address, headers, Vec::new()).await?;
        let text = |name| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let media_type = text(CONTENT_TYPE).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if answer.status != StatusCode::OK {
            return Err(FetchError::Failed(format!("the answer was {}", answer.status)));
        }
        if media_type != "application/json" && !media_type.ends_with("+json") {
            return Err(FetchError::Failed("the answer does not say that it is JSON".into()));
        }
        let owned = |name| text(name).map(str::to_owned);
        let (cache_control, expires, date) = (owned(CACHE_CONTROL), owned(EXPIRES), owned(DATE));
        Ok(Document { body: answer.body, cache_control, expires, date })
    }

    /// Whether this machine may be reached: for development and tests.
    pub fn reaches_loopback(&self) -> bool {
        self.reach == Reach::DangerLoopback
    }

    /// Sends one request and reads its answer within the same bounds of address, time and size as
    /// [`Fetcher::json`]; a redirect is an answer and is not followed.
    ///
    /// # Errors
    /// When the address is not allowed, nothing answers, or the answer is too large.
    pub async fn send(
        &self,
        method: Method,
        address: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, FetchError> {
        let url = self.check(address)?;
        let mut response = self.client.request(method, url).headers(headers).body(body).send().await.map_err(failed)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(Answer { status, headers, body: bounded(response).await? })
    }

    /// Posts JSON, within the bounds of [`Fetcher::send`].
    ///
    /// # Errors
    /// As [`Fetcher::send`].
    pub async fn post_json(
        &self,
        address: &str,
        accept: &'static str,
        bearer: Option<&'static str>,
        body: &serde_json::Value,
    ) -> Result<Answer, FetchError> {
        let mut headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ACCEPT, HeaderValue::from_static(accept)),
        ]);
        if let Some(token) = bearer {
            let value = HeaderValue::try_from(format!("Bearer {token}"));
            headers.insert(AUTHORIZATION, value.map_err(|_| FetchError::NotAllowed("the token is none"))?);
        }
        self.send(Method::POST, address, headers, body.to_string().into_bytes()).await
    }

    /// Posts a body, and gives the status of the answer; what else it says is not read.
    ///
    /// # Errors
    /// When the address is not allowed, or nothing answers.
    pub async fn post(
        &self,
        address: &str,
        content_type: &'static str,
        bearer: Option<&str>,
        body: String,
    ) -> Result<u16, FetchError> {
        let url = self.check(address)?;
        let mut request = self.client.post(url).header("content-type", content_type).body(body);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(failed)?;
        Ok(answer.status().as_u16())
    }

    fn check(&self, address: &str) -> Result<Url, FetchError> {
        let url = Url::parse(address).map_err(|_| FetchError::NotAllowed("it is not a URL"))?;
        if url.scheme() != "https" && !(self.reach == Reach::DangerLoopback && url.scheme() == "http") {
            return Err(FetchError::NotAllowed("only https may be fetched"));
        }
        // A literal address never passes the resolver, so it is checked here.
        let literal = match url.host() {
            Some(url::Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(url::Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(url::Host::Domain(_)) => None,
            None => return Err(FetchError::NotAllowed("it names no host")),
        };
        match literal {
            Some(ip) if !self.reach.allows(ip) => Err(FetchError::NotAllowed("only public addresses may be fetched")),
            _ => Ok(url),
        }
    }
}

/// What went wrong, down to its cause: a certificate that is not trusted, a name that is not known.
/// Without the address, which may hold what is not for logs.
fn failed(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    FetchError::Failed(text)
}

async fn bounded(mut response: reqwest::Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(FetchError::Failed("the answer is too large".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl Reach {
    /// Whether an address may be connected to.
    pub fn allows(self, ip: IpAddr) -> bool {
        is_public(ip) || (self == Self::DangerLoopback && ip.is_loopback())
    }
}

/// Whether an address belongs to the public internet (RFC 6890 and its successors).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_unspecified()
                || v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 192 && b == 88 && c == 99)
                || (a == 198 && (b == 18 || b == 19))
                || a >= 240)
        }
        IpAddr::V6(v6) => {
            // What embeds an IPv4 address is as public as that address.
            if let Some(v4) = v6.to_ipv4() {
                return is_public(IpAddr::V4(v4));
            }
            let [first, second, ..] = v6.segments();
            // Only global unicast, without documentation, Teredo, 6to4 and NAT64.
            (first & 0xe000) == 0x2000 && !(first == 0x2001 && (second < 0x200 || second == 0xdb8)) && first != 0x2002
        }
    }
}

#[derive(Debug)]
struct CheckedResolver {
    reach: Reach,
    /// Names that may resolve to any address.
    hosts: Arc<[String]>,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        let excepted = self.hosts.iter().any(|host| host == name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One private address among public ones is a rebinding attempt: refuse them all.
            if found.is_empty() || !(excepted || found.iter().all(|address| reach.allows(address.ip()))) {
                return Err("only public addresses may be fetched".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_special_addresses_are_not_public() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2001:db8::1",
            "2002:7f00:1::",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().expect(text)), "{text}");
        }
        for text in ["1.1.1.1", "93.184.216.34", "2606:4700::1111"] {
            assert!(is_public(text.parse().expect(text)), "{text}");
        }
    }

    #[tokio::test]
    async fn http_and_private_literals_are_refused_before_a_connection() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let fetcher = Fetcher::new(Reach::Public).expect("fetcher");
        for address in [
            "http://example.com/jwks",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.0.0.1/",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert!(matches!(fetcher.json(address).await, Err(FetchError::NotAllowed(_))), "{address}");
            assert!(matches!(fetcher.text(address, "*/*").await, Err(FetchError::NotAllowed(_))), "{address}");
            let sent = fetcher.send(Method::POST, address, HeaderMap::new(), Vec::new()).await;
            assert!(matches!(sent, Err(FetchError::NotAllowed(_))), "{address}");
            let posted = fetcher.post(address, "text/plain", None, String::new()).await;
            assert!(matches!(posted, Err(FetchError::NotAllowed(_))), "{address}");
        }
        assert!(matches!(fetcher.json("https://localhost/").await, Err(FetchError::Failed(_))), "resolves to loopback");
    }

    #[tokio::test]
    async fn only_the_very_hosts_of_an_exception_are_reached_wherever_they_are_and_still_over_https() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let fetcher = |host: &str| {
            let exceptions = DangerExceptions { hosts: vec![host.to_owned()], authorities: None };
            Fetcher::danger_with(Reach::Public, exceptions).expect("fetcher")
        };
        let why = async |fetcher: &Fetcher, address| fetcher.json(address).await.expect_err(address).to_string();
        let refused = "only public addresses may be fetched";
        for host in ["example.com", "ocalhost", "calhost", "localhost.", "*", "sub.localhost"] {
            let why = why(&fetcher(host), "https://localhost:1/").await;
            assert!(why.contains(refused), "{host}: {why}");
        }
        let excepted = fetcher("localhost");
        for address in ["https://localhost:1/", "https://LOCALHOST:1/"] {
            let why = why(&excepted, address).await;
            assert!(!why.contains(refused), "nothing listens there, but it was tried: {why}");
        }
        for address in ["http://localhost:1/", "https://127.0.0.1:1/", "https://[::1]:1/", "https://10.0.0.1/"] {
            assert!(matches!(excepted.json(address).await, Err(FetchError::NotAllowed(_))), "{address}");
        }
        assert!(!excepted.reaches_loopback(), "other parts of the server are told of no loopback");
    }
}
