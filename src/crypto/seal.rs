//! Sealing at rest: AES-256-GCM under a key-encryption key, bound to purpose and row, so that a
//! ciphertext moved elsewhere does not open (design §6; ASVS 11.3). The sealed form is
//! version | key id (4) | nonce (12) | ciphertext and tag.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};

use super::random::{Random, random_bytes};
use crate::domain::Secret;

const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = 4;
/// Of HMAC-SHA256.
const TAG_LENGTH: usize = 32;
/// The purpose under which a [`DataKey`] is itself sealed.
pub const SUBJECT_KEY_PURPOSE: &str = "subject-key";

const PADDING_OPTIONAL: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, PADDING_OPTIONAL);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PADDING_OPTIONAL);

/// The key that seals all others. It lives in a file, the environment or a KMS, never in the
/// database.
#[derive(Clone)]
pub struct KeyEncryptionKey(Secret<[u8; 32]>);

/// The text is not 32 bytes of base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTextError;

impl fmt::Display for KeyTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key-encryption key must be 32 bytes in base64 or base64url (43 or 44 characters)")
    }
}

impl std::error::Error for KeyTextError {}

impl KeyEncryptionKey {
    /// A new random key.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Secret::new(random_bytes(random)))
    }

    /// From base64 or base64url text, padded or not; a trailing line end is tolerated, as editors
    /// and `openssl rand -base64 32` leave one.
    ///
    /// # Errors
    /// Anything else, including other white space.
    pub fn parse(text: &str) -> Result<Self, KeyTextError> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let decoded = URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text)).map(Secret::new);
        let bytes = decoded.map_err(|_| KeyTextError)?;
        bytes.expose().as_slice().try_into().map(|key| Self(Secret::new(key))).map_err(|_| KeyTextError)
    }

    /// The text form for a key file: 43 base64url characters.
    pub fn text(&self) -> Secret<String> {
        Secret::new(URL_SAFE_NO_PAD.encode(self.0.expose()))
    }

    /// A public identifier of this key: eight hexadecimal digits of a labelled hash.
    pub fn id(&self) -> String {
        super::hex(&self.id_bytes())
    }

    fn id_bytes(&self) -> [u8; KEY_ID_LENGTH] {
        let hash = super::sha256(&[b"symbolon key-encryption key id v1\0", self.0.expose()]);
        hash.first_chunk().copied().unwrap_or_default()
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyEncryptionKey({})", self.id())
    }
}

/// Why a sealed value does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealError {
    /// Another key-encryption key sealed it.
    WrongKey {
        /// Identifier of the key that sealed the value.
        sealed_under: String,
        /// Identifier of the key that is configured.
        configured: String,
    },
    /// The bytes are damaged, or belong to another row or purpose.
    Corrupt,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongKey { sealed_under, configured } => write!(
                f,
                "the value was sealed under key-encryption key {sealed_under}, but key {configured} is configured: \
                 the key that sealed it is lost or another one is configured; restore it from its backup"
            ),
            Self::Corrupt => f.write_str("the sealed value is damaged or was moved from another row or purpose"),
        }
    }
}

impl std::error::Error for SealError {}

/// Seals and opens under one key-encryption key. A random nonce is safe for 2^32 values a key;
/// what is sealed often (events) goes under a [`DataKey`] of its own.
pub struct Sealer {
    key: LessSafeKey,
    id: [u8; KEY_ID_LENGTH],
    authentication: hmac::Key,
}

