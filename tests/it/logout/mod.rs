//! Signing out (OIDC RP-Initiated Logout 1.0).

mod errors;
mod ok;
