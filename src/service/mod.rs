//! The use cases. No actix type and no Diesel type appears in a signature here.

pub mod admin;
pub mod clients;
pub mod context;
pub mod events;
pub mod failure;
pub mod keys;
pub mod recorder;
pub mod setup;
pub mod subjects;

pub use context::{Clock, Cx, Policy, Services, SystemClock};
pub use failure::{Broken, Failure};