impl Sealer {
    /// A sealer under `key`.
    pub fn new(key: &KeyEncryptionKey) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, key.0.expose());
        let derived = hmac::sign(&root, b"symbolon message authentication key v1");
        let authentication = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        Self { key: cipher(key.0.expose()), id: key.id_bytes(), authentication }
    }

    /// Identifier of the key in use.
    pub fn key_id(&self) -> String {
        super::hex(&self.id)
    }

    /// Authenticates public `content` for `purpose`: what every node with the same key recognizes as
    /// the cluster's own, without a look-up.
    pub fn authenticate(&self, purpose: &str, content: &[u8]) -> Vec<u8> {
        let tag = hmac::sign(&self.authentication, &place(purpose, ""));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref()), content);
        [content, tag.as_ref()].concat()
    }

    /// The content that [`Self::authenticate`] made `authenticated` of; `None` for anything else.
    pub fn recognize<'a>(&self, purpose: &str, authenticated: &'a [u8]) -> Option<&'a [u8]> {
        let (content, tag) = authenticated.split_at_checked(authenticated.len().checked_sub(TAG_LENGTH)?)?;
        let key = hmac::sign(&self.authentication, &place(purpose, ""));
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), content, tag).ok().map(|()| content)
    }

    /// Seals `plaintext` for `row` (its primary key) and `purpose` (table and column, say).
    pub fn seal(&self, purpose: &str, row: &str, plaintext: &[u8], random: &dyn Random) -> Vec<u8> {
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&self.id);
        sealed.extend(encrypt(&self.key, &place(purpose, row), plaintext, random));
        sealed
    }

    /// Opens what [`Self::seal`] made for the same purpose and row.
    ///
    /// # Errors
    /// [`SealError::WrongKey`] if another key sealed it, else [`SealError::Corrupt`].
    pub fn open(&self, purpose: &str, row: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Corrupt)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID_LENGTH>().ok_or(SealError::Corrupt)?;
        if *version != VERSION {
            return Err(SealError::Corrupt);
        }
        if *id != self.id {
            return Err(SealError::WrongKey { sealed_under: super::hex(id), configured: self.key_id() });
        }
        decrypt(&self.key, &place(purpose, row), rest)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({})", self.key_id())
    }
}

/// One person's key, under which their data in the event stream is sealed: destroying it erases
/// them and leaves the log verifiable. Sealed form: version | nonce (12) | ciphertext and tag.
#[derive(Clone)]
pub struct DataKey(Secret<[u8; 32]>);

impl DataKey {
    /// A new random key.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Secret::new(random_bytes(random)))
    }

    /// This key, sealed for its row.
    pub fn sealed(&self, sealer: &Sealer, row: &str, random: &dyn Random) -> Vec<u8> {
        sealer.seal(SUBJECT_KEY_PURPOSE, row, self.0.expose(), random)
    }

    /// The key that [`Self::sealed`] made for `row`.
    ///
    /// # Errors
    /// As [`Sealer::open`].
    pub fn unseal(sealer: &Sealer, row: &str, sealed: &[u8]) -> Result<Self, SealError> {
        let bytes = sealer.open(SUBJECT_KEY_PURPOSE, row, sealed)?;
        bytes.expose().as_slice().try_into().map(|key| Self(Secret::new(key))).map_err(|_| SealError::Corrupt)
    }

    /// Seals `plaintext`, bound to `context` (the event's id, say).
    pub fn seal(&self, context: &[u8], plaintext: &[u8], random: &dyn Random) -> Vec<u8> {
        let mut sealed = vec![VERSION];
        sealed.extend(encrypt(&cipher(self.0.expose()), context, plaintext, random));
        sealed
    }

    /// Opens what [`Self::seal`] made for the same context.
    ///
    /// # Errors
    /// [`SealError::Corrupt`] for anything else.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        match sealed.split_first() {
            Some((&VERSION, rest)) => decrypt(&cipher(self.0.expose()), context, rest),
            _ => Err(SealError::Corrupt),
        }
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// The associated data. Lengths come first, so that no two pairs give the same bytes.
fn place(purpose: &str, row: &str) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    for part in [purpose, row] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[expect(clippy::expect_used, reason = "fails only for a key of another length, which the type excludes")]
fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are an AES-256 key"))
}

#[expect(clippy::expect_used, reason = "GCM refuses only above 64 GiB, more than any value that reaches here")]
fn encrypt(key: &LessSafeKey, associated: &[u8], plaintext: &[u8], random: &dyn Random) -> Vec<u8> {
    let nonce = random_bytes::<NONCE_LEN>(random);
    // Room for the tag at once: growing would leave a copy of the plaintext in freed memory.
    let mut body = Vec::with_capacity(plaintext.len() + AES_256_GCM.tag_len());
    body.extend_from_slice(plaintext);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut body)
        .expect("a value below 64 GiB can be sealed");
    let mut sealed = nonce.to_vec();
    sealed.append(&mut body);
    sealed
}

fn decrypt(key: &LessSafeKey, associated: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Corrupt)?;
    let mut body = body.to_vec();
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(associated), &mut body)
        .map_err(|_| SealError::Corrupt)?
        .len();
    body.truncate(length);
    Ok(Secret::new(body))
}

#[cfg(test)]
mod tests;
