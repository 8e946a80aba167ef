//! An empty database for each test: a file in a directory of its own, or a copy of a PostgreSQL
//! database that is migrated once and kept for the next run of the same migrations. Copying takes
//! longer than most tests, so a copy that a test is done with is emptied and used again.

use std::{
    path::PathBuf,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use diesel::{
    Connection, PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};
use symbolon::{
    crypto::token::hash_of,
    domain::Secret,
    store::{Location, Schema, Store, StoreOptions},
};
use url::Url;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// The embedded one.
    Sqlite,
    /// The server of `SYMBOLON_TEST_POSTGRES`.
    Postgres,
}

/// A migrated database that goes when it is dropped.
pub struct TestDatabase {
    /// The opened store.
    pub store: Store,
    place: Place,
    options: StoreOptions,
}

enum Place {
    Directory(PathBuf),
    Server(String),
}

static COUNTER: AtomicU64 = AtomicU64::new(0);
/// Databases of this process that are empty and used by nobody.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl TestDatabase {
    /// Creates and opens one. `connections`: of PostgreSQL, or readers of SQLite.
    pub fn create(database: Database, connections: usize) -> Self {
        let name = format!("symbolon_it_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let options = StoreOptions { connections, ..StoreOptions::default() };
        match database {
            Database::Sqlite => {
                let directory = scratch().join(name);
                std::fs::create_dir(&directory).expect("the temporary directory can be written");
                let place = Place::Directory(directory);
                Schema::open(&place.location()).and_then(Schema::migrate).expect("the migrations run");
                Self { store: place.open(options), place, options }
            }
            Database::Postgres => {
                let template = template();
                let free = FREE.lock().expect("not poisoned").pop();
                let name = free.unwrap_or_else(|| {
                    administer(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
                    name
                });
                let place = Place::Server(name);
                Self { store: place.open(options), place, options }
            }
        }
    }

    /// Opens it once more, as another process would: with connections of its own. (The command line
    /// opens the file of a running server, too.)
    pub fn open_again(&self) -> Store {
        self.place.open(self.options)
    }
}

impl Place {
    fn location(&self) -> Location {
        match self {
            Self::Directory(directory) => Location::Sqlite(directory.join("symbolon.db")),
            Self::Server(name) => Location::Postgres(Secret::new(address_of(name))),
        }
    }

    fn open(&self, options: StoreOptions) -> Store {
        Store::open(&self.location(), options).expect("the test's database opens")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.place {
            Place::Directory(directory) => drop(std::fs::remove_dir_all(directory)),
            // What a failed test leaves behind is for people to look at.
            Place::Server(_) if std::thread::panicking() => {}
            Place::Server(name) => {
                empty(name);
                FREE.lock().expect("not poisoned").push(name.clone());
            }
        }
    }
}

/// Memory rather than a disk, where there is such a place: these tests are not about durability.
fn scratch() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn server() -> Url {
    let text = std::env::var("SYMBOLON_TEST_POSTGRES")
        .expect("SYMBOLON_TEST_POSTGRES is not set; `tests/run it` provides a PostgreSQL server and sets it");
    Url::parse(&text).expect("SYMBOLON_TEST_POSTGRES is a postgres:// URL")
}

fn address_of(name: &str) -> String {
    let mut url = server();
    url.set_path(name);
    url.into()
}

fn administer(statement: &str) {
    let mut conn = PgConnection::establish(server().as_str()).expect("SYMBOLON_TEST_POSTGRES answers");
    conn.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Ends every connection, so that nothing is written afterwards, and removes every row.
fn empty(name: &str) {
    administer(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
    let mut conn = PgConnection::establish(&address_of(name)).expect("the test's database answers");
    // The rows refer to each other; all of them go.
    conn.batch_execute(
        "SET session_replication_role = replica;
         DO $$ DECLARE name text; BEGIN
             FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%'
             LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
         END $$;",
    )
    .expect("the test's database can be emptied");
}

/// Removes what processes left that are gone.
fn sweep(conn: &mut PgConnection) {
    let left: Vec<Name> =
        sql_query("SELECT datname::text AS name FROM pg_database WHERE datname ~ '^symbolon_it_[0-9]+_[0-9]+$'")
            .load(conn)
            .expect("the list of databases");
    for Name { name } in left {
        let process = name.split('_').nth(2).unwrap_or_default();
        if !PathBuf::from("/proc").join(process).exists() {
            conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .expect("a database can be dropped");
        }
    }
}

/// The name of the migrated database that others are copied from. It is named after the migrations
/// and made under a lock, so that processes and runs share it.
fn template() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let name = format!("symbolon_it_template_{}", fingerprint_of_migrations());
        let mut conn = PgConnection::establish(server().as_str()).expect("SYMBOLON_TEST_POSTGRES answers");
        conn.batch_execute("SELECT pg_advisory_lock(7309940271551)").expect("an advisory lock");
        sweep(&mut conn);
        let known: Count = sql_query(format!("SELECT count(*) AS count FROM pg_database WHERE datname = '{name}'"))
            .get_result(&mut conn)
            .expect("the list of databases");
        if known.count == 0 {
            let draft = format!("{name}_draft");
            conn.batch_execute(&format!("DROP DATABASE IF EXISTS {draft}")).expect("the old draft goes");
            conn.batch_execute(&format!("CREATE DATABASE {draft}")).expect("a database can be created");
            let location = Location::Postgres(Secret::new(address_of(&draft)));
            Schema::open(&location).and_then(Schema::migrate).expect("the migrations run");
            conn.batch_execute(&format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{draft}'"
            ))
            .expect("connections to the draft end");
            conn.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).expect("the draft gets its name");
        }
        name
    })
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn fingerprint_of_migrations() -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut texts: Vec<String> = std::fs::read_dir(folder)
        .expect("migrations/postgres")
        .map(|entry| {
            let path = entry.expect("a migration").path().join("up.sql");
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect();
    texts.sort();
    hash_of(&texts.concat()).as_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
