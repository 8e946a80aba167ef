//! What can go wrong with the database. None of it is ever a client's fault.

use diesel::result::{DatabaseErrorKind, Error};

/// A failure of the database, or a broken rule that the schema guards.
#[derive(Clone, Debug)]
pub enum StoreError {
    /// The database does not answer, or all its lanes are taken: try again later.
    Unavailable(String),
    /// A unique name is taken.
    Conflict(String),
    /// The query, the schema or a stored value is wrong: a defect of ours.
    Broken(String),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "the database is unavailable: {why}"),
            Self::Conflict(what) => write!(f, "already taken: {what}"),
            Self::Broken(why) => write!(f, "the database refused a statement: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl StoreError {
    /// A stored value that this version cannot read.
    pub(super) fn corrupt(table: &str, column: &str) -> Self {
        Self::Broken(format!("{table}.{column} holds a value that this version does not know"))
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                Self::Conflict(info.constraint_name().unwrap_or_else(|| info.message()).to_owned())
            }
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                info,
            ) => Self::Unavailable(info.message().to_owned()),
            // Read-only: this node was demoted to a standby, and the address will follow the new primary.
            Error::DatabaseError(
                DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ReadOnlyTransaction,
                info,
            ) => Self::Unavailable(info.message().to_owned()),
            // A commit that failed, and whose rollback failed too: what the commit met is what counts.
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            Error::BrokenTransactionManager => {
                Self::Unavailable("the connection broke inside a transaction".to_owned())
            }
            Error::DatabaseError(_, info) if is_outage(info.message()) => Self::Unavailable(info.message().to_owned()),
            other => Self::Broken(other.to_string()),
        }
    }
}

/// libpq reports a lost server, a time limit or a lack of memory or disk under several kinds; SQLite
/// reports a busy or full disk as unknown. Diesel does not hand out the SQLSTATE, so the text decides.
fn is_outage(message: &str) -> bool {
    const SIGNS: [&str; 19] = [
        "server closed the connection",
        "terminating connection",
        "connection to server",
        "no connection to the server",
        "the database system is",
        "could not receive data",
        "could not send data",
        "SSL connection has been closed",
        "SSL SYSCALL error",
        "canceling statement due to",
        "deadlock detected",
        "No space left on device",
        "out of memory",
        "out of shared memory",
        "database is locked",
        "database schema is locked",
        "disk I/O error",
        "database or disk is full",
        "unable to open database file",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}
