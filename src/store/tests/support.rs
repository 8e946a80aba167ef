//! A database for one test, on either back end, and the macro that runs a test on both.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use diesel::{PgConnection, QueryableByName, connection::SimpleConnection, prelude::*, sql_types};

use crate::{
    domain::Secret,
    store::{Abort, Location, Read, Schema, Store, StoreError, StoreOptions, Write, conn::Conn, conn::Purpose},
};

/// What the closures of the tests answer.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// A refusal of the closure's own.
    Refused(&'static str),
    /// The database's.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    pub(super) fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unavailable(_)))
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Self::Store(StoreError::Broken(_)))
    }

    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict(_)))
    }
}

pub(super) fn undo<T>(why: &'static str) -> Result<T, Abort<Failure>> {
    Err(Abort::Undo(Failure::Refused(why)))
}

/// Makes of each test one on SQLite and one on PostgreSQL.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident) $body:block)+) => {
        use $crate::store::tests::support::TestDb as EitherDb;
        $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn body($db: EitherDb) $body

            #[tokio::test]
            async fn sqlite() {
                body(EitherDb::sqlite()).await;
            }

            #[tokio::test]
            async fn postgres() {
                body(EitherDb::postgres()).await;
            }
        }
    )+};
}
pub(super) use on_both;

/// A database of its own, dropped with the value.
pub(super) struct TestDb {
    pub(super) store: Store,
    pub(super) location: Location,
    home: Home,
}

enum Home {
    Directory(PathBuf),
    Database { admin: String, name: String },
}

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// A name that no other test of this process or of another one uses.
pub(super) fn unique(prefix: &str) -> String {
    format!("{prefix}_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The superuser's URL.
pub(super) fn postgres_url() -> String {
    std::env::var("SYMBOLON_TEST_POSTGRES").expect(
        "SYMBOLON_TEST_POSTGRES is not set: the PostgreSQL half of the store suite needs a superuser's URL; \
         `tests/run` provides one",
    )
}

/// The URL with another database in its path.
pub(super) fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let authority = base.find("://").map_or(0, |at| at + 3);
    let end = base[authority..].find('/').map_or(base.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &base[..end])
}

pub(super) fn admin(url: &str) -> PgConnection {
    PgConnection::establish(url).expect("SYMBOLON_TEST_POSTGRES is reachable")
}

/// A migrated database to copy from. It stays in the cluster, named after what made it.
fn template(url: &str) -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let mut hash = DefaultHasher::new();
        super::migrations::texts("postgres").hash(&mut hash);
        let name = format!("symbolon_template_{:016x}", hash.finish());
        let mut conn = admin(url);
        // Several test processes may start at once.
        conn.batch_execute("SELECT pg_advisory_lock(48151623)").unwrap();
        let there: i64 = count(&mut Conn::Pg(admin(url)), &format!("pg_database WHERE datname = '{name}'"));
        if there == 0 {
            let building = format!("{name}_building");
            conn.batch_execute(&format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)")).unwrap();
            conn.batch_execute(&format!("CREATE DATABASE {building}")).unwrap();
            Schema::open(&Location::Postgres(Secret::new(with_database(url, &building)))).unwrap().migrate().unwrap();
            conn.batch_execute(&format!("ALTER DATABASE {building} RENAME TO {name}")).unwrap();
        }
        conn.batch_execute("SELECT pg_advisory_unlock(48151623)").unwrap();
        name
    })
}

impl TestDb {
    pub(super) fn sqlite() -> Self {
        Self::sqlite_with(StoreOptions::default())
    }

    pub(super) fn sqlite_with(options: StoreOptions) -> Self {
        let db = Self::empty_sqlite(options);
        db.schema().migrate().expect("migrates");
        db
    }

    /// Without any table.
    pub(super) fn empty_sqlite(options: StoreOptions) -> Self {
        let directory = std::env::temp_dir().join(unique("symbolon_store"));
        std::fs::create_dir_all(&directory).unwrap();
        let location = Location::Sqlite(directory.join("test.db"));
        let store = Store::open(&location, options).expect("opens");
        Self { store, location, home: Home::Directory(directory) }
    }

    pub(super) fn postgres() -> Self {
        Self::postgres_with(StoreOptions::default())
    }

