//! The one-time links that create the first administrator.

use diesel::prelude::*;

use super::{StoreError, Write, schema::setup_links};
use crate::domain::Timestamp;

/// Makes a link, and lets every older unused one expire.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, token_hash: &[u8], now: Timestamp, expires_at: Timestamp) -> Result<(), StoreError> {
    diesel::update(setup_links::table.filter(setup_links::used_at.is_null()))
        .set(setup_links::expires_at.eq(now.millis()))
        .execute(tx.conn())?;
    diesel::insert_into(setup_links::table)
        .values((
            setup_links::token_hash.eq(token_hash),
            setup_links::created_at.eq(now.millis()),
            setup_links::expires_at.eq(expires_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Uses a link. `false`: unknown, expired or used.
///
/// # Errors
/// When the database fails.
pub fn consume(tx: &mut Write<'_>, token_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let written = diesel::update(
        setup_links::table
            .filter(setup_links::token_hash.eq(token_hash))
            .filter(setup_links::used_at.is_null())
            .filter(setup_links::expires_at.gt(now.millis())),
    )
    .set(setup_links::used_at.eq(Some(now.millis())))
    .execute(tx.conn())?;
    Ok(written == 1)
}
