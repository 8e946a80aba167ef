//! PostgreSQL: a bounded set of threads, each with a connection of its own, and one lane that
//! writes append-only rows for many callers at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, TrySendError, after, bounded, never, select};
use diesel::{
    QueryResult,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    r2d2::R2D2Connection,
};
use tokio::sync::oneshot;

use super::{
    Appended, Location, MachineIssue, StoreError, StoreOptions,
    conn::{Conn, Failures, Purpose, half_done},
    machine_issue::{self, AppendJob},
    unit_of_work::Job,
};

/// So many appended rows share one commit at most.
const GROUP: usize = 256;
/// Lanes for appended rows: while one waits for its commit, the other fills.
const APPEND_LANES: usize = 2;
/// A connection that was idle for so long is tried before it is trusted.
const IDLE: Duration = Duration::from_secs(5);

pub(super) struct PostgresLanes {
    /// One to each lane, which takes a job only while the lane waits.
    hands: Vec<Sender<Box<dyn Job>>>,
    /// For when no lane waits.
    queue: Sender<Box<dyn Job>>,
    appends: Sender<AppendJob>,
}

impl PostgresLanes {
    pub(super) fn open(location: &Location, options: StoreOptions) -> Result<Self, StoreError> {
        let health = Arc::new(Health::default());
        let lane = || Lane { location: location.clone(), health: Arc::clone(&health) };
        // Fail at start, with the reason, rather than at the first request.
        let mut first = None;
        lane().ready(&mut first)?;
        let (queue, jobs) = bounded::<Box<dyn Job>>(options.queue);
        let mut hands = Vec::new();
        for number in 0..options.connections.max(1) {
            let (hand, handed) = bounded(0);
            let (lane, inbox, held) = (lane(), Inbox { handed, queued: jobs.clone() }, first.take());
            spawn(format!("postgres-{number}"), move || run_units(&lane, held, &inbox))?;
            hands.push(hand);
        }
        let (appends, rows) = bounded::<AppendJob>(options.queue);
        for number in 0..APPEND_LANES {
            let (lane, inbox) = (lane(), Inbox { handed: never(), queued: rows.clone() });
            spawn(format!("postgres-append-{number}"), move || run_appends(&lane, &inbox))?;
        }
        Ok(Self { hands, queue, appends })
    }

    /// The first lane that waits does the job: with little to do few connections are open, and they are those
    /// that know the tables already.
    pub(super) fn submit(&self, mut job: Box<dyn Job>) -> Result<(), StoreError> {
        for hand in &self.hands {
            match hand.try_send(job) {
                Ok(()) => return Ok(()),
                Err(error) => job = error.into_inner(),
            }
        }
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

/// What the lanes know of each other's connections.
#[derive(Default)]
struct Health {
    /// Raised whenever a connection is found dead: those opened before are not trusted either.
    epoch: AtomicU64,
    /// How many lanes hold a connection.
    open: AtomicUsize,
}

/// Where the jobs of a lane come from.
struct Inbox<T> {
    handed: Receiver<T>,
    queued: Receiver<T>,
}

impl<T> Inbox<T> {
    /// The next job, and whether the lane had been idle. None: there will be no more.
    fn receive(&self) -> Option<(T, bool)> {
        let (mut idle, mut patience) = (false, after(IDLE));
        loop {
            select! {
                // What is queued was asked for before the end, and is done.
                recv(self.handed) -> job => return job.or_else(|_| self.queued.recv()).ok().map(|job| (job, idle)),
                recv(self.queued) -> job => return job.ok().map(|job| (job, idle)),
                recv(patience) -> _ => (idle, patience) = (true, never()),
            }
        }
    }
}

struct Lane {
    location: Location,
    health: Arc<Health>,
}

/// An open connection of a lane.
struct Held {
    conn: Conn,
    failures: Failures,
    /// Whether a statement failed since the connection was last looked after.
    failed: bool,
    epoch: u64,
    health: Arc<Health>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.health.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    /// The next job, and with it a connection that was alive lately, or none.
    fn next<T>(&self, inbox: &Inbox<T>, held: &mut Option<Held>) -> Option<T> {
        let (job, idle) = inbox.receive()?;
        if idle && held.as_mut().is_some_and(|open| !open.is_alive()) {
            self.lost(held);
        }
        if held.as_ref().is_some_and(|open| open.epoch < self.health.epoch.load(Ordering::Relaxed)) {
            *held = None;
        }
        Some(job)
    }

    /// The connection of this lane, opened again when the last one broke.
    fn ready<'a>(&self, held: &'a mut Option<Held>) -> Result<&'a mut Held, StoreError> {
        match held {
            Some(open) => Ok(open),
            empty @ None => {
                let epoch = self.health.epoch.load(Ordering::Relaxed);
                let mut conn = self.location.connect(Purpose::Write)?;
                let failures = Failures::watch(&mut conn);
                self.health.open.fetch_add(1, Ordering::Relaxed);
                Ok(empty.insert(Held { conn, failures, failed: false, epoch, health: Arc::clone(&self.health) }))
            }
        }
    }

