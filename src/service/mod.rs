//! The use cases. No actix type and no Diesel type appears in a signature here.

pub mod accounts;
pub mod admin;
pub mod apis;
pub mod approval;
pub mod authorization;
pub mod backchannel_authentication;
pub mod backchannel_logout;
pub mod bearer;
pub mod client_authentication;
pub mod client_documents;
pub mod client_keys;
pub mod clients;
pub mod conformance;
pub mod consent;
pub mod context;
pub mod delivery;
pub mod device;
pub mod discovery;
pub mod end_session;
pub mod events;
pub mod failure;
pub mod frontchannel_logout;
mod guessing;
pub mod health;
pub mod introspection;
pub mod keys;
pub mod login;
pub mod login_initiation;
pub mod mcp_check;
mod network_limit;
mod outbox;
pub mod people;
pub mod playground;
pub mod possession;
pub mod protected_resource;
pub mod pushed_authorization_request;
pub mod recorder;
pub mod registration;
pub mod remembered;
pub mod requests;
pub mod revocation;
pub mod session_state;
pub mod sessions;
pub mod setup;
pub mod sign_up;
pub mod single_flight;
pub mod subjects;
pub mod token;
pub mod userinfo;

mod client_certificate;

#[cfg(test)]
mod test_support;

pub use context::{Clock, Cx, Policy, Services, SystemClock};
pub use failure::{Broken, Failure};
