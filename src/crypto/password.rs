//! Password hashing with Argon2id (RFC 9106; OWASP floor 19 MiB, t=2, p=1) on threads of its own.
//!
//! A hash costs 27 ms and 19 MiB. So the number of threads bounds the memory, a bounded queue
//! bounds the wait, and a full queue answers at once: a flood of sign-ins must not take the token
//! endpoint down with it.

mod phc;

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::domain::Secret;
use phc::{Cost, Phc};

/// Longest password in bytes. Longer ones are refused before any work (ASVS 6.2.9 asks for 64
/// characters at least).
pub const MAX_PASSWORD_LENGTH: usize = 1024;
/// A thread that hashed nothing for this long gives its memory back. To have it again costs the next hash
/// a tenth of its time.
const IDLE: Duration = Duration::from_millis(500);
const HASH_LENGTH: usize = 32;
const SALT_LENGTH: usize = 16;

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordSettings {
    /// Threads that hash; each keeps its memory. At least one.
    pub threads: usize,
    /// Requests that may wait for a thread.
    pub queue: usize,
    /// Argon2 memory in KiB.
    pub memory_kib: u32,
    /// Argon2 passes.
    pub iterations: u32,
    /// Argon2 lanes.
    pub parallelism: u32,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self { threads: 2, queue: 64, memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

/// The pool could not be started.
#[derive(Debug)]
pub enum PasswordPoolError {
    /// No threads, or Argon2 parameters outside what we would accept in a stored hash.
    Settings,
    /// The operating system gave no thread.
    Thread(io::Error),
}

impl fmt::Display for PasswordPoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings => write!(f, "password hashing needs at least one thread and {}", Cost::LIMITS),
            Self::Thread(error) => write!(f, "no thread for password hashing: {error}"),
        }
    }
}

impl std::error::Error for PasswordPoolError {}

/// Why a password was not hashed or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// The queue is full.
    Busy {
        /// When a place is likely to be free, for `Retry-After`.
        retry_after_seconds: u64,
    },
    /// The stored hash is not one of ours: the row is broken, not the password.
    Malformed,
    /// More than [`MAX_PASSWORD_LENGTH`] bytes.
    TooLong,
    /// The empty password.
    Empty,
    /// The pool has stopped.
    Unavailable,
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy { .. } => "too many passwords are being checked",
            Self::Malformed => "the stored password hash is malformed",
            Self::TooLong => "the password is longer than 1024 bytes",
            Self::Empty => "the password is empty",
            Self::Unavailable => "password hashing has stopped",
        })
    }
}

impl std::error::Error for PasswordError {}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The password is the stored one.
    pub matches: bool,
    /// It matches, and its hash should be replaced by one with today's parameters.
    pub needs_rehash: bool,
}

/// The pool. Clones share it; its threads end with the last clone.
#[derive(Clone)]
pub struct PasswordHasher {
    queue: Sender<Job>,
    cost: Cost,
    threads: usize,
    last_micros: Arc<AtomicU64>,
}

struct Job {
    password: Secret<String>,
    salt: Vec<u8>,
    cost: Cost,
    length: usize,
    reply: oneshot::Sender<Option<Vec<u8>>>,
}

