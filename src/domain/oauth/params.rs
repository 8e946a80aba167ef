//! The parameters of a request: parsed once, strictly, before anything is decided
//! (RFC 6749 §3.1 and §3.2: no parameter twice, an empty one is an absent one; RFC 8707 §2 and
//! RFC 8693 §2.1 make the two exceptions).

use super::{GrantType, OAuthError, encoding};
use crate::{Secret, trace::Reason};

/// A request may carry this many parameters.
const MAX_PARAMETERS: usize = 64;
/// The longest name, in bytes.
const MAX_NAME: usize = 128;
/// The longest value, in bytes.
const MAX_VALUE: usize = 16 * 1024;
/// Where tokens are to be used, by address: may be repeated in any request (RFC 8707 §2).
const RESOURCE: &str = "resource";
/// Where tokens are to be used, by name: may be repeated where tokens are exchanged (RFC 8693 §2.1), and
/// only there.
const AUDIENCE: &str = "audience";

/// The decoded parameters of one request. Values may be secrets: they are not printable, and are
/// overwritten on drop.
pub struct Params {
    entries: Vec<(String, Secret<String>)>,
}

impl Params {
    /// Parses `application/x-www-form-urlencoded` text: a query without its `?`, or a body.
    ///
    /// # Errors
    /// `invalid_request`: a name that may not be repeated comes twice (even if empty once), an escape is incomplete, a name
    /// is empty, text is not UTF-8 or holds control characters, or a cap is exceeded.
    pub fn parse(encoded: &[u8]) -> Result<Self, OAuthError> {
        let mut params = Self { entries: Vec::new() };
        let mut absent = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = encoding::decode(halves.next().unwrap_or_default(), MAX_NAME).ok_or_else(malformed)?;
            let value = encoding::decode(halves.next().unwrap_or_default(), MAX_VALUE).ok_or_else(malformed)?;
            params.push(name, value, &mut absent)?;
        }
        params.check_audience_once(&absent)?;
        Ok(params)
    }

    /// The same rules over pairs that are decoded already: what a request object holds.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Result<Self, OAuthError> {
        Self::parse(encode(pairs.iter().copied()).as_bytes())
    }

    /// Name and value of each parameter that has one, in the order of the request.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.expose().as_str()))
    }

    /// The text that [`Params::parse`] reads back.
    pub fn encoded(&self) -> String {
        encode(self.pairs())
    }

    /// The value, if the parameter was sent and is not empty.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, value)| value.expose().as_str())
    }

    /// Every value, in the order of the request: more than one only of what may be repeated.
    pub fn find_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.expose().as_str())
    }

    /// The value.
    ///
    /// # Errors
    /// `invalid_request` with `reason`, if the parameter is absent or empty.
    pub fn require(&self, name: &str, reason: Reason) -> Result<&str, OAuthError> {
        self.find(name).ok_or(OAuthError::invalid_request(reason))
    }

    /// The names that were sent with a value, in the order of the request.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    fn push(&mut self, name: String, value: String, absent: &mut Vec<String>) -> Result<(), OAuthError> {
        let value = Secret::new(value);
        if name.is_empty() || name.contains(char::is_control) || self.entries.len() + absent.len() >= MAX_PARAMETERS {
            return Err(malformed());
        }
        let may_repeat = name == RESOURCE || name == AUDIENCE;
        if !may_repeat && (self.find(&name).is_some() || absent.contains(&name)) {
            return Err(OAuthError::invalid_request(Reason::ParameterDuplicated));
        }
        if value.expose().is_empty() {
            absent.push(name);
        } else {
            self.entries.push((name, value));
        }
        Ok(())
    }

    /// Known only at the end, as `grant_type` may come after it.
    fn check_audience_once(&self, absent: &[String]) -> Result<(), OAuthError> {
        let sent = self.find_all(AUDIENCE).count() + absent.iter().filter(|name| *name == AUDIENCE).count();
        if sent > 1 && self.find("grant_type") != Some(GrantType::TokenExchange.name()) {
            return Err(OAuthError::invalid_request(Reason::ParameterDuplicated));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

fn encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut encoded = String::new();
    for (name, value) in pairs {
        encoding::encode_into(&mut encoded, name);
        encoded.push('=');
        encoding::encode_into(&mut encoded, value);
        encoded.push('&');
    }
    encoded
}

const fn malformed() -> OAuthError {
    OAuthError::invalid_request(Reason::ParameterMalformed)
}

/// An assertion as a grant brings neither resources nor details, and does not silently ignore them: the
/// client would take the token for a narrower one than it is (RFC 8707 §2, RFC 9396 §5).
///
/// # Errors
/// `invalid_target`, `invalid_request`.
pub(super) fn check_resource_absent(params: &Params) -> Result<(), OAuthError> {
    if params.find("resource").is_some() {
        return Err(OAuthError::invalid_target(Reason::ResourceUnknown));
    }
    check_details_absent(params)
}

/// Rich authorization requests alone are not offered.
///
/// # Errors
/// `invalid_request`.
pub(super) fn check_details_absent(params: &Params) -> Result<(), OAuthError> {
    match params.find("authorization_details") {
        Some(_) => Err(OAuthError::invalid_request(Reason::RestrictionUnsupported)),
        None => Ok(()),
    }
}

/// A `dpop_jkt` has no meaning beside a token request, which a proof binds; ignored, it would pass for a
/// binding (RFC 9449 §10).
///
/// # Errors
/// `invalid_request`.
pub(super) fn check_restrictions_absent(params: &Params) -> Result<(), OAuthError> {
    match params.find("dpop_jkt") {
        Some(_) => Err(OAuthError::invalid_request(Reason::RestrictionUnsupported)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
