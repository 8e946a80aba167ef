//! Authentication rules that only decide: throttling, passwords, names.

pub mod password_policy;
pub mod throttle;
pub mod username;
