//! Clients and their secrets.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{
    Read, StoreError, Write,
    conn::Conn,
    dialect::find_prepared,
    row,
    schema::{client_secrets, clients},
};
use crate::domain::{
    Timestamp,
    entity::{Client, ClientKind, ClientSecret, Owner},
    ids::ClientId,
};

#[derive(Queryable)]
struct ClientRow {
    client_id: String,
    name: String,
    kind: String,
    enabled: bool,
    settings: String,
    not_before: Option<i64>,
    owner: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl ClientRow {
    fn into_client(self) -> Result<Client, StoreError> {
        Ok(Client {
            client_id: ClientId::new(self.client_id),
            name: self.name,
            kind: row::known(ClientKind::from_name(&self.kind), "clients", "kind")?,
            enabled: self.enabled,
            settings: row::from_json(&self.settings, "clients", "settings")?,
            not_before: row::time(self.not_before),
            owner: row::known(Owner::from_name(&self.owner), "clients", "owner")?,
            version: self.version,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

/// Inserts a client.
///
/// # Errors
/// `Conflict` when the `client_id` is taken.
pub fn insert(tx: &mut Write<'_>, client: &Client) -> Result<(), StoreError> {
    diesel::insert_into(clients::table)
        .values((
            clients::client_id.eq(client.client_id.as_str()),
            clients::name.eq(&client.name),
            clients::kind.eq(client.kind.name()),
            clients::enabled.eq(client.enabled),
            clients::settings.eq(row::to_json(&client.settings, "clients", "settings")?),
            clients::not_before.eq(client.not_before.map(Timestamp::millis)),
            clients::owner.eq(client.owner.name()),
            clients::version.eq(client.version),
            clients::created_at.eq(client.created_at.millis()),
            clients::updated_at.eq(client.updated_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes a changed client, if its stored version is still `client.version`, and raises the
/// version. `false`: somebody else changed it first.
///
/// # Errors
/// When the database fails.
pub fn update(tx: &mut Write<'_>, client: &Client) -> Result<bool, StoreError> {
    let written = diesel::update(
        clients::table
            .filter(clients::client_id.eq(client.client_id.as_str()))
            .filter(clients::version.eq(client.version)),
    )
    .set((
        clients::name.eq(&client.name),
        clients::kind.eq(client.kind.name()),
        clients::enabled.eq(client.enabled),
        clients::settings.eq(row::to_json(&client.settings, "clients", "settings")?),
        clients::not_before.eq(client.not_before.map(Timestamp::millis)),
        clients::version.eq(client.version + 1),
        clients::updated_at.eq(client.updated_at.millis()),
    ))
    .execute(tx.conn())?;
    Ok(written == 1)
}

/// Deletes a client with everything issued to it.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, id: &ClientId) -> Result<bool, StoreError> {
    Ok(diesel::delete(clients::table.filter(clients::client_id.eq(id.as_str()))).execute(tx.conn())? == 1)
}

/// The client with this `client_id`.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, id: &ClientId) -> Result<Option<Client>, StoreError> {
    find_prepared!(tx, clients::table.filter(clients::client_id.eq(id.as_str())) => ClientRow)?
        .map(ClientRow::into_client)
        .transpose()
}

/// A page of clients, ordered by `client_id`, after the given one.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, after: Option<&str>, limit: i64) -> Result<Vec<Client>, StoreError> {
    clients::table
        .filter(clients::client_id.gt(after.unwrap_or_default()))
        .order(clients::client_id.asc())
        .limit(limit)
        .load::<ClientRow>(tx.conn)?
        .into_iter()
        .map(ClientRow::into_client)
        .collect()
}

/// The version of an enabled client; none if it is unknown or disabled. What was decided on another
/// version must be decided again.
///
/// # Errors
/// When the database fails.
pub fn enabled_version(tx: &mut Read<'_>, id: &ClientId) -> Result<Option<i64>, StoreError> {
    let version = clients::table
        .filter(clients::client_id.eq(id.as_str()))
        .filter(clients::enabled.eq(true))
        .select(clients::version);
    Ok(find_prepared!(tx, version => i64)?)
}

/// The versions of several enabled clients, which cannot change before the caller's transaction ends.
/// `ids` are sorted: everybody locks in the same order.
pub(super) fn lock_enabled_versions(tx: &mut Write<'_>, ids: &[&str]) -> Result<HashMap<String, i64>, StoreError> {
    let of_these = |ids: &[&str]| {
        clients::table
            .filter(clients::client_id.eq_any(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()))
            .filter(clients::enabled.eq(true))
            .order(clients::client_id.asc())
            .select((clients::client_id, clients::version))
    };
    let versions: Vec<(String, i64)> = match tx.conn() {
        // There is but one writer.
        Conn::Sqlite(_) => {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                // One by one: a list in the statement would be planned anew each time.
                let version = enabled_version(tx, &ClientId::new(*id))?;
                found.extend(version.map(|version| ((*id).to_owned(), version)));
            }
            found
        }
        // A change that is acknowledged while this transaction runs would otherwise come too late.
        Conn::Pg(conn) => of_these(ids).for_share().load(conn)?,
    };
    Ok(versions.into_iter().collect())
}

/// Raises a client's version without another change: its secrets or roles were changed.
///
/// # Errors
/// When the database fails.
pub fn touch(tx: &mut Write<'_>, id: &ClientId, now: Timestamp) -> Result<bool, StoreError> {
    let written = diesel::update(clients::table.filter(clients::client_id.eq(id.as_str())))
        .set((clients::version.eq(clients::version + 1), clients::updated_at.eq(now.millis())))
        .execute(tx.conn())?;
    Ok(written == 1)
}

/// Adds a secret.
///
/// # Errors
/// When the database fails.
pub fn insert_secret(tx: &mut Write<'_>, secret: &ClientSecret) -> Result<(), StoreError> {
    diesel::insert_into(client_secrets::table)
        .values((
            client_secrets::id.eq(&secret.id),
            client_secrets::client_id.eq(secret.client_id.as_str()),
            client_secrets::label.eq(&secret.label),
            client_secrets::secret_hash.eq(&secret.secret_hash),
            client_secrets::created_at.eq(secret.created_at.millis()),
            client_secrets::expires_at.eq(secret.expires_at.map(Timestamp::millis)),
            client_secrets::sealed_secret.eq(secret.sealed_secret.as_deref()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// A client's secrets, expired ones included, oldest first.
///
/// # Errors
/// When the database fails.
pub fn secrets(tx: &mut Read<'_>, id: &ClientId) -> Result<Vec<ClientSecret>, StoreError> {
    Ok(client_secrets::table
        .filter(client_secrets::client_id.eq(id.as_str()))
        .order((client_secrets::created_at.asc(), client_secrets::id.asc()))
        .load::<(String, String, String, Vec<u8>, i64, Option<i64>, Option<Vec<u8>>)>(tx.conn)?
        .into_iter()
        .map(|(id, client_id, label, secret_hash, created_at, expires_at, sealed_secret)| ClientSecret {
            id,
            client_id: ClientId::new(client_id),
            label,
            secret_hash,
            sealed_secret,
            created_at: Timestamp::from_millis(created_at),
            expires_at: row::time(expires_at),
        })
        .collect())
}

/// Lets every standing secret of a client expire at `at`, unless it expires sooner: rotation with
/// overlap.
///
/// # Errors
/// When the database fails.
pub fn expire_secrets(tx: &mut Write<'_>, id: &ClientId, at: Timestamp) -> Result<usize, StoreError> {
    Ok(diesel::update(
        client_secrets::table
            .filter(client_secrets::client_id.eq(id.as_str()))
            .filter(client_secrets::expires_at.is_null().or(client_secrets::expires_at.gt(Some(at.millis())))),
    )
    .set(client_secrets::expires_at.eq(Some(at.millis())))
    .execute(tx.conn())?)
}

/// Removes one secret.
///
/// # Errors
/// When the database fails.
pub fn delete_secret(tx: &mut Write<'_>, client: &ClientId, secret_id: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(
        client_secrets::table
            .filter(client_secrets::client_id.eq(client.as_str()))
            .filter(client_secrets::id.eq(secret_id)),
    )
    .execute(tx.conn())?
        == 1)
}
