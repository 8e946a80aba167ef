//! Roles, and who holds them: people directly, people through groups, clients.

use diesel::prelude::*;

use super::{
    Read, StoreError, Write, row,
    schema::{client_roles, group_members, group_roles, groups, roles, user_roles, users},
};
use crate::domain::{
    Timestamp,
    entity::{Owner, Role},
    ids::{ClientId, GroupId, RoleId, UserId},
};

#[derive(Queryable)]
struct RoleRow {
    id: String,
    name: String,
    description: String,
    owner: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl RoleRow {
    fn into_role(self) -> Result<Role, StoreError> {
        Ok(Role {
            id: RoleId::new(self.id),
            name: self.name,
            description: self.description,
            owner: row::known(Owner::from_name(&self.owner), "roles", "owner")?,
            version: self.version,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

/// Inserts a role.
///
/// # Errors
/// `Conflict` when the name is taken.
pub fn insert(tx: &mut Write<'_>, role: &Role) -> Result<(), StoreError> {
    diesel::insert_into(roles::table)
        .values((
            roles::id.eq(role.id.as_str()),
            roles::name.eq(&role.name),
            roles::description.eq(&role.description),
            roles::owner.eq(role.owner.name()),
            roles::version.eq(role.version),
            roles::created_at.eq(role.created_at.millis()),
            roles::updated_at.eq(role.updated_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes a changed role, if its stored version is still the given one, and raises the version.
///
/// # Errors
/// `Conflict` when the name is taken.
pub fn update(tx: &mut Write<'_>, role: &Role) -> Result<bool, StoreError> {
    let written =
        diesel::update(roles::table.filter(roles::id.eq(role.id.as_str())).filter(roles::version.eq(role.version)))
            .set((
                roles::name.eq(&role.name),
                roles::description.eq(&role.description),
                roles::version.eq(role.version + 1),
                roles::updated_at.eq(role.updated_at.millis()),
            ))
            .execute(tx.conn())?;
    Ok(written == 1)
}

/// Deletes a role and every membership in it.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, id: &RoleId) -> Result<bool, StoreError> {
    Ok(diesel::delete(roles::table.filter(roles::id.eq(id.as_str()))).execute(tx.conn())? == 1)
}

/// The role of this name.
///
/// # Errors
/// When the database fails.
pub fn find_by_name(tx: &mut Read<'_>, name: &str) -> Result<Option<Role>, StoreError> {
    roles::table
        .filter(roles::name.eq(name))
        .get_result::<RoleRow>(tx.conn)
        .optional()?
        .map(RoleRow::into_role)
        .transpose()
}

/// A page of roles, ordered by name, after the given one.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, after: Option<&str>, limit: i64) -> Result<Vec<Role>, StoreError> {
    roles::table
        .filter(roles::name.gt(after.unwrap_or_default()))
        .order(roles::name.asc())
        .limit(limit)
        .load::<RoleRow>(tx.conn)?
        .into_iter()
        .map(RoleRow::into_role)
        .collect()
}

/// Gives a role to a user. `false`: already held.
///
/// # Errors
/// When the database fails.
pub fn grant_to_user(tx: &mut Write<'_>, role: &RoleId, user: &UserId) -> Result<bool, StoreError> {
    let values = (user_roles::user_id.eq(user.as_str()), user_roles::role_id.eq(role.as_str()));
    Ok(super::dialect::insert_unless_present!(tx, user_roles::table, values)? == 1)
}

/// Takes a role from a user. `false`: was not held directly.
///
/// # Errors
/// When the database fails.
pub fn revoke_from_user(tx: &mut Write<'_>, role: &RoleId, user: &UserId) -> Result<bool, StoreError> {
    let row =
        user_roles::table.filter(user_roles::user_id.eq(user.as_str())).filter(user_roles::role_id.eq(role.as_str()));
    Ok(diesel::delete(row).execute(tx.conn())? == 1)
}

/// Gives a role to everybody in a group. `false`: already given.
///
/// # Errors
/// When the database fails.
pub fn grant_to_group(tx: &mut Write<'_>, role: &RoleId, group: &GroupId) -> Result<bool, StoreError> {
    let values = (group_roles::group_id.eq(group.as_str()), group_roles::role_id.eq(role.as_str()));
    Ok(super::dialect::insert_unless_present!(tx, group_roles::table, values)? == 1)
}

/// Takes a role from a group. `false`: was not given.
///
/// # Errors
/// When the database fails.
pub fn revoke_from_group(tx: &mut Write<'_>, role: &RoleId, group: &GroupId) -> Result<bool, StoreError> {
    let row = group_roles::table
        .filter(group_roles::group_id.eq(group.as_str()))
        .filter(group_roles::role_id.eq(role.as_str()));
    Ok(diesel::delete(row).execute(tx.conn())? == 1)
}

/// Gives a role to a client's own tokens. `false`: already given.
///
/// # Errors
/// When the database fails.
pub fn grant_to_client(tx: &mut Write<'_>, role: &RoleId, client: &ClientId) -> Result<bool, StoreError> {
    let values = (client_roles::client_id.eq(client.as_str()), client_roles::role_id.eq(role.as_str()));
    Ok(super::dialect::insert_unless_present!(tx, client_roles::table, values)? == 1)
}

/// Takes a role from a client. `false`: was not given.
///
/// # Errors
/// When the database fails.
pub fn revoke_from_client(tx: &mut Write<'_>, role: &RoleId, client: &ClientId) -> Result<bool, StoreError> {
    let row = client_roles::table
        .filter(client_roles::client_id.eq(client.as_str()))
        .filter(client_roles::role_id.eq(role.as_str()));
    Ok(diesel::delete(row).execute(tx.conn())? == 1)
}

/// The names of the roles that a user holds directly, sorted.
///
/// # Errors
/// When the database fails.
pub fn direct_names_of_user(tx: &mut Read<'_>, user: &UserId) -> Result<Vec<String>, StoreError> {
    Ok(user_roles::table
        .inner_join(roles::table.on(roles::id.eq(user_roles::role_id)))
        .filter(user_roles::user_id.eq(user.as_str()))
        .order(roles::name.asc())
        .select(roles::name)
        .load(tx.conn)?)
}

/// The roles that a user holds through groups, as (group name, role name), sorted.
///
/// # Errors
/// When the database fails.
pub fn names_by_group_of_user(tx: &mut Read<'_>, user: &UserId) -> Result<Vec<(String, String)>, StoreError> {
    Ok(group_members::table
        .inner_join(groups::table.on(groups::id.eq(group_members::group_id)))
        .inner_join(group_roles::table.on(group_roles::group_id.eq(group_members::group_id)))
        .inner_join(roles::table.on(roles::id.eq(group_roles::role_id)))
        .filter(group_members::user_id.eq(user.as_str()))
        .order((groups::name.asc(), roles::name.asc()))
        .select((groups::name, roles::name))
        .load(tx.conn)?)
}

/// The names of the roles that a client's own tokens carry, sorted.
///
/// # Errors
/// When the database fails.
pub fn names_of_client(tx: &mut Read<'_>, client: &ClientId) -> Result<Vec<String>, StoreError> {
    Ok(client_roles::table
        .inner_join(roles::table.on(roles::id.eq(client_roles::role_id)))
        .filter(client_roles::client_id.eq(client.as_str()))
        .order(roles::name.asc())
        .select(roles::name)
        .load(tx.conn)?)
}

/// The active users who hold a role, directly or through a group.
///
/// # Errors
/// When the database fails.
pub fn active_holders(tx: &mut Read<'_>, role: &RoleId) -> Result<Vec<UserId>, StoreError> {
    let mut holders: Vec<String> = user_roles::table
        .inner_join(users::table.on(users::id.eq(user_roles::user_id)))
        .filter(user_roles::role_id.eq(role.as_str()))
        .filter(users::state.eq("active"))
        .select(users::id)
        .load(tx.conn)?;
    holders.extend(
        group_roles::table
            .inner_join(group_members::table.on(group_members::group_id.eq(group_roles::group_id)))
            .inner_join(users::table.on(users::id.eq(group_members::user_id)))
            .filter(group_roles::role_id.eq(role.as_str()))
            .filter(users::state.eq("active"))
            .select(users::id)
            .load::<String>(tx.conn)?,
    );
    holders.sort();
    holders.dedup();
    Ok(holders.into_iter().map(UserId::new).collect())
}
