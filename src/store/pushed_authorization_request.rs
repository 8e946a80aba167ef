//! Pushed authorization requests: found by the hash of their reference, answered once.

use diesel::prelude::*;

use super::{Read, StoreError, Write, dialect::execute_prepared, row, schema::pushed_authorization_requests};
use crate::domain::{
    Timestamp,
    ids::{ClientId, PushedRequestId},
    oauth::PushedRequest,
};

/// Inserts a pushed request.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, pushed: &PushedRequest, reference_hash: &[u8]) -> Result<(), StoreError> {
    diesel::insert_into(pushed_authorization_requests::table)
        .values((
            pushed_authorization_requests::id.eq(pushed.id.as_str()),
            pushed_authorization_requests::reference_hash.eq(reference_hash),
            pushed_authorization_requests::client_id.eq(pushed.client_id.as_str()),
            pushed_authorization_requests::parameters.eq(&pushed.parameters),
            pushed_authorization_requests::created_at.eq(pushed.created_at.millis()),
            pushed_authorization_requests::expires_at.eq(pushed.expires_at.millis()),
            pushed_authorization_requests::consumed_at.eq(pushed.consumed_at.map(Timestamp::millis)),
            pushed_authorization_requests::network.eq(pushed.network.as_deref()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The pushed request with this reference, answered or expired ones included.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, reference_hash: &[u8]) -> Result<Option<PushedRequest>, StoreError> {
    type Columns = (String, Vec<u8>, String, String, i64, i64, Option<i64>, Option<String>);
    Ok(pushed_authorization_requests::table
        .filter(pushed_authorization_requests::reference_hash.eq(reference_hash))
        .get_result::<Columns>(tx.conn)
        .optional()?
        .map(|(id, _, client_id, parameters, created_at, expires_at, consumed_at, network)| PushedRequest {
            id: PushedRequestId::new(id),
            client_id: ClientId::new(client_id),
            parameters,
            created_at: Timestamp::from_millis(created_at),
            expires_at: Timestamp::from_millis(expires_at),
            consumed_at: row::time(consumed_at),
            network,
        }))
}

/// How many pushed requests from this network wait for a person, counted up to a limit.
///
/// # Errors
/// When the database fails.
pub fn count_waiting_from(tx: &mut Read<'_>, network: &str, now: Timestamp, limit: i64) -> Result<usize, StoreError> {
    let waiting = pushed_authorization_requests::table
        .filter(pushed_authorization_requests::network.eq(network))
        .filter(pushed_authorization_requests::expires_at.gt(now.millis()))
        .select(pushed_authorization_requests::expires_at)
        .limit(limit)
        .load::<i64>(tx.conn)?;
    Ok(waiting.len())
}

/// Uses up a pushed request. `false`: it was answered before.
///
/// # Errors
/// When the database fails.
pub fn consume(tx: &mut Write<'_>, id: &PushedRequestId, now: Timestamp) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            pushed_authorization_requests::table
                .filter(pushed_authorization_requests::id.eq(id.as_str()))
                .filter(pushed_authorization_requests::consumed_at.is_null()),
        )
        .set((
            pushed_authorization_requests::consumed_at.eq(Some(now.millis())),
            pushed_authorization_requests::network.eq(None::<&str>),
        ))
    )?;
    Ok(written == 1)
}
