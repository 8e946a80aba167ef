//! Clients with certificates (RFC 8705): on a listener of their own, and behind a proxy that tells them
//! (RFC 9440).

mod bound;
pub mod listener;
mod methods;
pub mod support;
