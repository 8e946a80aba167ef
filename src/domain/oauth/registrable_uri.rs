//! Which redirect URIs may be registered (RFC 6749 §3.1.2, RFC 8252 §7 and §8.4, RFC 9700 §2.1 and
//! §4.1). Parsed here once; requests are compared byte by byte afterwards.

use super::{encoding, redirect_uri::LOOPBACK_ORIGINS};
use crate::entity::ClientKind;

/// Schemes that run or read something in the browser or hand over to another program.
const FORBIDDEN_SCHEMES: [&str; 15] = [
    "about",
    "blob",
    "content",
    "data",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "jar",
    "javascript",
    "mailto",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];
/// The longest address, in bytes.
const MAX_LENGTH: usize = 2048;

/// Why an address cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectUriRule {
    /// Longer than 2048 bytes, or empty.
    Length,
    /// Whitespace, control characters, backslashes or characters outside RFC 3986.
    Characters,
    /// A `*`.
    Wildcard,
    /// No scheme, or nothing after it.
    NotAbsolute,
    /// Upper case in the scheme: addresses are compared byte by byte.
    SchemeCase,
    /// A `#`.
    Fragment,
    /// `user@` before the host.
    Userinfo,
    /// A scheme that is never a redirect target.
    SchemeForbidden,
    /// A private-use scheme for a client that is not native.
    SchemeOfNativeOnly,
    /// Plain http to something other than this machine.
    PlainHttp,
}

impl RedirectUriRule {
    /// The rule, as one public sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Length => "An address has 1 to 2048 characters.",
            Self::Characters => {
                "Use only the characters of a URI: no spaces, control characters, backslashes or quotes."
            }
            Self::Wildcard => "Wildcards are not allowed; register each address.",
            Self::NotAbsolute => "Give the whole address, beginning with https:// or the app's own scheme.",
            Self::SchemeCase => "Write the scheme in lower case.",
            Self::Fragment => "Leave out the fragment (#).",
            Self::Userinfo => "Leave out the user name before the host.",
            Self::SchemeForbidden => "This scheme can never be a redirect target.",
            Self::SchemeOfNativeOnly => "Only native clients may use their own scheme.",
            Self::PlainHttp => "Use https; plain http is only for 127.0.0.1, [::1] and localhost.",
        }
    }
}

impl std::fmt::Display for RedirectUriRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.sentence())
    }
}

/// Whether a client of this kind may register `uri`.
///
/// Plain http is accepted to the loopback literals for every kind of client, not only for native
/// ones (RFC 8252 §7.3): a web application on the developer's own machine has no other address,
/// and traffic to it does not leave the machine (RFC 9700 §2.6 excepts loopback). The port varies
/// for native clients only.
///
/// # Errors
/// The rule that it breaks.
pub fn check_registrable(kind: ClientKind, uri: &str) -> Result<(), RedirectUriRule> {
    if uri.is_empty() || uri.len() > MAX_LENGTH {
        return Err(RedirectUriRule::Length);
    }
    if uri.contains('*') {
        return Err(RedirectUriRule::Wildcard);
    }
    if !uri.bytes().all(is_uri_byte) || !encoding::has_whole_escapes(uri) {
        return Err(RedirectUriRule::Characters);
    }
    if uri.contains('#') {
        return Err(RedirectUriRule::Fragment);
    }
    let (scheme, rest) = uri.split_once(':').ok_or(RedirectUriRule::NotAbsolute)?;
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !well_formed || rest.is_empty() {
        return Err(RedirectUriRule::NotAbsolute);
    }
    let lower = scheme.to_ascii_lowercase();
    if FORBIDDEN_SCHEMES.contains(&lower.as_str()) {
        return Err(RedirectUriRule::SchemeForbidden);
    }
    if lower != scheme {
        return Err(RedirectUriRule::SchemeCase);
    }
    let authority = rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err(RedirectUriRule::Userinfo);
    }
    if url::Url::parse(uri).is_err() {
        return Err(RedirectUriRule::NotAbsolute);
    }
    match (scheme, authority) {
        // `https:host` and `https:///host` are read as `https://host` by browsers.
        ("https" | "http", None | Some("")) => Err(RedirectUriRule::NotAbsolute),
        ("https", Some(_)) => Ok(()),
        ("http", Some(authority)) if is_loopback(authority) => Ok(()),
        ("http", Some(_)) => Err(RedirectUriRule::PlainHttp),
        _ if kind.is_native() => Ok(()),
        _ => Err(RedirectUriRule::SchemeOfNativeOnly),
    }
}

fn is_loopback(authority: &str) -> bool {
    LOOPBACK_ORIGINS.iter().filter_map(|origin| origin.strip_prefix("http://")).any(|host| {
        authority.strip_prefix(host).is_some_and(|port| port.is_empty() || (port.starts_with(':') && port.len() > 1))
    })
}

/// RFC 3986 §2: unreserved, reserved and `%`.
const fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b':'
                | b'/'
                | b'?'
                | b'#'
                | b'['
                | b']'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b'%'
        )
}

#[cfg(test)]
mod tests;
