//! Deferred requests: answered once, redeemed once, and conditional writes decide by whom.

use diesel::prelude::*;

use super::{Read, StoreError, Write, dialect::execute_prepared, row, schema::deferred_authorizations as table};
use crate::domain::{
    Timestamp,
    entity::{Deferred, DeferredKind, DeferredState},
    ids::{AuthorizationId, ClientId, DeferredId, UserId},
};

/// The name of the table, where damaged rows are told.
const TABLE: &str = "deferred_authorizations";

#[derive(Queryable)]
struct DeferredRow {
    id: String,
    kind: String,
    code_hash: Vec<u8>,
    user_code: Option<String>,
    client_id: String,
    request: String,
    state: String,
    authorization_id: Option<String>,
    interval_seconds: i64,
    polled_at: Option<i64>,
    created_at: i64,
    expires_at: i64,
    subject: Option<String>,
    binding_message: Option<String>,
    notification: Option<Vec<u8>>,
    network: Option<String>,
    address: Option<Vec<u8>>,
}

/// Inserts a request. `false`: the user code is taken, by a row that may be spent.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, deferred: &Deferred) -> Result<bool, StoreError> {
    let values = (
        table::id.eq(deferred.id.as_str()),
        table::kind.eq(deferred.kind.name()),
        table::code_hash.eq(&deferred.code_hash),
        table::user_code.eq(deferred.user_code.as_deref()),
        table::client_id.eq(deferred.client_id.as_str()),
        table::request.eq(&deferred.request),
        table::state.eq(deferred.state.name()),
        table::authorization_id.eq(deferred.authorization_id.as_ref().map(AuthorizationId::as_str)),
        table::interval_seconds.eq(deferred.interval),
        table::polled_at.eq(deferred.polled_at.map(Timestamp::millis)),
        table::created_at.eq(deferred.created_at.millis()),
        table::expires_at.eq(deferred.expires_at.millis()),
        table::subject.eq(deferred.subject.as_ref().map(UserId::as_str)),
        table::binding_message.eq(deferred.binding_message.as_deref()),
        table::notification.eq(deferred.notification.as_deref()),
        table::network.eq(deferred.network.as_deref()),
        table::address.eq(deferred.address.as_deref()),
    );
    Ok(super::dialect::insert_unless_present!(tx, table::table, values)? == 1)
}

/// Takes the row lock by writing to it, then reads the request of this code.
///
/// # Errors
/// When the database fails.
pub fn lock(tx: &mut Write<'_>, code_hash: &[u8]) -> Result<Option<Deferred>, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(table::table.filter(table::code_hash.eq(code_hash)))
            .set(table::interval_seconds.eq(table::interval_seconds))
    )?;
    if written == 0 {
        return Ok(None);
    }
    let found = table::table.filter(table::code_hash.eq(code_hash)).get_result::<DeferredRow>(tx.conn()).optional()?;
    found.map(entity).transpose()
}

/// The request with this id.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, id: &DeferredId) -> Result<Option<Deferred>, StoreError> {
    let found = table::table.filter(table::id.eq(id.as_str())).get_result::<DeferredRow>(tx.conn).optional()?;
    found.map(entity).transpose()
}

/// The request that a client holds the code of, in any state.
///
/// # Errors
/// When the database fails.
pub fn find_by_code(tx: &mut Read<'_>, code_hash: &[u8]) -> Result<Option<Deferred>, StoreError> {
    let found = table::table.filter(table::code_hash.eq(code_hash)).get_result::<DeferredRow>(tx.conn).optional()?;
    found.map(entity).transpose()
}

/// The request whose code a device shows, in any state.
///
/// # Errors
/// When the database fails.
pub fn find_by_user_code(tx: &mut Read<'_>, user_code: &str) -> Result<Option<Deferred>, StoreError> {
    let found = table::table.filter(table::user_code.eq(user_code)).get_result::<DeferredRow>(tx.conn).optional()?;
    found.map(entity).transpose()
}

