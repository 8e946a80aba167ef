//! Roles, and who holds them. The built-in role `owner` stays as it is.

use super::{
    AdminFailure, Change, change, check_version, client, group, keeping_an_administrator, noted, or_taken, page_size,
    text, user,
};
use crate::{
    domain::{
        entity::{EventKind, Owner, Role},
        ids::{ClientId, RoleId},
    },
    service::{Cx, events::Draft},
    store::{self, Read, StoreError, Write, role},
};

/// What is to be changed about a role. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct RoleChanges {
    /// The name: the claim value.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The version that the caller has read.
    pub version: Option<i64>,
}

/// A role with the active people who hold it in effect.
#[derive(Clone, Debug)]
pub struct RoleDetail {
    /// The role.
    pub role: Role,
    /// Their usernames.
    pub holders: Vec<String>,
    /// The clients whose own tokens carry it.
    pub clients: Vec<ClientId>,
}

/// To whom a role is given, by id or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A person.
    User(String),
    /// Everybody in a group.
    Group(String),
    /// A client's own tokens.
    Client(String),
}

/// Creates a role.
///
/// # Errors
/// `AS-3001`, `AS-3003`; broken.
pub async fn create(cx: &Cx, name: &str, description: &str, owner: Owner) -> Result<Role, AdminFailure> {
    let (name, description) = (name.to_owned(), description.to_owned());
    change(cx, "role.create", move |cx, tx| insert(cx, tx, &name, &description, owner)).await
}

/// Writes a new role with its event.
pub(crate) fn insert(cx: &Cx, tx: &mut Write<'_>, name: &str, description: &str, owner: Owner) -> Change<Role> {
    let new = Role {
        id: RoleId::new(cx.fresh_id()),
        name: name.to_owned(),
        description: description.to_owned(),
        owner,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    check(&new)?;
    role::insert(tx, &new).map_err(|error| or_taken(error, |_| AdminFailure::taken("role", &new.name)))?;
    tell(cx, tx, EventKind::RoleCreated, &new)?;
    Ok(new)
}

fn check(role: &Role) -> Result<(), AdminFailure> {
    text::check_claim_name("name", &role.name)?;
    text::check_line("description", &role.description, false)
}

fn tell(cx: &Cx, tx: &mut Write<'_>, kind: EventKind, role: &Role) -> Change<()> {
    Draft::new(kind).object(role.id.as_str()).fact("name", role.name.as_str()).append(cx, tx)?;
    Ok(())
}

/// A page of roles, ordered by name, after the given name.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Cx, after: Option<String>, limit: i64) -> Result<Vec<Role>, AdminFailure> {
    cx.services.store.read(move |tx| Ok(role::list(tx, after.as_deref(), page_size(limit))?)).await
}

/// The role of this name.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn find(cx: &Cx, name: &str) -> Result<RoleDetail, AdminFailure> {
    let name = name.to_owned();
    let found = cx
        .services
        .store
        .read(move |tx| {
            let role = wanted(tx, &name)?;
            let mut holders = Vec::new();
            for id in role::active_holders(tx, &role.id)? {
                holders.extend(store::user::find(tx, &id)?.map(|user| user.username));
            }
            holders.sort();
            let clients = clients_with(tx, &role.name)?;
            Ok(RoleDetail { role, holders, clients })
        })
        .await;
    noted(cx, "role.find", found)
}

fn wanted(tx: &mut Read<'_>, name: &str) -> Result<Role, AdminFailure> {
    if name.contains('\0') {
        return Err(AdminFailure::not_found("role", name));
    }
    role::find_by_name(tx, name)?.ok_or_else(|| AdminFailure::not_found("role", name))
}

/// The clients whose own tokens carry this role.
fn clients_with(tx: &mut Read<'_>, name: &str) -> Result<Vec<ClientId>, StoreError> {
    let mut carrying = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store::client::list(tx, after.as_deref(), super::PAGE)?;
        let Some(last) = page.last() else { return Ok(carrying) };
        after = Some(last.client_id.as_str().to_owned());
        for client in page {
            if role::names_of_client(tx, &client.client_id)?.iter().any(|role| role == name) {
                carrying.push(client.client_id);
            }
        }
    }
}

/// What a client's requests rely on has changed: every node reads it again.
fn touch_clients(cx: &Cx, tx: &mut Write<'_>, clients: &[ClientId]) -> Result<(), StoreError> {
    for id in clients {
        store::client::touch(tx, id, cx.now())?;
    }
    Ok(())
}

/// A built-in role stays as it is: what it means is written in the program.
fn check_not_built_in(role: &Role) -> Result<(), AdminFailure> {
    if role.owner == Owner::System {
        return Err(AdminFailure::value("name", format!("the role {} is built in, and stays as it is", role.name)));
    }
    Ok(())
}

