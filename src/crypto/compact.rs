//! The compact serialization of a JWS (RFC 7515 §7.1), parsed without tolerance (RFC 8725 §3).

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::domain::{jose::SigningAlgorithm, strict_json};

/// Longest text that is looked at, in bytes.
pub const MAX_COMPACT_LENGTH: usize = 16 * 1024;

/// Why a JWS is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// Longer than [`MAX_COMPACT_LENGTH`].
    TooLarge,
    /// Not a strict compact JWS with JSON objects in header and payload.
    Malformed,
    /// The header demands an extension (`crit`, `b64`); we understand none.
    UnsupportedHeader,
    /// `alg` is unknown, is not allowed here, or is not the key's.
    AlgorithmNotAllowed,
    /// `typ` is not one of the expected.
    WrongType,
    /// No key of the set can have made it.
    KeyNotFound,
    /// Several keys could have made it and the header names none of them alone.
    KeyAmbiguous,
    /// The signature is not the key's over this content.
    BadSignature,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the token is longer than 16 KiB",
            Self::Malformed => "the token is not a well-formed compact JWS",
            Self::UnsupportedHeader => "the token's header demands an unsupported extension",
            Self::AlgorithmNotAllowed => "the token's signature algorithm is not allowed here",
            Self::WrongType => "the token is of another type",
            Self::KeyNotFound => "no registered key matches the token",
            Self::KeyAmbiguous => "several registered keys match the token: its header needs a kid",
            Self::BadSignature => "the token's signature is wrong",
        })
    }
}

impl std::error::Error for VerifyError {}

/// A parsed JWS whose signature has not been checked yet.
#[derive(Clone, Debug)]
pub struct CompactJws<'a> {
    header: Map<String, Value>,
    algorithm: SigningAlgorithm,
    signing_input: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

/// The parts of a compact JWS with a strict header, before its algorithm is looked at.
pub(super) struct Parts<'a> {
    pub(super) header: Map<String, Value>,
    pub(super) signing_input: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, VerifyError> {
        if text.len() > MAX_COMPACT_LENGTH {
            return Err(VerifyError::TooLarge);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(VerifyError::Malformed)?;
        // An empty signature is judged after `alg`, so that `none` is named as what it is. Further
        // dots fail as base64.
        let header = strict_json::parse_object(&decode(header)?).ok_or(VerifyError::Malformed)?;
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(VerifyError::UnsupportedHeader);
        }
        let text_or_absent = |name| header.get(name).is_none_or(Value::is_string);
        if !text_or_absent("kid") || !text_or_absent("typ") {
            return Err(VerifyError::Malformed);
        }
        Ok(Self { header, signing_input, payload, signature })
    }

    pub(super) fn algorithm(&self) -> Result<&str, VerifyError> {
        self.header.get("alg").and_then(Value::as_str).ok_or(VerifyError::Malformed)
    }

    pub(super) fn signature(&self) -> Result<Vec<u8>, VerifyError> {
        let signature = decode(self.signature)?;
        if signature.is_empty() || self.payload.is_empty() || self.payload.contains('.') {
            return Err(VerifyError::Malformed);
        }
        Ok(signature)
    }

    pub(super) fn claims(&self) -> Result<Map<String, Value>, VerifyError> {
        strict_json::parse_object(&decode(self.payload)?).ok_or(VerifyError::Malformed)
    }
}

impl<'a> CompactJws<'a> {
    /// Parses the three parts and the header. The payload stays unread until the signature holds.
    ///
    /// # Errors
    /// Every case of [`VerifyError`] that needs no key.
    pub fn parse(text: &'a str) -> Result<Self, VerifyError> {
        let parts = Parts::parse(text)?;
        let algorithm = SigningAlgorithm::from_str(parts.algorithm()?).map_err(|_| VerifyError::AlgorithmNotAllowed)?;
        let signature = parts.signature()?;
        let Parts { header, signing_input, payload, .. } = parts;
        Ok(Self { algorithm, signing_input, payload, signature, header })
    }

    /// The protected header. `jku`, `x5u`, `jwk` and `x5c` may be in it and are never followed.
    pub const fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The header's `alg`.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The header's `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// The claims before any signature was checked: only to find out whose keys to check with
    /// (the `iss` of a client assertion, RFC 7523 §3).
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] if the payload is not a strict JSON object.
    pub fn danger_unverified_claims(&self) -> Result<Map<String, Value>, VerifyError> {
        strict_json::parse_object(&decode(self.payload)?).ok_or(VerifyError::Malformed)
    }

    pub(super) const fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(super) fn into_header(self) -> Map<String, Value> {
        self.header
    }
}

/// base64url without padding and without stray bits (RFC 7515 §2).
pub(super) fn decode(part: &str) -> Result<Vec<u8>, VerifyError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed)
}

#[cfg(test)]
mod tests;
