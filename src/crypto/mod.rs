//! Adapter to the cryptographic engines: randomness, opaque tokens, sealing at rest, password
//! hashing, JSON Web Signatures and JSON Web Encryption (RFC 7515, 7516, 7517, 7518, 7638, 8037).
//!
//! aws-lc-rs does the arithmetic. josekit is plugged onto the same keys through its `JwsSigner`, so
//! that its other constructions (nested tokens) sign at the same speed.

pub mod certificate;
pub mod compact;
pub mod jwe;
pub mod jwk;
pub mod keyring;
pub mod pairwise;
pub mod password;
pub mod random;
pub mod seal;
pub mod secret_jwt;
pub mod signer;
pub mod token;
pub mod unsecured;
pub mod verifier;

pub use compact::{CompactJws, VerifyError};
pub use jwe::{DecryptionKey, EncryptionKey, EncryptionKeySet, JweError};
pub use jwk::JwkError;
pub use keyring::{Keyring, KeyringError};
pub use pairwise::PairwiseKey;
pub use password::{PasswordError, PasswordHasher, PasswordSettings, Verdict};
pub use random::{Random, SystemRandom, uuid_v7};
pub use seal::{DataKey, KeyEncryptionKey, SealError, Sealer};
pub use signer::{GeneratedKey, KeyError, SignError, Signer, SigningKey, sign_compact};
pub use token::{Minted, SecretHash, SecretKind};
pub use unsecured::UnsecuredJwt;
pub use verifier::{PublicKeySet, Verified};

/// SHA-256 of the concatenation of `parts`.
fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    out
}

/// Lower-case hexadecimal, for identifiers and hashes (never for secrets).
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