    /// Opens a transaction. Nothing was asked of it yet, so that a connection found dead here is
    /// replaced without anybody noticing.
    fn begin<'a>(&self, held: &'a mut Option<Held>) -> Result<&'a mut Held, StoreError> {
        if held.as_mut().is_some_and(|open| open.begin().is_err()) {
            self.lost(held);
        }
        let fresh = held.is_none();
        let open = self.ready(held)?;
        if fresh {
            open.begin()?;
        }
        Ok(open)
    }

    /// Drops the connection if the last job left it unusable. Diesel does not notice every loss: a
    /// read that could not even be prepared leaves no mark but the failure itself.
    fn look_after(&self, held: &mut Option<Held>) {
        if held.as_mut().is_some_and(|open| open.is_broken() || (open.take_failure() && !open.is_alive())) {
            self.lost(held);
        }
    }

    /// Drops a connection that is not to be trusted.
    fn lost(&self, held: &mut Option<Held>) {
        if let Some(open) = held.take() {
            // Only the first to notice raises the epoch.
            let _ = self.health.epoch.compare_exchange(
                open.epoch,
                open.epoch.wrapping_add(1),
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
        }
    }

    /// Whether no lane reaches the database.
    fn all_lost(&self) -> bool {
        self.health.open.load(Ordering::Relaxed) == 0
    }
}

impl Held {
    fn begin(&mut self) -> QueryResult<()> {
        let Conn::Pg(pg) = &mut self.conn else { return Err(diesel::result::Error::NotInTransaction) };
        AnsiTransactionManager::begin_transaction(pg)?;
        self.failures.take();
        Ok(())
    }

    /// Commits, or undoes when the closure wants it, or when a statement failed.
    fn end(&mut self, keep: bool) -> Result<(), StoreError> {
        let failed = self.take_failure();
        self.failed = failed;
        let Conn::Pg(pg) = &mut self.conn else { return Err(half_done()) };
        if keep && !failed {
            return Ok(AnsiTransactionManager::commit_transaction(pg)?);
        }
        if AnsiTransactionManager::rollback_transaction(pg).is_err() {
            // The server undoes it when the broken connection is dropped.
            tracing::debug!("a rollback failed; the connection is dropped");
        }
        if keep { Err(half_done()) } else { Ok(()) }
    }

    fn take_failure(&mut self) -> bool {
        std::mem::take(&mut self.failed) | self.failures.take()
    }

    fn is_alive(&mut self) -> bool {
        match &mut self.conn {
            Conn::Pg(pg) => pg.batch_execute("SELECT 1").is_ok(),
            Conn::Sqlite(_) => false,
        }
    }

    /// Whether the connection is gone, or a transaction was left open on it.
    fn is_broken(&mut self) -> bool {
        match &mut self.conn {
            Conn::Pg(pg) => pg.is_broken(),
            Conn::Sqlite(_) => true,
        }
    }
}

fn run_units(lane: &Lane, mut held: Option<Held>, inbox: &Inbox<Box<dyn Job>>) {
    while let Some(mut job) = lane.next(inbox, &mut held) {
        if !job.wanted() {
            continue;
        }
        let outcome = run_unit(lane, &mut held, job.as_mut());
        lane.look_after(&mut held);
        if let (Err(error), None) = (&outcome, &held)
            && lane.all_lost()
        {
            // Those who wait hear it now, not one connection attempt after the other.
            inbox.queued.try_iter().for_each(|waiting| waiting.settle(Err(error.clone())));
        }
        job.settle(outcome);
    }
}

fn run_unit(lane: &Lane, held: &mut Option<Held>, job: &mut dyn Job) -> Result<(), StoreError> {
    if !job.writes() {
        job.run(&mut lane.ready(held)?.conn);
        return Ok(());
    }
    let open = lane.begin(held)?;
    let keep = job.run(&mut open.conn);
    open.end(keep)
}

fn run_appends(lane: &Lane, inbox: &Inbox<AppendJob>) {
    let mut held = None;
    while let Some(first) = lane.next(inbox, &mut held) {
        let mut group = vec![first];
        group.extend(inbox.queued.try_iter().take(GROUP - 1));
        match append(lane, &mut held, &group) {
            Ok(list) => group.into_iter().zip(list).for_each(|(row, appended)| row.settle(Ok(appended))),
            Err(error @ StoreError::Unavailable(_)) => {
                group.into_iter().for_each(|row| row.settle(Err(error.clone())));
            }
            // One row that the database refuses must not take its neighbours along.
            Err(_) => group.into_iter().for_each(|row| {
                let result = append(lane, &mut held, std::slice::from_ref(&row));
                row.settle(result.and_then(|list| {
                    list.first().copied().ok_or_else(|| StoreError::Broken("a row has no verdict".into()))
                }));
            }),
        }
    }
}

fn append(lane: &Lane, held: &mut Option<Held>, group: &[AppendJob]) -> Result<Vec<Appended>, StoreError> {
    let open = lane.begin(held)?;
    let result = machine_issue::append_all(&mut open.conn, group);
    let ended = open.end(result.is_ok());
    lane.look_after(held);
    ended.and(result)
}
