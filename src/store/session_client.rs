//! Which clients met a session: those that have to hear when it ends, and those that come back to it.

use diesel::{prelude::*, sql_types};

use super::{Read, StoreError, Write, conn::Conn, dialect::prepared, schema::session_clients};
use crate::domain::{
    Timestamp,
    ids::{ClientId, SessionId},
};

/// Notes that a client was authorized in a session. A session that is not known any more is let be.
///
/// # Errors
/// When the database fails.
pub(super) fn note(
    tx: &mut Write<'_>,
    session: &SessionId,
    client: &ClientId,
    at: Timestamp,
) -> Result<(), StoreError> {
    macro_rules! upsert {
        ($client:literal, $at:literal, $session:literal) => {
            prepared!(
                diesel::sql_query(concat!(
                    "INSERT INTO session_clients (session_id, client_id, last_at) SELECT id, ",
                    $client,
                    ", ",
                    $at,
                    " FROM sessions WHERE id = ",
                    $session,
                    " ON CONFLICT (session_id, client_id) DO UPDATE SET last_at = excluded.last_at"
                ))
                .bind::<sql_types::Text, _>(client.as_str())
                .bind::<sql_types::BigInt, _>(at.millis())
                .bind::<sql_types::Text, _>(session.as_str()),
            )
        };
    }
    match tx.conn() {
        Conn::Sqlite(conn) => upsert!("?", "?", "?").execute(conn)?,
        Conn::Pg(conn) => upsert!("$1", "$2", "$3").execute(conn)?,
    };
    Ok(())
}

/// The clients that met a session, by name.
///
/// # Errors
/// When the database fails.
pub fn of_session(tx: &mut Read<'_>, session: &SessionId) -> Result<Vec<ClientId>, StoreError> {
    Ok(session_clients::table
        .filter(session_clients::session_id.eq(session.as_str()))
        .order(session_clients::client_id.asc())
        .select(session_clients::client_id)
        .load::<String>(tx.conn)?
        .into_iter()
        .map(ClientId::new)
        .collect())
}

/// Of these sessions, the one in which the client was authorized last.
///
/// # Errors
/// When the database fails.
pub fn last_of_client(
    tx: &mut Read<'_>,
    sessions: &[&SessionId],
    client: &ClientId,
) -> Result<Option<SessionId>, StoreError> {
    let ids: Vec<&str> = sessions.iter().map(|id| id.as_str()).collect();
    Ok(session_clients::table
        .filter(session_clients::client_id.eq(client.as_str()))
        .filter(session_clients::session_id.eq_any(ids))
        .order((session_clients::last_at.desc(), session_clients::session_id.desc()))
        .select(session_clients::session_id)
        .load::<String>(tx.conn)?
        .into_iter()
        .next()
        .map(SessionId::new))
}
