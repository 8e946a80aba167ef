//! One closure, one transaction. On SQLite all writes go through one thread that commits them in
//! groups; on PostgreSQL each unit of work has a connection of its own. Either way the caller is
//! answered after the commit, never before.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::sync::oneshot;

use super::{
    Appended, Location, MachineIssue, Read, StoreError, Write, conn::Conn, postgres::PostgresLanes, sqlite::SqliteLanes,
};

/// How a refused unit of work treats what it already wrote.
#[derive(Debug)]
pub enum Abort<E> {
    /// Answer `E`, and keep the writes (replay revocation, lockout counters).
    Keep(E),
    /// Answer `E`, and undo the writes.
    Undo(E),
}

impl<E: From<StoreError>> From<StoreError> for Abort<E> {
    fn from(error: StoreError) -> Self {
        Self::Undo(E::from(error))
    }
}

/// How many connections and how much waiting work the store may hold.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Connections to PostgreSQL; readers of SQLite.
    pub connections: usize,
    /// Units of work that may wait; more are refused as unavailable.
    pub queue: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { connections: 8, queue: 2048 }
    }
}

/// The database, shared by everything in the process.
#[derive(Clone)]
pub struct Store {
    backend: Arc<Backend>,
}

enum Backend {
    Sqlite(SqliteLanes),
    Postgres(PostgresLanes),
}

impl Store {
    /// Opens the database. Does not migrate.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be reached.
    pub fn open(location: &Location, options: StoreOptions) -> Result<Self, StoreError> {
        let backend = match location {
            Location::Sqlite(_) => Backend::Sqlite(SqliteLanes::open(location, options)?),
            Location::Postgres(_) => Backend::Postgres(PostgresLanes::open(location, options)?),
        };
        Ok(Self { backend: Arc::new(backend) })
    }

    /// `sqlite` or `postgres`.
    pub fn backend_name(&self) -> &'static str {
        match *self.backend {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgres",
        }
    }

    /// Runs a closure that only reads. It sees every commit that was acknowledged before; on PostgreSQL each
    /// statement sees those that came meanwhile, too.
    ///
    /// # Errors
    /// The closure's own, or the database's.
    pub async fn read<T, E>(&self, f: impl FnOnce(&mut Read<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &*self.backend {
            // A point read of the embedded database is cheaper than handing it to another thread.
            Backend::Sqlite(lanes) => lanes.read(f),
            Backend::Postgres(lanes) => {
                let (reply, answer) = oneshot::channel();
                lanes.submit(Box::new(ReadJob { f: Some(f), out: None, reply: Some(reply) })).map_err(E::from)?;
                answer.await.map_err(|_| E::from(lost()))?
            }
        }
    }

    /// Runs a closure in one transaction and answers after its commit.
    ///
    /// # Errors
    /// The closure's own, after keeping or undoing its writes; or the database's.
    pub async fn write<T, E>(
        &self,
        f: impl FnOnce(&mut Write<'_>) -> Result<T, Abort<E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(WriteJob { f: Some(f), out: None, reply: Some(reply) });
        match &*self.backend {
            Backend::Sqlite(lanes) => lanes.submit(job),
            Backend::Postgres(lanes) => lanes.submit(job),
        }
        .map_err(E::from)?;
        answer.await.map_err(|_| E::from(lost()))?
    }

    /// Appends the issuance of a token to a client on its own behalf. Many callers share one
    /// transaction, each is answered after its commit.
    ///
    /// # Errors
    /// When the database cannot take it.
    pub async fn append_machine_issue(&self, issue: MachineIssue) -> Result<Appended, StoreError> {
        match &*self.backend {
            Backend::Sqlite(lanes) => lanes.append(issue).await,
            Backend::Postgres(lanes) => lanes.append(issue).await,
        }
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("the unit of work was lost; its outcome is unknown".to_owned())
}

/// What a lane does with a job: run it inside the transaction, then settle it after the commit.
pub(super) trait Job: Send {
    /// Whether a transaction is needed.
    fn writes(&self) -> bool;
    /// Whether anybody still waits for the answer.
    fn wanted(&self) -> bool;
    /// Runs the closure. `true`: keep what was written.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Answers the caller, with the outcome of the commit.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

struct WriteJob<F, T, E> {
    f: Option<F>,
    out: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
}

impl<F, T, E> Job for WriteJob<F, T, E>
where
    F: FnOnce(&mut Write<'_>) -> Result<T, Abort<E>> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn writes(&self) -> bool {
        true
    }

    fn wanted(&self) -> bool {
        // A write that was asked for is done, even if the asker has gone away meanwhile.
        true
    }

    fn run(&mut self, conn: &mut Conn) -> bool {
        let Some(f) = self.f.take() else { return false };
        let (keep, out) = match catch_unwind(AssertUnwindSafe(|| f(&mut Write::new(conn)))) {
            Ok(Ok(value)) => (true, Ok(value)),
            Ok(Err(Abort::Keep(error))) => (true, Err(error)),
            Ok(Err(Abort::Undo(error))) => (false, Err(error)),
            Err(_) => (false, Err(E::from(StoreError::Broken("a unit of work panicked; nothing was written".into())))),
        };
        self.out = Some(out);
        keep
    }

    fn settle(mut self: Box<Self>, committed: Result<(), StoreError>) {
        answer(self.reply.take(), self.out.take(), committed);
    }
}

struct ReadJob<F, T, E> {
    f: Option<F>,
    out: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
}

impl<F, T, E> Job for ReadJob<F, T, E>
where
    F: FnOnce(&mut Read<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn writes(&self) -> bool {
        false
    }

    fn wanted(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| !reply.is_closed())
    }

    fn run(&mut self, conn: &mut Conn) -> bool {
        let Some(f) = self.f.take() else { return false };
        let out = catch_unwind(AssertUnwindSafe(|| f(&mut Read { conn })));
        self.out = Some(out.unwrap_or_else(|_| Err(E::from(StoreError::Broken("a read panicked".into())))));
        true
    }

    fn settle(mut self: Box<Self>, committed: Result<(), StoreError>) {
        answer(self.reply.take(), self.out.take(), committed);
    }
}

fn answer<T, E: From<StoreError>>(
    reply: Option<oneshot::Sender<Result<T, E>>>,
    out: Option<Result<T, E>>,
    committed: Result<(), StoreError>,
) {
    let result = match committed {
        Ok(()) => out.unwrap_or_else(|| Err(E::from(lost()))),
        Err(error) => Err(E::from(error)),
    };
    if let Some(reply) = reply {
        // The asker may have gone away; the write stands all the same.
        let _ = reply.send(result);
    }
}
