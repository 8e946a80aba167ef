//! PostgreSQL at its best with synchronous Diesel: a pool of connections, each with its thread, for transactions and
//! lookups, and a batch lane (`unnest`) for rows that are only appended.

use std::{io, thread};

use crossbeam_channel::{Receiver, Sender, unbounded};
use diesel::{connection::SimpleConnection, pg::PgConnection, sql_query, sql_types};
use tokio::sync::oneshot;

use super::store::Queued;

super::store::statements!(PgConnection);

/// Connections for transactions and lookups.
const POOL: usize = 16;
/// Connections of the batch lane.
const LANES: usize = 2;
/// Rows one batch may hold.
const LARGEST_BATCH: usize = 256;

const SCHEMA: &str = "
    DROP SCHEMA IF EXISTS symbolon_bench CASCADE;
    CREATE SCHEMA symbolon_bench;
    SET search_path TO symbolon_bench;
    CREATE TABLE access (hash BYTEA PRIMARY KEY, client_id TEXT NOT NULL, subject TEXT NOT NULL,
        scope TEXT NOT NULL, issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
    CREATE TABLE refresh (hash BYTEA PRIMARY KEY, family TEXT NOT NULL, used_at BIGINT, expires_at BIGINT NOT NULL);
    CREATE TABLE code (hash BYTEA PRIMARY KEY, client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, used_at BIGINT);
    CREATE TABLE event (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind TEXT NOT NULL, at BIGINT NOT NULL,
        subject TEXT NOT NULL, payload TEXT NOT NULL);
";

/// What the pool does.
enum Task {
    Write(Queued),
    Find(Vec<u8>, oneshot::Sender<Option<Access>>),
}

/// Handles to the pool and the batch lane.
pub struct Postgres {
    pool: Sender<Task>,
    lanes: Sender<Queued>,
}

impl Postgres {
    /// Makes the schema `symbolon_bench` anew and connects.
    ///
    /// # Errors
    /// The server refuses a connection or the schema.
    pub fn open(url: &str) -> io::Result<Self> {
        connect(url)?.batch_execute(SCHEMA).map_err(io::Error::other)?;
        let (pool, tasks) = unbounded();
        for index in 0..POOL {
            let (mut connection, tasks) = (connect(url)?, tasks.clone());
            thread::Builder::new().name(format!("pool-{index}")).spawn(move || work(&mut connection, &tasks))?;
        }
        let (lanes, rows) = unbounded();
        for index in 0..LANES {
            let (mut connection, rows) = (connect(url)?, rows.clone());
            thread::Builder::new().name(format!("lane-{index}")).spawn(move || append(&mut connection, &rows))?;
        }
        Ok(Self { pool, lanes })
    }

    /// Queues a unit of work: an insert for the batch lane, anything else for the pool.
    ///
    /// # Errors
    /// The threads are gone.
    pub fn queue(&self, queued: Queued) -> io::Result<()> {
        let gone = || io::Error::other("the database threads are gone");
        match queued.write {
            Write::Issue { .. } => self.lanes.send(queued).map_err(|_| gone()),
            _ => self.pool.send(Task::Write(queued)).map_err(|_| gone()),
        }
    }

    /// Reads one row on a thread of the pool.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(&self, hash: Vec<u8>) -> io::Result<Option<Access>> {
        let (answer, found) = oneshot::channel();
        self.pool.send(Task::Find(hash, answer)).map_err(|_| io::Error::other("the pool is gone"))?;
        found.await.map_err(io::Error::other)
    }
}

fn connect(url: &str) -> io::Result<PgConnection> {
    let mut connection = PgConnection::establish(url).map_err(io::Error::other)?;
    connection
        .batch_execute("SET search_path TO symbolon_bench; SET synchronous_commit TO on;")
        .map_err(io::Error::other)?;
    Ok(connection)
}

fn work(connection: &mut PgConnection, tasks: &Receiver<Task>) {
    for task in tasks {
        match task {
            Task::Write(queued) => {
                let done = connection.transaction(|conn| apply(conn, &queued.write));
                let _ = queued.answer.send(done.unwrap_or(false));
            }
            Task::Find(hash, answer) => {
                // A failed read drops `answer`: the handler sees an error, never "not active".
                if let Ok(found) = find_access(connection, &hash) {
                    let _ = answer.send(found);
                }
            }
        }
    }
}

fn append(connection: &mut PgConnection, rows: &Receiver<Queued>) {
    while let Ok(first) = rows.recv() {
        let (mut hashes, mut answers) = (Vec::new(), Vec::new());
        for queued in std::iter::once(first).chain(rows.try_iter().take(LARGEST_BATCH - 1)) {
            if let Write::Issue { access } = queued.write {
                hashes.push(access);
                answers.push(queued.answer);
            }
        }
        let now = seconds();
        let inserted = sql_query(
            "INSERT INTO access SELECT hash, 'demo-m2m', 'demo-m2m', 'demo.read', $2, $3 FROM unnest($1) AS hash",
        )
        .bind::<sql_types::Array<sql_types::Binary>, _>(&hashes)
        .bind::<sql_types::BigInt, _>(now)
        .bind::<sql_types::BigInt, _>(now + 3600)
        .execute(connection);
        for answer in answers {
            let _ = answer.send(inserted.as_ref().is_ok_and(|count| *count == hashes.len()));
        }
    }
}
