//! A signing key and its life: next, active, retired, gone.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, ids::KeyId, jose::SigningAlgorithm};

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, not yet signing: relying parties may cache it ahead.
    Next,
    /// Signing.
    Active,
    /// Published for verification only.
    Retired,
}

impl KeyState {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// From the stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retired].into_iter().find(|state| state.name() == name)
    }
}

/// A signing key as stored; the private half is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SigningKeyRecord {
    /// The `kid`.
    pub id: KeyId,
    /// The one algorithm it is used for.
    pub algorithm: SigningAlgorithm,
    /// Where it is in its life.
    pub state: KeyState,
    /// The public JWK, as JSON text.
    pub public_jwk: String,
    /// PKCS#8, sealed under the key-encryption key.
    #[serde(skip)]
    pub sealed_private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
}
