//! The authorization endpoint (RFC 6749 §3.1, OIDC Core 3).

mod acr;
mod errors;
mod hybrid;
mod jarm;
mod library;
mod ok;
mod repeated_values;
mod response_modes;
