//! Who may register clients, and for what: run-time data of an administrator, closed until somebody
//! opens it (RFC 7591 §3 and §5; draft-ietf-oauth-client-id-metadata-document §6).

use serde::{Deserialize, Serialize};

use super::{GrantType, SecurityProfile, SettingsRule, scope::is_scope_token};
use crate::Timestamp;

/// Who may register a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Nobody.
    #[default]
    Off,
    /// Whoever holds an initial access token.
    Token,
    /// Anybody; an initial access token lifts the limits of strangers.
    Open,
}

impl RegistrationMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Off, Self::Token, Self::Open];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Token => "token",
            Self::Open => "open",
        }
    }
}

/// Whose metadata documents are fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentMode {
    /// Nobody's.
    #[default]
    Off,
    /// Those at the listed hosts.
    Hosts,
    /// Anybody's.
    Any,
}

impl DocumentMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Off, Self::Hosts, Self::Any];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Hosts => "hosts",
            Self::Any => "any",
        }
    }
}

/// What an administrator lets programs do by themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrationPolicy {
    /// Who may register.
    pub registration: RegistrationMode,
    /// Whose metadata documents are fetched.
    pub documents: DocumentMode,
    /// The hosts whose documents are accepted, and need no release.
    pub document_hosts: Vec<String>,
    /// Whether clients that nobody vouched for wait for an administrator.
    pub quarantine: bool,
    /// Whether confidential clients need PKCE; public ones always do.
    pub require_pkce: bool,
    /// The scopes that may be registered, and that are registered if the client names none.
    pub scope: Vec<String>,
    /// The grants that may be registered.
    pub grant_types: Vec<GrantType>,
    /// Registrations an hour from one network without an initial access token, and beside them so many
    /// metadata documents that were not known; 0: no limit.
    pub per_network: i64,
    /// So many clients may exist that registered themselves.
    pub max_clients: i64,
    /// A client that was never used is deleted after so many seconds.
    pub first_use_seconds: i64,
    /// A client that was used once is deleted after so many seconds without use.
    pub unused_seconds: i64,
    /// The security profile of clients that register from now on. They cannot leave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<SecurityProfile>,
    /// The same for clients whose metadata documents are fetched. Not stored while it is the usual one, so
    /// that older nodes understand the policy.
    #[serde(skip_serializing_if = "is_usual")]
    pub document_profile: Option<SecurityProfile>,
}

/// What clients with metadata documents are: the Model Context Protocol names its clients so.
const DOCUMENT_PROFILE: Option<SecurityProfile> = Some(SecurityProfile::Mcp);

#[expect(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "serde hands over a reference")]
fn is_usual(profile: &Option<SecurityProfile>) -> bool {
    *profile == DOCUMENT_PROFILE
}

const DAY: i64 = 86_400;

impl Default for RegistrationPolicy {
    fn default() -> Self {
        let scope = ["openid", "profile", "email", "address", "phone", "offline_access"];
        Self {
            registration: RegistrationMode::Off,
            documents: DocumentMode::Off,
            document_hosts: Vec::new(),
            quarantine: true,
            require_pkce: true,
            scope: scope.iter().map(|scope| (*scope).to_owned()).collect(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            per_network: 20,
            max_clients: 1000,
            first_use_seconds: 7 * DAY,
            unused_seconds: 90 * DAY,
            profile: None,
            document_profile: DOCUMENT_PROFILE,
        }
    }
}

impl RegistrationPolicy {
    /// Whether the registration endpoint exists.
    pub fn offers_registration(&self) -> bool {
        self.registration != RegistrationMode::Off
    }

    /// Whether metadata documents are accepted from somebody.
    pub fn offers_documents(&self) -> bool {
        self.documents != DocumentMode::Off
    }

    /// Whether documents of this host are accepted.
    pub fn accepts_host(&self, host: &str) -> bool {
        match self.documents {
            DocumentMode::Off => false,
            DocumentMode::Hosts => self.vouches_for_host(host),
            DocumentMode::Any => true,
        }
    }

    /// Whether an administrator has named this host.
    pub fn vouches_for_host(&self, host: &str) -> bool {
        self.document_hosts.iter().any(|known| known == host)
    }

    /// The policy for clients with metadata documents.
    #[must_use]
    pub fn for_documents(&self) -> Self {
        Self { profile: self.document_profile, ..self.clone() }
    }

    /// Until when a client is kept that nobody has used.
    pub const fn first_expiry(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(self.first_use_seconds)
    }

    /// Until when a client is kept that is in use now.
    pub const fn next_expiry(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(self.unused_seconds)
    }
}

/// Whether a policy makes sense.
///
/// # Errors
/// The first setting that breaks a rule.
pub fn check_policy(policy: &RegistrationPolicy) -> Result<(), SettingsRule> {
    let broken = |field: &str, rule| Err(SettingsRule { field: field.to_owned(), rule });
    if policy.documents == DocumentMode::Hosts && policy.document_hosts.is_empty() {
        return broken("document_hosts", "Name at least one host, or switch documents off.");
    }
    let is_host = |host: &String| {
        (1..=253).contains(&host.len())
            && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b':'))
    };
    if !policy.document_hosts.iter().all(is_host) || policy.document_hosts.len() > 100 {
        return broken("document_hosts", "Name up to 100 hosts in lower case, with a port if it is not 443.");
    }
    if policy.scope.len() > 100 || !policy.scope.iter().all(|scope| is_scope_token(scope)) {
        return broken("scope", "A scope is printable ASCII without spaces, commas, quotes and backslashes.");
    }
    if policy.grant_types.is_empty() {
        return broken("grant_types", "Allow at least one grant type.");
    }
    if !(0..=1_000_000).contains(&policy.per_network) {
        return broken("per_network", "Use 0 (no limit) to 1000000 registrations an hour.");
    }
    if !(1..=1_000_000).contains(&policy.max_clients) {
        return broken("max_clients", "Use 1 to 1000000 clients.");
    }
    let lasts = |seconds: i64| (3600..=3650 * DAY).contains(&seconds);
    if !lasts(policy.first_use_seconds) {
        return broken("first_use_seconds", "Use an hour to ten years.");
    }
    if !lasts(policy.unused_seconds) {
        return broken("unused_seconds", "Use an hour to ten years.");
    }
    Ok(())
}

/// How long to wait, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// For `Retry-After`.
    pub retry_after: i64,
}

const WINDOW_SECONDS: i64 = 3600;
/// After so many seconds a network has room again, whenever it began.
pub const REGISTRATION_ROOM_AFTER: u64 = WINDOW_SECONDS.unsigned_abs();

/// Counts one more registration from a network in windows of an hour. Gives the new count and the
/// window's beginning.
///
/// # Errors
/// The hour's limit is reached.
pub fn count_registration(
    count: i64,
    window_started: Timestamp,
    limit: i64,
    now: Timestamp,
) -> Result<(i64, Timestamp), TooMany> {
    let age = now.seconds_since(window_started);
    if !(0..WINDOW_SECONDS).contains(&age) {
        return Ok((1, now));
    }
    if count >= limit {
        return Err(TooMany { retry_after: WINDOW_SECONDS.saturating_sub(age).max(1) });
    }
    Ok((count.saturating_add(1), window_started))
}

#[cfg(test)]
mod tests;
