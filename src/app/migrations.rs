//! The schema's state, and bringing it up to date, without opening anything else.

use super::{
    Purpose,
    error::{StartError, database, migration},
    open_store,
};
use crate::{config::Settings, store::MigrationStatus};

/// Which migrations are applied, pending, or unknown to this version.
///
/// # Errors
/// [`StartError`] when the database cannot be reached.
pub fn status(settings: &Settings) -> Result<MigrationStatus, StartError> {
    let store = open_store(&settings.database, Purpose::Command)?;
    store.migration_status().map_err(|error| database(&error))
}

/// Applies what is pending. Gives the names of what was applied.
///
/// # Errors
/// [`StartError`] when the database cannot be reached, or a migration fails.
pub fn up(settings: &Settings) -> Result<Vec<String>, StartError> {
    let store = open_store(&settings.database, Purpose::Command)?;
    store.migrate().map_err(|error| migration(&error))
}
