//! The drivers: closed loop (each connection sends its next request when the answer is there, as wrk does) and open
//! loop (requests are due at a fixed rate and their latency counts from when they were due, so that a slow server
//! cannot hide its pauses by slowing the load: no coordinated omission).

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::{
    task::{JoinHandle, spawn_local, yield_now},
    time::{sleep, timeout},
};

use crate::{
    clock::now,
    http::{Connection, Response},
    process::{Cpu, Watch, worked},
};

/// How long the last answers may take after the end of a measurement.
const DRAIN: Duration = Duration::from_secs(30);

/// What an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The measured work was done.
    Done,
    /// The server said "not now" as it should: 503 with Retry-After.
    Refused,
    /// Anything else: an error.
    Failed,
    /// A step that only prepares the measured one: not counted, not timed.
    Setup,
}

/// One connection's conversation: what it sends next and what it makes of the answer.
pub trait Exchange {
    /// Writes the next request into the empty `out`; `false` when there is no more work.
    fn request(&mut self, out: &mut Vec<u8>) -> bool;
    /// Judges the answer and keeps what the next request needs.
    fn response(&mut self, response: &Response<'_>) -> Outcome;
    /// The connection broke: by default there is nothing to put back.
    fn broken(&mut self) {}
    /// How long to wait before the next request.
    fn pause(&self) -> Option<Duration> {
        None
    }
}

/// The conversations of a load, one a connection.
pub type Exchanges = Vec<Box<dyn Exchange>>;

/// Latencies of one kind of answer, in nanoseconds.
pub type Latencies = Histogram<u64>;

/// The usual points of a distribution, in nanoseconds; all zero without a sample.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Latency {
    /// Half were not slower.
    pub p50: u64,
    /// 99 of 100 were not slower.
    pub p99: u64,
    /// 999 of 1000 were not slower.
    pub p999: u64,
    /// The slowest.
    pub max: u64,
}

impl Latency {
    /// The points of a histogram.
    pub fn of(latencies: &Latencies) -> Self {
        if latencies.is_empty() {
            return Self::default();
        }
        let at = |quantile| latencies.value_at_quantile(quantile);
        Self { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: latencies.max() }
    }
}

/// Everything that was counted.
#[derive(Clone)]
pub struct Tally {
    /// Latencies of the work done.
    pub done: Latencies,
    /// Latencies of the refusals.
    pub refused: Latencies,
    /// Answers that were neither, and broken connections.
    pub failed: u64,
    /// Answers by status; 0 is a broken connection.
    pub statuses: BTreeMap<u16, u64>,
}

impl Tally {
    /// Nothing counted yet: 1 µs to 60 s, three digits.
    ///
    /// # Errors
    /// None in practice: the bounds are constant.
    pub fn new() -> io::Result<Self> {
        let histogram = Histogram::new_with_bounds(1_000, 60_000_000_000, 3).map_err(io::Error::other)?;
        Ok(Self { done: histogram.clone(), refused: histogram, failed: 0, statuses: BTreeMap::new() })
    }

    fn clear(&mut self) {
        self.done.reset();
        self.refused.reset();
        self.failed = 0;
        self.statuses.clear();
    }

    fn count(&mut self, outcome: Outcome, status: u16, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        match outcome {
            Outcome::Setup => return,
            Outcome::Done => self.done.saturating_record(nanos),
            Outcome::Refused => self.refused.saturating_record(nanos),
            Outcome::Failed => self.failed += 1,
        }
        *self.statuses.entry(status).or_default() += 1;
    }
}

/// When requests are sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// The next one when the answer is there.
    Closed,
    /// This many a second over all connections, whatever the server does.
    Open(f64),
}

/// How long a load runs.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// Warm up, then measure.
    Elapsed { warm_up: Duration, measured: Duration },
    /// Until every conversation has no more work, at most this long.
    Exhausted(Duration),
}

