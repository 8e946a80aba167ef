//! The adapter to the outside: every outbound request leaves through here.

pub mod fetcher;
