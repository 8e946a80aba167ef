//! The encryption algorithms that Symbolon encrypts with and accepts (RFC 7518 §4.1 and §5.1).
//! `RSA1_5`, `dir` and the symmetric families are absent on purpose: PKCS #1 v1.5 padding invites
//! oracles, and client secrets are kept as hashes, so that they cannot be keys.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::UnknownAlgorithm;

/// `alg` of a JWE: how the content encryption key reaches the recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyManagementAlgorithm {
    /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256.
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    /// Ephemeral-static Diffie-Hellman, agreeing on the content encryption key itself.
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
    /// The same, agreeing on a key that wraps it with AES-128.
    #[serde(rename = "ECDH-ES+A128KW")]
    EcdhEsA128Kw,
    /// The same with AES-256.
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
}

impl KeyManagementAlgorithm {
    /// Every algorithm, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [Self::RsaOaep256, Self::EcdhEs, Self::EcdhEsA128Kw, Self::EcdhEsA256Kw];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// The algorithm under whose name a key of our own for this one is kept: one RSA key, and one
    /// elliptic curve key for the whole family.
    pub const fn key_family(self) -> Self {
        match self {
            Self::RsaOaep256 => Self::RsaOaep256,
            Self::EcdhEs | Self::EcdhEsA128Kw | Self::EcdhEsA256Kw => Self::EcdhEs,
        }
    }
}

impl fmt::Display for KeyManagementAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyManagementAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|alg| alg.name() == name).ok_or(UnknownAlgorithm)
    }
}

/// `enc` of a JWE: how the content is encrypted and authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ContentEncryption {
    /// AES-128-CBC with HMAC-SHA-256: the default where only `alg` is registered (OIDC Registration 2).
    #[default]
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
    /// AES-256-CBC with HMAC-SHA-512.
    #[serde(rename = "A256CBC-HS512")]
    A256CbcHs512,
    /// AES-128-GCM.
    #[serde(rename = "A128GCM")]
    A128Gcm,
    /// AES-256-GCM.
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

impl ContentEncryption {
    /// Every algorithm, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [Self::A128CbcHs256, Self::A256CbcHs512, Self::A128Gcm, Self::A256Gcm];

    /// The `enc` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// The length of the content encryption key, in bytes.
    pub const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }
}

impl fmt::Display for ContentEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ContentEncryption {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|enc| enc.name() == name).ok_or(UnknownAlgorithm)
    }
}

/// What an answer is encrypted with, as registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionChoice {
    /// `alg`.
    pub alg: KeyManagementAlgorithm,
    /// `enc`.
    pub enc: ContentEncryption,
}

impl EncryptionChoice {
    /// What the pair of settings says: nothing without `alg`; `A128CBC-HS256` without `enc`.
    pub fn of(alg: Option<KeyManagementAlgorithm>, enc: Option<ContentEncryption>) -> Option<Self> {
        alg.map(|alg| Self { alg, enc: enc.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_symmetric_and_unknown_algorithms_are_unknown() {
        for name in
            ["RSA1_5", "RSA-OAEP", "dir", "A128KW", "A256GCMKW", "PBES2-HS256+A128KW", "rsa-oaep-256", "none", ""]
        {
            assert_eq!(name.parse::<KeyManagementAlgorithm>(), Err(UnknownAlgorithm), "{name}");
        }
        for name in ["A192GCM", "A192CBC-HS384", "a128gcm", "none", ""] {
            assert_eq!(name.parse::<ContentEncryption>(), Err(UnknownAlgorithm), "{name}");
        }
    }

    #[test]
    fn names_on_the_wire_are_those_in_documents() {
        for alg in KeyManagementAlgorithm::ALL {
            assert_eq!(serde_json::to_value(alg).unwrap(), alg.name());
            assert_eq!(alg.name().parse(), Ok(alg));
        }
        for enc in ContentEncryption::ALL {
            assert_eq!(serde_json::to_value(enc).unwrap(), enc.name());
            assert_eq!(enc.name().parse(), Ok(enc));
        }
    }

    #[test]
    fn without_enc_the_default_of_the_specification_holds_and_without_alg_nothing() {
        let alg = KeyManagementAlgorithm::EcdhEs;
        let choice = EncryptionChoice { alg, enc: ContentEncryption::A128CbcHs256 };
        assert_eq!(EncryptionChoice::of(Some(alg), None), Some(choice));
        assert_eq!(EncryptionChoice::of(None, Some(ContentEncryption::A256Gcm)), None);
    }
}
