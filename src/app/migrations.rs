//! The schema's state, and bringing it up to date, without opening anything else.

use super::{
    error::{StartError, database, migration},
    location,
};
use crate::{
    config::Settings,
    store::{MigrationStatus, Schema},
};

/// Which migrations are applied, pending, or unknown to this version.
///
/// # Errors
/// [`StartError`] when the database cannot be reached.
pub fn status(settings: &Settings) -> Result<MigrationStatus, StartError> {
    open(settings)?.status().map_err(|error| database(&error))
}

/// Applies what is pending. Gives the names of what was applied.
///
/// # Errors
/// [`StartError`] when the database cannot be reached, or a migration fails.
pub fn up(settings: &Settings) -> Result<Vec<String>, StartError> {
    open(settings)?.migrate().map_err(|error| migration(&error))
}

fn open(settings: &Settings) -> Result<Schema, StartError> {
    Schema::open(&location(&settings.database)?).map_err(|error| database(&error))
}
