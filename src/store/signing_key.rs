//! Signing keys: the private half sealed, the public half as published.

use diesel::prelude::*;

use super::{Read, StoreError, Write, instance, row, schema::signing_keys};
use crate::domain::{
    Timestamp,
    entity::{KeyState, SigningKeyRecord},
    ids::KeyId,
};

/// Inserts a key.
///
/// # Errors
/// `Conflict` when the `kid` is taken.
pub fn insert(tx: &mut Write<'_>, key: &SigningKeyRecord) -> Result<(), StoreError> {
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::id.eq(key.id.as_str()),
            signing_keys::algorithm.eq(key.algorithm.name()),
            signing_keys::state.eq(key.state.name()),
            signing_keys::public_jwk.eq(&key.public_jwk),
            signing_keys::sealed_private_key.eq(&key.sealed_private_key),
            signing_keys::created_at.eq(key.created_at.millis()),
            signing_keys::activated_at.eq(key.activated_at.map(Timestamp::millis)),
            signing_keys::retired_at.eq(key.retired_at.map(Timestamp::millis)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Whoever changes which keys sign waits here for whoever does, until their transaction has ended.
///
/// # Errors
/// When the database fails.
pub fn lock_all(tx: &mut Write<'_>) -> Result<(), StoreError> {
    const NAME: &str = "signing_keys";
    if !instance::insert_once(tx, NAME, "locked while they change")? {
        instance::lock(tx, NAME)?;
    }
    Ok(())
}

/// Every key, oldest first.
///
/// # Errors
/// When the database fails, or a key is of an algorithm that this version does not know.
pub fn list(tx: &mut Read<'_>) -> Result<Vec<SigningKeyRecord>, StoreError> {
    type Columns = (String, String, String, String, Vec<u8>, i64, Option<i64>, Option<i64>);
    signing_keys::table
        .order((signing_keys::created_at.asc(), signing_keys::id.asc()))
        .load::<Columns>(tx.conn)?
        .into_iter()
        .map(|(id, algorithm, state, public_jwk, sealed_private_key, created_at, activated_at, retired_at)| {
            Ok(SigningKeyRecord {
                id: KeyId::new(id),
                algorithm: row::known(algorithm.parse().ok(), "signing_keys", "algorithm")?,
                state: row::known(KeyState::from_name(&state), "signing_keys", "state")?,
                public_jwk,
                sealed_private_key,
                created_at: Timestamp::from_millis(created_at),
                activated_at: row::time(activated_at),
                retired_at: row::time(retired_at),
            })
        })
        .collect()
}

/// Moves a key on in its life. `false`: it is no longer in state `from`.
///
/// # Errors
/// When the database fails.
pub fn advance(
    tx: &mut Write<'_>,
    id: &KeyId,
    from: KeyState,
    to: KeyState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let key = signing_keys::table.filter(signing_keys::id.eq(id.as_str())).filter(signing_keys::state.eq(from.name()));
    let written = match to {
        KeyState::Active => diesel::update(key)
            .set((signing_keys::state.eq(to.name()), signing_keys::activated_at.eq(Some(now.millis()))))
            .execute(tx.conn())?,
        KeyState::Retired => diesel::update(key)
            .set((signing_keys::state.eq(to.name()), signing_keys::retired_at.eq(Some(now.millis()))))
            .execute(tx.conn())?,
        KeyState::Next => 0,
    };
    Ok(written == 1)
}

/// Removes a retired key: tokens signed with it no longer verify.
///
/// # Errors
/// When the database fails.
pub fn delete_retired(tx: &mut Write<'_>, id: &KeyId) -> Result<bool, StoreError> {
    let key = signing_keys::table
        .filter(signing_keys::id.eq(id.as_str()))
        .filter(signing_keys::state.eq(KeyState::Retired.name()));
    Ok(diesel::delete(key).execute(tx.conn())? == 1)
}
