//! Which client may exchange whose tokens, and for what (RFC 8693 §1.1: impersonation or delegation).

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::ClientId};

/// Whether the new token says who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeMode {
    /// The token names the client, or whoever its actor token is about, in `act`.
    Delegation,
    /// The token is as if the subject had been there, unless an actor token is sent.
    Impersonation,
}

impl ExchangeMode {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delegation => "delegation",
            Self::Impersonation => "impersonation",
        }
    }

    /// The mode of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Delegation, Self::Impersonation].into_iter().find(|mode| mode.name() == name)
    }
}

/// What an administrator allowed for a pair of clients. Without one, nothing is exchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExchangePolicy {
    /// Who exchanges.
    pub client_id: ClientId,
    /// Whose tokens.
    pub subject_client_id: ClientId,
    /// For whom the new tokens may be.
    pub audiences: Vec<String>,
    /// Whether they say who acts.
    pub mode: ExchangeMode,
    /// When it was last written.
    pub updated_at: Timestamp,
}
