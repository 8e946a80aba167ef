//! Facts about this installation: its id, what kind of database this is, which key seals it.

use diesel::prelude::*;

use super::{Read, StoreError, Write, schema::instance};

/// A stored fact.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, name: &str) -> Result<Option<String>, StoreError> {
    Ok(instance::table.filter(instance::name.eq(name)).select(instance::value).get_result(tx.conn).optional()?)
}

/// Stores a fact once. `false`: it was stored before, and stands.
///
/// # Errors
/// When the database fails.
pub fn insert_once(tx: &mut Write<'_>, name: &str, value: &str) -> Result<bool, StoreError> {
    let values = (instance::name.eq(name), instance::value.eq(value));
    Ok(super::dialect::insert_unless_present!(tx, instance::table, values)? == 1)
}

/// Writes a fact that was `expected` until now. `false`: somebody else wrote another one first.
///
/// # Errors
/// When the database fails.
pub fn replace(tx: &mut Write<'_>, name: &str, expected: Option<&str>, value: &str) -> Result<bool, StoreError> {
    let Some(expected) = expected else { return insert_once(tx, name, value) };
    let stored = instance::table.filter(instance::name.eq(name)).filter(instance::value.eq(expected));
    Ok(diesel::update(stored).set(instance::value.eq(value)).execute(tx.conn())? == 1)
}

/// A stored fact, which cannot change before the caller's transaction ends.
///
/// # Errors
/// When the database fails.
pub fn lock(tx: &mut Write<'_>, name: &str) -> Result<Option<String>, StoreError> {
    let stored = instance::table.filter(instance::name.eq(name));
    diesel::update(stored).set(instance::value.eq(instance::value)).execute(tx.conn())?;
    find(tx, name)
}

/// Whether the database holds neither a user nor a client.
///
/// # Errors
/// When the database fails.
pub fn is_empty(tx: &mut Read<'_>) -> Result<bool, StoreError> {
    use super::schema::{clients, users};
    let users: i64 = users::table.count().get_result(tx.conn)?;
    let clients: i64 = clients::table.count().get_result(tx.conn)?;
    Ok(users == 0 && clients == 0)
}