/// What one measured stretch gave.
pub struct Stretch {
    /// The counts.
    pub tally: Tally,
    /// Its length.
    pub elapsed: Duration,
    /// Processor time of the server in it.
    pub server: Cpu,
    /// Processor time of this process in it.
    pub driver: Cpu,
    /// Seconds of work of all processes on the server's core and on the load's.
    pub worked: [f64; 2],
}

impl Stretch {
    /// Nothing measured yet.
    ///
    /// # Errors
    /// As [`Tally::new`].
    pub fn nothing() -> io::Result<Self> {
        let tally = Tally::new()?;
        Ok(Self { tally, elapsed: Duration::ZERO, server: Cpu::default(), driver: Cpu::default(), worked: [0.0; 2] })
    }

    /// Adds a later stretch of the same work.
    ///
    /// # Errors
    /// None in practice: all histograms have the same bounds.
    pub fn add(&mut self, later: &Self) -> io::Result<()> {
        self.tally.done.add(&later.tally.done).map_err(io::Error::other)?;
        self.tally.refused.add(&later.tally.refused).map_err(io::Error::other)?;
        self.tally.failed += later.tally.failed;
        for (status, count) in &later.tally.statuses {
            *self.tally.statuses.entry(*status).or_default() += count;
        }
        self.elapsed += later.elapsed;
        self.server = self.server + later.server;
        self.driver = self.driver + later.driver;
        for (sum, more) in self.worked.iter_mut().zip(later.worked) {
            *sum += more;
        }
        Ok(())
    }
}

/// A load that is running: its shared count and its switch.
pub struct Running {
    tally: Rc<RefCell<Tally>>,
    stop: Rc<Cell<bool>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Opens one connection for each conversation and starts them all. Needs a `LocalSet`.
    ///
    /// # Errors
    /// A connection cannot be opened.
    pub async fn start(address: SocketAddr, exchanges: Exchanges, pace: Pace) -> io::Result<Self> {
        let (tally, stop) = (Rc::new(RefCell::new(Tally::new()?)), Rc::new(Cell::new(false)));
        let mut connections = Vec::with_capacity(exchanges.len());
        for exchange in exchanges {
            let mut connection = Connection::new(address)?;
            connection.open().await?;
            connections.push((connection, exchange));
        }
        let (count, begin) = (connections.len(), now());
        let tasks = connections
            .into_iter()
            .enumerate()
            .map(|(index, (connection, exchange))| {
                let line = Line { connection, exchange, tally: Rc::clone(&tally), stop: Rc::clone(&stop) };
                match pace {
                    Pace::Closed => spawn_local(line.closed()),
                    Pace::Open(rate) => spawn_local(line.open(Schedule::new(begin, rate, index, count))),
                }
            })
            .collect();
        Ok(Self { tally, stop, tasks })
    }

    /// Forgets what was counted so far: the warm-up is over.
    pub fn reset(&self) {
        self.tally.borrow_mut().clear();
    }

    /// What was counted so far.
    pub fn counted(&self) -> Tally {
        self.tally.borrow().clone()
    }

    /// Lets every conversation finish the request it is in; those that hang for 30 seconds are given up.
    pub async fn stop(self) {
        self.stop.set(true);
        self.join(DRAIN).await;
    }

    async fn join(self, limit: Duration) {
        let deadline = now() + limit;
        for mut task in self.tasks {
            let left = deadline.saturating_duration_since(now());
            // Given up, or ended by a panic: neither may pass for a quiet connection.
            if !matches!(timeout(left, &mut task).await, Ok(Ok(()))) {
                task.abort();
                self.tally.borrow_mut().failed += 1;
            }
        }
    }
}

