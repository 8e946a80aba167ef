//! Services over a fresh database, for tests: SQLite in a temporary directory, and PostgreSQL when
//! SYMBOLON_TEST_POSTGRES names a server where databases may be made.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{Purpose, dev::DevDirectory, open_services};
use crate::{
    config::{DiskFiles, Settings, Sources},
    domain::{Timestamp, trace::Transaction},
    service::{Clock, Cx, Services},
};

/// A clock that moves when it is told to.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// Lets so many seconds pass.
    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        // Two reads are never the same moment, as in real life.
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// A database that goes away with the test.
pub(crate) struct TestDatabase {
    /// Its address.
    pub(crate) url: String,
    directory: DevDirectory,
    drop_with: Option<(String, String)>,
}

impl TestDatabase {
    pub(crate) fn sqlite() -> Self {
        let directory = DevDirectory::create().expect("a temporary directory");
        let url = format!("sqlite://{}", directory.path().join("symbolon.db").display());
        Self { url, directory, drop_with: None }
    }

    fn postgres(server: &str) -> Self {
        let directory = DevDirectory::create().expect("a temporary directory");
        let name = directory.path().file_name().and_then(|name| name.to_str()).expect("text").replace('-', "_");
        psql(server, &format!("CREATE DATABASE {name}"));
        let (base, _) = server.rsplit_once('/').expect("postgres://host/name");
        Self { url: format!("{base}/{name}"), directory, drop_with: Some((server.to_owned(), name)) }
    }

    /// One a backend.
    pub(crate) fn each() -> Vec<Self> {
        let server = std::env::var("SYMBOLON_TEST_POSTGRES").ok().filter(|server| !server.is_empty());
        std::iter::once(Self::sqlite()).chain(server.map(|server| Self::postgres(&server))).collect()
    }

    /// Flags that name it, and a key of its own.
    pub(crate) fn flags(&self) -> Vec<(String, String)> {
        let mut flags = vec![("database.url".to_owned(), self.url.clone())];
        if self.drop_with.is_some() {
            // The default key file would be ./data/master.key, which all tests would share.
            let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
            let file = self.directory.path().join("key");
            std::fs::write(&file, key).expect("a key file");
            flags.push(("secrets.master_key_file".to_owned(), file.display().to_string()));
        }
        flags
    }

    pub(crate) fn settings(&self) -> Settings {
        let flags = self.flags();
        let sources = Sources { config_file: None, environment: Vec::new(), flags, files: &DiskFiles };
        Settings::load(&sources).expect("settings")
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.path()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.drop_with {
            psql(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn psql(server: &str, sql: &str) {
    let done = Command::new("psql").args([server, "-qc", sql]).output().expect("psql runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Services over one database, with a clock of their own.
pub(crate) struct Fixture {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<TestClock>,
    _database: TestDatabase,
}

impl Fixture {
    /// One a backend.
    pub(crate) async fn each() -> Vec<Self> {
        let mut fixtures = Vec::new();
        for database in TestDatabase::each() {
            fixtures.push(Self::on(database).await);
        }
        fixtures
    }

    pub(crate) async fn on(database: TestDatabase) -> Self {
        let mut services = open_services(&database.settings(), Purpose::Command).await.expect("services");
        let clock = Arc::new(TestClock(AtomicI64::new(1_800_000_000_000)));
        Arc::get_mut(&mut services).expect("nobody else uses them yet").clock = clock.clone();
        Self { services, clock, _database: database }
    }

    /// A new request.
    pub(crate) fn cx(&self) -> Cx {
        Cx::local(self.services.clone(), Transaction::Admin, "cli")
    }
}
