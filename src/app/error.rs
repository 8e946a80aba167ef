//! Why a server or a command does not start: a stable code, the cause, and what to do.

use crate::{
    domain::trace::StartCode,
    service::{Broken, Failure, admin::AdminFailure},
    store::StoreError,
    tls::TlsError,
};

/// Why there is no server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The stable code.
    pub code: StartCode,
    /// What is wrong, and what to do.
    pub message: String,
}

impl StartError {
    pub(super) fn new(code: StartCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

impl std::error::Error for StartError {}

impl From<TlsError> for StartError {
    fn from(error: TlsError) -> Self {
        Self::new(TlsError::CODE, error.message())
    }
}

pub(super) fn database(error: &StoreError) -> StartError {
    StartError::new(
        StartCode::DatabaseUnavailable,
        format!("{error}. Check database.url (`symbolon config show`) and that it is running"),
    )
}

pub(super) fn migration(error: &StoreError) -> StartError {
    StartError::new(StartCode::Migration, format!("{error}. `symbolon migrate status` tells what is applied"))
}

pub(super) fn keys(failure: &Failure) -> StartError {
    match failure {
        Failure::Broken(Broken::Unavailable { why, .. }) => {
            StartError::new(StartCode::DatabaseUnavailable, why.clone())
        }
        Failure::Broken(broken) => {
            StartError::new(StartCode::SigningKeys, format!("the signing keys are not usable: {broken}"))
        }
        Failure::Refused(error) => StartError::new(StartCode::SigningKeys, error.description),
    }
}

pub(super) fn roles(failure: &AdminFailure) -> StartError {
    StartError::new(StartCode::DatabaseUnavailable, format!("the built-in roles cannot be made: {failure}"))
}
