//! Decision records of refused and interactive transactions: bounded, expiring.

use diesel::prelude::*;

use super::{Read, StoreError, Write, row, schema::decision_records};
use crate::domain::{Timestamp, trace::DecisionRecord};

/// Keeps a record until `expires_at`.
///
/// # Errors
/// When the database fails.
pub fn insert(
    tx: &mut Write<'_>,
    record: &DecisionRecord,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let values = (
        decision_records::trace_id.eq(record.trace_id.as_str()),
        decision_records::recorded_at.eq(now.millis()),
        decision_records::transaction_kind.eq(row::to_json(
            &record.transaction,
            "decision_records",
            "transaction_kind",
        )?),
        decision_records::client_id.eq(record.client_id.as_deref()),
        decision_records::reason.eq(record.reason().map(|reason| reason.code())),
        decision_records::record.eq(row::to_json(record, "decision_records", "record")?),
        decision_records::expires_at.eq(expires_at.millis()),
    );
    // Two requests of one trace in the same millisecond: the first one is kept.
    super::dialect::insert_unless_present!(tx, decision_records::table, values)?;
    Ok(())
}

/// The records under a trace id, or one that begins with this text, oldest first.
///
/// # Errors
/// When the database fails, or a record was written by a newer version.
pub fn by_trace(
    tx: &mut Read<'_>,
    trace_prefix: &str,
    limit: i64,
) -> Result<Vec<(Timestamp, DecisionRecord)>, StoreError> {
    decision_records::table
        .filter(decision_records::trace_id.ge(trace_prefix))
        .filter(decision_records::trace_id.lt(format!("{trace_prefix}g")))
        .order(decision_records::recorded_at.asc())
        .limit(limit)
        .select((decision_records::recorded_at, decision_records::record))
        .load::<(i64, String)>(tx.conn)?
        .into_iter()
        .map(|(at, text)| Ok((Timestamp::from_millis(at), row::from_json(&text, "decision_records", "record")?)))
        .collect()
}
