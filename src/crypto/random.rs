//! Randomness, injected: production draws from the operating system through aws-lc-rs, tests from
//! a seed (ASVS 11.5.1).

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::domain::Timestamp;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes`. It cannot fail: a source that can must stop the process instead.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            // A server without randomness would issue guessable tokens. A panic could be caught by
            // a worker and the next request would carry on, so the process ends here.
            std::process::abort();
        }
    }
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// A version 7 UUID (RFC 9562 §5.7): 48 bits of `now`, 74 random bits. It identifies rows and is
/// not a secret. A time before 1970 counts as 1970.
pub fn uuid_v7(random: &dyn Random, now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random_bytes(random)).into_uuid()
}

/// A predictable sequence for tests: SHA-256 of seed and counter. Whoever knows the seed knows
/// every token.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    counter: AtomicU64,
}

impl SeededRandom {
    /// The sequence of `seed`. For tests only.
    pub const fn danger_from_seed(seed: u64) -> Self {
        Self { seed, counter: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let counter = self.counter.fetch_add(1, Ordering::Relaxed);
            let block = super::sha256(&[&self.seed.to_be_bytes(), &counter.to_be_bytes()]);
            for (to, from) in chunk.iter_mut().zip(block) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests;
