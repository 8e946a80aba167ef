//! `[outbound]`: what this server may fetch: clients' keys and metadata documents.

use std::path::PathBuf;

use super::reader::Reader;
use super::setting::{Kind, Setting};
use crate::domain::trace::StartCode;

static DANGER_LOOPBACK: Setting = Setting::danger(
    "outbound.danger_loopback",
    "Also fetch from this machine, and there over plain HTTP: for developing clients whose keys or metadata are served \
     locally.",
    "whoever may name an address for this server to fetch reaches services on this machine that trust it.",
);

static DANGER_ALLOWED_HOSTS: Setting = Setting::new(
    "outbound.danger_allowed_hosts",
    Kind::List,
    "Names of hosts that are reached, over https, even if they resolve to addresses that are not public: for test suites \
     and clients inside of a network. Compared whole; a name does not stand for the names below it.",
)
.default("")
.example("suite.test.example")
.dangerous(
    "whoever may name an address for this server to fetch reaches these hosts through it, and whoever answers for their \
     names in the DNS decides which machines they are",
);

static DANGER_CA_FILE: Setting = Setting::new(
    "outbound.danger_ca_file",
    Kind::Text,
    "PEM file with certificates that are trusted for what is fetched, besides those of the system: for test suites.",
)
.example("/etc/symbolon/tls/suite-ca.pem")
.dangerous("whoever has the keys of these certificates passes for any host that this server fetches from or speaks to");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&DANGER_LOOPBACK, &DANGER_ALLOWED_HOSTS, &DANGER_CA_FILE];

/// What may be fetched.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// Also from this machine.
    pub danger_loopback: bool,
    /// Also from these hosts, wherever they are.
    pub danger_allowed_hosts: Vec<String>,
    /// Certificates that are trusted besides those of the system.
    pub danger_ca_file: Option<PathBuf>,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Outbound {
    let danger_loopback = reader.boolean(&DANGER_LOOPBACK);
    let danger_allowed_hosts = reader.list(&DANGER_ALLOWED_HOSTS);
    for host in danger_allowed_hosts.iter().filter(|host| !is_host_name(host)) {
        let message = format!(
            "outbound.danger_allowed_hosts names \"{host}\": write whole names of hosts in lower case, such as \
             suite.test.example, without scheme, port or asterisk, and no addresses"
        );
        reader.refuse(StartCode::InvalidValue, &DANGER_ALLOWED_HOSTS, message);
    }
    Outbound { danger_loopback, danger_allowed_hosts, danger_ca_file: reader.path(&DANGER_CA_FILE) }
}

/// As resolvers are asked for it. A number in the last place would be an address.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(allowed)
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 253 && text.split('.').all(is_label) && text.rsplit('.').next().is_some_and(|last| !is_number(last))
}
