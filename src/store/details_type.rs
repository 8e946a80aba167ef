//! The registered types of authorization details.

use diesel::prelude::*;

use super::{Read, StoreError, Write, row, schema::authorization_details_types as types};
use crate::domain::{
    Timestamp,
    entity::{DetailsType, Owner},
};

const TABLE: &str = "authorization_details_types";

#[derive(Queryable)]
struct TypeRow {
    name: String,
    title: String,
    description: String,
    schema: String,
    owner: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TypeRow {
    fn into_type(self) -> Result<DetailsType, StoreError> {
        Ok(DetailsType {
            name: self.name,
            title: self.title,
            description: self.description,
            schema: row::from_json(&self.schema, TABLE, "schema")?,
            owner: row::known(Owner::from_name(&self.owner), TABLE, "owner")?,
            version: self.version,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

/// Inserts a type.
///
/// # Errors
/// `Conflict` when the name is taken.
pub fn insert(tx: &mut Write<'_>, new: &DetailsType) -> Result<(), StoreError> {
    diesel::insert_into(types::table)
        .values((
            types::name.eq(&new.name),
            types::title.eq(&new.title),
            types::description.eq(&new.description),
            types::schema.eq(row::to_json(&new.schema, TABLE, "schema")?),
            types::owner.eq(new.owner.name()),
            types::version.eq(new.version),
            types::created_at.eq(new.created_at.millis()),
            types::updated_at.eq(new.updated_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes a changed type, if its stored version is still the given one, and raises the version.
///
/// # Errors
/// When the database fails.
pub fn update(tx: &mut Write<'_>, changed: &DetailsType) -> Result<bool, StoreError> {
    let unchanged = types::table.filter(types::name.eq(&changed.name)).filter(types::version.eq(changed.version));
    let written = diesel::update(unchanged)
        .set((
            types::title.eq(&changed.title),
            types::description.eq(&changed.description),
            types::schema.eq(row::to_json(&changed.schema, TABLE, "schema")?),
            types::version.eq(changed.version + 1),
            types::updated_at.eq(changed.updated_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(written == 1)
}

/// Deletes a type.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, name: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(types::table.filter(types::name.eq(name))).execute(tx.conn())? == 1)
}

/// The type of this name.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, name: &str) -> Result<Option<DetailsType>, StoreError> {
    types::table
        .filter(types::name.eq(name))
        .get_result::<TypeRow>(tx.conn)
        .optional()?
        .map(TypeRow::into_type)
        .transpose()
}

/// A page of types, ordered by name, after the given one.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, after: Option<&str>, limit: i64) -> Result<Vec<DetailsType>, StoreError> {
    types::table
        .filter(types::name.gt(after.unwrap_or_default()))
        .order(types::name.asc())
        .limit(limit)
        .load::<TypeRow>(tx.conn)?
        .into_iter()
        .map(TypeRow::into_type)
        .collect()
}
