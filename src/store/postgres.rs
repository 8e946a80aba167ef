//! PostgreSQL: a bounded set of threads, each with a connection of its own, and one lane that
//! writes append-only rows for many callers at once.

use std::thread;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use tokio::sync::oneshot;

use super::{
    Appended, Location, MachineIssue, StoreError, StoreOptions,
    conn::{Conn, Purpose},
    machine_issue::{self, AppendJob},
    unit_of_work::Job,
};

/// So many appended rows share one commit at most.
const GROUP: usize = 256;
/// Lanes for appended rows: while one waits for its commit, the other fills.
const APPEND_LANES: usize = 2;

pub(super) struct PostgresLanes {
    queue: Sender<Box<dyn Job>>,
    appends: Sender<AppendJob>,
}

impl PostgresLanes {
    pub(super) fn open(location: &Location, options: StoreOptions) -> Result<Self, StoreError> {
        // Fail at start, with the reason, rather than at the first request.
        drop(location.connect(Purpose::Write)?);
        let (queue, jobs) = bounded::<Box<dyn Job>>(options.queue);
        for number in 0..options.connections.max(1) {
            let (location, jobs) = (location.clone(), jobs.clone());
            spawn(format!("postgres-{number}"), move || run_units(&Lane { location }, &jobs))?;
        }
        let (appends, rows) = bounded::<AppendJob>(options.queue);
        for number in 0..APPEND_LANES {
            let (location, rows) = (location.clone(), rows.clone());
            spawn(format!("postgres-append-{number}"), move || run_appends(&Lane { location }, &rows))?;
        }
        Ok(Self { queue, appends })
    }

    pub(super) fn submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.queue.try_send(job).map_err(refused)
    }

    pub(super) async fn append(&self, issue: MachineIssue) -> Result<Appended, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.appends.try_send(AppendJob { issue, reply }).map_err(refused)?;
        answer.await.map_err(|_| StoreError::Unavailable("the append lane stopped".into()))?
    }
}

fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    thread::Builder::new().name(name).spawn(body).map(drop).map_err(|error| StoreError::Unavailable(error.to_string()))
}

fn refused<T>(error: TrySendError<T>) -> StoreError {
    match error {
        TrySendError::Full(_) => StoreError::Unavailable("too many units of work are waiting".into()),
        TrySendError::Disconnected(_) => StoreError::Unavailable("the database lanes stopped".into()),
    }
}

struct Lane {
    location: Location,
}

impl Lane {
    /// The connection of this lane, opened again when the last one broke.
    fn ready<'a>(&self, conn: &'a mut Option<Conn>) -> Result<&'a mut Conn, StoreError> {
        match conn {
            Some(open) => Ok(open),
            empty @ None => Ok(empty.insert(self.location.connect(Purpose::Write)?)),
        }
    }
}

fn run_units(lane: &Lane, jobs: &Receiver<Box<dyn Job>>) {
    let mut held = None;
    while let Ok(mut job) = jobs.recv() {
        if !job.wanted() {
            continue;
        }
        let outcome = lane.ready(&mut held).and_then(|conn| run_unit(conn, job.as_mut()));
        if outcome.is_err() || held.as_mut().is_some_and(is_broken) {
            held = None;
        }
        job.settle(outcome);
    }
}

fn run_unit(conn: &mut Conn, job: &mut dyn Job) -> Result<(), StoreError> {
    if !job.writes() {
        job.run(conn);
        return Ok(());
    }
    in_transaction(conn, |conn| job.run(conn))
}

/// `false` from the closure undoes its writes; its own answer stands either way.
fn in_transaction(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> bool) -> Result<(), StoreError> {
    let Conn::Pg(pg) = conn else { return Err(StoreError::Broken("not a PostgreSQL connection".into())) };
    AnsiTransactionManager::begin_transaction(pg)?;
    let keep = f(conn);
    let Conn::Pg(pg) = conn else { return Err(StoreError::Broken("not a PostgreSQL connection".into())) };
    if keep {
        AnsiTransactionManager::commit_transaction(pg)?;
    } else if AnsiTransactionManager::rollback_transaction(pg).is_err() {
        // The server undoes it when the broken connection is dropped.
        tracing::debug!("a rollback failed; the connection is dropped");
    }
    Ok(())
}

fn is_broken(conn: &mut Conn) -> bool {
    use diesel::r2d2::R2D2Connection;
    match conn {
        Conn::Pg(pg) => pg.is_broken(),
        Conn::Sqlite(_) => false,
    }
}

fn run_appends(lane: &Lane, rows: &Receiver<AppendJob>) {
    let mut held = None;
    while let Ok(first) = rows.recv() {
        let mut group = vec![first];
        group.extend(rows.try_iter().take(GROUP - 1));
        let mut settled = Vec::new();
        let outcome = match lane.ready(&mut held) {
            Ok(conn) => in_transaction(conn, |conn| {
                settled = machine_issue::append_all(conn, std::mem::take(&mut group));
                true
            }),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            held = None;
        }
        let outcome = outcome.map_err(|error| error.to_string());
        for row in settled {
            row.settle(outcome.clone().map_err(StoreError::Unavailable));
        }
        for row in group {
            row.refuse(outcome.clone().map_err(StoreError::Unavailable));
        }
    }
}
