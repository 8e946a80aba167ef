//! What the rules know of JOSE: the algorithms by name and what each implies (RFC 7518).

mod algorithm;

pub use algorithm::{SigningAlgorithm, UnknownAlgorithm};
