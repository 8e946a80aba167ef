//! The grant types by name (RFC 6749 §4, §6). The service's table of grants answers to this list, but
//! for `implicit`, whose tokens come from the authorization endpoint.

use serde::{Deserialize, Serialize};

/// A `grant_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 6749 §4.2: no grant of the token endpoint, but what a client is registered for that may be
    /// answered with tokens through the browser.
    Implicit,
}

impl GrantType {
    /// Every grant type.
    pub const ALL: [Self; 4] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::Implicit];

    /// The `grant_type` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::Implicit => "implicit",
        }
    }

    /// The grant type of this name; unknown names are refused, never guessed.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.name() == name)
    }

    /// Whether the token endpoint answers to it.
    pub const fn is_for_token_endpoint(self) -> bool {
        !matches!(self, Self::Implicit)
    }
}
