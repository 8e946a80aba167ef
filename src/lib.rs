//! Symbolon: a standalone OAuth 2 / OpenID Connect identity provider.
//!
//! The layers, from the outside in: `cli` and `app`; `http` and `jobs`; `service`; the adapters
//! `store`, `crypto`, `net`; and the pure crate `symbolon_domain`.

pub mod crypto;
pub mod net;
pub mod service;
pub mod store;
pub use symbolon_domain as domain;

pub mod config;
pub mod telemetry;
pub mod tls;
