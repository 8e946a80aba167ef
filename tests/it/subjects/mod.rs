//! What people are known by (OIDC Core 8).

mod errors;
mod ok;
