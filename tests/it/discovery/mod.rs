//! Metadata and keys (OIDC Discovery 1.0, RFC 8414, RFC 7517).

mod capabilities;
mod errors;
mod ok;
