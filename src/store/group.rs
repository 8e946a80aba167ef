//! Groups, and who is in them.

use diesel::prelude::*;

use super::{
    Read, StoreError, Write, row,
    schema::{group_members, groups, users},
};
use crate::domain::{
    Timestamp,
    entity::{Group, Owner},
    ids::{GroupId, UserId},
};

#[derive(Queryable)]
struct GroupRow {
    id: String,
    name: String,
    description: String,
    owner: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl GroupRow {
    fn into_group(self) -> Result<Group, StoreError> {
        Ok(Group {
            id: GroupId::new(self.id),
            name: self.name,
            description: self.description,
            owner: row::known(Owner::from_name(&self.owner), "groups", "owner")?,
            version: self.version,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

/// Inserts a group.
///
/// # Errors
/// `Conflict` when the name is taken.
pub fn insert(tx: &mut Write<'_>, group: &Group) -> Result<(), StoreError> {
    diesel::insert_into(groups::table)
        .values((
            groups::id.eq(group.id.as_str()),
            groups::name.eq(&group.name),
            groups::description.eq(&group.description),
            groups::owner.eq(group.owner.name()),
            groups::version.eq(group.version),
            groups::created_at.eq(group.created_at.millis()),
            groups::updated_at.eq(group.updated_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes a changed group, if its stored version is still the given one, and raises the version.
///
/// # Errors
/// `Conflict` when the name is taken.
pub fn update(tx: &mut Write<'_>, group: &Group) -> Result<bool, StoreError> {
    let written = diesel::update(
        groups::table.filter(groups::id.eq(group.id.as_str())).filter(groups::version.eq(group.version)),
    )
    .set((
        groups::name.eq(&group.name),
        groups::description.eq(&group.description),
        groups::version.eq(group.version + 1),
        groups::updated_at.eq(group.updated_at.millis()),
    ))
    .execute(tx.conn())?;
    Ok(written == 1)
}

/// Deletes a group and every membership in it.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, id: &GroupId) -> Result<bool, StoreError> {
    Ok(diesel::delete(groups::table.filter(groups::id.eq(id.as_str()))).execute(tx.conn())? == 1)
}

/// The group of this name.
///
/// # Errors
/// When the database fails.
pub fn find_by_name(tx: &mut Read<'_>, name: &str) -> Result<Option<Group>, StoreError> {
    groups::table
        .filter(groups::name.eq(name))
        .get_result::<GroupRow>(tx.conn)
        .optional()?
        .map(GroupRow::into_group)
        .transpose()
}

/// A page of groups, ordered by name, after the given one.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, after: Option<&str>, limit: i64) -> Result<Vec<Group>, StoreError> {
    groups::table
        .filter(groups::name.gt(after.unwrap_or_default()))
        .order(groups::name.asc())
        .limit(limit)
        .load::<GroupRow>(tx.conn)?
        .into_iter()
        .map(GroupRow::into_group)
        .collect()
}

/// Puts a user into a group. `false`: already in it.
///
/// # Errors
/// When the database fails.
pub fn add_member(tx: &mut Write<'_>, group: &GroupId, user: &UserId) -> Result<bool, StoreError> {
    let values = (group_members::group_id.eq(group.as_str()), group_members::user_id.eq(user.as_str()));
    Ok(super::dialect::insert_unless_present!(tx, group_members::table, values)? == 1)
}

/// Takes a user out of a group. `false`: was not in it.
///
/// # Errors
/// When the database fails.
pub fn remove_member(tx: &mut Write<'_>, group: &GroupId, user: &UserId) -> Result<bool, StoreError> {
    let row = group_members::table
        .filter(group_members::group_id.eq(group.as_str()))
        .filter(group_members::user_id.eq(user.as_str()));
    Ok(diesel::delete(row).execute(tx.conn())? == 1)
}

/// The names of the groups that a user is in, sorted.
///
/// # Errors
/// When the database fails.
pub fn names_of_user(tx: &mut Read<'_>, user: &UserId) -> Result<Vec<String>, StoreError> {
    Ok(group_members::table
        .inner_join(groups::table.on(groups::id.eq(group_members::group_id)))
        .filter(group_members::user_id.eq(user.as_str()))
        .order(groups::name.asc())
        .select(groups::name)
        .load(tx.conn)?)
}

/// The usernames in a group, sorted.
///
/// # Errors
/// When the database fails.
pub fn member_names(tx: &mut Read<'_>, group: &GroupId) -> Result<Vec<String>, StoreError> {
    Ok(group_members::table
        .inner_join(users::table.on(users::id.eq(group_members::user_id)))
        .filter(group_members::group_id.eq(group.as_str()))
        .order(users::username_canonical.asc())
        .select(users::username)
        .load(tx.conn)?)
}
