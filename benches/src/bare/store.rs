//! The rows of the bare handlers and the writes they need, once for both databases.

use std::io;

use diesel::prelude::*;
use serde::Serialize;
use tokio::sync::oneshot;

use super::{postgres, sqlite};
use crate::Database;

diesel::table! {
    access (hash) { hash -> Binary, client_id -> Text, subject -> Text, scope -> Text, issued_at -> BigInt, expires_at -> BigInt, }
}
diesel::table! {
    refresh (hash) { hash -> Binary, family -> Text, used_at -> Nullable<BigInt>, expires_at -> BigInt, }
}
diesel::table! {
    code (hash) { hash -> Binary, client_id -> Text, redirect_uri -> Text, used_at -> Nullable<BigInt>, }
}
diesel::table! {
    event (id) { id -> BigInt, kind -> Text, at -> BigInt, subject -> Text, payload -> Text, }
}

/// One row of an access token, as introspection shows it.
#[derive(Debug, Clone, Queryable, Serialize)]
pub struct Access {
    /// The client it was issued to.
    pub client_id: String,
    /// Whom it speaks for.
    pub sub: String,
    /// What it may do.
    pub scope: String,
    /// Issued, in seconds since 1970.
    pub iat: i64,
    /// Expires, in seconds since 1970.
    pub exp: i64,
}

/// One unit of work. All secrets are SHA-256 hashes.
#[derive(Debug)]
pub enum Write {
    /// Insert one access token.
    Issue { access: Vec<u8> },
    /// Use a refresh token once, insert its successor and an event.
    Rotate { used: Vec<u8>, new: Vec<u8> },
    /// Use a code once, insert a refresh token and an event.
    Redeem { code: Vec<u8>, refresh: Vec<u8> },
    /// A refresh token to start from.
    SeedRefresh { refresh: Vec<u8> },
    /// A code to start from.
    SeedCode { code: Vec<u8> },
}

/// A queued unit of work and where its outcome goes: true when it was done and is durable.
pub struct Queued {
    /// The work.
    pub write: Write,
    /// Told after the commit.
    pub answer: oneshot::Sender<bool>,
}

/// The statements, for one type of connection: Diesel's types differ, the text does not.
macro_rules! statements {
    ($connection:ty) => {
        use diesel::prelude::*;
        use $crate::bare::{
            jose::seconds,
            store::{Access, Write, access, code, event, refresh},
        };

        fn insert_access(conn: &mut $connection, hash: &[u8], now: i64) -> QueryResult<bool> {
            let rows = diesel::insert_into(access::table)
                .values((
                    access::hash.eq(hash),
                    access::client_id.eq("demo-m2m"),
                    access::subject.eq("demo-m2m"),
                    access::scope.eq("demo.read"),
                    access::issued_at.eq(now),
                    access::expires_at.eq(now + 3600),
                ))
                .execute(conn)?;
            Ok(rows == 1)
        }

        fn insert_refresh(conn: &mut $connection, hash: &[u8], now: i64) -> QueryResult<bool> {
            let rows = diesel::insert_into(refresh::table)
                .values((refresh::hash.eq(hash), refresh::family.eq("family"), refresh::expires_at.eq(now + 86_400)))
                .execute(conn)?;
            Ok(rows == 1)
        }

        fn insert_event(conn: &mut $connection, kind: &str, now: i64) -> QueryResult<bool> {
            let rows = diesel::insert_into(event::table)
                .values((
                    event::kind.eq(kind),
                    event::at.eq(now),
                    event::subject.eq("demo-m2m"),
                    event::payload.eq(r#"{"client":"demo-m2m","family":"family","scope":"demo.read"}"#),
                ))
                .execute(conn)?;
            Ok(rows == 1)
        }

        /// Does one unit of work inside the caller's transaction; false when it lost its row.
        fn apply(conn: &mut $connection, write: &Write) -> QueryResult<bool> {
            let now = seconds();
            match write {
                Write::Issue { access } => insert_access(conn, access, now),
                Write::Rotate { used, new } => {
                    let unused = refresh::table
                        .filter(refresh::hash.eq(used))
                        .filter(refresh::used_at.is_null())
                        .filter(refresh::expires_at.gt(now));
                    let won = diesel::update(unused).set(refresh::used_at.eq(now)).execute(conn)? == 1;
                    Ok(won && insert_refresh(conn, new, now)? && insert_event(conn, "token.refreshed", now)?)
                }
                Write::Redeem { code: hash, refresh } => {
                    let unused = code::table.filter(code::hash.eq(hash)).filter(code::used_at.is_null());
                    let won = diesel::update(unused).set(code::used_at.eq(now)).execute(conn)? == 1;
                    Ok(won && insert_refresh(conn, refresh, now)? && insert_event(conn, "code.redeemed", now)?)
                }
                Write::SeedRefresh { refresh } => insert_refresh(conn, refresh, now),
                Write::SeedCode { code: hash } => {
                    let row = (
                        code::hash.eq(hash),
                        code::client_id.eq("demo-web"),
                        code::redirect_uri.eq("http://127.0.0.1/callback"),
                    );
                    Ok(diesel::insert_into(code::table).values(row).execute(conn)? == 1)
                }
            }
        }

        /// The live access token with this hash.
        fn find_access(conn: &mut $connection, hash: &[u8]) -> QueryResult<Option<Access>> {
            access::table
                .filter(access::hash.eq(hash))
                .filter(access::expires_at.gt(seconds()))
                .select((access::client_id, access::subject, access::scope, access::issued_at, access::expires_at))
                .get_result(conn)
                .optional()
        }
    };
}
pub(super) use statements;

/// Whichever database a run is about.
pub enum Store {
    /// One writer with group commit; reads where they are asked.
    Sqlite(sqlite::Sqlite),
    /// Pooled connections, each with its thread; inserts through a batch lane.
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens an empty database: a temporary file, or a schema of its own that is made anew.
    ///
    /// # Errors
    /// The database does not open.
    pub fn open(database: &Database) -> io::Result<Self> {
        match database {
            Database::Sqlite => Ok(Self::Sqlite(sqlite::Sqlite::open()?)),
            Database::Postgres(url) => Ok(Self::Postgres(postgres::Postgres::open(url)?)),
        }
    }

    /// Queues a unit of work; the receiver is told after its commit.
    ///
    /// # Errors
    /// The writer is gone.
    pub fn begin(&self, write: Write) -> io::Result<oneshot::Receiver<bool>> {
        let (answer, written) = oneshot::channel();
        let queued = Queued { write, answer };
        match self {
            Self::Sqlite(sqlite) => sqlite.queue(queued)?,
            Self::Postgres(postgres) => postgres.queue(queued)?,
        }
        Ok(written)
    }

    /// Does a unit of work: true when it was done and is durable.
    ///
    /// # Errors
    /// The writer is gone.
    pub async fn write(&self, write: Write) -> io::Result<bool> {
        self.begin(write)?.await.map_err(io::Error::other)
    }

    /// The live access token with this hash.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(&self, hash: Vec<u8>) -> io::Result<Option<Access>> {
        match self {
            Self::Sqlite(sqlite) => sqlite.find(&hash),
            Self::Postgres(postgres) => postgres.find(hash).await,
        }
    }
}
