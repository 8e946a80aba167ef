//! Signing out (OIDC RP-Initiated Logout 1.0).

mod backchannel;
mod effects;
mod errors;
mod frontchannel;
mod ok;
mod session_management;
