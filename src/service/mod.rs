//! The use cases. No actix type and no Diesel type appears in a signature here.

pub mod authorization;
pub mod clients;
pub mod consent;
pub mod context;
pub mod end_session;
pub mod events;
pub mod failure;
pub mod keys;
pub mod login;
pub mod recorder;
pub mod sessions;
pub mod subjects;

#[cfg(test)]
mod test_support;

pub use context::{Clock, Cx, Policy, Services, SystemClock};
pub use failure::{Broken, Failure};
