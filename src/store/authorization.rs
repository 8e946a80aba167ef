//! Authorizations: the parents of codes and tokens. Revoking one revokes all that came from it,
//! because every use of a child reads its parent.

use diesel::prelude::*;

use super::{
    Read, StoreError, Write,
    dialect::{execute_prepared, find_prepared},
    row,
    schema::{authorizations, sessions, users},
    session::{self, SessionColumns},
    session_client,
    user::UserRow,
};
use crate::domain::{
    Timestamp,
    entity::{Authorization, Session, User},
    ids::{AuthorizationId, ClientId, SessionId, UserId},
};

#[derive(Queryable)]
struct AuthorizationRow {
    id: String,
    client_id: String,
    user_id: String,
    session_id: String,
    scope: String,
    auth_time: i64,
    amr: String,
    acr: String,
    claims: Option<String>,
    created_at: i64,
    _expires_at: i64,
    revoked_at: Option<i64>,
    bounds: String,
}

/// Inserts an authorization. `expires_at`: nothing that comes from it can live longer, so that the
/// row may be cleaned then. From here on its client is one of those that met the session.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, authorization: &Authorization, expires_at: Timestamp) -> Result<(), StoreError> {
    let bounds = row::to_json(&authorization.bounds, "authorizations", "bounds")?;
    execute_prepared!(
        tx,
        diesel::insert_into(authorizations::table).values((
            authorizations::id.eq(authorization.id.as_str()),
            authorizations::client_id.eq(authorization.client_id.as_str()),
            authorizations::user_id.eq(authorization.user_id.as_str()),
            authorizations::session_id.eq(authorization.session_id.as_str()),
            authorizations::scope.eq(row::join(&authorization.scope)),
            authorizations::auth_time.eq(authorization.context.auth_time.millis()),
            authorizations::amr.eq(row::join(&authorization.context.amr)),
            authorizations::acr.eq(&authorization.context.acr),
            authorizations::claims.eq(authorization.claims.as_deref()),
            authorizations::created_at.eq(authorization.created_at.millis()),
            authorizations::expires_at.eq(expires_at.millis()),
            authorizations::revoked_at.eq(authorization.revoked_at.map(Timestamp::millis)),
            authorizations::bounds.eq(&bounds),
        ))
    )?;
    session_client::note(tx, &authorization.session_id, &authorization.client_id, authorization.created_at)
}

/// The authorization with this id, revoked ones included.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, id: &AuthorizationId) -> Result<Option<Authorization>, StoreError> {
    find_prepared!(tx, authorizations::table.filter(authorizations::id.eq(id.as_str())) => AuthorizationRow)?
        .map(entity)
        .transpose()
}

/// An authorization with what it stands on.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// The authorization.
    pub authorization: Authorization,
    /// Its person, if still there.
    pub user: Option<User>,
    /// Its session, if it has one that is still there.
    pub session: Option<Session>,
}

/// The authorization with this id, revoked ones included, and what it stands on: one statement for
/// what every use of a token reads together.
///
/// # Errors
/// When the database fails.
pub fn find_lineage(tx: &mut Read<'_>, id: &AuthorizationId) -> Result<Option<Lineage>, StoreError> {
    let joined = authorizations::table
        .left_join(users::table.on(users::id.eq(authorizations::user_id)))
        .left_join(sessions::table.on(sessions::id.eq(authorizations::session_id)))
        .filter(authorizations::id.eq(id.as_str()))
        .select((authorizations::all_columns, users::all_columns.nullable(), session::COLUMNS.nullable()));
    let found = find_prepared!(tx, joined => (AuthorizationRow, Option<UserRow>, Option<SessionColumns>))?;
    let Some((authorization, user, session)) = found else { return Ok(None) };
    Ok(Some(Lineage {
        authorization: entity(authorization)?,
        user: user.map(UserRow::into_user).transpose()?,
        session: session.map(session::into_session),
    }))
}

fn entity(columns: AuthorizationRow) -> Result<Authorization, StoreError> {
    Ok(Authorization {
        id: AuthorizationId::new(columns.id),
        client_id: ClientId::new(columns.client_id),
        user_id: UserId::new(columns.user_id),
        session_id: SessionId::new(columns.session_id),
        scope: row::split(&columns.scope),
        context: row::context(columns.auth_time, &columns.amr, columns.acr),
        claims: columns.claims,
        bounds: row::from_json(&columns.bounds, "authorizations", "bounds")?,
        created_at: Timestamp::from_millis(columns.created_at),
        revoked_at: row::time(columns.revoked_at),
    })
}

/// Revokes an authorization. `false`: it was revoked before.
///
/// # Errors
/// When the database fails.
pub fn revoke(tx: &mut Write<'_>, id: &AuthorizationId, now: Timestamp) -> Result<bool, StoreError> {
    let written = diesel::update(
        authorizations::table.filter(authorizations::id.eq(id.as_str())).filter(authorizations::revoked_at.is_null()),
    )
    .set(authorizations::revoked_at.eq(Some(now.millis())))
    .execute(tx.conn())?;
    Ok(written == 1)
}

/// The latest standing authorization of a client in a session.
///
/// # Errors
/// When the database fails.
pub fn latest_of_session(
    tx: &mut Read<'_>,
    session: &SessionId,
    client: &ClientId,
) -> Result<Option<Authorization>, StoreError> {
    authorizations::table
        .filter(authorizations::session_id.eq(session.as_str()))
        .filter(authorizations::client_id.eq(client.as_str()))
        .filter(authorizations::revoked_at.is_null())
        .order((authorizations::created_at.desc(), authorizations::id.desc()))
        .limit(1)
        .get_result::<AuthorizationRow>(tx.conn)
        .optional()?
        .map(entity)
        .transpose()
}

/// The standing authorizations of a session.
///
/// # Errors
/// When the database fails.
pub fn standing_of_session(
    tx: &mut Read<'_>,
    session: &SessionId,
) -> Result<Vec<(AuthorizationId, Vec<String>)>, StoreError> {
    Ok(authorizations::table
        .filter(authorizations::session_id.eq(session.as_str()))
        .filter(authorizations::revoked_at.is_null())
        .select((authorizations::id, authorizations::scope))
        .load::<(String, String)>(tx.conn)?
        .into_iter()
        .map(|(id, scope)| (AuthorizationId::new(id), row::split(&scope)))
        .collect())
}

/// The standing authorizations of a person for a client.
///
/// # Errors
/// When the database fails.
pub fn standing_of_person(
    tx: &mut Read<'_>,
    user: &UserId,
    client: &ClientId,
) -> Result<Vec<Authorization>, StoreError> {
    authorizations::table
        .filter(authorizations::user_id.eq(user.as_str()))
        .filter(authorizations::client_id.eq(client.as_str()))
        .filter(authorizations::revoked_at.is_null())
        .order(authorizations::id.asc())
        .load::<AuthorizationRow>(tx.conn)?
        .into_iter()
        .map(entity)
        .collect()
}
