//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use symbolon::{domain::Timestamp, service::Clock};

/// When every test begins: 2027-01-15 08:00:00 UTC.
const START: i64 = 1_800_000_000;

/// The time as the application under test sees it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(START * 1000))
    }
}

impl ManualClock {
    /// Moves the time forward; back, if `seconds` is negative.
    pub fn advance(&self, seconds: i64) {
        self.advance_millis(seconds * 1000);
    }

    /// Moves the time forward by less than a second.
    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
