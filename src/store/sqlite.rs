//! SQLite: one writer thread with group commit, and a few readers that run where they are asked.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
    sync::{Mutex, PoisonError},
    thread,
};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::{
    QueryResult, RunQueryDsl,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    sql_query,
};
use tokio::sync::oneshot;

use super::{
    Appended, Location, MachineIssue, Read, StoreError, StoreOptions,
    conn::{Conn, Failures, Purpose, half_done},
    dialect::prepared,
    machine_issue::{self, AppendJob},
    unit_of_work::Job,
};

/// So many units of work share one commit at most.
const GROUP: usize = 256;

enum Work {
    Unit(Box<dyn Job>),
    Append(Box<AppendJob>),
}

pub(super) struct SqliteLanes {
    location: Location,
    queue: Sender<Work>,
    readers: Mutex<Vec<Conn>>,
    keep_readers: usize,
}

impl SqliteLanes {
    pub(super) fn open(location: &Location, options: StoreOptions) -> Result<Self, StoreError> {
        let writer = Writer::open(location)?;
        let (queue, work) = bounded(options.queue);
        let place = location.clone();
        thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_in_groups(&place, writer, &work))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self {
            location: location.clone(),
            queue,
            readers: Mutex::new(Vec::new()),
            keep_readers: options.connections,
        })
    }

    pub(super) fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut Read<'_>) -> Result<T, E>) -> Result<T, E> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut conn = match idle {
            Some(conn) => conn,
            None => self.location.connect(Purpose::Read).map_err(E::from)?,
        };
        // Without a transaction each statement would take and give back the file's lock.
        begin_reading(&mut conn).map_err(|error| E::from(error.into()))?;
        let Ok(result) = catch_unwind(AssertUnwindSafe(|| f(&mut Read { conn: &mut conn }))) else {
            // The connection is dropped with whatever the closure left on it.
            return Err(E::from(StoreError::Broken("a read panicked".into())));
        };
        if end_reading(&mut conn).is_err() {
            // It was ended by SQLite itself, and the closure has heard why. The connection is dropped.
            return result;
        }
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < self.keep_readers {
            readers.push(conn);
        }
        result
    }

    pub(super) fn submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.send(Work::Unit(job))
    }

    pub(super) async fn append(&self, issue: MachineIssue) -> Result<Appended, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Append(Box::new(AppendJob { issue, reply })))?;
        answer.await.map_err(|_| StoreError::Unavailable("the writer stopped".into()))?
    }

    fn send(&self, work: Work) -> Result<(), StoreError> {
        self.queue.try_send(work).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Unavailable("too many writes are waiting".into()),
            TrySendError::Disconnected(_) => StoreError::Unavailable("the writer stopped".into()),
        })
    }
}

/// What follows is read from one state of the database: the latest one at the first statement.
fn begin_reading(conn: &mut Conn) -> QueryResult<()> {
    let Conn::Sqlite(sqlite) = conn else { return Err(diesel::result::Error::NotInTransaction) };
    prepared!(sql_query("BEGIN")).execute(sqlite).map(drop)
}

fn end_reading(conn: &mut Conn) -> QueryResult<()> {
    let Conn::Sqlite(sqlite) = conn else { return Err(diesel::result::Error::NotInTransaction) };
    prepared!(sql_query("COMMIT")).execute(sqlite).map(drop)
}

/// The one connection that writes.
struct Writer {
    conn: Conn,
    failures: Failures,
}

impl Writer {
    fn open(location: &Location) -> Result<Self, StoreError> {
        let mut conn = location.connect(Purpose::Write)?;
        let failures = Failures::watch(&mut conn);
        Ok(Self { conn, failures })
    }

    /// IMMEDIATE: a deferred transaction that reads first could not upgrade while another process
    /// writes.
    fn begin(&mut self) -> QueryResult<()> {
        let Conn::Sqlite(sqlite) = &mut self.conn else { return Err(diesel::result::Error::NotInTransaction) };
        AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
    }

    fn commit(&mut self) -> QueryResult<()> {
        let Conn::Sqlite(sqlite) = &mut self.conn else { return Err(diesel::result::Error::NotInTransaction) };
        AnsiTransactionManager::commit_transaction(sqlite)
    }

    fn rollback(&mut self) -> QueryResult<()> {
        let Conn::Sqlite(sqlite) = &mut self.conn else { return Err(diesel::result::Error::NotInTransaction) };
        AnsiTransactionManager::rollback_transaction(sqlite)
    }

