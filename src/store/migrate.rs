//! The schema's migrations, embedded in the binary, run under a lock.

use diesel::{
    Connection, PgConnection, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    dsl::sql,
    migration::{Migration, MigrationSource, MigrationVersion},
    sql_types::Bool,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    Location, StoreError,
    conn::{Conn, Purpose},
};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any fixed number: nodes that start together queue up behind it.
const ADVISORY_LOCK: &str = "SELECT pg_advisory_lock(7309940271550)";
const ADVISORY_UNLOCK: &str = "SELECT pg_advisory_unlock(7309940271550)";

/// The state of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Applied, oldest first.
    pub applied: Vec<String>,
    /// Known to this version and not yet applied.
    pub pending: Vec<String>,
    /// Applied by a newer version, and unknown to this one.
    pub unknown: Vec<String>,
}

/// The schema: what state it is in, and bringing it up to date, over a connection of its own.
pub struct Schema(Conn);

impl Schema {
    /// Connects.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        Ok(Self(location.connect(Purpose::Write)?))
    }

    /// Which migrations are applied and which are pending. Writes nothing, not even the table of the records
    /// that Diesel would make.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn status(&mut self) -> Result<MigrationStatus, StoreError> {
        match &mut self.0 {
            Conn::Sqlite(conn) => sqlite_status(conn),
            Conn::Pg(conn) => pg_status(conn),
        }
    }

    /// Brings the schema up to date, under a lock: of several nodes starting, one does the work. Gives what
    /// was applied.
    ///
    /// # Errors
    /// When the database cannot be reached, or a migration fails.
    pub fn migrate(mut self) -> Result<Vec<String>, StoreError> {
        match &mut self.0 {
            // The file's lock serializes processes; the second one finds nothing pending.
            Conn::Sqlite(conn) => conn.exclusive_transaction(|conn| {
                warn_unknown(&sqlite_status(conn)?);
                names(conn.run_pending_migrations(SQLITE))
            }),
            Conn::Pg(conn) => {
                conn.batch_execute("SET lock_timeout='120s'; SET statement_timeout=0;")?;
                conn.batch_execute(ADVISORY_LOCK)?;
                let result = pg_status(conn).and_then(|status| {
                    warn_unknown(&status);
                    if status.applied.is_empty() {
                        // A new database is nobody's yet: one commit for all, instead of one a migration.
                        return conn.transaction(|conn| names(conn.run_pending_migrations(POSTGRES)));
                    }
                    names(conn.run_pending_migrations(POSTGRES))
                });
                conn.batch_execute(ADVISORY_UNLOCK)?;
                result
            }
        }
    }
}

fn sqlite_status(conn: &mut SqliteConnection) -> Result<MigrationStatus, StoreError> {
    let records = sql::<Bool>("EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations')");
    let applied = match diesel::select(records).get_result(conn)? {
        true => conn.applied_migrations().map_err(broken)?,
        false => Vec::new(),
    };
    let known = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_err(broken)?;
    Ok(compare(&applied, &known.iter().map(|m| m.name().version().as_owned()).collect::<Vec<_>>()))
}

fn pg_status(conn: &mut PgConnection) -> Result<MigrationStatus, StoreError> {
    let records = sql::<Bool>("to_regclass('__diesel_schema_migrations') IS NOT NULL");
    let applied = match diesel::select(records).get_result(conn)? {
        true => conn.applied_migrations().map_err(broken)?,
        false => Vec::new(),
    };
    let known = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).map_err(broken)?;
    Ok(compare(&applied, &known.iter().map(|m| m.name().version().as_owned()).collect::<Vec<_>>()))
}

fn compare(applied: &[MigrationVersion<'_>], known: &[MigrationVersion<'_>]) -> MigrationStatus {
    let text = |versions: &mut dyn Iterator<Item = &MigrationVersion<'_>>| {
        let mut list: Vec<String> = versions.map(ToString::to_string).collect();
        list.sort();
        list
    };
    MigrationStatus {
        applied: text(&mut applied.iter()),
        pending: text(&mut known.iter().filter(|version| !applied.contains(version))),
        unknown: text(&mut applied.iter().filter(|version| !known.contains(version))),
    }
}

/// A newer version's migrations only expand the schema, so that both versions run side by side:
/// being behind is said, not refused.
fn warn_unknown(status: &MigrationStatus) {
    if !status.unknown.is_empty() {
        tracing::warn!(versions = ?status.unknown, "the schema was migrated by a newer version");
    }
}

fn names(result: diesel::migration::Result<Vec<MigrationVersion<'_>>>) -> Result<Vec<String>, StoreError> {
    result.map(|versions| versions.iter().map(ToString::to_string).collect()).map_err(broken)
}

fn broken(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Broken(format!("a migration failed: {error}"))
}
