//! The registered APIs.

use diesel::prelude::*;

use super::{Read, StoreError, Write, row, schema::apis};
use crate::domain::{
    Timestamp,
    entity::{Api, Owner},
    oauth::resource_key,
};

#[derive(Queryable)]
struct ApiRow {
    resource: String,
    _resource_key: String,
    name: String,
    description: String,
    settings: String,
    owner: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    _metadata_path: Option<String>,
}

impl ApiRow {
    fn into_api(self) -> Result<Api, StoreError> {
        Ok(Api {
            resource: self.resource,
            name: self.name,
            description: self.description,
            settings: row::from_json(&self.settings, "apis", "settings")?,
            owner: row::known(Owner::from_name(&self.owner), "apis", "owner")?,
            version: self.version,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

/// Inserts an API.
///
/// # Errors
/// `Conflict` when the identifier is taken, in either spelling, or the place of its metadata.
pub fn insert(tx: &mut Write<'_>, api: &Api) -> Result<(), StoreError> {
    diesel::insert_into(apis::table)
        .values((
            apis::resource.eq(&api.resource),
            apis::resource_key.eq(resource_key(&api.resource)),
            apis::name.eq(&api.name),
            apis::description.eq(&api.description),
            apis::settings.eq(row::to_json(&api.settings, "apis", "settings")?),
            apis::owner.eq(api.owner.name()),
            apis::version.eq(api.version),
            apis::created_at.eq(api.created_at.millis()),
            apis::updated_at.eq(api.updated_at.millis()),
            apis::metadata_path.eq(api.settings.metadata_path.as_deref()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes a changed API, if its stored version is still the given one, and raises the version.
///
/// # Errors
/// `Conflict` when the place of its metadata is taken.
pub fn update(tx: &mut Write<'_>, api: &Api) -> Result<bool, StoreError> {
    let unchanged = apis::table.filter(apis::resource.eq(&api.resource)).filter(apis::version.eq(api.version));
    let written = diesel::update(unchanged)
        .set((
            apis::name.eq(&api.name),
            apis::description.eq(&api.description),
            apis::settings.eq(row::to_json(&api.settings, "apis", "settings")?),
            apis::version.eq(api.version + 1),
            apis::updated_at.eq(api.updated_at.millis()),
            apis::metadata_path.eq(api.settings.metadata_path.as_deref()),
        ))
        .execute(tx.conn())?;
    Ok(written == 1)
}

/// Deletes an API.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, resource: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(apis::table.filter(apis::resource.eq(resource))).execute(tx.conn())? == 1)
}

/// The API with this identifier, in either spelling.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, resource: &str) -> Result<Option<Api>, StoreError> {
    apis::table
        .filter(apis::resource_key.eq(resource_key(resource)))
        .get_result::<ApiRow>(tx.conn)
        .optional()?
        .map(ApiRow::into_api)
        .transpose()
}

/// Those of these identifiers that are registered, in either spelling and in no order.
///
/// # Errors
/// When the database fails.
pub fn find_all(tx: &mut Read<'_>, resources: &[String]) -> Result<Vec<Api>, StoreError> {
    match resources {
        [] => Ok(Vec::new()),
        // A list in the statement is planned anew at every execution.
        [one] => Ok(find(tx, one)?.into_iter().collect()),
        several => apis::table
            .filter(apis::resource_key.eq_any(several.iter().map(|one| resource_key(one)).collect::<Vec<_>>()))
            .load::<ApiRow>(tx.conn)?
            .into_iter()
            .map(ApiRow::into_api)
            .collect(),
    }
}

/// A page of APIs, ordered by identifier, after the given one.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, after: Option<&str>, limit: i64) -> Result<Vec<Api>, StoreError> {
    apis::table
        .filter(apis::resource.gt(after.unwrap_or_default()))
        .order(apis::resource.asc())
        .limit(limit)
        .load::<ApiRow>(tx.conn)?
        .into_iter()
        .map(ApiRow::into_api)
        .collect()
}
