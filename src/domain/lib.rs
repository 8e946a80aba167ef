//! The pure rules of Symbolon. Every protocol and policy decision is a function of
//! (request, snapshot, now); this crate can do no I/O, reads no clock and draws no randomness.

pub mod jose;
mod secret;
mod timestamp;

pub use secret::Secret;
pub use timestamp::Timestamp;
