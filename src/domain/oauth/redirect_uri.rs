//! The redirect URI: the one place that decides where a browser may be sent
//! (RFC 9700 §2.1, RFC 6749 §3.1.2, RFC 8252 §7.3).

use serde::Serialize;

use super::{OAuthError, encoding};
use crate::{
    entity::{Client, ClientKind},
    trace::Reason,
};

/// What a loopback redirect URI of a native client begins with, before its port. `localhost` is
/// not recommended (RFC 8252 §8.3) but is what many command-line tools send.
pub(super) const LOOPBACK_ORIGINS: [&str; 3] = ["http://127.0.0.1", "http://[::1]", "http://localhost"];

/// An address that this client has registered. There is no other way to make one, so a redirect
/// to anywhere else does not type-check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SafeRedirect(String);

impl SafeRedirect {
    /// Compares the sent address byte by byte with each registered one. For native clients the
    /// port of a loopback address may differ.
    ///
    /// # Errors
    /// `invalid_request`, never to be redirected: absent (required of everybody, also where one
    /// address is registered), or not registered.
    pub fn matched(client: &Client, sent: Option<&str>) -> Result<Self, OAuthError> {
        let sent = sent.ok_or(OAuthError::invalid_request(Reason::RedirectUriMissing))?;
        // Registration refuses anything else already; this keeps headers safe from a bad row.
        let printable = sent.bytes().all(|b| b.is_ascii_graphic());
        let registered = &client.settings.redirect_uris;
        if printable && registered.iter().any(|known| is_same(client.kind, known, sent)) {
            Ok(Self(sent.to_owned()))
        } else {
            Err(OAuthError::invalid_request(Reason::RedirectUriNotRegistered))
        }
    }

    /// The address of a stored interaction, matched again: it may have been unregistered since.
    ///
    /// # Errors
    /// As [`SafeRedirect::matched`].
    pub fn restored(client: &Client, stored: &str) -> Result<Self, OAuthError> {
        Self::matched(client, Some(stored))
    }

    /// The address exactly as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with these parameters appended to its query, which stays as registered.
    pub fn with_query(&self, pairs: &[(&str, &str)]) -> String {
        let separator = match self.0.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        self.with_pairs(separator, pairs)
    }

    /// The address with these parameters as its fragment.
    pub fn with_fragment(&self, pairs: &[(&str, &str)]) -> String {
        self.with_pairs("#", pairs)
    }

    fn with_pairs(&self, separator: &str, pairs: &[(&str, &str)]) -> String {
        let mut target = self.0.clone();
        let mut separator = separator;
        for (name, value) in pairs {
            target.push_str(separator);
            encoding::encode_into(&mut target, name);
            target.push('=');
            encoding::encode_into(&mut target, value);
            separator = "&";
        }
        target
    }
}

fn is_same(kind: ClientKind, registered: &str, sent: &str) -> bool {
    registered == sent
        || (kind.is_native()
            && LOOPBACK_ORIGINS.iter().any(|origin| {
                match (without_port(registered, origin), without_port(sent, origin)) {
                    (Some(registered), Some(sent)) => registered == sent,
                    _ => false,
                }
            }))
}

/// What follows the origin and its optional port, or `None` if `uri` has another origin or the
/// port is not one. `http://127.0.0.1.example` and `http://127.0.0.1:1@example` have other rests
/// than any registered URI can have, because a rest begins with `/`, `?` or nothing.
fn without_port<'a>(uri: &'a str, origin: &str) -> Option<&'a str> {
    let rest = uri.strip_prefix(origin)?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(after) => {
            let path = after.trim_start_matches(|c: char| c.is_ascii_digit());
            let port = after.strip_suffix(path)?;
            let valid = !port.starts_with('0') && port.parse::<u16>().is_ok();
            valid.then_some(path)?
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

#[cfg(test)]
mod tests;
