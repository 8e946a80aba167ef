//! The compact serialization of a JWE (RFC 7516 §7.1): made for a client's key, and read with one
//! of our own. No compression, no extensions, nothing but the algorithms of the two enums.
//!
//! Everything is done by aws-lc-rs: RSA-OAEP, the Diffie-Hellman agreement, AES key wrap, AES-GCM,
//! AES-CBC and HMAC. josekit could do it too, on OpenSSL; it is left to the tests as the other
//! opinion, because it would bring compression, `RSA1_5` and `dir` along, loads keys of its own form
//! again for each token, and tells one failure from another.
//!
//! Whatever goes wrong once the header is accepted is [`JweError::Undecipherable`]. A key that does
//! not unwrap is replaced by a random one, so that it fails at the tag like altered content
//! (RFC 7516 §11.5).

mod content;
mod key_agreement;
mod own;
mod recipient;

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::random::Random;
use crate::domain::{
    Secret,
    jose::{ContentEncryption, EncryptionChoice, KeyManagementAlgorithm},
    strict_json,
};

pub use own::{DecryptionKey, DecryptionKeys, GeneratedEncryptionKey, generate};
pub use recipient::{EncryptionKey, EncryptionKeySet};

/// Longest JWE that is looked at, in bytes: room for the longest JWS that is.
pub const MAX_JWE_LENGTH: usize = 28 * 1024;
/// Longest protected header, encoded, in bytes.
const MAX_HEADER_LENGTH: usize = 4 * 1024;
/// Longest text that is encrypted, in bytes.
const MAX_PLAINTEXT_LENGTH: usize = 256 * 1024;

/// Why a JWE is refused, or was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JweError {
    /// Longer than accepted.
    TooLarge,
    /// Not a strict compact JWE with a JSON object as header.
    Malformed,
    /// The header demands compression (`zip`) or an extension (`crit`); we understand none.
    UnsupportedHeader,
    /// `alg` or `enc` is unknown, or not allowed here.
    AlgorithmNotAllowed,
    /// It does not decrypt. Which step failed is not told.
    Undecipherable,
    /// The key does not serve this algorithm, or the engine failed: nothing was encrypted.
    NotEncrypted,
}

impl fmt::Display for JweError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the encrypted token is too long",
            Self::Malformed => "the token is not a well-formed compact JWE",
            Self::UnsupportedHeader => "the token's header demands compression or an unsupported extension",
            Self::AlgorithmNotAllowed => "the token's encryption algorithm is not allowed here",
            Self::Undecipherable => "the token does not decrypt",
            Self::NotEncrypted => "the token cannot be encrypted for this key",
        })
    }
}

impl std::error::Error for JweError {}

/// A JWE that decrypted.
#[derive(Debug)]
pub struct Decrypted {
    /// The protected header.
    pub header: Map<String, Value>,
    /// The content.
    pub plaintext: Secret<Vec<u8>>,
}

/// What an answer to a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A signed JWT: the header says `cty: JWT` (RFC 7519 §5.2).
    NestedJwt,
    /// A claims set that is not signed.
    Claims,
}

/// Encrypts `plaintext` for `key`.
///
/// # Errors
/// [`JweError::NotEncrypted`] if the key is not for this algorithm, [`JweError::TooLarge`].
pub fn encrypt(
    plaintext: &[u8],
    content: Content,
    key: &EncryptionKey,
    choice: EncryptionChoice,
    random: &dyn Random,
) -> Result<String, JweError> {
    if plaintext.len() > MAX_PLAINTEXT_LENGTH {
        return Err(JweError::TooLarge);
    }
    let mut header = Map::new();
    header.insert("alg".to_owned(), choice.alg.name().into());
    header.insert("enc".to_owned(), choice.enc.name().into());
    if content == Content::NestedJwt {
        header.insert("cty".to_owned(), "JWT".into());
    }
    if let Some(kid) = key.key_id() {
        header.insert("kid".to_owned(), kid.into());
    }
    let established = key.establish(choice, random)?;
    if let Some(ephemeral) = established.ephemeral {
        header.insert("epk".to_owned(), ephemeral.into());
    }
    let header = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
    let sealed = content::seal(choice.enc, established.content_key.expose(), header.as_bytes(), plaintext, random)
        .ok_or(JweError::NotEncrypted)?;
    let parts = [established.encrypted_key, sealed.nonce, sealed.ciphertext, sealed.tag];
    Ok(parts.iter().fold(header, |mut token, part| {
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(part, &mut token);
        token
    }))
}

/// A parsed JWE whose content is still closed.
#[derive(Clone, Debug)]
pub struct CompactJwe<'a> {
    header: Map<String, Value>,
    alg: KeyManagementAlgorithm,
    enc: ContentEncryption,
    encoded_header: &'a str,
    encrypted_key: Vec<u8>,
    nonce: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

impl<'a> CompactJwe<'a> {
    /// Parses the five parts and the header.
    ///
    /// # Errors
    /// Every case of [`JweError`] that needs no key.
    pub fn parse(text: &'a str) -> Result<Self, JweError> {
        if text.len() > MAX_JWE_LENGTH {
            return Err(JweError::TooLarge);
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [encoded_header, encrypted_key, nonce, ciphertext, tag] = parts.as_slice() else {
            return Err(JweError::Malformed);
        };
        if encoded_header.len() > MAX_HEADER_LENGTH {
            return Err(JweError::TooLarge);
        }
        let header = strict_json::parse_object(&decode(encoded_header)?).ok_or(JweError::Malformed)?;
        if header.contains_key("crit") || header.contains_key("zip") {
            return Err(JweError::UnsupportedHeader);
        }
        let text_or_absent = |name: &str| header.get(name).is_none_or(Value::is_string);
        if !["kid", "cty", "typ"].into_iter().all(text_or_absent) {
            return Err(JweError::Malformed);
        }
        let named = |name: &str| header.get(name).and_then(Value::as_str).ok_or(JweError::Malformed);
        let alg = named("alg")?.parse().map_err(|_| JweError::AlgorithmNotAllowed)?;
        let enc = named("enc")?.parse().map_err(|_| JweError::AlgorithmNotAllowed)?;
        Ok(Self {
            alg,
            enc,
            encoded_header,
            encrypted_key: decode(encrypted_key)?,
            nonce: decode(nonce)?,
            ciphertext: decode(ciphertext)?,
            tag: decode(tag)?,
            header,
        })
    }

    /// The header's `alg` and `enc`.
    pub const fn choice(&self) -> EncryptionChoice {
        EncryptionChoice { alg: self.alg, enc: self.enc }
    }

    /// The header's `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// Opens the content with `key`.
    fn open(&self, key: &DecryptionKey, random: &dyn Random) -> Option<Secret<Vec<u8>>> {
        let length = self.enc.key_length();
        let unwrapped = key.content_key(self).filter(|found| found.expose().len() == length);
        let content_key = unwrapped.unwrap_or_else(|| content::random_key(self.enc, random));
        let associated = self.encoded_header.as_bytes();
        content::open(self.enc, content_key.expose(), associated, &self.nonce, &self.ciphertext, &self.tag)
    }
}

/// Whether a compact token is an encrypted one: five parts, not three.
pub fn is_encrypted(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 4
}

fn decode(part: &str) -> Result<Vec<u8>, JweError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::Malformed)
}

#[cfg(test)]
mod tests;