/// Runs a load and measures it.
///
/// # Errors
/// A connection cannot be opened or the server's process is gone.
pub async fn measure(
    address: SocketAddr,
    exchanges: Exchanges,
    pace: Pace,
    until: Until,
    server: &Watch,
) -> io::Result<Stretch> {
    let driver = Watch::this();
    let mark = || Mark::now(server, &driver);
    match until {
        Until::Elapsed { warm_up, measured } => {
            let running = Running::start(address, exchanges, pace).await?;
            sleep(warm_up).await;
            running.reset();
            let before = mark()?;
            sleep(measured).await;
            let after = mark()?;
            let tally = running.counted();
            running.stop().await;
            Ok(after.since(&before, tally))
        }
        Until::Exhausted(limit) => {
            let before = mark()?;
            let running = Running::start(address, exchanges, pace).await?;
            let tally = Rc::clone(&running.tally);
            running.join(limit).await;
            let after = mark()?;
            let tally = tally.borrow().clone();
            Ok(after.since(&before, tally))
        }
    }
}

/// The clocks at one instant.
struct Mark {
    at: Instant,
    server: Cpu,
    driver: Cpu,
    worked: [f64; 2],
}

impl Mark {
    fn now(server: &Watch, driver: &Watch) -> io::Result<Self> {
        Ok(Self { at: now(), server: server.cpu()?, driver: driver.cpu()?, worked: worked()? })
    }

    fn since(&self, before: &Self, tally: Tally) -> Stretch {
        let [[server_core, load_core], [server_before, load_before]] = [self.worked, before.worked];
        Stretch {
            tally,
            elapsed: self.at - before.at,
            server: self.server - before.server,
            driver: self.driver - before.driver,
            worked: [server_core - server_before, load_core - load_before],
        }
    }
}

/// One connection at work.
struct Line {
    connection: Connection,
    exchange: Box<dyn Exchange>,
    tally: Rc<RefCell<Tally>>,
    stop: Rc<Cell<bool>>,
}

impl Line {
    async fn closed(mut self) {
        let mut request = Vec::with_capacity(2048);
        while !self.stop.get() {
            request.clear();
            if !self.exchange.request(&mut request) {
                break;
            }
            self.send(&request, now()).await;
        }
    }

    async fn open(mut self, mut schedule: Schedule) {
        let mut request = Vec::with_capacity(2048);
        loop {
            let due = schedule.next();
            wait_until(due, &self.stop).await;
            if self.stop.get() {
                break;
            }
            request.clear();
            if !self.exchange.request(&mut request) {
                break;
            }
            self.send(&request, due).await;
        }
    }

    async fn send(&mut self, request: &[u8], since: Instant) {
        match self.connection.send(request).await {
            Ok(response) => {
                let latency = now().saturating_duration_since(since);
                let status = response.status;
                let outcome = self.exchange.response(&response);
                self.tally.borrow_mut().count(outcome, status, latency);
            }
            Err(_) => {
                self.tally.borrow_mut().count(Outcome::Failed, 0, Duration::ZERO);
                self.exchange.broken();
                // A server that is gone would otherwise be asked as fast as the loop turns.
                sleep(Duration::from_millis(10)).await;
            }
        }
        if let Some(pause) = self.exchange.pause() {
            sleep(pause).await;
        }
    }
}

/// The instants at which one of `count` connections has a request due.
struct Schedule {
    begin: Instant,
    gap: Duration,
    index: u32,
    count: u32,
}

impl Schedule {
    fn new(begin: Instant, rate: f64, index: usize, count: usize) -> Self {
        let small = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Self { begin, gap: Duration::from_secs_f64(1.0 / rate.max(0.1)), index: small(index), count: small(count) }
    }

    fn next(&mut self) -> Instant {
        let due = self.begin + self.gap * self.index;
        self.index = self.index.saturating_add(self.count);
        due
    }
}

/// Timers turn at a millisecond: the rest is waited out awake, on a core that has nothing else to do.
async fn wait_until(due: Instant, stop: &Cell<bool>) {
    loop {
        let left = due.saturating_duration_since(now());
        if left.is_zero() || stop.get() {
            return;
        }
        if left > Duration::from_millis(2) {
            sleep((left - Duration::from_millis(2)).min(Duration::from_millis(100))).await;
        } else {
            yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests;
