//! Consents: what a person agreed to for a client, remembered.

use diesel::prelude::*;

use super::{Read, StoreError, Write, dialect::find_prepared, row, schema::consents};
use crate::domain::{
    Timestamp,
    entity::Consent,
    ids::{ClientId, UserId},
};

/// What the person agreed to for the client.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, user: &UserId, client: &ClientId) -> Result<Option<Consent>, StoreError> {
    let remembered = consents::table
        .filter(consents::user_id.eq(user.as_str()))
        .filter(consents::client_id.eq(client.as_str()))
        .select((consents::scope, consents::granted_at));
    Ok(find_prepared!(tx, remembered => (String, i64))?.map(|(scope, granted_at)| Consent {
        user_id: user.clone(),
        client_id: client.clone(),
        scope: row::split(&scope),
        granted_at: Timestamp::from_millis(granted_at),
    }))
}

/// Remembers a consent, replacing what was remembered for this person and client.
///
/// # Errors
/// When the database fails.
pub fn put(tx: &mut Write<'_>, consent: &Consent) -> Result<(), StoreError> {
    if replace(tx, consent)? {
        return Ok(());
    }
    let values = (
        consents::user_id.eq(consent.user_id.as_str()),
        consents::client_id.eq(consent.client_id.as_str()),
        consents::scope.eq(row::join(&consent.scope)),
        consents::granted_at.eq(consent.granted_at.millis()),
    );
    if super::dialect::insert_unless_present!(tx, consents::table, values)? == 0 {
        // Another transaction inserted in between; the last word is still ours.
        replace(tx, consent)?;
    }
    Ok(())
}

fn replace(tx: &mut Write<'_>, consent: &Consent) -> Result<bool, StoreError> {
    let written = diesel::update(
        consents::table
            .filter(consents::user_id.eq(consent.user_id.as_str()))
            .filter(consents::client_id.eq(consent.client_id.as_str())),
    )
    .set((consents::scope.eq(row::join(&consent.scope)), consents::granted_at.eq(consent.granted_at.millis())))
    .execute(tx.conn())?;
    Ok(written == 1)
}

/// What a person agreed to, by client.
///
/// # Errors
/// When the database fails.
pub fn of_user(tx: &mut Read<'_>, user: &UserId) -> Result<Vec<Consent>, StoreError> {
    Ok(consents::table
        .filter(consents::user_id.eq(user.as_str()))
        .order(consents::client_id.asc())
        .select((consents::client_id, consents::scope, consents::granted_at))
        .load::<(String, String, i64)>(tx.conn)?
        .into_iter()
        .map(|(client_id, scope, granted_at)| Consent {
            user_id: user.clone(),
            client_id: ClientId::new(client_id),
            scope: row::split(&scope),
            granted_at: Timestamp::from_millis(granted_at),
        })
        .collect())
}

/// Everybody who agreed to something for this client.
///
/// # Errors
/// When the database fails.
pub fn users_of_client(tx: &mut Read<'_>, client: &ClientId) -> Result<Vec<UserId>, StoreError> {
    let users: Vec<String> = consents::table
        .filter(consents::client_id.eq(client.as_str()))
        .order(consents::user_id.asc())
        .select(consents::user_id)
        .load(tx.conn)?;
    Ok(users.into_iter().map(UserId::new).collect())
}

/// Forgets a consent. `false`: there was none.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, user: &UserId, client: &ClientId) -> Result<bool, StoreError> {
    let deleted = diesel::delete(
        consents::table.filter(consents::user_id.eq(user.as_str())).filter(consents::client_id.eq(client.as_str())),
    )
    .execute(tx.conn())?;
    Ok(deleted == 1)
}
