//! What is wrong with a configuration: a stable code, where the value came from, and the fix in the
//! same sentence. All of them are collected, so that one run tells everything.

use std::fmt;
use std::path::PathBuf;

/// The stable code of a configuration or start-up refusal (`AS-40xx`), documented under `/docs/errors/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// The configuration file cannot be read, or is not TOML.
    FileUnreadable,
    /// No setting has this name.
    UnknownKey,
    /// Plain `http` issuer on a host that is not loopback.
    IssuerNotHttps,
    /// A value of the wrong type, form or range.
    InvalidValue,
    /// One setting is given twice in the same place, as a value and as a file.
    GivenTwice,
    /// A file that carries a secret cannot be read, or is empty.
    SecretFileUnreadable,
    /// Plain HTTP would be served to the network.
    PlainHttp,
    /// Half of a pair of settings is missing.
    Incomplete,
    /// A setting without a usable default is missing.
    Missing,
    /// Two settings contradict each other.
    Contradiction,
    /// Certificate and key cannot be used for TLS.
    TlsFiles,
    /// The setting would weaken security and its `danger_` switch is off.
    DangerNotAccepted,
}

impl Code {
    /// Every code with its number, in order.
    pub const ALL: &'static [(Code, &'static str)] = &[
        (Code::FileUnreadable, "AS-4001"),
        (Code::UnknownKey, "AS-4002"),
        (Code::IssuerNotHttps, "AS-4003"),
        (Code::InvalidValue, "AS-4004"),
        (Code::GivenTwice, "AS-4005"),
        (Code::SecretFileUnreadable, "AS-4006"),
        (Code::PlainHttp, "AS-4007"),
        (Code::Incomplete, "AS-4008"),
        (Code::Missing, "AS-4009"),
        (Code::Contradiction, "AS-4010"),
        (Code::TlsFiles, "AS-4011"),
        (Code::DangerNotAccepted, "AS-4012"),
    ];

    /// The number as people see it, `AS-4003`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FileUnreadable => "AS-4001",
            Self::UnknownKey => "AS-4002",
            Self::IssuerNotHttps => "AS-4003",
            Self::InvalidValue => "AS-4004",
            Self::GivenTwice => "AS-4005",
            Self::SecretFileUnreadable => "AS-4006",
            Self::PlainHttp => "AS-4007",
            Self::Incomplete => "AS-4008",
            Self::Missing => "AS-4009",
            Self::Contradiction => "AS-4010",
            Self::TlsFiles => "AS-4011",
            Self::DangerNotAccepted => "AS-4012",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
    pub code: Code,
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
