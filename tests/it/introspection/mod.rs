//! Token introspection (RFC 7662).

mod errors;
mod ok;
