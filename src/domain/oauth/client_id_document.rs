//! Clients whose `client_id` is the https address of their own metadata
//! (draft-ietf-oauth-client-id-metadata-document): which addresses can be one, what the document
//! must say, and how long it is believed.

use serde_json::{Map, Value, json};

use super::{
    OAuthError, Registration, RegistrationPolicy, RegistrationRefusal, http_date::parse_http_date, parse_metadata,
    redirect_uri::LOOPBACK_ORIGINS,
};
use crate::{
    Timestamp,
    entity::{ClientSettings, ConsentMode},
    ids::ClientId,
    trace::Reason,
};

/// How such a client may authenticate.
const WITHOUT_SECRET: [&str; 2] = ["none", "private_key_jwt"];
/// The longest address, in bytes.
const MAX_ADDRESS: usize = 512;
/// A document is believed at least this long, so that nobody makes us fetch without end.
const SHORTEST: i64 = 300;
/// A document is believed at most this long.
const LONGEST: i64 = 86_400;
/// How long a document is believed that says nothing about it.
const USUAL: i64 = 3600;

/// The address of a document, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentAddress {
    address: String,
    host: String,
}

/// Whether this `client_id` can only be the address of a document: no other has a colon.
pub fn is_document_id(id: &ClientId) -> bool {
    id.as_str().starts_with("https://") || id.as_str().starts_with("http://")
}

impl DocumentAddress {
    /// Reads an address. `danger_loopback`: also plain http on this machine, for development.
    ///
    /// # Errors
    /// `invalid_client`: another scheme, no path, a fragment, query or user name, or not in its
    /// normal form, so that one document cannot be many clients.
    pub fn parse(id: &ClientId, danger_loopback: bool) -> Result<Self, OAuthError> {
        let text = id.as_str();
        let malformed = OAuthError::invalid_client(Reason::DocumentAddressMalformed);
        let local = danger_loopback && LOOPBACK_ORIGINS.iter().any(|origin| text.starts_with(&format!("{origin}:")));
        if text.len() > MAX_ADDRESS || !(text.starts_with("https://") || local) {
            return Err(malformed);
        }
        let url = url::Url::parse(text).map_err(|_| malformed)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        if !plain || url.query().is_some() || url.path().len() < 2 || url.as_str() != text {
            return Err(malformed);
        }
        let host = url.host_str().ok_or(malformed)?;
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { address: text.to_owned(), host })
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The host, with the port if it is not the usual one: the one thing about the client that is verified.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Understands a fetched document. `kept`: the settings that an earlier one led to, of which the
/// administrator's stay.
///
/// # Errors
/// `invalid_client` and the member: it names another `client_id`, has a secret, or is not acceptable.
pub fn parse_document(
    address: &DocumentAddress,
    members: &Map<String, Value>,
    kept: Option<&ClientSettings>,
    policy: &RegistrationPolicy,
) -> Result<Registration, RegistrationRefusal> {
    if members.get("client_id").and_then(Value::as_str) != Some(address.as_str()) {
        return Err(refused(Reason::DocumentMismatch, "client_id"));
    }
    if let Some(name) = ["client_secret", "client_secret_expires_at"].iter().find(|name| members.contains_key(**name)) {
        return Err(refused(Reason::DocumentMetadata, name));
    }
    // Nobody asks that address here whether the client belongs to the sector; its hosts tell it.
    if members.get("sector_identifier_uri").is_some_and(|value| !value.is_null()) {
        return Err(refused(Reason::DocumentMetadata, "sector_identifier_uri"));
    }
    let mut members = members.clone();
    // A secret in a public document is none: there is no other default (§4.1 of the draft).
    match members.get("token_endpoint_auth_method").filter(|value| !value.is_null()) {
        None => _ = members.insert("token_endpoint_auth_method".to_owned(), json!("none")),
        Some(Value::String(method)) if WITHOUT_SECRET.contains(&method.as_str()) => {}
        Some(_) => return Err(refused(Reason::DocumentMetadata, "token_endpoint_auth_method")),
    }
    let mut registration =
        parse_metadata(&members, kept, &policy.for_documents()).map_err(|refusal| match refusal.error.reason {
            Reason::RegistrationProfile => refused(Reason::RegistrationProfile, &refusal.field),
            _ => refused(Reason::DocumentMetadata, &refusal.field),
        })?;
    let vouched = policy.vouches_for_host(address.host());
    let settings = &mut registration.settings;
    settings.require_pkce = true;
    match kept {
        None => {
            settings.consent = ConsentMode::Always;
            settings.quarantined = policy.quarantine && !vouched;
        }
        Some(_) => settings.quarantined &= !vouched,
    }
    Ok(registration)
}

fn refused(reason: Reason, member: &str) -> RegistrationRefusal {
    RegistrationRefusal { error: OAuthError::invalid_client(reason), field: member.to_owned() }
}

/// What an answer says of its own life.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caching<'a> {
    /// `Cache-Control`.
    pub cache_control: Option<&'a str>,
    /// `Expires`.
    pub expires: Option<&'a str>,
    /// `Date`.
    pub date: Option<&'a str>,
}

/// How long such an answer is believed, in seconds: within our own bounds whatever it says (RFC 9111
/// §5.2.2). `Expires` counts where there is no `max-age` (§5.3), by the clock of whoever wrote it.
pub fn cache_seconds(told: Caching<'_>, now: Timestamp) -> i64 {
    let mut max_age = None;
    for directive in told.cache_control.unwrap_or_default().split(',') {
        let directive = directive.trim().to_ascii_lowercase();
        if matches!(directive.as_str(), "no-store" | "no-cache") {
            return SHORTEST;
        }
        if let Some(age) = directive.strip_prefix("max-age=") {
            max_age = Some(age.trim_matches('"').parse().unwrap_or(SHORTEST));
        }
    }
    let until = |expires| {
        let written_at = told.date.and_then(parse_http_date).unwrap_or(now);
        // What is no date is in the past.
        parse_http_date(expires).map_or(SHORTEST, |expires| expires.seconds_since(written_at))
    };
    max_age.or_else(|| told.expires.map(until)).unwrap_or(USUAL).clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests;
