//! OpenID Connect: who is asked for what, what is told about a person, and how they sign out.

pub mod account_choice;
pub mod acr;
pub mod claims;
pub mod discovery;
#[cfg(test)]
mod fixtures;
pub mod id_token;
pub mod interaction;
pub mod login_initiation;
pub mod logout;
pub mod logout_effects;
pub mod logout_token;
pub mod sign_up;
pub mod step_up;
