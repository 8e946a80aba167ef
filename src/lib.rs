//! Symbolon: a standalone OAuth 2 / OpenID Connect identity provider.
//!
//! The layers, from the outside in: `cli` and `app`; `http` and `jobs`; `service`; the adapters
//! `store`, `crypto`, `net`; and the pure crate `symbolon_domain`.

pub mod app;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod http;
pub mod jobs;
pub mod net;
pub mod service;
pub mod store;
pub mod telemetry;
pub mod tls;

pub use symbolon_domain as domain;
