//! Exchange policies: one row for each pair of clients.

use diesel::prelude::*;

use super::{Read, StoreError, Write, row, schema::token_exchange_policies as table};
use crate::domain::{
    Timestamp,
    entity::{ExchangeMode, ExchangePolicy},
    ids::ClientId,
};

type Columns = (String, String, String, String, i64);

fn entity((client, subject, audiences, mode, updated_at): Columns) -> Result<ExchangePolicy, StoreError> {
    Ok(ExchangePolicy {
        client_id: ClientId::new(client),
        subject_client_id: ClientId::new(subject),
        audiences: row::split(&audiences),
        mode: row::known(ExchangeMode::from_name(&mode), "token_exchange_policies", "mode")?,
        updated_at: Timestamp::from_millis(updated_at),
    })
}

/// The policy for a pair.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, client: &ClientId, subject: &ClientId) -> Result<Option<ExchangePolicy>, StoreError> {
    table::table
        .filter(table::client_id.eq(client.as_str()))
        .filter(table::subject_client_id.eq(subject.as_str()))
        .get_result::<Columns>(tx.conn)
        .optional()?
        .map(entity)
        .transpose()
}

/// The policies of a client, or of all, in the order of the pairs.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, client: Option<&ClientId>, limit: i64) -> Result<Vec<ExchangePolicy>, StoreError> {
    let all = table::table.order((table::client_id, table::subject_client_id)).limit(limit);
    let rows = match client {
        Some(client) => all.filter(table::client_id.eq(client.as_str())).load::<Columns>(tx.conn)?,
        None => all.load::<Columns>(tx.conn)?,
    };
    rows.into_iter().map(entity).collect()
}

/// Writes the policy of a pair in place of the one before.
///
/// # Errors
/// When the database fails.
pub fn put(tx: &mut Write<'_>, policy: &ExchangePolicy) -> Result<(), StoreError> {
    delete(tx, &policy.client_id, &policy.subject_client_id)?;
    diesel::insert_into(table::table)
        .values((
            table::client_id.eq(policy.client_id.as_str()),
            table::subject_client_id.eq(policy.subject_client_id.as_str()),
            table::audiences.eq(row::join(&policy.audiences)),
            table::mode.eq(policy.mode.name()),
            table::updated_at.eq(policy.updated_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Deletes the policy of a pair. `false`: there was none.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, client: &ClientId, subject: &ClientId) -> Result<bool, StoreError> {
    let deleted = diesel::delete(
        table::table.filter(table::client_id.eq(client.as_str())).filter(table::subject_client_id.eq(subject.as_str())),
    )
    .execute(tx.conn())?;
    Ok(deleted == 1)
}
