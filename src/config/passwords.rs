//! `[passwords]`: the bounded pool that hashes passwords, and how short one may be
//! (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.1).

use super::reader::Reader;
use super::setting::{Kind, Setting};
use crate::domain::trace::StartCode;

static THREADS: Setting = Setting::new(
    "passwords.threads",
    Kind::Integer { min: 0, max: 256 },
    "Threads that hash passwords, each with 19 MiB; 0 means half of the cores, at least 1, so that a burst of \
     sign-ins leaves the token endpoint responsive.",
)
.default("0");

static QUEUE: Setting = Setting::new(
    "passwords.queue",
    Kind::Integer { min: 1, max: 64 },
    "Sign-ins that may wait for each of these threads; more are answered 503 with Retry-After.",
)
.default("4");

/// The length that NIST requires where a password is the only factor.
const RECOMMENDED: i64 = 15;

static MIN_LENGTH: Setting = Setting::new(
    "passwords.min_length",
    Kind::Integer { min: 8, max: 64 },
    "The shortest new password, in characters. 15 is what NIST SP 800-63B-4 requires where a password is the only \
     factor; there are no composition rules. Less, down to 8, needs danger_short_passwords.",
)
.default("15");

static DANGER_SHORT_PASSWORDS: Setting = Setting::danger(
    "passwords.danger_short_passwords",
    "Accept a min_length below 15. Only where everybody has a second factor.",
    "passwords shorter than 15 characters are accepted: a single factor of this length does not meet NIST SP \
     800-63B-4. Require a second factor, or set it to false",
);

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&THREADS, &QUEUE, &MIN_LENGTH, &DANGER_SHORT_PASSWORDS];

/// The hashing pool and the shortest password.
#[derive(Clone, Debug)]
pub struct Passwords {
    threads: usize,
    queue: usize,
    /// The shortest new password, in characters.
    pub min_length: usize,
}

impl Passwords {
    /// Threads that hash, on a machine with `cores`; at least 1.
    pub fn threads(&self, cores: usize) -> usize {
        if self.threads == 0 { (cores / 2).max(1) } else { self.threads }
    }

    /// Hashes that may wait in all, on a machine with `cores`.
    pub fn queue(&self, cores: usize) -> usize {
        self.queue.saturating_mul(self.threads(cores))
    }
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Passwords {
    let length = reader.integer(&MIN_LENGTH);
    if !reader.boolean(&DANGER_SHORT_PASSWORDS) && length < RECOMMENDED {
        let message = format!(
            "passwords.min_length is {length}: below {RECOMMENDED} a password alone is too weak (NIST SP 800-63B-4). \
             Raise it, or set passwords.danger_short_passwords=true"
        );
        reader.refuse(StartCode::DangerNotAccepted, &MIN_LENGTH, message);
    }
    let mut size = |setting| usize::try_from(reader.integer(setting)).unwrap_or_default();
    Passwords { threads: size(&THREADS), queue: size(&QUEUE), min_length: usize::try_from(length).unwrap_or(64) }
}
