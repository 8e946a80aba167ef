//! Sessions: one row a signed-in browser.

use diesel::prelude::*;

use super::{
    Read, StoreError, Write,
    dialect::{execute_prepared, find_prepared},
    row,
    schema::sessions,
};
use crate::domain::{
    Timestamp,
    entity::Session,
    ids::{EventId, SessionId, UserId},
};

pub(super) type SessionColumns = (String, String, i64, String, String, String, i64, i64, i64, Option<i64>);

pub(super) const COLUMNS: (
    sessions::id,
    sessions::user_id,
    sessions::auth_time,
    sessions::amr,
    sessions::acr,
    sessions::sign_in_event,
    sessions::created_at,
    sessions::idle_expires_at,
    sessions::expires_at,
    sessions::ended_at,
) = (
    sessions::id,
    sessions::user_id,
    sessions::auth_time,
    sessions::amr,
    sessions::acr,
    sessions::sign_in_event,
    sessions::created_at,
    sessions::idle_expires_at,
    sessions::expires_at,
    sessions::ended_at,
);

pub(super) fn into_session(columns: SessionColumns) -> Session {
    let (id, user_id, auth_time, amr, acr, sign_in_event, created_at, idle_expires_at, expires_at, ended_at) = columns;
    Session {
        id: SessionId::new(id),
        user_id: UserId::new(user_id),
        context: row::context(auth_time, &amr, acr),
        sign_in_event: EventId::new(sign_in_event),
        created_at: Timestamp::from_millis(created_at),
        idle_expires_at: Timestamp::from_millis(idle_expires_at),
        expires_at: Timestamp::from_millis(expires_at),
        ended_at: row::time(ended_at),
    }
}

/// Inserts a session under the hash of its cookie's secret.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, session: &Session, secret_hash: &[u8]) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session.id.as_str()),
            sessions::secret_hash.eq(secret_hash),
            sessions::user_id.eq(session.user_id.as_str()),
            sessions::auth_time.eq(session.context.auth_time.millis()),
            sessions::amr.eq(row::join(&session.context.amr)),
            sessions::acr.eq(&session.context.acr),
            sessions::sign_in_event.eq(session.sign_in_event.as_str()),
            sessions::created_at.eq(session.created_at.millis()),
            sessions::idle_expires_at.eq(session.idle_expires_at.millis()),
            sessions::expires_at.eq(session.expires_at.millis()),
            sessions::ended_at.eq(session.ended_at.map(Timestamp::millis)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The session whose cookie has this hash, live or not.
///
/// # Errors
/// When the database fails.
pub fn find_by_secret(tx: &mut Read<'_>, secret_hash: &[u8]) -> Result<Option<Session>, StoreError> {
    let presented = sessions::table.filter(sessions::secret_hash.eq(secret_hash)).select(COLUMNS);
    Ok(find_prepared!(tx, presented => SessionColumns)?.map(into_session))
}

/// The session with this id, live or not.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, id: &SessionId) -> Result<Option<Session>, StoreError> {
    let named = sessions::table.filter(sessions::id.eq(id.as_str())).select(COLUMNS);
    Ok(find_prepared!(tx, named => SessionColumns)?.map(into_session))
}

/// The live sessions of a user, newest first.
///
/// # Errors
/// When the database fails.
pub fn live_of_user(tx: &mut Read<'_>, user: &UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user.as_str()))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now.millis()))
        .filter(sessions::idle_expires_at.gt(now.millis()))
        .order(sessions::created_at.desc())
        .select(COLUMNS)
        .load::<SessionColumns>(tx.conn)?
        .into_iter()
        .map(into_session)
        .collect())
}

/// A new authentication in a standing session: new context, new cookie (ASVS 7.2.4).
///
/// # Errors
/// When the database fails.
pub fn renew(tx: &mut Write<'_>, session: &Session, secret_hash: &[u8]) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            sessions::table.filter(sessions::id.eq(session.id.as_str())).filter(sessions::ended_at.is_null()),
        )
        .set((
            sessions::secret_hash.eq(secret_hash),
            sessions::auth_time.eq(session.context.auth_time.millis()),
            sessions::amr.eq(row::join(&session.context.amr)),
            sessions::acr.eq(&session.context.acr),
            sessions::sign_in_event.eq(session.sign_in_event.as_str()),
            sessions::idle_expires_at.eq(session.idle_expires_at.millis()),
        ))
    )?;
    Ok(written == 1)
}

/// Moves the idle limit forward.
///
/// # Errors
/// When the database fails.
pub fn touch(tx: &mut Write<'_>, id: &SessionId, idle_expires_at: Timestamp) -> Result<(), StoreError> {
    execute_prepared!(
        tx,
        diesel::update(
            sessions::table
                .filter(sessions::id.eq(id.as_str()))
                .filter(sessions::idle_expires_at.lt(idle_expires_at.millis())),
        )
        .set(sessions::idle_expires_at.eq(idle_expires_at.millis()))
    )?;
    Ok(())
}

/// Ends a session. `false`: it had ended before.
///
/// # Errors
/// When the database fails.
pub fn end(tx: &mut Write<'_>, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(sessions::table.filter(sessions::id.eq(id.as_str())).filter(sessions::ended_at.is_null()))
            .set(sessions::ended_at.eq(Some(now.millis())))
    )?;
    Ok(written == 1)
}

/// Ends every session of a user. Gives how many were live.
///
/// # Errors
/// When the database fails.
pub fn end_all_of_user(tx: &mut Write<'_>, user: &UserId, now: Timestamp) -> Result<usize, StoreError> {
    Ok(execute_prepared!(
        tx,
        diesel::update(
            sessions::table.filter(sessions::user_id.eq(user.as_str())).filter(sessions::ended_at.is_null())
        )
        .set(sessions::ended_at.eq(Some(now.millis())))
    )?)
}
