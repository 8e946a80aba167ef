//! Client authentication at the direct endpoints (RFC 6749 §2.3, RFC 7523).

mod assertions;
mod errors;
mod jwks_uri;
mod ok;
mod races;
mod secret_jwt;
