//! `[sessions]`: how long a browser stays signed in (ASVS 7.3, NIST SP 800-63B-4 §2.1.3).

use super::reader::Reader;
use super::setting::{Kind, Setting};
use super::values::Seconds;
use crate::domain::trace::StartCode;

static IDLE_SECONDS: Setting = Setting::new(
    "sessions.idle_seconds",
    Kind::Integer { min: 60, max: 2_592_000 },
    "A session that is not used for this long ends (8 hours, a working day).",
)
.default("28800");

static ABSOLUTE_SECONDS: Setting = Setting::new(
    "sessions.absolute_seconds",
    Kind::Integer { min: 300, max: 2_592_000 },
    "However much it is used, a session ends after this, and people sign in again. 30 days is the most that NIST SP \
     800-63B-4 recommends at AAL1; at AAL2 it recommends 24 hours, and 1 hour idle.",
)
.default("2592000");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&IDLE_SECONDS, &ABSOLUTE_SECONDS];

/// Lives of a browser session.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Without use.
    pub idle: Seconds,
    /// In all.
    pub absolute: Seconds,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Sessions {
    let idle = Seconds::new(reader.integer(&IDLE_SECONDS));
    let absolute = Seconds::new(reader.integer(&ABSOLUTE_SECONDS));
    if idle > absolute {
        let message = "sessions.idle_seconds is longer than sessions.absolute_seconds, which ends the session first. \
                       Lower it, or raise the other";
        let blamed = if reader.is_given(&IDLE_SECONDS) { &IDLE_SECONDS } else { &ABSOLUTE_SECONDS };
        reader.refuse(StartCode::Contradiction, blamed, message);
    }
    Sessions { idle, absolute }
}
