//! The signature algorithms that Symbolon signs with and accepts (RFC 7518 §3.1, RFC 8037 §3.1).
//! `none` and the symmetric family are absent on purpose: what is not here cannot be asked for.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

/// An asymmetric JWS algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: the default for ID tokens (OIDC Core 15.1).
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// Ed25519 (RFC 8037).
    EdDSA,
}

impl SigningAlgorithm {
    /// Every algorithm, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [Self::RS256, Self::PS256, Self::ES256, Self::EdDSA];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The left half of the hash that the algorithm uses, for `at_hash` and `c_hash`
    /// (OIDC Core 3.1.3.6). Ed25519 hashes with SHA-512.
    pub fn half_hash(self, value: &str) -> Vec<u8> {
        let digest = match self {
            Self::RS256 | Self::PS256 | Self::ES256 => Sha256::digest(value.as_bytes()).to_vec(),
            Self::EdDSA => Sha512::digest(value.as_bytes()).to_vec(),
        };
        let half = digest.len() / 2;
        digest.into_iter().take(half).collect()
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The `alg` is not one that this server signs with or accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAlgorithm;

impl FromStr for SigningAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|alg| alg.name() == name).ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_and_symmetric_algorithms_are_unknown() {
        for name in ["none", "None", "HS256", "rs256", "RS256 ", "", "ES384"] {
            assert_eq!(name.parse::<SigningAlgorithm>(), Err(UnknownAlgorithm), "{name}");
        }
    }

    #[test]
    fn at_hash_of_the_core_example_is_the_left_half_of_sha256() {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        // OIDC Core A.3
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(URL_SAFE_NO_PAD.encode(SigningAlgorithm::RS256.half_hash(token)), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
