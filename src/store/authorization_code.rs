//! Authorization codes: used once, and the conditional write decides by whom.

use diesel::prelude::*;

use super::{
    StoreError, Write,
    dialect::{execute_prepared, find_prepared},
    row,
    schema::authorization_codes,
};
use crate::domain::{
    Timestamp,
    entity::AuthorizationCode,
    ids::{AuthorizationId, ClientId},
};

/// Inserts a code.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, code: &AuthorizationCode) -> Result<(), StoreError> {
    execute_prepared!(
        tx,
        diesel::insert_into(authorization_codes::table).values((
            authorization_codes::code_hash.eq(&code.code_hash),
            authorization_codes::authorization_id.eq(code.authorization_id.as_str()),
            authorization_codes::client_id.eq(code.client_id.as_str()),
            authorization_codes::redirect_uri.eq(&code.redirect_uri),
            authorization_codes::code_challenge.eq(code.code_challenge.as_deref()),
            authorization_codes::nonce.eq(code.nonce.as_deref()),
            authorization_codes::created_at.eq(code.created_at.millis()),
            authorization_codes::expires_at.eq(code.expires_at.millis()),
            authorization_codes::consumed_at.eq(code.consumed_at.map(Timestamp::millis)),
            authorization_codes::attempts.eq(0),
        ))
    )?;
    Ok(())
}

/// Takes the code's row lock by writing to it, and reads it.
///
/// # Errors
/// When the database fails.
pub fn lock(tx: &mut Write<'_>, code_hash: &[u8]) -> Result<Option<AuthorizationCode>, StoreError> {
    type Columns = (Vec<u8>, String, String, String, Option<String>, Option<String>, i64, i64, Option<i64>, i64);
    let locked = find_prepared!(
        tx,
        diesel::update(authorization_codes::table.filter(authorization_codes::code_hash.eq(code_hash)))
            .set(authorization_codes::attempts.eq(authorization_codes::attempts + 1))
            .returning(authorization_codes::all_columns) => Columns
    )?;
    Ok(locked.map(
        |(code_hash, authorization, client, redirect_uri, code_challenge, nonce, created, expires, consumed, _)| {
            AuthorizationCode {
                code_hash,
                authorization_id: AuthorizationId::new(authorization),
                client_id: ClientId::new(client),
                redirect_uri,
                code_challenge,
                nonce,
                created_at: Timestamp::from_millis(created),
                expires_at: Timestamp::from_millis(expires),
                consumed_at: row::time(consumed),
            }
        },
    ))
}

/// Uses a code. `false`: it was used before.
///
/// # Errors
/// When the database fails.
pub fn consume(tx: &mut Write<'_>, code_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            authorization_codes::table
                .filter(authorization_codes::code_hash.eq(code_hash))
                .filter(authorization_codes::consumed_at.is_null()),
        )
        .set(authorization_codes::consumed_at.eq(Some(now.millis())))
    )?;
    Ok(written == 1)
}

/// Ends the codes of an authorization that were not redeemed yet. `true`: there was one.
///
/// # Errors
/// When the database fails.
pub fn expire_unredeemed(
    tx: &mut Write<'_>,
    authorization: &AuthorizationId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let written = diesel::update(
        authorization_codes::table
            .filter(authorization_codes::authorization_id.eq(authorization.as_str()))
            .filter(authorization_codes::consumed_at.is_null())
            .filter(authorization_codes::expires_at.gt(now.millis())),
    )
    .set(authorization_codes::expires_at.eq(now.millis()))
    .execute(tx.conn())?;
    Ok(written > 0)
}
