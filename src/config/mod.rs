//! The configuration: one typed [`Settings`], built once at start from defaults, `symbolon.toml`,
//! the environment and flags. All that is wrong is told at once, with its origin and the fix.
//! What an administrator changes at run time is data, not configuration.

mod conformance;
mod database;
mod environment;
mod error;
mod http;
mod keys;
mod log;
mod management;
mod mtls;
mod network;
mod outbound;
mod passwords;
mod postgres_url;
mod reader;
mod reference;
mod secrets;
mod server;
mod sessions;
mod setting;
mod source;
mod suggest;
#[cfg(test)]
mod tests;
mod tls;
mod tokens;
mod toml_file;
mod trusted_proxies;
mod values;

use std::net::SocketAddr;

pub use crate::domain::{Issuer, IssuerRefusal};
pub use conformance::Conformance;
pub use database::{Database, DatabaseUrl};
pub use error::{ConfigError, ConfigErrors, Origin};
pub use http::Http;
pub use keys::Keys;
pub use log::{Log, LogFormat};
pub use management::Management;
pub use mtls::Mtls;
pub use network::Network;
pub use outbound::Outbound;
pub use passwords::Passwords;
pub use reader::{Shown, Warning};
pub use reference::{example_toml, reference};
pub use secrets::MasterKey;
pub use sessions::Sessions;
pub use source::{DiskFiles, Files, Sources, USUAL_FILES};
pub use tls::TlsFiles;
pub use tokens::Tokens;
pub use values::Seconds;

use reader::Reader;

/// Everything that is configured, checked. Built once and handed down.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who we are.
    pub issuer: Issuer,
    /// Where we listen.
    pub bind: SocketAddr,
    /// The proxies whose headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The bounds of one request.
    pub http: Http,
    /// Certificate and key; `None`: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Clients that show a certificate.
    pub mtls: Mtls,
    /// The database.
    pub database: Database,
    /// The key-encryption key.
    pub master_key: MasterKey,
    /// The log.
    pub log: Log,
    /// The management port.
    pub management: Management,
    /// What may be fetched.
    pub outbound: Outbound,
    /// Lives of what we issue.
    pub tokens: Tokens,
    /// Lives of browser sessions.
    pub sessions: Sessions,
    /// Password hashing and rules.
    pub passwords: Passwords,
    /// Rotation of signing keys.
    pub keys: Keys,
    /// What a run of a conformance suite needs.
    pub conformance: Conformance,
    shown: Vec<Shown>,
    warnings: Vec<Warning>,
}

impl Settings {
    /// Reads, merges and checks everything.
    ///
    /// # Errors
    /// All that is wrong, not only the first.
    pub fn load(sources: &Sources<'_>) -> Result<Self, ConfigErrors> {
        let (given, errors) = source::gather(sources);
        let mut reader = Reader::new(given, errors, sources.files);
        let bind = server::read_bind(&mut reader);
        let trusted_proxies = trusted_proxies::read(&mut reader);
        let tls = tls::read(&mut reader);
        let issuer = server::read_issuer(&mut reader, bind, tls.as_ref(), &trusted_proxies);
        let mtls = mtls::read(&mut reader, issuer.as_ref(), tls.as_ref(), &trusted_proxies);
        let database = database::read(&mut reader);
        let master_key = secrets::read(&mut reader, &database);
        let tokens = tokens::read(&mut reader);
        let keys = keys::read(&mut reader, &tokens);
        let http = http::read(&mut reader);
        let log = log::read(&mut reader);
        let management = management::read(&mut reader, bind);
        let outbound = outbound::read(&mut reader);
        let sessions = sessions::read(&mut reader);
        let passwords = passwords::read(&mut reader);
        let conformance = conformance::read(&mut reader);
        let Reader { errors, warnings, mut shown, .. } = reader;
        let Some(issuer) = issuer.filter(|_| errors.is_empty()) else {
            return Err(ConfigErrors(errors));
        };
        let order: Vec<&str> = setting::all().map(|setting| setting.name).collect();
        shown.sort_by_key(|shown| order.iter().position(|name| *name == shown.key));
        Ok(Self {
            issuer,
            bind,
            trusted_proxies,
            http,
            tls,
            mtls,
            database,
            master_key,
            log,
            management,
            outbound,
            tokens,
            sessions,
            passwords,
            keys,
            conformance,
            shown,
            warnings,
        })
    }

    /// The effective value of every setting with its origin; secrets are words, not values.
    pub fn show(&self) -> &[Shown] {
        &self.shown
    }

    /// What should be said at every start: each `danger_` setting that is on, and traps.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether `peer` is a proxy whose `X-Forwarded-*` headers are believed.
    pub fn trusts(&self, peer: std::net::IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(peer))
    }
}
