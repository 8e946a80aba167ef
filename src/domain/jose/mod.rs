//! What the rules know of JOSE: the algorithms by name and what each implies (RFC 7518).

mod algorithm;
mod encryption;

pub use algorithm::{SigningAlgorithm, UnknownAlgorithm};
pub use encryption::{ContentEncryption, EncryptionChoice, KeyManagementAlgorithm};
