//! SQLite: one writer thread with group commit, and a few readers that run where they are asked.

use std::{
    sync::{Mutex, PoisonError},
    thread,
};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use tokio::sync::oneshot;

use super::{
    Appended, Location, MachineIssue, Read, StoreError, StoreOptions,
    conn::{Conn, Purpose},
    machine_issue::{self, AppendJob},
    unit_of_work::Job,
};

/// So many units of work share one commit at most.
const GROUP: usize = 256;

enum Work {
    Unit(Box<dyn Job>),
    Append(AppendJob),
}

pub(super) struct SqliteLanes {
    location: Location,
    queue: Sender<Work>,
    readers: Mutex<Vec<Conn>>,
    keep_readers: usize,
}

impl SqliteLanes {
    pub(super) fn open(location: &Location, options: StoreOptions) -> Result<Self, StoreError> {
        let writer = location.connect(Purpose::Write)?;
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
        let result = f(&mut Read { conn: &mut conn });
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
        self.send(Work::Append(AppendJob { issue, reply }))?;
        answer.await.map_err(|_| StoreError::Unavailable("the writer stopped".into()))?
    }

    fn send(&self, work: Work) -> Result<(), StoreError> {
        self.queue.try_send(work).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Unavailable("too many writes are waiting".into()),
            TrySendError::Disconnected(_) => StoreError::Unavailable("the writer stopped".into()),
        })
    }
}

fn write_in_groups(location: &Location, mut conn: Conn, queue: &Receiver<Work>) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        group.extend(queue.try_iter().take(GROUP - 1));
        if commit_group(&mut conn, group).is_err() {
            // After an I/O error the connection's state is not to be trusted.
            if let Ok(fresh) = location.connect(Purpose::Write) {
                conn = fresh;
            }
        }
    }
}

/// Each unit of work in a savepoint of its own, all under one `BEGIN IMMEDIATE … COMMIT`:
/// a deferred transaction that reads first could not upgrade while another process writes.
fn commit_group(conn: &mut Conn, group: Vec<Work>) -> Result<(), ()> {
    let Conn::Sqlite(sqlite) = conn else { return Err(()) };
    if let Err(error) = AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE") {
        let error = StoreError::from(error);
        settle_all(group, &Err(error.to_string()));
        return Err(());
    }
    let (units, appends): (Vec<_>, Vec<_>) = group.into_iter().partition(|work| matches!(work, Work::Unit(_)));
    let mut units: Vec<Box<dyn Job>> = units
        .into_iter()
        .filter_map(|work| match work {
            Work::Unit(job) => Some(job),
            Work::Append(_) => None,
        })
        .collect();
    let appends: Vec<AppendJob> = appends
        .into_iter()
        .filter_map(|work| match work {
            Work::Append(job) => Some(job),
            Work::Unit(_) => None,
        })
        .collect();

    let mut healthy = true;
    let alone = units.len() == 1 && appends.is_empty();
    let mut undo_all = false;
    for job in &mut units {
        if alone {
            undo_all = !job.run(conn);
        } else {
            healthy &= in_savepoint(conn, job.as_mut()).is_ok();
        }
    }
    let appended = machine_issue::append_all(conn, appends);

    let Conn::Sqlite(sqlite) = conn else { return Err(()) };
    let ended = if undo_all || !healthy {
        AnsiTransactionManager::rollback_transaction(sqlite)
    } else {
        AnsiTransactionManager::commit_transaction(sqlite)
    };
    let outcome = match (healthy, ended) {
        (true, Ok(())) => Ok(()),
        (false, _) => Err("a savepoint failed; the group was undone".to_owned()),
        (_, Err(error)) => Err(StoreError::from(error).to_string()),
    };
    for job in units {
        job.settle(outcome.clone().map_err(StoreError::Unavailable));
    }
    for settled in appended {
        settled.settle(outcome.clone().map_err(StoreError::Unavailable));
    }
    if outcome.is_ok() {
        Ok(())
    } else {
        // The rollback may itself have failed; a fresh connection is the way out.
        Err(())
    }
}

fn in_savepoint(conn: &mut Conn, job: &mut dyn Job) -> Result<(), diesel::result::Error> {
    execute(conn, "SAVEPOINT unit")?;
    if !job.run(conn) {
        execute(conn, "ROLLBACK TO unit")?;
    }
    execute(conn, "RELEASE unit")
}

fn execute(conn: &mut Conn, sql: &str) -> Result<(), diesel::result::Error> {
    match conn {
        Conn::Sqlite(sqlite) => sqlite.batch_execute(sql),
        Conn::Pg(pg) => pg.batch_execute(sql),
    }
}

fn settle_all(group: Vec<Work>, outcome: &Result<(), String>) {
    for work in group {
        let outcome = outcome.clone().map_err(StoreError::Unavailable);
        match work {
            Work::Unit(job) => job.settle(outcome),
            Work::Append(job) => job.refuse(outcome),
        }
    }
}
