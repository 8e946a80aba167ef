//! Refresh tokens: a family is the chain of one authorization, and stays linear.

use diesel::prelude::*;

use super::{
    Read, StoreError, Write,
    dialect::{execute_prepared, find_prepared},
    row,
    schema::refresh_tokens,
};
use crate::domain::{
    Timestamp,
    entity::RefreshToken,
    ids::{AuthorizationId, ClientId},
};

/// A refresh token as found, with what a lost response needs.
#[derive(Clone, Debug)]
pub struct Found {
    /// The token.
    pub token: RefreshToken,
    /// The hash of the token that replaced it.
    pub successor_hash: Option<Vec<u8>>,
    /// The text of the token that replaced it, sealed, while it may be delivered again.
    pub sealed_successor: Option<Vec<u8>>,
}

/// Inserts a refresh token.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, token: &RefreshToken) -> Result<(), StoreError> {
    let confirmation = row::to_json(&token.confirmation, "refresh_tokens", "confirmation")?;
    execute_prepared!(
        tx,
        diesel::insert_into(refresh_tokens::table).values((
            refresh_tokens::token_hash.eq(&token.token_hash),
            refresh_tokens::authorization_id.eq(token.authorization_id.as_str()),
            refresh_tokens::client_id.eq(token.client_id.as_str()),
            refresh_tokens::created_at.eq(token.created_at.millis()),
            refresh_tokens::expires_at.eq(token.expires_at.millis()),
            refresh_tokens::family_expires_at.eq(token.family_expires_at.millis()),
            refresh_tokens::rotated_at.eq(token.rotated_at.map(Timestamp::millis)),
            refresh_tokens::attempts.eq(0),
            refresh_tokens::confirmation.eq(&confirmation),
        ))
    )?;
    Ok(())
}

type Columns = (Vec<u8>, String, String, i64, i64, i64, Option<i64>, Option<Vec<u8>>, Option<Vec<u8>>, i64, String);

/// Takes the token's row lock by writing to it, and reads it.
///
/// # Errors
/// When the database fails.
pub fn lock(tx: &mut Write<'_>, token_hash: &[u8]) -> Result<Option<Found>, StoreError> {
    let locked = find_prepared!(
        tx,
        diesel::update(refresh_tokens::table.filter(refresh_tokens::token_hash.eq(token_hash)))
            .set(refresh_tokens::attempts.eq(refresh_tokens::attempts + 1))
            .returning(refresh_tokens::all_columns) => Columns
    )?;
    locked.map(found).transpose()
}

/// The refresh token with this hash, rotated ones included.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, token_hash: &[u8]) -> Result<Option<Found>, StoreError> {
    find_prepared!(tx, refresh_tokens::table.filter(refresh_tokens::token_hash.eq(token_hash)) => Columns)?
        .map(found)
        .transpose()
}

fn found(columns: Columns) -> Result<Found, StoreError> {
    let (hash, authorization, client, created, expires, family, rotated, successor, sealed, _, confirmation) = columns;
    Ok(Found {
        token: RefreshToken {
            token_hash: hash,
            authorization_id: AuthorizationId::new(authorization),
            client_id: ClientId::new(client),
            created_at: Timestamp::from_millis(created),
            expires_at: Timestamp::from_millis(expires),
            family_expires_at: Timestamp::from_millis(family),
            rotated_at: row::time(rotated),
            confirmation: row::from_json(&confirmation, "refresh_tokens", "confirmation")?,
        },
        successor_hash: successor,
        sealed_successor: sealed,
    })
}

/// Lets a token that stays in use live on. `false`: it was replaced meanwhile.
///
/// # Errors
/// When the database fails.
pub fn extend(tx: &mut Write<'_>, token_hash: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            refresh_tokens::table
                .filter(refresh_tokens::token_hash.eq(token_hash))
                .filter(refresh_tokens::rotated_at.is_null()),
        )
        .set(refresh_tokens::expires_at.eq(expires_at.millis()))
    )?;
    Ok(written == 1)
}

/// Replaces a token by its successor. `false`: somebody else did before.
///
/// # Errors
/// When the database fails.
pub fn rotate(
    tx: &mut Write<'_>,
    token_hash: &[u8],
    successor_hash: &[u8],
    sealed_successor: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            refresh_tokens::table
                .filter(refresh_tokens::token_hash.eq(token_hash))
                .filter(refresh_tokens::rotated_at.is_null()),
        )
        .set((
            refresh_tokens::rotated_at.eq(Some(now.millis())),
            refresh_tokens::successor_hash.eq(Some(successor_hash)),
            refresh_tokens::sealed_successor.eq(Some(sealed_successor)),
        ))
    )?;
    Ok(written == 1)
}
