//! What a command says when it fails: the code, the cause, and the next command.

use serde_json::{Value, json};

use crate::{
    app::StartError,
    config::ConfigErrors,
    domain::trace::Reason,
    service::{Failure, admin::AdminFailure},
};

/// The exit codes.
pub mod exit {
    /// It was done.
    pub const DONE: u8 = 0;
    /// It failed.
    pub const FAILED: u8 = 1;
    /// It was asked for in a way that cannot be done.
    pub const USAGE: u8 = 2;
    /// There is no such object.
    pub const NOT_FOUND: u8 = 3;
    /// A rule forbids it.
    pub const DENIED: u8 = 4;
    /// Something else is in the way: a name that is taken, a change in the meantime.
    pub const CONFLICT: u8 = 5;
}

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliFailure {
    /// The exit code.
    pub exit: u8,
    /// The stable code, where there is one.
    pub code: Option<String>,
    /// The cause.
    pub message: String,
    /// What to do or call next.
    pub next: Option<String>,
}

impl CliFailure {
    /// A call that cannot be understood.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { exit: exit::USAGE, code: None, message: message.into(), next: None }
    }

    /// A failure of this machine.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { exit: exit::FAILED, code: None, message: message.into(), next: None }
    }

    /// A rule that the service does not know of.
    pub(super) fn conflict(reason: Reason, message: impl Into<String>) -> Self {
        Self { exit: exit_of(reason), code: Some(reason.code().to_owned()), message: message.into(), next: None }
    }

    /// With what to call next, unless something better is known.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        json!({ "error": { "code": self.code, "message": self.message, "next": self.next } })
    }
}

impl std::fmt::Display for CliFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(code) = &self.code {
            write!(f, "{code} ")?;
        }
        f.write_str(&self.message)?;
        let ended = self.message.ends_with(['.', '?', '!']);
        match &self.next {
            Some(next) => write!(f, "{} {next}", if ended { "" } else { "." }),
            None => Ok(()),
        }
    }
}

/// Which exit code a refusal has.
const fn exit_of(reason: Reason) -> u8 {
    match reason {
        Reason::ObjectNotFound => exit::NOT_FOUND,
        Reason::NameTaken | Reason::VersionConflict => exit::CONFLICT,
        Reason::LastAdministrator | Reason::SetupCodeInvalid => exit::DENIED,
        Reason::ValueNotAllowed
        | Reason::PasswordTooLong
        | Reason::PasswordTooWeak
        | Reason::PasswordMissing
        | Reason::UsernameMissing
        | Reason::UsernameMalformed
        | Reason::EmailMalformed => exit::USAGE,
        _ => exit::FAILED,
    }
}

impl From<AdminFailure> for CliFailure {
    fn from(failure: AdminFailure) -> Self {
        match failure {
            AdminFailure::Refused { reason, message } => {
                Self { exit: exit_of(reason), code: Some(reason.code().to_owned()), message, next: None }
            }
            AdminFailure::Broken(broken) => Self::failed(broken.to_string()),
        }
    }
}

impl From<Failure> for CliFailure {
    fn from(failure: Failure) -> Self {
        AdminFailure::from(failure).into()
    }
}

impl From<StartError> for CliFailure {
    fn from(error: StartError) -> Self {
        Self { exit: exit::FAILED, code: Some(error.code.as_str().to_owned()), message: error.message, next: None }
    }
}

impl From<ConfigErrors> for CliFailure {
    fn from(errors: ConfigErrors) -> Self {
        Self::failed(errors.to_string())
    }
}
