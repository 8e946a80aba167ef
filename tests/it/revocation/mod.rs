//! Token revocation (RFC 7009).

mod errors;
mod ok;
