//! Connections: one enum over both databases, and the two capabilities `Read` and `Write`.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::{InstrumentationEvent, SimpleConnection},
};

use super::StoreError;
use crate::domain::Secret;

/// Where the database is.
#[derive(Clone)]
pub enum Location {
    /// A file of the embedded database.
    Sqlite(PathBuf),
    /// A libpq connection URL.
    Postgres(Secret<String>),
}

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub(super) enum Conn {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// What a closure may do with a database that it can only read.
pub struct Read<'a> {
    pub(super) conn: &'a mut Conn,
}

/// What a closure may do inside a transaction that it can write in. It reads as `Read` does.
pub struct Write<'a> {
    pub(super) read: Read<'a>,
}

impl<'a> std::ops::Deref for Write<'a> {
    type Target = Read<'a>;
    fn deref(&self) -> &Read<'a> {
        &self.read
    }
}

impl<'a> std::ops::DerefMut for Write<'a> {
    fn deref_mut(&mut self) -> &mut Read<'a> {
        &mut self.read
    }
}

impl<'a> Write<'a> {
    pub(super) const fn new(conn: &'a mut Conn) -> Self {
        Self { read: Read { conn } }
    }

    pub(super) const fn conn(&mut self) -> &mut Conn {
        self.read.conn
    }
}

/// What a connection is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Reading only.
    Read,
    /// Reading and writing.
    Write,
}

/// Tells whether a statement failed on a connection. PostgreSQL answers `COMMIT` after a failed
/// statement with success, and rolls back; and the same closure must mean the same on both databases.
#[derive(Clone, Default)]
pub(super) struct Failures(Arc<AtomicBool>);

impl Failures {
    /// Starts to watch a connection.
    pub(super) fn watch(conn: &mut Conn) -> Self {
        let failures = Self::default();
        let seen = failures.clone();
        let watch = move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { error: Some(_), .. } = event {
                seen.0.store(true, Ordering::Relaxed);
            }
        };
        match conn {
            Conn::Pg(pg) => pg.set_instrumentation(watch),
            Conn::Sqlite(sqlite) => sqlite.set_instrumentation(watch),
        }
        failures
    }

    /// Whether a statement failed since this was last asked.
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// What the asker hears when a unit of work wants to keep its writes although a statement failed.
pub(super) fn half_done() -> StoreError {
    StoreError::Broken("a statement failed in a unit of work that was to be kept; it was undone".into())
}

impl Location {
    /// Opens one connection, ready for use.
    pub(super) fn connect(&self, purpose: Purpose) -> Result<Conn, StoreError> {
        match self {
            Self::Sqlite(path) => {
                let text = path.to_str().ok_or_else(|| StoreError::Broken("the database path is not text".into()))?;
                create_private(path).map_err(|error| StoreError::Unavailable(format!("{text}: {error}")))?;
                let mut conn = SqliteConnection::establish(text).map_err(unavailable)?;
                // busy_timeout first: switching the journal mode itself takes a lock.
                // FULL: an acknowledged write survives power loss.
                conn.batch_execute(
                    "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
                     PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096; \
                     PRAGMA secure_delete=ON;",
                )?;
                if purpose == Purpose::Read {
                    conn.batch_execute("PRAGMA query_only=ON;")?;
                }
                Ok(Conn::Sqlite(conn))
            }
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(&with_system_roots(&with_limits(url.expose()), |path| {
                    Path::new(path).exists()
                }))
                .map_err(unavailable)?;
                // A statement that hangs must not hold a lane for ever.
                conn.batch_execute(
                    "SET statement_timeout='15s'; SET lock_timeout='10s'; \
                     SET idle_in_transaction_session_timeout='30s'; SET synchronous_commit=on;",
                )?;
                Ok(Conn::Pg(conn))
            }
        }
    }
}

/// Creates the file so that only its owner can read it; the files beside it (`-wal`, `-shm`) get the
/// same permissions from SQLite. An existing file keeps its own.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

/// A server that vanished without a word must not hold a lane for minutes, as libpq's defaults have
/// it. What the URL itself says wins.
pub(super) fn with_limits(url: &str) -> String {
    const LIMITS: [(&str, &str); 6] = [
        ("connect_timeout", "5"),
        ("tcp_user_timeout", "20000"),
        ("keepalives_idle", "15"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
        ("fallback_application_name", "symbolon"),
    ];
    let is_uri = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let mut text = url.to_owned();
    for (name, value) in LIMITS.iter().filter(|(name, _)| !url.contains(&format!("{name}="))) {
        let separator = match (is_uri, text.contains('?')) {
            (false, _) => " ",
            (true, false) => "?",
            (true, true) if text.ends_with(['?', '&']) => "",
            (true, true) => "&",
        };
        text.push_str(&format!("{separator}{name}={value}"));
    }
    text
}

/// The OpenSSL built into the binary does not know where this system keeps its root certificates,
/// so `sslrootcert=system` is given the file that is there.
fn with_system_roots(url: &str, exists: impl Fn(&str) -> bool) -> String {
    const BUNDLES: [&str; 4] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    match BUNDLES.iter().find(|path| exists(path)) {
        Some(bundle) => url.replace("sslrootcert=system", &format!("sslrootcert={bundle}")),
        None => url.to_owned(),
    }
}

fn unavailable(error: diesel::ConnectionError) -> StoreError {
    // The text of libpq names host and user, never the password.
    StoreError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::with_system_roots;

    #[test]
    fn the_systems_roots_are_the_file_that_is_there_and_a_named_file_stays() {
        let url = "postgres://db.example/x?sslmode=verify-full&sslrootcert=system";
        let found = with_system_roots(url, |path| path == "/etc/ssl/cert.pem");
        assert_eq!(found, "postgres://db.example/x?sslmode=verify-full&sslrootcert=/etc/ssl/cert.pem");
        assert_eq!(with_system_roots(url, |_| false), url);
        let named = "postgres://db.example/x?sslrootcert=/srv/ca.pem";
        assert_eq!(with_system_roots(named, |_| true), named);
    }
}
