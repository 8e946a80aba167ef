//! Programs that register themselves (RFC 7591, RFC 7592, OIDC Dynamic Registration 1.0).

mod errors;
mod keys;
mod management;
mod ok;
mod pages;
mod policy;
mod profile;
