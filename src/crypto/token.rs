//! Opaque secrets: `sym_<kind>_` + 43 base64url characters of 32 random bytes + 6 base62
//! characters of CRC-32. The prefix and the checksum let secret scanners find leaks and let us
//! refuse a typing error without a look-up. Only SHA-256 of the text is stored: 256 random bits
//! need no slow hash.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use super::random::{Random, random_bytes};
use crate::domain::Secret;

/// What a secret is for. A secret of one kind never parses as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// Opaque access token (RFC 6749 §1.4).
    AccessToken,
    /// Refresh token (RFC 6749 §1.5).
    RefreshToken,
    /// Authorization code (RFC 6749 §4.1.2).
    AuthorizationCode,
    /// Client secret (RFC 6749 §2.3.1).
    ClientSecret,
    /// The link that creates the first administrator, or an invitation.
    SetupLink,
    /// The cookie of a browser session.
    Session,
    /// The handle of a pending dialogue.
    Interaction,
    /// The token of a form.
    Csrf,
    /// What a device holds while a person answers (RFC 8628 §3.2).
    DeviceCode,
    /// The reference to a pushed authorization request (RFC 9126 §2.2).
    PushedRequest,
    /// What lets somebody register clients (RFC 7591 §3).
    InitialAccess,
    /// What a client that registered itself manages itself with (RFC 7592).
    RegistrationAccess,
    /// What a client holds while a person answers over the back channel (CIBA Core 1.0 §7.3).
    AuthReqId,
}

impl SecretKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::AccessToken,
        Self::RefreshToken,
        Self::AuthorizationCode,
        Self::ClientSecret,
        Self::SetupLink,
        Self::Session,
        Self::Interaction,
        Self::Csrf,
        Self::DeviceCode,
        Self::PushedRequest,
        Self::InitialAccess,
        Self::RegistrationAccess,
        Self::AuthReqId,
    ];

    /// The text that every secret of this kind starts with; seven characters.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::AccessToken => "sym_at_",
            Self::RefreshToken => "sym_rt_",
            Self::AuthorizationCode => "sym_ac_",
            Self::ClientSecret => "sym_cs_",
            Self::SetupLink => "sym_su_",
            Self::Session => "sym_se_",
            Self::Interaction => "sym_in_",
            Self::Csrf => "sym_cf_",
            Self::DeviceCode => "sym_dc_",
            Self::PushedRequest => "sym_pr_",
            Self::InitialAccess => "sym_ia_",
            Self::RegistrationAccess => "sym_ra_",
            Self::AuthReqId => "sym_ba_",
        }
    }
}

/// Length of a secret's text in characters.
pub const SECRET_LENGTH: usize = PREFIX_LENGTH + BODY_LENGTH + CHECKSUM_LENGTH;
const PREFIX_LENGTH: usize = 7;
const BODY_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;

/// SHA-256 of a secret's text: what the database stores and looks up.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The bytes, as rows carry them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the bytes of a row; `None` unless there are exactly 32.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other)
    }
}

impl Eq for SecretHash {}

impl std::hash::Hash for SecretHash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretHash({})", super::hex(&self.0))
    }
}

/// A new secret: the text goes to its owner once, the hash into the database.
#[derive(Debug)]
pub struct Minted {
    /// What the owner presents.
    pub text: Secret<String>,
    /// What is stored.
    pub hash: SecretHash,
}

/// Makes a secret of 256 random bits.
pub fn mint(kind: SecretKind, random: &dyn Random) -> Minted {
    let mut text = String::with_capacity(SECRET_LENGTH);
    text.push_str(kind.prefix());
    URL_SAFE_NO_PAD.encode_string(random_bytes::<32>(random), &mut text);
    let checksum = checksum(text.as_bytes());
    text.extend(checksum.iter().map(|digit| char::from(*digit)));
    let hash = hash_of(&text);
    Minted { text: Secret::new(text), hash }
}

/// The hash of a well-formed secret of `kind`; `None` for any other text. A well-formed secret may
/// still be unknown: only the look-up decides.
pub fn parse(kind: SecretKind, text: &str) -> Option<SecretHash> {
    if text.len() != SECRET_LENGTH {
        return None;
    }
    let (signed, presented) = text.split_at_checked(PREFIX_LENGTH + BODY_LENGTH)?;
    let body = signed.strip_prefix(kind.prefix())?;
    // Strict: refuses padding, the standard alphabet and stray bits in the last character.
    let mut bytes = [0; 32];
    if URL_SAFE_NO_PAD.decode_slice_unchecked(body, &mut bytes) != Ok(32) {
        return None;
    }
    (checksum(signed.as_bytes()) == presented.as_bytes()).then(|| hash_of(text))
}

/// The hash of any text, for client secrets that an administrator chose.
pub fn hash_of(text: &str) -> SecretHash {
    SecretHash(super::sha256(&[text.as_bytes()]))
}

/// SHA-256 of public content.
pub fn digest(content: &[u8]) -> [u8; 32] {
    super::sha256(&[content])
}

const BASE62: [u8; 62] = *b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// CRC-32 in six base62 digits, most significant first (62^6 > 2^32).
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_LENGTH] {
    let mut rest = crc32(bytes);
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits
}

/// CRC-32 as in ISO 3309 and zip, by half bytes.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 4) ^ CRC32_OF_HALF_BYTES.get((crc & 15) as usize).copied().unwrap_or_default();
    !bytes.iter().fold(u32::MAX, |crc, byte| step(step(crc ^ u32::from(*byte))))
}

/// What four single steps by the polynomial 0xEDB88320 make of each half byte.
const CRC32_OF_HALF_BYTES: [u32; 16] = [
    0x0000_0000,
    0x1DB7_1064,
    0x3B6E_20C8,
    0x26D9_30AC,
    0x76DC_4190,
    0x6B6B_51F4,
    0x4DB2_6158,
    0x5005_713C,
    0xEDB8_8320,
    0xF00F_9344,
    0xD6D6_A3E8,
    0xCB61_B38C,
    0x9B64_C2B0,
    0x86D3_D2D4,
    0xA00A_E278,
    0xBDBD_F21C,
];

#[cfg(test)]
mod tests;
