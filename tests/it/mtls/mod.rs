//! Clients with certificates (RFC 8705): on a listener of their own, and behind a proxy that tells them
//! (RFC 9440).

mod bound;
mod listener;
mod methods;
mod support;
