//! `[database]`: where the only shared state lives, and that a connection to another machine is
//! encrypted and verified.

use std::path::{Path, PathBuf};

use crate::domain::Secret;

use super::postgres_url::PostgresUrl;
use super::reader::Reader;
use super::setting::{Kind, Setting};
use crate::domain::trace::StartCode;

static URL: Setting = Setting::new(
    "database.url",
    Kind::Secret,
    "sqlite://./data/symbolon.db (relative), sqlite:///var/lib/symbolon/symbolon.db (absolute), or \
     postgres://user:password@host/name.",
)
.default("sqlite://./data/symbolon.db")
.example("postgres://symbolon@db.example.com/symbolon");

static CONNECTIONS: Setting = Setting::new(
    "database.connections",
    Kind::Integer { min: 1, max: 256 },
    "Connections that this node opens at most. All nodes together must stay below PostgreSQL's max_connections.",
)
.default("8");

static TLS: Setting = Setting::new(
    "database.tls",
    Kind::Choice(&["prefer", "require", "verify-full"]),
    "PostgreSQL only: libpq's sslmode. Without it the URL's own sslmode holds; without that, verify-full for another \
     host and libpq's choice on loopback. Less than verify-full for another host needs danger_unverified_tls. Root \
     certificates are the system's unless the URL has sslrootcert.",
)
.example("verify-full");

static DANGER_UNVERIFIED_TLS: Setting = Setting::danger(
    "database.danger_unverified_tls",
    "PostgreSQL only: accept a connection to another host that is not encrypted or whose certificate is not verified \
     (sslmode weaker than verify-full).",
    "the connection to the database may be unencrypted or unverified: whoever sits between can read and change every \
     account. Use sslmode=verify-full and set it to false",
);

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&URL, &CONNECTIONS, &TLS, &DANGER_UNVERIFIED_TLS];

/// Where the data lives.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// The file of an SQLite database.
    Sqlite(PathBuf),
    /// A libpq connection URI with its `sslmode` decided.
    Postgres(Secret<String>),
}

/// The database.
#[derive(Clone, Debug)]
pub struct Database {
    /// Where the data lives.
    pub url: DatabaseUrl,
    /// Connections at most.
    pub connections: u32,
    remote: bool,
}

impl Database {
    /// Whether it is on another machine than this one.
    pub fn is_remote(&self) -> bool {
        self.remote
    }

    /// The directory of an SQLite database; `None` for PostgreSQL.
    pub fn data_directory(&self) -> Option<&Path> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
            }
            DatabaseUrl::Postgres(_) => None,
        }
    }
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Database {
    let connections = u32::try_from(reader.integer(&CONNECTIONS)).unwrap_or(1);
    let mode = reader.text(&TLS);
    let unverified = reader.boolean(&DANGER_UNVERIFIED_TLS);
    let fallback = || DatabaseUrl::Sqlite(PathBuf::from("./data/symbolon.db"));
    let Some(text) = reader.secret(&URL) else {
        return Database { url: fallback(), connections, remote: false };
    };
    let text = text.expose();
    let (url, remote) = if let Some(path) = text.strip_prefix("sqlite://") {
        if mode.is_some() {
            let message = "database.tls is set, but SQLite has no connection to protect. Remove it";
            reader.refuse(StartCode::Contradiction, &TLS, message);
        }
        (sqlite(reader, path).unwrap_or_else(fallback), false)
    } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        postgres(reader, text, mode.as_deref(), unverified).unwrap_or_else(|| (fallback(), false))
    } else {
        let message = "database.url has no scheme that we know. Write sqlite:///path/symbolon.db or \
                       postgres://user@host/name";
        reader.refuse(StartCode::InvalidValue, &URL, message);
        (fallback(), false)
    };
    Database { url, connections, remote }
}

/// The path of an SQLite database.
fn sqlite(reader: &mut Reader<'_>, path: &str) -> Option<DatabaseUrl> {
    let why = if path.is_empty() || path.ends_with('/') {
        "names no file. Write sqlite:///var/lib/symbolon/symbolon.db"
    } else if path.starts_with(":memory:") {
        "would forget everything at the end. Name a file; `symbolon dev` is the throw-away server"
    } else if path.contains(['?', '#']) {
        "must not have parameters. Write the path alone"
    } else {
        reader.show(&URL, format!("sqlite://{path}"));
        return Some(DatabaseUrl::Sqlite(PathBuf::from(path)));
    };
    reader.refuse(StartCode::InvalidValue, &URL, format!("database.url sqlite://{path} {why}"));
    None
}

/// The connection URI with its `sslmode` decided, and whether it leaves this machine.
fn postgres(reader: &mut Reader<'_>, text: &str, mode: Option<&str>, unverified: bool) -> Option<(DatabaseUrl, bool)> {
    let url = match PostgresUrl::parse(text) {
        Ok(url) => url,
        Err(why) => {
            reader.refuse(StartCode::InvalidValue, &URL, format!("database.url {why}"));
            return None;
        }
    };
    let redacted = url.redacted();
    reader.show(&URL, redacted.clone());
    if let (Some(mode), Some(own)) = (mode, url.sslmode())
        && mode != own
    {
        let message = format!("database.tls is {mode}, but database.url says sslmode={own}. Keep one of them");
        reader.refuse(StartCode::GivenTwice, &TLS, message);
    }
    let remote = url.is_remote();
    let mode = mode.or(url.sslmode()).or(remote.then_some("verify-full"));
    if let Some(mode) = mode {
        reader.show(&TLS, mode);
    }
    if remote && !unverified && mode != Some("verify-full") {
        let blamed = if reader.is_given(&TLS) { &TLS } else { &URL };
        let message = format!(
            "the connection to {redacted} would not be verified (sslmode={}). Use sslmode=verify-full, with \
             sslrootcert=<file> for a private authority; or set database.danger_unverified_tls=true",
            mode.unwrap_or("prefer")
        );
        reader.refuse(StartCode::DangerNotAccepted, blamed, message);
    }
    Some((DatabaseUrl::Postgres(Secret::new(url.with_sslmode(mode))), remote))
}