/// Changes a role.
///
/// # Errors
/// `AS-3001`, `AS-3002`, `AS-3003` also for a built-in role, `AS-3005`; broken.
pub async fn update(cx: &Cx, name: &str, changes: RoleChanges) -> Result<Role, AdminFailure> {
    let name = name.to_owned();
    let (changed, clients) = change(cx, "role.update", move |cx, tx| {
        let stored = wanted(tx, &name)?;
        check_not_built_in(&stored)?;
        check_version("role", &name, changes.version, stored.version)?;
        let mut changed = Role {
            name: changes.name.unwrap_or_else(|| stored.name.clone()),
            description: changes.description.unwrap_or_else(|| stored.description.clone()),
            ..stored.clone()
        };
        if changed == stored {
            return Ok((stored, Vec::new()));
        }
        check(&changed)?;
        let clients = clients_with(tx, &stored.name)?;
        changed.updated_at = cx.now();
        let written = role::update(tx, &changed)
            .map_err(|error| or_taken(error, |_| AdminFailure::taken("role", &changed.name)))?;
        if !written {
            return Err(AdminFailure::changed("role", &name).into());
        }
        changed.version += 1;
        touch_clients(cx, tx, &clients)?;
        tell(cx, tx, EventKind::RoleUpdated, &changed)?;
        Ok((changed, clients))
    })
    .await?;
    forget(cx, &clients);
    Ok(changed)
}

fn forget(cx: &Cx, clients: &[ClientId]) {
    for id in clients {
        cx.services.clients.forget(id);
    }
}

/// Deletes a role: whoever held it holds it no more.
///
/// # Errors
/// `AS-3002`, `AS-3003` for a built-in role; broken.
pub async fn delete(cx: &Cx, name: &str) -> Result<(), AdminFailure> {
    let name = name.to_owned();
    let clients = change(cx, "role.delete", move |cx, tx| {
        let role = wanted(tx, &name)?;
        check_not_built_in(&role)?;
        let clients = clients_with(tx, &role.name)?;
        if !role::delete(tx, &role.id)? {
            return Err(AdminFailure::not_found("role", &name).into());
        }
        touch_clients(cx, tx, &clients)?;
        tell(cx, tx, EventKind::RoleDeleted, &role)?;
        Ok(clients)
    })
    .await?;
    forget(cx, &clients);
    Ok(())
}

/// Gives a role. `false`: already given.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn grant(cx: &Cx, name: &str, holder: Holder) -> Result<bool, AdminFailure> {
    let name = name.to_owned();
    let (granted, client) = change(cx, "role.grant", move |cx, tx| {
        let role = wanted(tx, &name)?;
        turn(cx, tx, &role, &holder, Turn::Grant)
    })
    .await?;
    forget(cx, client.as_slice());
    Ok(granted)
}

/// Takes a role away that was given to just this holder. `false`: it was not.
///
/// # Errors
/// `AS-3002`, `AS-3004` for the last administrator; broken.
pub async fn revoke(cx: &Cx, name: &str, holder: Holder) -> Result<bool, AdminFailure> {
    let name = name.to_owned();
    let (revoked, client) = change(cx, "role.revoke", move |cx, tx| {
        keeping_an_administrator(tx, |tx| {
            let role = wanted(tx, &name)?;
            turn(cx, tx, &role, &holder, Turn::Revoke)
        })
    })
    .await?;
    forget(cx, client.as_slice());
    Ok(revoked)
}

/// Which way a role goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Grant,
    Revoke,
}

fn turn(cx: &Cx, tx: &mut Write<'_>, role: &Role, holder: &Holder, turn: Turn) -> Change<(bool, Vec<ClientId>)> {
    let kind = if turn == Turn::Grant { EventKind::RoleGranted } else { EventKind::RoleRevoked };
    let draft = Draft::new(kind).object(role.id.as_str()).fact("name", role.name.as_str());
    let mut touched = Vec::new();
    let (turned, draft) = match holder {
        Holder::User(key) => {
            let user = user::wanted(tx, key)?;
            let turned = match turn {
                Turn::Grant => role::grant_to_user(tx, &role.id, &user.id)?,
                Turn::Revoke => role::revoke_from_user(tx, &role.id, &user.id)?,
            };
            (turned, draft.user(&user.id))
        }
        Holder::Group(key) => {
            let group = group::wanted(tx, key)?;
            let turned = match turn {
                Turn::Grant => role::grant_to_group(tx, &role.id, &group.id)?,
                Turn::Revoke => role::revoke_from_group(tx, &role.id, &group.id)?,
            };
            (turned, draft.fact("group", group.name.as_str()))
        }
        Holder::Client(key) => {
            let client = client::wanted(tx, key)?;
            let turned = match turn {
                Turn::Grant => role::grant_to_client(tx, &role.id, &client.client_id)?,
                Turn::Revoke => role::revoke_from_client(tx, &role.id, &client.client_id)?,
            };
            if turned {
                touched.push(client.client_id.clone());
                touch_clients(cx, tx, &touched)?;
            }
            (turned, draft.client(&client.client_id))
        }
    };
    if turned {
        draft.append(cx, tx)?;
    }
    Ok((turned, touched))
}