    /// Runs something that can be undone alone. The outer error means that SQLite undid the whole
    /// transaction by itself (disk full, I/O error): nothing more may run in it.
    fn savepoint<T>(&mut self, f: impl FnOnce(&mut Conn) -> (bool, T)) -> QueryResult<(Result<(), StoreError>, T)> {
        let Conn::Sqlite(sqlite) = &mut self.conn else { return Err(diesel::result::Error::NotInTransaction) };
        prepared!(sql_query("SAVEPOINT unit")).execute(sqlite)?;
        self.failures.take();
        let (keep, value) = f(&mut self.conn);
        let failed = self.failures.take();
        let Conn::Sqlite(sqlite) = &mut self.conn else { return Err(diesel::result::Error::NotInTransaction) };
        if !keep || failed {
            sqlite.batch_execute("ROLLBACK TO unit")?;
        }
        prepared!(sql_query("RELEASE unit")).execute(sqlite)?;
        Ok((if keep && failed { Err(half_done()) } else { Ok(()) }, value))
    }
}

fn write_in_groups(location: &Location, mut writer: Writer, queue: &Receiver<Work>) {
    while let Ok(first) = queue.recv() {
        let (mut units, mut appends) = (Vec::new(), Vec::new());
        for work in std::iter::once(first).chain(queue.try_iter().take(GROUP - 1)) {
            match work {
                Work::Unit(job) => units.push(job),
                Work::Append(job) => appends.push(*job),
            }
        }
        match commit_group(&mut writer, &mut units, &appends) {
            Ok((verdicts, appended)) => {
                units.into_iter().zip(verdicts).for_each(|(job, verdict)| job.settle(verdict));
                appends.into_iter().zip(appended).for_each(|(job, result)| job.settle(result));
            }
            Err(error) => {
                // Undone as a whole. After an I/O error the connection's state is not to be trusted.
                let error = StoreError::Unavailable(StoreError::from(error).to_string());
                let _ = writer.rollback();
                if let Ok(fresh) = Writer::open(location) {
                    writer = fresh;
                }
                units.into_iter().for_each(|job| job.settle(Err(error.clone())));
                appends.into_iter().for_each(|job| job.settle(Err(error.clone())));
            }
        }
    }
}

type Verdicts = (Vec<Result<(), StoreError>>, Vec<Result<Appended, StoreError>>);

/// Each unit of work in a savepoint of its own, all under one `BEGIN IMMEDIATE … COMMIT`.
fn commit_group(writer: &mut Writer, units: &mut [Box<dyn Job>], appends: &[AppendJob]) -> QueryResult<Verdicts> {
    writer.begin()?;
    if let ([alone], true) = (&mut *units, appends.is_empty()) {
        return Ok((vec![run_alone(writer, alone.as_mut())?], Vec::new()));
    }
    let verdicts = units
        .iter_mut()
        .map(|job| Ok(writer.savepoint(|conn| (job.run(conn), ()))?.0))
        .collect::<QueryResult<Vec<_>>>()?;
    if units.is_empty()
        && let Some(appended) = append_alone(writer, appends)?
    {
        return Ok((verdicts, appended));
    }
    let appended = append_all(writer, appends)?;
    writer.commit()?;
    Ok((verdicts, appended))
}

/// Without neighbours of another kind the transaction itself is the savepoint: none of the pages is copied
/// for it. `None`: a row was refused; nothing is written, and a fresh transaction is open.
fn append_alone(writer: &mut Writer, jobs: &[AppendJob]) -> QueryResult<Option<Vec<Result<Appended, StoreError>>>> {
    writer.failures.take();
    match machine_issue::append_all(&mut writer.conn, jobs) {
        Ok(list) if !writer.failures.take() => {
            writer.commit()?;
            Ok(Some(list.into_iter().map(Ok).collect()))
        }
        _ => {
            writer.rollback()?;
            writer.begin()?;
            Ok(None)
        }
    }
}

/// Without neighbours the transaction itself is the savepoint.
fn run_alone(writer: &mut Writer, job: &mut dyn Job) -> QueryResult<Result<(), StoreError>> {
    writer.failures.take();
    let keep = job.run(&mut writer.conn);
    let failed = writer.failures.take();
    if keep && !failed {
        writer.commit()?;
        return Ok(Ok(()));
    }
    writer.rollback()?;
    Ok(if keep { Err(half_done()) } else { Ok(()) })
}

fn append_all(writer: &mut Writer, jobs: &[AppendJob]) -> QueryResult<Vec<Result<Appended, StoreError>>> {
    let mut append = |jobs: &[AppendJob]| -> QueryResult<Result<Vec<Appended>, StoreError>> {
        let (_, result) = writer.savepoint(|conn| {
            let result = machine_issue::append_all(conn, jobs);
            (result.is_ok(), result)
        })?;
        Ok(result)
    };
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    if let Ok(list) = append(jobs)? {
        return Ok(list.into_iter().map(Ok).collect());
    }
    // One row that the database refuses must not take its neighbours along.
    jobs.iter()
        .map(|job| {
            Ok(append(slice::from_ref(job))?.and_then(|list| {
                list.first().copied().ok_or_else(|| StoreError::Broken("a row has no verdict".into()))
            }))
        })
        .collect()
}
