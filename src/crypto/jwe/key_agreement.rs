//! Keys out of a Diffie-Hellman agreement (RFC 7518 §4.6; RFC 8037 §3.2 for X25519), and the AES
//! key wrap that may follow it (RFC 3394).

use aws_lc_rs::{
    agreement::{Algorithm, ECDH_P256, PrivateKey, UnparsedPublicKey, X25519, agree},
    key_wrap::{AES_128, AES_256, AesKek, KeyWrap},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{
    crypto::{jwk, sha256},
    domain::{
        Secret,
        jose::{EncryptionChoice, KeyManagementAlgorithm},
    },
};

/// A public key to agree with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// Uncompressed: 4, x, y.
    P256(Vec<u8>),
    /// The u-coordinate.
    X25519(Vec<u8>),
}

impl Point {
    /// The point of a JWK; nothing if it is of another curve or malformed.
    pub fn parse(jwk: &Map<String, Value>) -> Option<Self> {
        let text = |name: &'static str| jwk::text(jwk, name).ok().flatten();
        match (text("kty")?, text("crv")?) {
            ("EC", "P-256") => jwk::p256_point(jwk).ok().map(Self::P256),
            ("OKP", "X25519") => jwk::coordinate(jwk, "x").ok().map(Self::X25519),
            _ => None,
        }
    }

    pub fn algorithm(&self) -> &'static Algorithm {
        match self {
            Self::P256(_) => &ECDH_P256,
            Self::X25519(_) => &X25519,
        }
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::P256(bytes) | Self::X25519(bytes) => bytes,
        }
    }

    /// Whether anybody can agree with it: it is on its curve, and not of small order (RFC 7748 §6.1).
    pub fn agrees(&self) -> bool {
        let theirs = UnparsedPublicKey::new(self.algorithm(), self.bytes());
        PrivateKey::generate(self.algorithm()).is_ok_and(|mine| agree(&mine, theirs, (), |_| Ok(())).is_ok())
    }

    /// The public half of `key`.
    pub fn of(key: &PrivateKey) -> Option<Self> {
        let public = key.compute_public_key().ok()?.as_ref().to_vec();
        Some(if key.algorithm() == &X25519 { Self::X25519(public) } else { Self::P256(public) })
    }

    /// As a JWK, with the members of the key alone.
    pub fn jwk(&self) -> Option<Map<String, Value>> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let value = match self {
            Self::P256(bytes) => {
                let (x, y) = bytes.strip_prefix(&[4])?.split_at_checked(32)?;
                json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
            }
            Self::X25519(bytes) => json!({ "kty": "OKP", "crv": "X25519", "x": encode(bytes) }),
        };
        match value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }
}

/// What both sides know besides the shared secret: `apu` and `apv`, decoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PartyInfo<'a> {
    pub producer: &'a [u8],
    pub recipient: &'a [u8],
}

/// The key that both sides derive: the content key for `ECDH-ES`, else the one that wraps it.
pub(super) fn agreed_key(
    mine: &PrivateKey,
    theirs: &Point,
    choice: EncryptionChoice,
    parties: PartyInfo<'_>,
) -> Option<Secret<Vec<u8>>> {
    let (name, length) = match choice.alg {
        KeyManagementAlgorithm::EcdhEs => (choice.enc.name(), choice.enc.key_length()),
        KeyManagementAlgorithm::EcdhEsA128Kw => (choice.alg.name(), 16),
        KeyManagementAlgorithm::EcdhEsA256Kw => (choice.alg.name(), 32),
        KeyManagementAlgorithm::RsaOaep256 => return None,
    };
    let peer = UnparsedPublicKey::new(theirs.algorithm(), theirs.bytes());
    agree(mine, peer, (), |shared| concat_kdf(shared, name, parties, length).ok_or(())).ok()
}

/// The Concat KDF of NIST SP 800-56A with SHA-256.
fn concat_kdf(shared: &[u8], name: &str, parties: PartyInfo<'_>, length: usize) -> Option<Secret<Vec<u8>>> {
    let prefix = |bytes: &[u8]| u32::try_from(bytes.len()).ok().map(u32::to_be_bytes);
    let bits = u32::try_from(length).ok()?.checked_mul(8)?.to_be_bytes();
    let (name_length, producer, recipient) =
        (prefix(name.as_bytes())?, prefix(parties.producer)?, prefix(parties.recipient)?);
    let mut derived = Vec::with_capacity(length.next_multiple_of(32));
    for round in 1..=u32::try_from(length.div_ceil(32)).ok()? {
        derived.extend_from_slice(&sha256(&[
            &round.to_be_bytes(),
            shared,
            &name_length,
            name.as_bytes(),
            &producer,
            parties.producer,
            &recipient,
            parties.recipient,
            &bits,
        ]));
    }
    derived.truncate(length);
    Some(Secret::new(derived))
}

/// Wraps a content key.
pub(super) fn wrap(kek: &[u8], content_key: &[u8]) -> Option<Vec<u8>> {
    let mut wrapped = vec![0; content_key.len() + 8];
    let length = wrapper(kek)?.wrap(content_key, &mut wrapped).ok()?.len();
    wrapped.truncate(length);
    Some(wrapped)
}

/// Unwraps a content key.
pub(super) fn unwrap(kek: &[u8], wrapped: &[u8]) -> Option<Secret<Vec<u8>>> {
    // No content key is longer than 64 bytes; AES key wrap works in blocks of eight.
    if !(24..=72).contains(&wrapped.len()) || !wrapped.len().is_multiple_of(8) {
        return None;
    }
    let mut key = vec![0; wrapped.len() - 8];
    let length = KeyWrap::unwrap(wrapper(kek)?, wrapped, &mut key).ok()?.len();
    key.truncate(length);
    Some(Secret::new(key))
}

fn wrapper(kek: &[u8]) -> Option<AesKek> {
    AesKek::new(if kek.len() == 16 { &AES_128 } else { &AES_256 }, kek).ok()
}
