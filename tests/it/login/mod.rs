//! Signing in.

mod errors;
mod ok;
mod throttle;
