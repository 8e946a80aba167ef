//! The use cases. No actix type and no Diesel type appears in a signature here.

pub mod client_authentication;
pub mod client_keys;
pub mod clients;
pub mod context;
pub mod events;
pub mod failure;
pub mod keys;
pub mod people;
pub mod recorder;
pub mod subjects;
pub mod token;

pub use context::{Clock, Cx, Policy, Services, SystemClock};
pub use failure::{Broken, Failure};
