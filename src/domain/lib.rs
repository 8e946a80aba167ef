//! The pure rules of Symbolon. Every protocol and policy decision is a function of
//! (request, snapshot, now); this crate can do no I/O, reads no clock and draws no randomness.

pub mod access;
pub mod authn;
pub mod entity;
pub mod ids;
mod issuer;
pub mod jose;
pub mod json_schema;
pub mod mcp;
pub mod oauth;
pub mod oidc;
pub mod outbox;
pub mod request_headers;
mod secret;
pub mod strict_json;
mod timestamp;
pub mod trace;

pub use issuer::{Issuer, IssuerRefusal};
pub use secret::Secret;
pub use timestamp::Timestamp;
