//! An issuer whose assertions this server takes for the word of a person or a client (RFC 7523 §2.1).

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::ClientId};

/// Whom the `sub` of an assertion names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectMapping {
    /// A person, by the identifier here.
    UserId,
    /// A person, by the username here.
    Username,
    /// The client that sends it.
    Client,
}

impl SubjectMapping {
    /// Every mapping.
    pub const ALL: [Self; 3] = [Self::UserId, Self::Username, Self::Client];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserId => "user_id",
            Self::Username => "username",
            Self::Client => "client",
        }
    }

    /// The mapping of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mapping| mapping.name() == name)
    }
}

/// A trusted issuer, as an administrator registered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustedIssuer {
    /// The `iss`, exactly.
    pub issuer: String,
    /// Its public keys, by value.
    pub jwks: Option<serde_json::Value>,
    /// Its public keys, by reference (https).
    pub jwks_uri: Option<String>,
    /// The `aud` that its assertions carry, if not this issuer or its token endpoint.
    pub audience: Option<String>,
    /// Whom `sub` names.
    pub subject: SubjectMapping,
    /// The clients that may send its assertions.
    pub clients: Vec<ClientId>,
    /// The scopes that it may vouch for.
    pub scope: Vec<String>,
    /// When it was registered.
    pub created_at: Timestamp,
}
