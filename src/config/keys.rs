//! `[keys]`: the rhythm of signing-key rotation (OIDC Core 10.1.1).

use super::reader::Reader;
use super::setting::{Kind, Setting};
use super::tokens::Tokens;
use super::values::Seconds;
use crate::domain::trace::StartCode;

static ROTATION_DAYS: Setting = Setting::new(
    "keys.rotation_days",
    Kind::Integer { min: 1, max: 730 },
    "A signing key signs for this many days; then the next one takes over.",
)
.default("90");

static OVERLAP_HOURS: Setting = Setting::new(
    "keys.overlap_hours",
    Kind::Integer { min: 1, max: 720 },
    "A key is published this long before it signs, so that caches learn it, and stays published this long after its \
     last signature. At least the life of the tokens.",
)
.default("24");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&ROTATION_DAYS, &OVERLAP_HOURS];

/// The rhythm of rotation.
#[derive(Clone, Debug)]
pub struct Keys {
    /// For how long a key signs.
    pub rotation: Seconds,
    /// For how long it is published before and after.
    pub overlap: Seconds,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>, tokens: &Tokens) -> Keys {
    let rotation = Seconds::new(reader.integer(&ROTATION_DAYS) * 86_400);
    let overlap = Seconds::new(reader.integer(&OVERLAP_HOURS) * 3600);
    if overlap < tokens.id_token.max(tokens.access_token) {
        let message = "keys.overlap_hours is shorter than the life of a token, which would outlive the key that \
                       verifies it. Raise it, or lower tokens.id_token_seconds and tokens.access_token_seconds";
        reader.refuse(StartCode::Contradiction, &OVERLAP_HOURS, message);
    }
    if overlap >= rotation {
        let message = "keys.overlap_hours is not shorter than keys.rotation_days. Lower it, or raise the other";
        reader.refuse(StartCode::Contradiction, &OVERLAP_HOURS, message);
    }
    Keys { rotation, overlap }
}
