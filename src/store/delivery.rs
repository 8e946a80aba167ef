//! The outbox: rows written with the fact, claimed by one node at a time, and settled once. The
//! number of attempts is the fence: whoever comes back after the lease finds another number.

use diesel::prelude::*;

use super::{Read, StoreError, Write, dialect::execute_prepared, row, schema::deliveries};
use crate::domain::{
    Timestamp,
    entity::{Delivery, DeliveryKind, DeliveryState},
    ids::ClientId,
    trace::TraceId,
};

#[derive(Queryable)]
struct DeliveryRow {
    id: String,
    kind: String,
    client_id: Option<String>,
    payload: String,
    trace_id: String,
    state: String,
    attempts: i64,
    next_attempt_at: i64,
    last_error: Option<String>,
    created_at: i64,
    settled_at: Option<i64>,
    expires_at: i64,
}

impl DeliveryRow {
    fn into_delivery(self) -> Result<Delivery, StoreError> {
        Ok(Delivery {
            kind: row::known(DeliveryKind::from_name(&self.kind), "deliveries", "kind")?,
            state: row::known(DeliveryState::from_name(&self.state), "deliveries", "state")?,
            id: self.id,
            client_id: self.client_id.map(ClientId::new),
            payload: self.payload,
            trace_id: TraceId::from_stored(self.trace_id),
            attempts: self.attempts,
            next_attempt_at: Timestamp::from_millis(self.next_attempt_at),
            last_error: self.last_error,
            created_at: Timestamp::from_millis(self.created_at),
            settled_at: row::time(self.settled_at),
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

/// Inserts a delivery, in the transaction of its fact.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, delivery: &Delivery) -> Result<(), StoreError> {
    diesel::insert_into(deliveries::table)
        .values((
            deliveries::id.eq(&delivery.id),
            deliveries::kind.eq(delivery.kind.name()),
            deliveries::client_id.eq(delivery.client_id.as_ref().map(ClientId::as_str)),
            deliveries::payload.eq(&delivery.payload),
            deliveries::trace_id.eq(delivery.trace_id.as_str()),
            deliveries::state.eq(delivery.state.name()),
            deliveries::attempts.eq(delivery.attempts),
            deliveries::next_attempt_at.eq(delivery.next_attempt_at.millis()),
            deliveries::last_error.eq(delivery.last_error.as_deref()),
            deliveries::created_at.eq(delivery.created_at.millis()),
            deliveries::settled_at.eq(delivery.settled_at.map(Timestamp::millis)),
            deliveries::expires_at.eq(delivery.expires_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// What is due, longest due first.
///
/// # Errors
/// When the database fails.
pub fn due(tx: &mut Read<'_>, now: Timestamp, limit: i64) -> Result<Vec<Delivery>, StoreError> {
    deliveries::table
        .filter(deliveries::state.eq(DeliveryState::Pending.name()))
        .filter(deliveries::next_attempt_at.le(now.millis()))
        .order((deliveries::next_attempt_at.asc(), deliveries::id.asc()))
        .limit(limit)
        .load::<DeliveryRow>(tx.conn)?
        .into_iter()
        .map(DeliveryRow::into_delivery)
        .collect()
}

/// Takes a delivery that was read as due: of several nodes one wins, until `lease` ends.
///
/// # Errors
/// When the database fails.
pub fn claim(tx: &mut Write<'_>, read: &Delivery, lease: Timestamp) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            deliveries::table
                .filter(deliveries::id.eq(read.id.as_str()))
                .filter(deliveries::state.eq(DeliveryState::Pending.name()))
                .filter(deliveries::attempts.eq(read.attempts))
                .filter(deliveries::next_attempt_at.eq(read.next_attempt_at.millis())),
        )
        .set((deliveries::attempts.eq(read.attempts + 1), deliveries::next_attempt_at.eq(lease.millis())))
    )?;
    Ok(written == 1)
}

/// Writes how the try ended that `claimed` says was ours. `false`: it no longer is.
///
/// # Errors
/// When the database fails.
pub fn settle(tx: &mut Write<'_>, claimed: &Delivery) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            deliveries::table
                .filter(deliveries::id.eq(claimed.id.as_str()))
                .filter(deliveries::state.eq(DeliveryState::Pending.name()))
                .filter(deliveries::attempts.eq(claimed.attempts)),
        )
        .set((
            deliveries::state.eq(claimed.state.name()),
            deliveries::next_attempt_at.eq(claimed.next_attempt_at.millis()),
            deliveries::last_error.eq(claimed.last_error.as_deref()),
            deliveries::settled_at.eq(claimed.settled_at.map(Timestamp::millis)),
        ))
    )?;
    Ok(written == 1)
}

/// Tries a delivery again that was given up. `false`: it was not.
///
/// # Errors
/// When the database fails.
pub fn retry(tx: &mut Write<'_>, id: &str, now: Timestamp, expires_at: Timestamp) -> Result<bool, StoreError> {
    let written = diesel::update(
        deliveries::table.filter(deliveries::id.eq(id)).filter(deliveries::state.eq(DeliveryState::Failed.name())),
    )
    .set((
        deliveries::state.eq(DeliveryState::Pending.name()),
        deliveries::attempts.eq(0),
        deliveries::next_attempt_at.eq(now.millis()),
        deliveries::settled_at.eq(None::<i64>),
        deliveries::expires_at.eq(expires_at.millis()),
    ))
    .execute(tx.conn())?;
    Ok(written == 1)
}

/// The delivery with this id.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, id: &str) -> Result<Option<Delivery>, StoreError> {
    deliveries::table
        .filter(deliveries::id.eq(id))
        .get_result::<DeliveryRow>(tx.conn)
        .optional()?
        .map(DeliveryRow::into_delivery)
        .transpose()
}

/// A page of deliveries, oldest first, after the given id.
///
/// # Errors
/// When the database fails.
pub fn list(
    tx: &mut Read<'_>,
    state: Option<DeliveryState>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let states: Vec<&str> = match state {
        Some(state) => vec![state.name()],
        None => DeliveryState::ALL.iter().map(|state| state.name()).collect(),
    };
    deliveries::table
        .filter(deliveries::id.gt(after.unwrap_or_default()))
        .filter(deliveries::state.eq_any(states))
        .order(deliveries::id.asc())
        .limit(limit)
        .load::<DeliveryRow>(tx.conn)?
        .into_iter()
        .map(DeliveryRow::into_delivery)
        .collect()
}