impl PasswordHasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`PasswordPoolError`].
    pub fn new(settings: PasswordSettings) -> Result<Self, PasswordPoolError> {
        let (hasher, jobs) = Self::without_threads(settings)?;
        for number in 0..settings.threads {
            let mut worker = Worker::new(jobs.clone(), &hasher);
            thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || while worker.serve_one() {})
                .map_err(PasswordPoolError::Thread)?;
        }
        Ok(hasher)
    }

    fn without_threads(settings: PasswordSettings) -> Result<(Self, Receiver<Job>), PasswordPoolError> {
        let cost = Cost::new(settings.memory_kib, settings.iterations, settings.parallelism);
        let cost = cost.filter(|_| settings.threads > 0).ok_or(PasswordPoolError::Settings)?;
        let (queue, jobs) = bounded(settings.queue);
        let last_micros = Arc::new(AtomicU64::new(0));
        Ok((Self { queue, cost, threads: settings.threads, last_micros }, jobs))
    }

    /// Hashes a password for storage. Gives a PHC string:
    /// `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
    ///
    /// # Errors
    /// [`PasswordError`], never `Malformed`.
    pub async fn hash(&self, password: Secret<String>, salt: [u8; SALT_LENGTH]) -> Result<String, PasswordError> {
        let hash = self.derive(password, &salt, self.cost, HASH_LENGTH).await?;
        Ok(Phc { cost: self.cost, salt: salt.to_vec(), hash }.to_string())
    }

    /// Compares a password with a stored hash.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn verify(&self, password: Secret<String>, phc: String) -> Result<Verdict, PasswordError> {
        let stored = Phc::parse(&phc).ok_or(PasswordError::Malformed)?;
        let hash = self.derive(password, &stored.salt, stored.cost, stored.hash.len()).await?;
        let matches = bool::from(hash.ct_eq(&stored.hash));
        let current = stored.cost == self.cost && stored.hash.len() == HASH_LENGTH && stored.salt.len() >= SALT_LENGTH;
        Ok(Verdict { matches, needs_rehash: matches && !current })
    }

    /// Does the work of a comparison for a user who does not exist or has no password, so that the
    /// time tells nothing (ASVS 6.3.8). It succeeds and fails as [`Self::verify`] would. Hashes of
    /// an older cost take their own time until [`Verdict::needs_rehash`] has replaced them.
    ///
    /// # Errors
    /// [`PasswordError`], never `Malformed`.
    pub async fn verify_nobody(&self, password: Secret<String>) -> Result<(), PasswordError> {
        let hash = self.derive(password, &[0; SALT_LENGTH], self.cost, HASH_LENGTH).await?;
        std::hint::black_box(bool::from(hash.ct_eq(&[0; HASH_LENGTH])));
        Ok(())
    }

    /// Requests that wait for a thread now.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    async fn derive(
        &self,
        password: Secret<String>,
        salt: &[u8],
        cost: Cost,
        length: usize,
    ) -> Result<Vec<u8>, PasswordError> {
        match password.expose().len() {
            0 => return Err(PasswordError::Empty),
            1..=MAX_PASSWORD_LENGTH => {}
            _ => return Err(PasswordError::TooLong),
        }
        let (reply, answer) = oneshot::channel();
        match self.queue.try_send(Job { password, salt: salt.to_vec(), cost, length, reply }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                return Err(PasswordError::Busy { retry_after_seconds: self.retry_after_seconds() });
            }
            Err(TrySendError::Disconnected(_)) => return Err(PasswordError::Unavailable),
        }
        answer.await.ok().flatten().ok_or(PasswordError::Unavailable)
    }

    /// Whole seconds in which the present queue is worked off, at least one.
    fn retry_after_seconds(&self) -> u64 {
        let jobs = self.queue.len().div_ceil(self.threads) as u64;
        let waiting = Duration::from_micros(self.last_micros.load(Ordering::Relaxed).saturating_mul(jobs));
        waiting.as_secs().saturating_add(1).min(60)
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHasher({:?}, {} queued)", self.cost, self.queued())
    }
}

/// One thread's end of the queue, with the memory that it reuses.
struct Worker {
    jobs: Receiver<Job>,
    blocks: Vec<Block>,
    usual: Cost,
    last_micros: Arc<AtomicU64>,
}

impl Worker {
    fn new(jobs: Receiver<Job>, hasher: &PasswordHasher) -> Self {
        Self { jobs, blocks: Vec::new(), usual: hasher.cost, last_micros: Arc::clone(&hasher.last_micros) }
    }

    /// Waits for a request and answers it; false when no more can come.
    fn serve_one(&mut self) -> bool {
        let job = match self.jobs.recv_timeout(IDLE) {
            Ok(job) => job,
            Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => {
                // A server where nobody signs in holds no 19 MiB a thread for it.
                self.blocks = Vec::new();
                return true;
            }
        };
        // Whoever asked has gone (closed connection, timeout): do not spend 27 ms on nobody.
        if !job.reply.is_closed() {
            let hash = self.derive(&job);
            let _ = job.reply.send(hash);
        }
        true
    }

    #[expect(clippy::disallowed_methods, reason = "measures the hash for Retry-After; decides nothing else")]
    fn derive(&mut self, job: &Job) -> Option<Vec<u8>> {
        let start = std::time::Instant::now();
        let params = params(job.cost, job.length)?;
        let needed = params.block_count();
        if self.blocks.len() < needed {
            self.blocks.resize(needed, Block::new());
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut hash = vec![0; job.length];
        let password = job.password.expose().as_bytes();
        let done = argon2.hash_password_into_with_memory(password, &job.salt, &mut hash, self.blocks.as_mut_slice());
        // A hash stored under a higher cost may have needed more than this thread should keep.
        let usual = params_blocks(self.usual);
        if self.blocks.len() > usual {
            self.blocks.truncate(usual);
            self.blocks.shrink_to_fit();
        }
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.last_micros.store(micros, Ordering::Relaxed);
        done.is_ok().then_some(hash)
    }
}

fn params(cost: Cost, length: usize) -> Option<Params> {
    Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(length)).ok()
}

fn params_blocks(cost: Cost) -> usize {
    params(cost, HASH_LENGTH).map_or(0, |params| params.block_count())
}

#[cfg(test)]
mod tests;
