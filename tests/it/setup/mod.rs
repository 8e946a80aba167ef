//! The first administrator.

mod errors;
mod ok;
