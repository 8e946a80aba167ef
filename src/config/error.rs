//! What is wrong with a configuration: a stable code, where the value came from, and the fix in the
//! same sentence. All of them are collected, so that one run tells everything.

use std::fmt;
use std::path::PathBuf;

use crate::domain::trace::StartCode;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The default in the program.
    BuiltIn,
    /// Computed from another setting, named here.
    Derived(&'static str),
    /// The configuration file, with the line (1-based).
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line of the key; 0 when the whole file is meant.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A systemd credential, `$CREDENTIALS_DIRECTORY/<key>`.
    Credential(PathBuf),
    /// A command-line flag, by the key that it sets.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("default"),
            Self::Derived(key) => write!(f, "derived from {key}"),
            Self::File { path, line: 0 } => write!(f, "{}", path.display()),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Credential(path) => write!(f, "credential {}", path.display()),
            Self::Flag(key) => write!(f, "flag {key}"),
        }
    }
}

/// One thing that is wrong, with the fix in the sentence. Never carries a secret value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The stable code.
    pub code: StartCode,
    /// What is wrong, and what to do.
    pub message: String,
    /// Where the value came from; a missing value has the origin of what made it necessary.
    pub origin: Origin,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} [{}]", self.code, self.message, self.origin)
    }
}

/// Everything that is wrong with a configuration, one line each; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
