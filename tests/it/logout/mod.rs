//! Signing out (OIDC RP-Initiated Logout 1.0).

mod backchannel;
mod errors;
mod ok;
