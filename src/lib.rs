//! Symbolon: a standalone OAuth 2 / OpenID Connect identity provider.
//!
//! The layers, from the outside in: `cli` and `app`; `http` and `jobs`; `service`; the adapters
//! `store`, `crypto`, `net`; and the pure crate `symbolon_domain`.

pub mod http;

pub use symbolon_domain as domain;
