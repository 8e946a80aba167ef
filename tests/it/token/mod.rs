//! The token endpoint (RFC 6749 §3.2).

mod errors;
mod matrix;
mod ok;
mod races;
mod refresh;
