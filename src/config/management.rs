//! `[management]`: the port for probes and metrics, which is never the public one.

use std::net::SocketAddr;

use super::reader::Reader;
use super::server;
use super::setting::{Kind, Setting};
use crate::domain::trace::StartCode;

static BIND: Setting = Setting::new(
    "management.bind",
    Kind::Text,
    "IP address and port for /livez, /readyz and /metrics, in plain HTTP. Empty: off. Whoever can reach it can read \
     the metrics, so keep it inside the cluster.",
)
.default("")
.example("127.0.0.1:9090");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&BIND];

/// The management port.
#[derive(Clone, Debug)]
pub struct Management {
    /// Where it listens; `None`: it does not.
    pub bind: Option<SocketAddr>,
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>, public: SocketAddr) -> Management {
    let text = reader.text(&BIND).unwrap_or_default();
    let bind = if text.is_empty() { None } else { server::address(reader, &BIND, &text) };
    let shared = bind.is_some_and(|bind| {
        bind.port() == public.port()
            && bind.port() != 0
            && (bind.ip() == public.ip() || bind.ip().is_unspecified() || public.ip().is_unspecified())
    });
    if shared {
        let message = format!("management.bind is {text}, which is taken by bind {public}. Choose another port");
        reader.refuse(StartCode::Contradiction, &BIND, message);
    }
    Management { bind }
}
