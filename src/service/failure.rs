//! How a use case fails: refused is normal, broken is ours. Nothing turns broken into a 4xx: during
//! a database outage the answer is 503, never `invalid_grant` or `active: false`.

use crate::{
    domain::oauth::OAuthError,
    store::{Abort, StoreError},
};

/// Why there is no result.
#[derive(Clone, Debug)]
pub enum Failure {
    /// A rule said no.
    Refused(OAuthError),
    /// The server could not decide.
    Broken(Broken),
}

/// What broke.
#[derive(Clone, Debug)]
pub enum Broken {
    /// Something we need does not answer, or is at its limit: try again after so many seconds.
    Unavailable {
        /// Seconds, for `Retry-After`.
        retry_after: u32,
        /// For the log only.
        why: String,
    },
    /// A defect, or damaged data. For the log only.
    Internal(String),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unavailable { why, .. } => write!(f, "unavailable: {why}"),
            Self::Internal(why) => f.write_str(why),
        }
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(why) => Self::Unavailable { retry_after: 5, why },
            StoreError::Conflict(what) => Self::Internal(format!("unexpected conflict: {what}")),
            StoreError::Broken(why) => Self::Internal(why),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Self::Refused(error)
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<Broken> for Abort<Failure> {
    fn from(broken: Broken) -> Self {
        Self::Undo(Failure::Broken(broken))
    }
}

impl Failure {
    /// A defect of ours.
    pub fn internal(why: impl std::fmt::Display) -> Self {
        Self::Broken(Broken::Internal(why.to_string()))
    }
}

/// A refusal inside a unit of work that leaves no trace in the database.
pub fn undo(error: OAuthError) -> Abort<Failure> {
    Abort::Undo(Failure::Refused(error))
}

/// A refusal inside a unit of work whose writes must stay: replay revocation, counters.
pub fn keep(error: OAuthError) -> Abort<Failure> {
    Abort::Keep(Failure::Refused(error))
}
