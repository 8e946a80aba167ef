//! Counters of failed sign-ins, by account and by network.

use diesel::prelude::*;

use super::{Read, StoreError, Write, dialect::execute_prepared, schema::sign_in_throttles};

/// A stored counter, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleRow {
    /// Consecutive failures.
    pub failures: i64,
    /// When they began.
    pub window_started_at: i64,
    /// No attempt before this.
    pub blocked_until: i64,
}

/// The counter of a key.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, key: &str) -> Result<Option<ThrottleRow>, StoreError> {
    Ok(sign_in_throttles::table
        .filter(sign_in_throttles::throttle_key.eq(key))
        .select((sign_in_throttles::failures, sign_in_throttles::window_started_at, sign_in_throttles::blocked_until))
        .get_result::<(i64, i64, i64)>(tx.conn)
        .optional()?
        .map(|(failures, window_started_at, blocked_until)| ThrottleRow { failures, window_started_at, blocked_until }))
}

/// Makes sure that the key has a row, and takes its lock by writing to it: attempts on one key
/// count one after the other.
///
/// # Errors
/// When the database fails.
pub fn lock(tx: &mut Write<'_>, key: &str, fresh: ThrottleRow) -> Result<ThrottleRow, StoreError> {
    let values = (
        sign_in_throttles::throttle_key.eq(key),
        sign_in_throttles::failures.eq(fresh.failures),
        sign_in_throttles::window_started_at.eq(fresh.window_started_at),
        sign_in_throttles::blocked_until.eq(fresh.blocked_until),
    );
    super::dialect::insert_unless_present!(tx, sign_in_throttles::table, values)?;
    execute_prepared!(
        tx,
        diesel::update(sign_in_throttles::table.filter(sign_in_throttles::throttle_key.eq(key)))
            .set(sign_in_throttles::failures.eq(sign_in_throttles::failures))
    )?;
    Ok(find(tx, key)?.unwrap_or(fresh))
}

/// Writes the counter of a key whose lock is held.
///
/// # Errors
/// When the database fails.
pub fn put(tx: &mut Write<'_>, key: &str, row: ThrottleRow) -> Result<(), StoreError> {
    execute_prepared!(
        tx,
        diesel::update(sign_in_throttles::table.filter(sign_in_throttles::throttle_key.eq(key))).set((
            sign_in_throttles::failures.eq(row.failures),
            sign_in_throttles::window_started_at.eq(row.window_started_at),
            sign_in_throttles::blocked_until.eq(row.blocked_until),
        ))
    )?;
    Ok(())
}

/// Forgets the counter of a key.
///
/// # Errors
/// When the database fails.
pub fn clear(tx: &mut Write<'_>, key: &str) -> Result<(), StoreError> {
    diesel::delete(sign_in_throttles::table.filter(sign_in_throttles::throttle_key.eq(key))).execute(tx.conn())?;
    Ok(())
}
