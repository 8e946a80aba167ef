//! Connections: one enum over both databases, and the two capabilities `Read` and `Write`.

use std::path::PathBuf;

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};

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

impl Location {
    /// Opens one connection, ready for use.
    pub(super) fn connect(&self, purpose: Purpose) -> Result<Conn, StoreError> {
        match self {
            Self::Sqlite(path) => {
                let text = path.to_str().ok_or_else(|| StoreError::Broken("the database path is not text".into()))?;
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
                let mut conn = PgConnection::establish(url.expose()).map_err(unavailable)?;
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

fn unavailable(error: diesel::ConnectionError) -> StoreError {
    // The text of libpq names host and user, never the password.
    StoreError::Unavailable(error.to_string())
}
