//! The metadata of protected resources that are hosted here (RFC 9728).

mod errors;
mod ok;
