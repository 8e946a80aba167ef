//! Small value types that several sections share.

use std::fmt;

/// A length of time in whole seconds; never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds(i64);

impl Seconds {
    /// From whole seconds; below zero counts as zero.
    pub const fn new(seconds: i64) -> Self {
        Self(if seconds < 0 { 0 } else { seconds })
    }

    /// As `Timestamp::plus_seconds` takes them.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// As timers take them.
    pub const fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.0.unsigned_abs())
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}
