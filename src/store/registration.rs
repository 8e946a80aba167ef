//! Clients that registered themselves, and the tokens that let somebody register.

use diesel::prelude::*;

use super::{
    Read, StoreError, Write, row,
    schema::{initial_access_tokens, registrations},
};
use crate::domain::{Timestamp, entity::InitialAccessToken, ids::ClientId};

/// What is known of a client that registered itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Which client.
    pub client_id: ClientId,
    /// SHA-256 of its registration access token; none for a client with a metadata document.
    pub management_hash: Option<Vec<u8>>,
    /// The initial access token that it registered with.
    pub initial_access_token_id: Option<String>,
    /// When it registered.
    pub created_at: Timestamp,
    /// When it was used last, to the day.
    pub last_used_at: Option<Timestamp>,
    /// It is deleted after this, unless it is used before.
    pub expires_at: Timestamp,
    /// When its metadata document was fetched.
    pub document_fetched_at: Option<Timestamp>,
    /// Until when the document is believed.
    pub document_expires_at: Option<Timestamp>,
}

type RegisteredRow = (String, Option<Vec<u8>>, Option<String>, i64, Option<i64>, i64, Option<i64>, Option<i64>);

/// Remembers a registration.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, registered: &Registered) -> Result<(), StoreError> {
    diesel::insert_into(registrations::table)
        .values((
            registrations::client_id.eq(registered.client_id.as_str()),
            registrations::management_hash.eq(&registered.management_hash),
            registrations::initial_access_token_id.eq(&registered.initial_access_token_id),
            registrations::created_at.eq(registered.created_at.millis()),
            registrations::last_used_at.eq(registered.last_used_at.map(Timestamp::millis)),
            registrations::expires_at.eq(registered.expires_at.millis()),
            registrations::document_fetched_at.eq(registered.document_fetched_at.map(Timestamp::millis)),
            registrations::document_expires_at.eq(registered.document_expires_at.map(Timestamp::millis)),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// What is known of this client; none if it did not register itself.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, id: &ClientId) -> Result<Option<Registered>, StoreError> {
    let found: Option<RegisteredRow> =
        registrations::table.filter(registrations::client_id.eq(id.as_str())).get_result(tx.conn).optional()?;
    Ok(found.map(|(client_id, management_hash, token, created, used, expires, fetched, believed)| Registered {
        client_id: ClientId::new(client_id),
        management_hash,
        initial_access_token_id: token,
        created_at: Timestamp::from_millis(created),
        last_used_at: row::time(used),
        expires_at: Timestamp::from_millis(expires),
        document_fetched_at: row::time(fetched),
        document_expires_at: row::time(believed),
    }))
}

/// How many clients registered themselves.
///
/// # Errors
/// When the database fails.
pub fn count(tx: &mut Read<'_>) -> Result<i64, StoreError> {
    Ok(registrations::table.count().get_result(tx.conn)?)
}

/// Notes a use, unless one was noted after `unless_after`.
///
/// # Errors
/// When the database fails.
pub fn note_use(
    tx: &mut Write<'_>,
    id: &ClientId,
    now: Timestamp,
    unless_after: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    let written =
        diesel::update(registrations::table.filter(registrations::client_id.eq(id.as_str())).filter(
            registrations::last_used_at.is_null().or(registrations::last_used_at.le(Some(unless_after.millis()))),
        ))
        .set((registrations::last_used_at.eq(Some(now.millis())), registrations::expires_at.eq(expires_at.millis())))
        .execute(tx.conn())?;
    Ok(written == 1)
}

/// Notes that the client's metadata document was fetched, and until when it is believed.
///
/// # Errors
/// When the database fails.
pub fn note_document(
    tx: &mut Write<'_>,
    id: &ClientId,
    fetched_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(registrations::table.filter(registrations::client_id.eq(id.as_str())))
        .set((
            registrations::document_fetched_at.eq(Some(fetched_at.millis())),
            registrations::document_expires_at.eq(Some(expires_at.millis())),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The clients that nobody has used for too long, the longest first.
///
/// # Errors
/// When the database fails.
pub fn unused(tx: &mut Read<'_>, now: Timestamp, limit: i64) -> Result<Vec<ClientId>, StoreError> {
    let found: Vec<String> = registrations::table
        .filter(registrations::expires_at.lt(now.millis()))
        .order(registrations::expires_at.asc())
        .limit(limit)
        .select(registrations::client_id)
        .load(tx.conn)?;
    Ok(found.into_iter().map(ClientId::new).collect())
}

/// Forgets a registration that is still unused: whoever deletes it deletes the client. `false`: it
/// was used meanwhile.
///
/// # Errors
/// When the database fails.
pub fn delete_unused(tx: &mut Write<'_>, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
    let of_client = registrations::table
        .filter(registrations::client_id.eq(id.as_str()))
        .filter(registrations::expires_at.lt(now.millis()));
    Ok(diesel::delete(of_client).execute(tx.conn())? == 1)
}

/// Adds an initial access token.
///
/// # Errors
/// When the database fails.
pub fn insert_token(tx: &mut Write<'_>, token: &InitialAccessToken, token_hash: &[u8]) -> Result<(), StoreError> {
    diesel::insert_into(initial_access_tokens::table)
        .values((
            initial_access_tokens::id.eq(&token.id),
            initial_access_tokens::label.eq(&token.label),
            initial_access_tokens::token_hash.eq(token_hash),
            initial_access_tokens::created_at.eq(token.created_at.millis()),
            initial_access_tokens::expires_at.eq(token.expires_at.millis()),
            initial_access_tokens::uses_left.eq(token.uses_left),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Whether the token would let somebody in now. Only [`consume_token`] decides.
///
/// # Errors
/// When the database fails.
pub fn token_stands(tx: &mut Read<'_>, token_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let standing: i64 = initial_access_tokens::table
        .filter(initial_access_tokens::token_hash.eq(token_hash))
        .filter(initial_access_tokens::uses_left.gt(0))
        .filter(initial_access_tokens::expires_at.gt(now.millis()))
        .count()
        .get_result(tx.conn)?;
    Ok(standing == 1)
}

/// Takes one use of a token. Gives its id; none: unknown, expired or used up.
///
/// # Errors
/// When the database fails.
pub fn consume_token(tx: &mut Write<'_>, token_hash: &[u8], now: Timestamp) -> Result<Option<String>, StoreError> {
    let taken = diesel::update(
        initial_access_tokens::table
            .filter(initial_access_tokens::token_hash.eq(token_hash))
            .filter(initial_access_tokens::uses_left.gt(0))
            .filter(initial_access_tokens::expires_at.gt(now.millis())),
    )
    .set(initial_access_tokens::uses_left.eq(initial_access_tokens::uses_left - 1))
    .execute(tx.conn())?;
    if taken != 1 {
        return Ok(None);
    }
    Ok(initial_access_tokens::table
        .filter(initial_access_tokens::token_hash.eq(token_hash))
        .select(initial_access_tokens::id)
        .get_result(tx.conn())
        .optional()?)
}

/// The initial access tokens, oldest first.
///
/// # Errors
/// When the database fails.
pub fn tokens(tx: &mut Read<'_>, limit: i64) -> Result<Vec<InitialAccessToken>, StoreError> {
    let found: Vec<(String, String, i64, i64, i64)> = initial_access_tokens::table
        .order((initial_access_tokens::created_at.asc(), initial_access_tokens::id.asc()))
        .limit(limit)
        .select((
            initial_access_tokens::id,
            initial_access_tokens::label,
            initial_access_tokens::created_at,
            initial_access_tokens::expires_at,
            initial_access_tokens::uses_left,
        ))
        .load(tx.conn)?;
    Ok(found
        .into_iter()
        .map(|(id, label, created, expires, uses_left)| InitialAccessToken {
            id,
            label,
            created_at: Timestamp::from_millis(created),
            expires_at: Timestamp::from_millis(expires),
            uses_left,
        })
        .collect())
}

/// Removes an initial access token; clients that were registered with it stay.
///
/// # Errors
/// When the database fails.
pub fn delete_token(tx: &mut Write<'_>, id: &str) -> Result<bool, StoreError> {
    let of_id = initial_access_tokens::table.filter(initial_access_tokens::id.eq(id));
    Ok(diesel::delete(of_id).execute(tx.conn())? == 1)
}
