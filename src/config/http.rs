//! `[http]`: the bounds of one request (ASVS 13.1.2).

use super::reader::Reader;
use super::setting::{Kind, Setting};
use super::values::Seconds;

static WORKERS: Setting = Setting::new(
    "http.workers",
    Kind::Integer { min: 0, max: 1024 },
    "Threads that answer requests; 0 means one for each core.",
)
.default("0");

static MAX_BODY_KIB: Setting = Setting::new(
    "http.max_body_kib",
    Kind::Integer { min: 4, max: 1024 },
    "The largest request body in KiB, refused before it is parsed. The largest legitimate one, a signed request \
     object, stays well below the default.",
)
.default("64");

static REQUEST_TIMEOUT_SECONDS: Setting = Setting::new(
    "http.request_timeout_seconds",
    Kind::Integer { min: 1, max: 300 },
    "How long a client may take to send the head of a request.",
)
.default("10");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&WORKERS, &MAX_BODY_KIB, &REQUEST_TIMEOUT_SECONDS];

/// The bounds of one request.
#[derive(Clone, Debug)]
pub struct Http {
    workers: usize,
    /// The largest body in bytes.
    pub max_body_bytes: usize,
    /// How long a client may take to send the head of a request.
    pub request_timeout: Seconds,
}

impl Http {
    /// Threads that answer requests, on a machine with `cores`; at least 1.
    pub fn workers(&self, cores: usize) -> usize {
        if self.workers == 0 { cores.max(1) } else { self.workers }
    }
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Http {
    Http {
        workers: usize::try_from(reader.integer(&WORKERS)).unwrap_or_default(),
        max_body_bytes: usize::try_from(reader.integer(&MAX_BODY_KIB)).unwrap_or_default() * 1024,
        request_timeout: Seconds::new(reader.integer(&REQUEST_TIMEOUT_SECONDS)),
    }
}
