//! Why a server or a command does not start: a stable code, the cause, and what to do.

use crate::{
    service::{Broken, Failure, admin::AdminFailure},
    store::StoreError,
};

/// The data directory, or a file in it, cannot be made.
pub(super) const DATA_DIRECTORY: &str = "AS-4020";
/// The database has sealed data, and the file with the key is gone.
pub(super) const MASTER_KEY_MISSING: &str = "AS-4021";
/// The key is not the one that sealed the database.
pub(super) const MASTER_KEY_WRONG: &str = "AS-4022";
/// The file with the key cannot be read, or holds no key.
pub(super) const MASTER_KEY_UNREADABLE: &str = "AS-4023";
/// The database cannot be reached.
pub(super) const DATABASE: &str = "AS-4024";
/// The schema cannot be brought up to date.
pub(super) const MIGRATION: &str = "AS-4025";
/// A throw-away database for a real server, or the other way round.
pub(super) const PURPOSE: &str = "AS-4026";
/// The signing keys cannot be made or opened.
pub(super) const SIGNING_KEYS: &str = "AS-4027";
/// Threads or libraries cannot be had.
pub(super) const RESOURCES: &str = "AS-4028";

/// A database for runs of a conformance suite cannot be filled.
pub(super) const CONFORMANCE: &str = "AS-4029";

/// Why there is no server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The stable code.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

impl StartError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

impl std::error::Error for StartError {}

pub(super) fn database(error: &StoreError) -> StartError {
    StartError::new(DATABASE, format!("{error}. Check database.url (`symbolon config show`) and that it is running"))
}

pub(super) fn migration(error: &StoreError) -> StartError {
    StartError::new(MIGRATION, format!("{error}. `symbolon migrate status` tells what is applied"))
}

pub(super) fn keys(failure: &Failure) -> StartError {
    match failure {
        Failure::Broken(Broken::Unavailable { why, .. }) => StartError::new(DATABASE, why.clone()),
        Failure::Broken(broken) => StartError::new(SIGNING_KEYS, format!("the signing keys are not usable: {broken}")),
        Failure::Refused(error) => StartError::new(SIGNING_KEYS, error.description),
    }
}

pub(super) fn roles(failure: &AdminFailure) -> StartError {
    StartError::new(DATABASE, format!("the built-in roles cannot be made: {failure}"))
}
