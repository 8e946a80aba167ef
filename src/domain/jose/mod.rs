//! What the rules know of JOSE: the algorithms by name and what each implies (RFC 7518), the claims
//! that any JWT may carry (RFC 7519), and what a proof of possession must say (RFC 9449).

mod algorithm;
pub mod dpop;
mod encryption;
mod jwk;
mod jwt_claims;
mod jwt_kind;
mod request_object_algorithm;

pub use algorithm::{SigningAlgorithm, UnknownAlgorithm};
pub use encryption::{ContentEncryption, EncryptionChoice, KeyManagementAlgorithm};
pub use jwk::PRIVATE_MEMBERS;
pub use jwt_claims::{WrongType, names_audience, numeric_date};
pub use jwt_kind::JwtKind;
pub use request_object_algorithm::RequestObjectAlgorithm;
