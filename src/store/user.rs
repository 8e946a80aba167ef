//! People.

use diesel::prelude::*;

use super::{
    Read, StoreError, Write,
    dialect::{execute_prepared, find_prepared},
    row,
    schema::users,
};
use crate::domain::{
    Timestamp,
    entity::{Owner, User, UserState},
    ids::UserId,
};

#[derive(Queryable)]
pub(super) struct UserRow {
    id: String,
    username: String,
    _username_canonical: String,
    email: Option<String>,
    _email_canonical: Option<String>,
    email_verified: bool,
    name: Option<String>,
    profile: String,
    state: String,
    not_before: Option<i64>,
    owner: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl UserRow {
    pub(super) fn into_user(self) -> Result<User, StoreError> {
        Ok(User {
            id: UserId::new(self.id),
            username: self.username,
            email: self.email,
            email_verified: self.email_verified,
            name: self.name,
            profile: row::from_json(&self.profile, "users", "profile")?,
            state: row::known(UserState::from_name(&self.state), "users", "state")?,
            not_before: row::time(self.not_before),
            owner: row::known(Owner::from_name(&self.owner), "users", "owner")?,
            version: self.version,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

/// Inserts a user.
///
/// # Errors
/// `Conflict` when username or email is taken.
pub fn insert(tx: &mut Write<'_>, user: &User) -> Result<(), StoreError> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id.as_str()),
            users::username.eq(&user.username),
            users::username_canonical.eq(User::canonical(&user.username)),
            users::email.eq(user.email.as_deref()),
            users::email_canonical.eq(user.claimed_email()),
            users::email_verified.eq(user.email_verified),
            users::name.eq(user.name.as_deref()),
            users::profile.eq(row::to_json(&user.profile, "users", "profile")?),
            users::state.eq(user.state.name()),
            users::not_before.eq(user.not_before.map(Timestamp::millis)),
            users::owner.eq(user.owner.name()),
            users::version.eq(user.version),
            users::created_at.eq(user.created_at.millis()),
            users::updated_at.eq(user.updated_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes a changed user, if its stored version is still `user.version`, and raises the version.
/// `false`: somebody else changed it first.
///
/// # Errors
/// `Conflict` when username or email is taken.
pub fn update(tx: &mut Write<'_>, user: &User) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(users::table.filter(users::id.eq(user.id.as_str())).filter(users::version.eq(user.version)))
            .set((
                users::username.eq(&user.username),
                users::username_canonical.eq(User::canonical(&user.username)),
                users::email.eq(user.email.as_deref()),
                users::email_canonical.eq(user.claimed_email()),
                users::email_verified.eq(user.email_verified),
                users::name.eq(user.name.as_deref()),
                users::profile.eq(row::to_json(&user.profile, "users", "profile")?),
                users::state.eq(user.state.name()),
                users::not_before.eq(user.not_before.map(Timestamp::millis)),
                users::version.eq(user.version + 1),
                users::updated_at.eq(user.updated_at.millis()),
            ))
    )?;
    Ok(written == 1)
}

/// Deletes a user, with credentials, sessions, consents, authorizations and tokens.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, id: &UserId) -> Result<bool, StoreError> {
    Ok(diesel::delete(users::table.filter(users::id.eq(id.as_str()))).execute(tx.conn())? == 1)
}

/// The user with this id.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, id: &UserId) -> Result<Option<User>, StoreError> {
    find_prepared!(tx, users::table.filter(users::id.eq(id.as_str())) => UserRow)?.map(UserRow::into_user).transpose()
}

/// The user whom a person means by a username or an email address that stands for them
/// ([`User::claimed_email`]). A username wins over an address of the same spelling.
///
/// # Errors
/// When the database fails.
pub fn find_by_login(tx: &mut Read<'_>, login: &str) -> Result<Option<User>, StoreError> {
    let canonical = User::canonical(login);
    let by_name =
        users::table.filter(users::username_canonical.eq(&canonical)).get_result::<UserRow>(tx.conn).optional()?;
    let found = match by_name {
        Some(row) => Some(row),
        None => users::table.filter(users::email_canonical.eq(&canonical)).get_result::<UserRow>(tx.conn).optional()?,
    };
    found.map(UserRow::into_user).transpose()
}

/// Whether somebody has this username.
///
/// # Errors
/// When the database fails.
pub fn is_taken(tx: &mut Read<'_>, username: &str) -> Result<bool, StoreError> {
    let named = users::table.filter(users::username_canonical.eq(User::canonical(username)));
    Ok(diesel::select(diesel::dsl::exists(named)).get_result(tx.conn)?)
}

/// A page of users, ordered by username, after the given one.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, after: Option<&str>, limit: i64) -> Result<Vec<User>, StoreError> {
    users::table
        .filter(users::username_canonical.gt(after.map(User::canonical).unwrap_or_default()))
        .order(users::username_canonical.asc())
        .limit(limit)
        .load::<UserRow>(tx.conn)?
        .into_iter()
        .map(UserRow::into_user)
        .collect()
}

/// Takes the row's lock by writing to it: first in the lock order user, session, authorization,
/// family, token. `false`: there is no such user.
///
/// # Errors
/// When the database fails.
pub fn lock(tx: &mut Write<'_>, id: &UserId) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(users::table.filter(users::id.eq(id.as_str()))).set(users::version.eq(users::version))
    )?;
    Ok(written == 1)
}
