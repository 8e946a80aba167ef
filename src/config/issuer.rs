//! The issuer identifier: an exact string, compared byte for byte and never normalised
//! (OIDC Core 2, RFC 8414 §2, RFC 9207 §2.4).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// A checked issuer: `https` (or `http` on loopback), without query, fragment or user information,
/// in the form in which browsers and clients will write it. The text is kept as it was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    url: Url,
}

/// Why a text cannot be an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerRefusal {
    /// Plain `http` on a host that is not loopback.
    NotHttps,
    /// Anything else, with the rest of the sentence that begins "issuer is …:".
    Form(String),
}

impl Issuer {
    /// Checks `text`; see [`Issuer`].
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, IssuerRefusal> {
        let form = |why: &str| Err(IssuerRefusal::Form(why.to_owned()));
        let Ok(url) = Url::parse(text) else {
            return form("it is not a URL. Write it as https://id.example.com");
        };
        if !matches!(url.scheme(), "https" | "http") {
            return form("the scheme must be https. Write it as https://id.example.com");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return form("it must not carry a user name or password (RFC 8414 §2). Remove the part before @");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return form("it must not carry a query or fragment (RFC 8414 §2). Remove everything from ? or # on");
        }
        // The parser folds case, default ports, `..` and backslashes. Clients compare bytes, so what it would
        // change is refused rather than changed; only the bare origin may leave out its slash.
        let canonical = url.as_str();
        if canonical != text && canonical.strip_suffix('/') != Some(text) {
            return form(&format!("clients would compare it with {canonical}. Write it in that form"));
        }
        let issuer = Self { text: text.to_owned(), url };
        if !issuer.is_https() && !issuer.is_loopback() {
            return Err(IssuerRefusal::NotHttps);
        }
        Ok(issuer)
    }

    /// The exact text that was configured.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether people reach it over TLS; cookies are then `Secure` and `__Host-`.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether its host is this machine: `localhost`, `127.0.0.0/8` or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => Ipv4Addr::is_loopback(&address),
            Some(Host::Ipv6(address)) => Ipv6Addr::is_loopback(&address),
            None => false,
        }
    }

    /// The web origin (RFC 6454): scheme, host and port without a slash, as browsers send it.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The host without port, as WebAuthn's relying-party id wants it.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The path without a trailing slash: empty for a bare origin.
    pub fn path(&self) -> &str {
        let path = self.url.path();
        path.strip_suffix('/').unwrap_or(path)
    }

    /// The address of `path` (which begins with a slash) below the issuer; never doubles the slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text.strip_suffix('/').unwrap_or(&self.text))
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Issuer, IssuerRefusal};

    #[test]
    fn the_text_is_kept_exactly_with_or_without_a_slash() {
        for text in [
            "https://id.example.com",
            "https://id.example.com/",
            "https://id.example.com:8443",
            "https://example.com/auth",
            "https://example.com/auth/",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:8080",
        ] {
            assert_eq!(Issuer::parse(text).map(|issuer| issuer.as_str().to_owned()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn plain_http_off_loopback_is_refused() {
        for text in [
            "http://id.lan",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "http://app.localhost",
            "http://0.0.0.0:8080",
            "http://[::ffff:7f00:1]",
        ] {
            assert_eq!(Issuer::parse(text), Err(IssuerRefusal::NotHttps), "{text}");
        }
    }

    #[test]
    fn what_a_client_would_write_differently_is_refused() {
        for text in [
            "https://ID.example.com",
            "HTTPS://id.example.com",
            "https://id.example.com:443",
            "http://localhost:80",
            "https://id.example.com/a/../b",
            "https://id.example.com\\auth",
            " https://id.example.com",
            "https://id.example.com\n",
            "https://bücher.example",
            "http://127.1:8080",
            "https://id.example.com/a b",
        ] {
            assert!(matches!(Issuer::parse(text), Err(IssuerRefusal::Form(_))), "{text}");
        }
    }

    #[test]
    fn query_fragment_user_and_foreign_schemes_are_refused() {
        for text in [
            "https://id.example.com?",
            "https://id.example.com/?a=b",
            "https://id.example.com#",
            "https://user@id.example.com",
            "https://:pw@id.example.com",
            "ftp://id.example.com",
            "id.example.com",
            "https://",
            "",
        ] {
            assert!(matches!(Issuer::parse(text), Err(IssuerRefusal::Form(_))), "{text}");
        }
    }

    #[test]
    fn joining_never_doubles_the_slash() {
        let join = |text: &str| Issuer::parse(text).map(|issuer| issuer.join("/oauth2/token"));
        assert_eq!(join("https://a.example"), Ok("https://a.example/oauth2/token".to_owned()));
        assert_eq!(join("https://a.example/"), Ok("https://a.example/oauth2/token".to_owned()));
        assert_eq!(join("https://a.example/x/"), Ok("https://a.example/x/oauth2/token".to_owned()));
    }

    #[test]
    fn origin_host_and_path_are_parts_of_the_text() {
        let issuer = Issuer::parse("https://example.com:8443/auth/").unwrap();
        assert_eq!(issuer.origin(), "https://example.com:8443");
        assert_eq!(issuer.host(), "example.com");
        assert_eq!(issuer.path(), "/auth");
        assert_eq!(Issuer::parse("https://example.com").unwrap().path(), "");
    }
}
