//! What the rules know of JOSE: the algorithms by name and what each implies (RFC 7518), and what a
//! proof of possession must say (RFC 9449).

mod algorithm;
pub mod dpop;

pub use algorithm::{SigningAlgorithm, UnknownAlgorithm};
