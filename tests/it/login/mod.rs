//! Signing in.

mod errors;
mod ok;
mod requests;
mod throttle;
