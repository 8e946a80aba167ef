//! The one place of the load generator that reads the monotonic clock: it measures, it decides nothing.

use std::time::Instant;

/// The present instant of the monotonic clock.
#[expect(clippy::disallowed_methods, reason = "a load generator measures elapsed time")]
pub fn now() -> Instant {
    Instant::now()
}
