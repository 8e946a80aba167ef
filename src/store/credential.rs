//! What people prove themselves with, and the keys that seal their data in events.

use diesel::prelude::*;

use super::{
    Read, StoreError, Write,
    schema::{credentials, subject_keys},
};
use crate::domain::{Timestamp, ids::UserId};

const PASSWORD: &str = "password";

/// The person's password hash (PHC string), if there is one.
///
/// # Errors
/// When the database fails.
pub fn find_password(tx: &mut Read<'_>, user: &UserId) -> Result<Option<String>, StoreError> {
    Ok(credentials::table
        .filter(credentials::user_id.eq(user.as_str()))
        .filter(credentials::kind.eq(PASSWORD))
        .select(credentials::secret)
        .get_result(tx.conn)
        .optional()?)
}

/// Sets or replaces the person's password hash.
///
/// # Errors
/// When the database fails.
pub fn set_password(tx: &mut Write<'_>, id: &str, user: &UserId, phc: &str, now: Timestamp) -> Result<(), StoreError> {
    // The person's lock first: of two passwords set at once, one is set after the other.
    super::user::lock(tx, user)?;
    let written = diesel::update(
        credentials::table.filter(credentials::user_id.eq(user.as_str())).filter(credentials::kind.eq(PASSWORD)),
    )
    .set((credentials::secret.eq(phc), credentials::created_at.eq(now.millis())))
    .execute(tx.conn())?;
    if written == 0 {
        diesel::insert_into(credentials::table)
            .values((
                credentials::id.eq(id),
                credentials::user_id.eq(user.as_str()),
                credentials::kind.eq(PASSWORD),
                credentials::secret.eq(phc),
                credentials::label.eq(""),
                credentials::created_at.eq(now.millis()),
            ))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// Replaces the hash that was read with a stronger one of the same password, unless the password
/// was changed meanwhile.
///
/// # Errors
/// When the database fails.
pub fn rehash_password(tx: &mut Write<'_>, user: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
    diesel::update(
        credentials::table
            .filter(credentials::user_id.eq(user.as_str()))
            .filter(credentials::kind.eq(PASSWORD))
            .filter(credentials::secret.eq(old)),
    )
    .set(credentials::secret.eq(new))
    .execute(tx.conn())?;
    Ok(())
}

/// Notes the use of the password at a sign-in.
///
/// # Errors
/// When the database fails.
pub fn touch_password(tx: &mut Write<'_>, user: &UserId, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(
        credentials::table.filter(credentials::user_id.eq(user.as_str())).filter(credentials::kind.eq(PASSWORD)),
    )
    .set(credentials::last_used_at.eq(now.millis()))
    .execute(tx.conn())?;
    Ok(())
}

/// Keeps the sealed key of a person's event data.
///
/// # Errors
/// When the database fails.
pub fn insert_subject_key(tx: &mut Write<'_>, user: &UserId, sealed: &[u8], now: Timestamp) -> Result<(), StoreError> {
    diesel::insert_into(subject_keys::table)
        .values((
            subject_keys::user_id.eq(user.as_str()),
            subject_keys::sealed_key.eq(Some(sealed)),
            subject_keys::created_at.eq(now.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The sealed key of a person's event data; none once destroyed.
///
/// # Errors
/// When the database fails.
pub fn find_subject_key(tx: &mut Read<'_>, user: &UserId) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(subject_keys::table
        .filter(subject_keys::user_id.eq(user.as_str()))
        .select(subject_keys::sealed_key)
        .get_result::<Option<Vec<u8>>>(tx.conn)
        .optional()?
        .flatten())
}

/// Destroys the key of a person's event data: what was sealed under it is gone for good.
///
/// # Errors
/// When the database fails.
pub fn destroy_subject_key(tx: &mut Write<'_>, user: &UserId, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(subject_keys::table.filter(subject_keys::user_id.eq(user.as_str())))
        .set((subject_keys::sealed_key.eq(None::<Vec<u8>>), subject_keys::destroyed_at.eq(Some(now.millis()))))
        .execute(tx.conn())?;
    Ok(())
}
