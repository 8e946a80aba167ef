//! Opaque access tokens, and the list of self-contained ones that were revoked before their time.

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Binary, Nullable, Text},
};

use super::{
    Read, StoreError, Write, client,
    conn::Conn,
    dialect::{find_prepared, prepared},
    row,
    schema::{access_tokens, clients, revoked_tokens},
};
use crate::domain::{
    Timestamp,
    ids::{AuthorizationId, ClientId},
};

/// The row of an opaque token to be.
#[derive(Clone, Debug)]
pub struct NewAccessToken {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// Its identifier in events.
    pub jti: String,
    /// Its parent; none for a client on its own behalf.
    pub authorization_id: Option<AuthorizationId>,
    /// To whom it was issued.
    pub client_id: ClientId,
    /// The claims that a JWT would carry, as JSON.
    pub claims: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// An opaque token as found.
#[derive(Clone, Debug)]
pub struct FoundAccessToken {
    /// The row as inserted.
    pub token: NewAccessToken,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Inserts an opaque token.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, token: &NewAccessToken) -> Result<(), StoreError> {
    Ok(insert_many(tx, &[token])?)
}

macro_rules! values {
    ($token:expr) => {
        (
            access_tokens::token_hash.eq(&$token.token_hash),
            access_tokens::jti.eq(&$token.jti),
            access_tokens::authorization_id.eq($token.authorization_id.as_ref().map(AuthorizationId::as_str)),
            access_tokens::client_id.eq($token.client_id.as_str()),
            access_tokens::claims.eq(&$token.claims),
            access_tokens::issued_at.eq($token.issued_at.millis()),
            access_tokens::expires_at.eq($token.expires_at.millis()),
        )
    };
}

pub(super) fn insert_many(tx: &mut Write<'_>, tokens: &[&NewAccessToken]) -> QueryResult<()> {
    if tokens.is_empty() {
        return Ok(());
    }
    match (tx.conn(), tokens) {
        (Conn::Sqlite(conn), _) => {
            for token in tokens {
                prepared!(diesel::insert_into(access_tokens::table).values(values!(token))).execute(conn)?;
            }
        }
        (Conn::Pg(conn), [token]) => {
            prepared!(diesel::insert_into(access_tokens::table).values(values!(token))).execute(conn)?;
        }
        (Conn::Pg(conn), _) => insert_arrays(conn, tokens)?,
    }
    Ok(())
}

/// One prepared statement for any number of rows.
fn insert_arrays(conn: &mut PgConnection, tokens: &[&NewAccessToken]) -> QueryResult<()> {
    macro_rules! each {
        ($token:ident => $value:expr) => {
            tokens.iter().map(|$token| $value).collect::<Vec<_>>()
        };
    }
    let statement = diesel::sql_query(
        "INSERT INTO access_tokens (token_hash, jti, authorization_id, client_id, claims, issued_at, expires_at) \
         SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], \
         $7::bigint[])",
    )
    .bind::<Array<Binary>, _>(each!(token => token.token_hash.as_slice()))
    .bind::<Array<Text>, _>(each!(token => token.jti.as_str()))
    .bind::<Array<Nullable<Text>>, _>(each!(token => token.authorization_id.as_ref().map(AuthorizationId::as_str)))
    .bind::<Array<Text>, _>(each!(token => token.client_id.as_str()))
    .bind::<Array<Text>, _>(each!(token => token.claims.as_str()))
    .bind::<Array<BigInt>, _>(each!(token => token.issued_at.millis()))
    .bind::<Array<BigInt>, _>(each!(token => token.expires_at.millis()));
    prepared!(statement).execute(conn)?;
    Ok(())
}

/// The opaque token with this hash, expired and revoked ones included.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, token_hash: &[u8]) -> Result<Option<FoundAccessToken>, StoreError> {
    Ok(find_prepared!(tx, access_tokens::table.filter(access_tokens::token_hash.eq(token_hash)) => Columns)?.map(found))
}

/// The opaque token with this hash, and the version of the enabled client that asks for it: one statement
/// for both if there is such a token.
///
/// # Errors
/// When the database fails.
pub fn find_asked_by(
    tx: &mut Read<'_>,
    token_hash: &[u8],
    asker: &ClientId,
) -> Result<(Option<FoundAccessToken>, Option<i64>), StoreError> {
    let of_asker = clients::client_id.eq(asker.as_str()).and(clients::enabled.eq(true));
    let both = access_tokens::table
        .left_join(clients::table.on(of_asker))
        .filter(access_tokens::token_hash.eq(token_hash))
        .select((access_tokens::all_columns, clients::version.nullable()));
    match find_prepared!(tx, both => (Columns, Option<i64>))? {
        Some((columns, version)) => Ok((Some(found(columns)), version)),
        None => Ok((None, client::enabled_version(tx, asker)?)),
    }
}

type Columns = (Vec<u8>, String, Option<String>, String, String, i64, i64, Option<i64>);

fn found(columns: Columns) -> FoundAccessToken {
    let (token_hash, jti, authorization, client, claims, issued_at, expires_at, revoked_at) = columns;
    FoundAccessToken {
        token: NewAccessToken {
            token_hash,
            jti,
            authorization_id: authorization.map(AuthorizationId::new),
            client_id: ClientId::new(client),
            claims,
            issued_at: Timestamp::from_millis(issued_at),
            expires_at: Timestamp::from_millis(expires_at),
        },
        revoked_at: row::time(revoked_at),
    }
}

/// Revokes an opaque token. `false`: it was revoked before.
///
/// # Errors
/// When the database fails.
pub fn revoke(tx: &mut Write<'_>, token_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let written = diesel::update(
        access_tokens::table
            .filter(access_tokens::token_hash.eq(token_hash))
            .filter(access_tokens::revoked_at.is_null()),
    )
    .set(access_tokens::revoked_at.eq(Some(now.millis())))
    .execute(tx.conn())?;
    Ok(written == 1)
}

/// Notes that a self-contained token is revoked. `false`: it was before.
///
/// # Errors
/// When the database fails.
pub fn revoke_self_contained(tx: &mut Write<'_>, jti: &str, expires_at: Timestamp) -> Result<bool, StoreError> {
    let values = (revoked_tokens::jti.eq(jti), revoked_tokens::expires_at.eq(expires_at.millis()));
    Ok(super::dialect::insert_unless_present!(tx, revoked_tokens::table, values)? == 1)
}

/// Whether a self-contained token was revoked.
///
/// # Errors
/// When the database fails.
pub fn is_revoked(tx: &mut Read<'_>, jti: &str) -> Result<bool, StoreError> {
    let listed = revoked_tokens::table.filter(revoked_tokens::jti.eq(jti)).select(revoked_tokens::jti);
    Ok(find_prepared!(tx, listed => String)?.is_some())
}