    pub(super) fn postgres_with(options: StoreOptions) -> Self {
        let url = postgres_url();
        let template = format!("TEMPLATE {}", template(&url));
        Self::create_postgres(url, &template, options)
    }

    /// Without any table.
    pub(super) fn empty_postgres() -> Self {
        Self::create_postgres(postgres_url(), "", StoreOptions::default())
    }

    fn create_postgres(admin_url: String, template: &str, options: StoreOptions) -> Self {
        let name = unique("symbolon_test");
        let mut conn = admin(&admin_url);
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name} {template}")).unwrap();
        let location = Location::Postgres(Secret::new(with_database(&admin_url, &name)));
        let home = Home::Database { admin: admin_url, name };
        let store = Store::open(&location, options).expect("opens");
        Self { store, location, home }
    }

    /// The same kind of database with other options.
    pub(super) fn again_with(&self, options: StoreOptions) -> Self {
        if self.is_sqlite() { Self::sqlite_with(options) } else { Self::postgres_with(options) }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.home, Home::Directory(_))
    }

    /// The name of the database, or the path of its directory.
    pub(super) fn name(&self) -> String {
        match &self.home {
            Home::Directory(path) => path.display().to_string(),
            Home::Database { name, .. } => name.clone(),
        }
    }

    /// A connection beside the store's.
    pub(super) fn connect(&self) -> Conn {
        self.location.connect(Purpose::Write).expect("connects")
    }

    /// The schema, beside the store.
    pub(super) fn schema(&self) -> Schema {
        Schema::open(&self.location).expect("connects")
    }

    /// Runs statements beside the store.
    pub(super) fn sql(&self, sql: &str) {
        execute(&mut self.connect(), sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// `SELECT COUNT(*) FROM …` beside the store.
    pub(super) fn count(&self, from: &str) -> i64 {
        count(&mut self.connect(), from)
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Write<'_>) -> Result<T, Abort<Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        self.store.write(f).await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Read<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.store.read(f).await
    }

    /// Runs `many` units of work at once, each given its number, and waits for all answers.
    pub(super) async fn race<T, F>(&self, many: usize, unit: F) -> Vec<Result<T, Failure>>
    where
        T: Send + 'static,
        F: Fn(&mut Write<'_>, usize) -> Result<T, Abort<Failure>> + Clone + Send + 'static,
    {
        let tasks: Vec<_> = (0..many)
            .map(|number| {
                let (store, unit) = (self.store.clone(), unit.clone());
                tokio::spawn(async move { store.write(move |tx| unit(tx, number)).await })
            })
            .collect();
        let mut answers = Vec::with_capacity(many);
        for task in tasks {
            answers.push(task.await.expect("answers"));
        }
        answers
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        match &self.home {
            Home::Directory(path) => {
                let _ = std::fs::remove_dir_all(path);
            }
            Home::Database { admin: url, name } => {
                if let Ok(mut conn) = PgConnection::establish(url) {
                    let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
                }
            }
        }
    }
}

pub(super) fn execute(conn: &mut Conn, sql: &str) -> Result<(), StoreError> {
    match conn {
        Conn::Sqlite(sqlite) => Ok(sqlite.batch_execute(sql)?),
        Conn::Pg(pg) => Ok(pg.batch_execute(sql)?),
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = sql_types::BigInt)]
    n: i64,
}

pub(super) fn count(conn: &mut Conn, from: &str) -> i64 {
    let query = diesel::sql_query(format!("SELECT COUNT(*) AS n FROM {from}"));
    let rows: Vec<Count> = match conn {
        Conn::Sqlite(sqlite) => query.load(sqlite),
        Conn::Pg(pg) => query.load(pg),
    }
    .unwrap_or_else(|error| panic!("{from}: {error}"));
    rows[0].n
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = sql_types::Text)]
    t: String,
}

/// One text; the query names it `t`.
pub(super) fn text(conn: &mut Conn, query: &str) -> Result<String, StoreError> {
    let query = diesel::sql_query(query);
    let rows: Vec<Text> = match conn {
        Conn::Sqlite(sqlite) => query.load(sqlite)?,
        Conn::Pg(pg) => query.load(pg)?,
    };
    Ok(rows.into_iter().next().map(|row| row.t).expect("one row"))
}
