//! The HTTP surface: routes, extractors, renderers and the pages a person sees. A handler makes no
//! decision: it parses, calls a service, and renders.

pub mod answer;
pub mod context;
pub mod cookies;
mod cors;
pub mod health;
mod middleware;
pub mod oauth;
pub mod pages;
pub mod routes;
mod server;

pub use context::{HttpState, Vouches};
pub use server::{Binding, HttpOptions, serve, serve_management};
