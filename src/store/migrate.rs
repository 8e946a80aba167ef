//! The schema's migrations, embedded in the binary, run under a lock.

use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource, MigrationVersion},
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

pub(super) fn run(location: &Location) -> Result<Vec<String>, StoreError> {
    match location.connect(Purpose::Write)? {
        Conn::Sqlite(mut conn) => {
            // The file's lock serializes processes; the second one finds nothing pending.
            conn.exclusive_transaction(|conn| {
                warn_unknown(&sqlite_status(conn)?);
                names(conn.run_pending_migrations(SQLITE))
            })
        }
        Conn::Pg(mut conn) => {
            conn.batch_execute("SET lock_timeout='120s'; SET statement_timeout=0;")?;
            conn.batch_execute(ADVISORY_LOCK)?;
            let result = pg_status(&mut conn).and_then(|status| {
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

pub(super) fn status(location: &Location) -> Result<MigrationStatus, StoreError> {
    match location.connect(Purpose::Write)? {
        Conn::Sqlite(mut conn) => sqlite_status(&mut conn),
        Conn::Pg(mut conn) => pg_status(&mut conn),
    }
}

fn sqlite_status(conn: &mut SqliteConnection) -> Result<MigrationStatus, StoreError> {
    let applied = conn.applied_migrations().map_err(broken)?;
    let known = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_err(broken)?;
    Ok(compare(&applied, &known.iter().map(|m| m.name().version().as_owned()).collect::<Vec<_>>()))
}

fn pg_status(conn: &mut PgConnection) -> Result<MigrationStatus, StoreError> {
    let applied = conn.applied_migrations().map_err(broken)?;
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
