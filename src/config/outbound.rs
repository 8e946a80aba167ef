//! `[outbound]`: what this server may fetch: clients' keys and metadata documents.

use super::reader::Reader;
use super::setting::Setting;

static DANGER_LOOPBACK: Setting = Setting::danger(
    "outbound.danger_loopback",
    "Also fetch from this machine, and there over plain HTTP: for developing clients whose keys or metadata are served \
     locally.",
    "whoever may name an address for this server to fetch reaches services on this machine that trust it.",
);

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&DANGER_LOOPBACK];

/// What may be fetched.
#[derive(Clone, Copy, Debug)]
pub struct Outbound {
    /// Also from this machine.
    pub danger_loopback: bool,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Outbound {
    Outbound { danger_loopback: reader.boolean(&DANGER_LOOPBACK) }
}