/// The requests that wait for an answer of this person, the newest first, so many.
///
/// # Errors
/// When the database fails.
pub fn pending_of(
    tx: &mut Read<'_>,
    subject: &UserId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Deferred>, StoreError> {
    let found = table::table
        .filter(table::subject.eq(subject.as_str()))
        .filter(table::state.eq(DeferredState::Pending.name()))
        .filter(table::expires_at.gt(now.millis()))
        .order((table::created_at.desc(), table::id.desc()))
        .limit(limit)
        .load::<DeferredRow>(tx.conn)?;
    found.into_iter().map(entity).collect()
}

/// Whose requests wait for an answer of this person, so many at most: a client for each.
///
/// # Errors
/// When the database fails.
pub fn clients_waiting(
    tx: &mut Read<'_>,
    subject: &UserId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<ClientId>, StoreError> {
    let found = table::table
        .filter(table::subject.eq(subject.as_str()))
        .filter(table::state.eq(DeferredState::Pending.name()))
        .filter(table::expires_at.gt(now.millis()))
        .select(table::client_id)
        .limit(limit)
        .load::<String>(tx.conn)?;
    Ok(found.into_iter().map(ClientId::new).collect())
}

/// How many requests from this network wait for an answer, counted up to a limit.
///
/// # Errors
/// When the database fails.
pub fn count_waiting_from(tx: &mut Read<'_>, network: &str, now: Timestamp, limit: i64) -> Result<usize, StoreError> {
    let waiting = table::table
        .filter(table::network.eq(network))
        .filter(table::expires_at.gt(now.millis()))
        .select(table::expires_at)
        .limit(limit)
        .load::<i64>(tx.conn)?;
    Ok(waiting.len())
}

fn entity(columns: DeferredRow) -> Result<Deferred, StoreError> {
    Ok(Deferred {
        id: DeferredId::new(columns.id),
        kind: row::known(DeferredKind::from_name(&columns.kind), TABLE, "kind")?,
        code_hash: columns.code_hash,
        user_code: columns.user_code,
        client_id: ClientId::new(columns.client_id),
        request: columns.request,
        state: row::known(DeferredState::from_name(&columns.state), TABLE, "state")?,
        authorization_id: columns.authorization_id.map(AuthorizationId::new),
        interval: columns.interval_seconds,
        polled_at: row::time(columns.polled_at),
        created_at: Timestamp::from_millis(columns.created_at),
        expires_at: Timestamp::from_millis(columns.expires_at),
        subject: columns.subject.map(UserId::new),
        binding_message: columns.binding_message,
        notification: columns.notification,
        network: columns.network,
        address: columns.address,
    })
}

/// Remembers that the client asked, and how long it waits from now on.
///
/// # Errors
/// When the database fails.
pub fn note_poll(tx: &mut Write<'_>, id: &DeferredId, interval: i64, now: Timestamp) -> Result<(), StoreError> {
    execute_prepared!(
        tx,
        diesel::update(table::table.filter(table::id.eq(id.as_str())))
            .set((table::interval_seconds.eq(interval), table::polled_at.eq(Some(now.millis()))))
    )?;
    Ok(())
}

/// Allows a request. `false`: it was answered before, or has expired.
///
/// # Errors
/// When the database fails.
pub fn approve(
    tx: &mut Write<'_>,
    id: &DeferredId,
    authorization: &AuthorizationId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let written = diesel::update(
        table::table
            .filter(table::id.eq(id.as_str()))
            .filter(table::state.eq(DeferredState::Pending.name()))
            .filter(table::expires_at.gt(now.millis())),
    )
    .set((
        table::state.eq(DeferredState::Approved.name()),
        table::authorization_id.eq(Some(authorization.as_str())),
        // They were there to be counted and shown; beside a person they would tell where that person was.
        table::network.eq(None::<&str>),
        table::address.eq(None::<&[u8]>),
    ))
    .execute(tx.conn())?;
    Ok(written == 1)
}

/// Denies a request. `false`: it was answered before, or has expired.
///
/// # Errors
/// When the database fails.
pub fn deny(tx: &mut Write<'_>, id: &DeferredId, now: Timestamp) -> Result<bool, StoreError> {
    let written = diesel::update(
        table::table
            .filter(table::id.eq(id.as_str()))
            .filter(table::state.eq(DeferredState::Pending.name()))
            .filter(table::expires_at.gt(now.millis())),
    )
    .set((
        table::state.eq(DeferredState::Denied.name()),
        table::network.eq(None::<&str>),
        table::address.eq(None::<&[u8]>),
    ))
    .execute(tx.conn())?;
    Ok(written == 1)
}

/// Redeems an approved request. `false`: somebody else did.
///
/// # Errors
/// When the database fails.
pub fn redeem(tx: &mut Write<'_>, id: &DeferredId) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            table::table.filter(table::id.eq(id.as_str())).filter(table::state.eq(DeferredState::Approved.name())),
        )
        .set(table::state.eq(DeferredState::Redeemed.name()))
    )?;
    Ok(written == 1)
}

/// Ends what an authorization approved and nobody redeemed. `true`: there was such a request.
///
/// # Errors
/// When the database fails.
pub fn end_unredeemed(tx: &mut Write<'_>, authorization: &AuthorizationId) -> Result<bool, StoreError> {
    let written = diesel::update(
        table::table
            .filter(table::authorization_id.eq(authorization.as_str()))
            .filter(table::state.eq(DeferredState::Approved.name())),
    )
    .set(table::state.eq(DeferredState::Denied.name()))
    .execute(tx.conn())?;
    Ok(written > 0)
}
