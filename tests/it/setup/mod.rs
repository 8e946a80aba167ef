//! The first administrator.

mod errors;
pub mod ok;
