//! Groups, and who is in them.

use super::{
    AdminFailure, Change, change, check_version, keeping_an_administrator, noted, or_taken, page_size, text, user,
};
use crate::{
    domain::{
        entity::{EventKind, Group, Owner},
        ids::GroupId,
    },
    service::{Cx, events::Draft},
    store::{Read, Write, group},
};

/// What is to be changed about a group. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct GroupChanges {
    /// The name: the claim value.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The version that the caller has read.
    pub version: Option<i64>,
}

/// A group with who is in it.
#[derive(Clone, Debug)]
pub struct GroupDetail {
    /// The group.
    pub group: Group,
    /// The usernames in it.
    pub members: Vec<String>,
}

/// Creates a group.
///
/// # Errors
/// `AS-3001`, `AS-3003`; broken.
pub async fn create(cx: &Cx, name: &str, description: &str, owner: Owner) -> Result<Group, AdminFailure> {
    let new = Group {
        id: GroupId::new(cx.fresh_id()),
        name: name.to_owned(),
        description: description.to_owned(),
        owner,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    change(cx, "group.create", move |cx, tx| {
        check(&new)?;
        group::insert(tx, &new).map_err(|error| or_taken(error, |_| AdminFailure::taken("group", &new.name)))?;
        tell(cx, tx, EventKind::GroupCreated, &new)?;
        Ok(new)
    })
    .await
}

fn check(group: &Group) -> Result<(), AdminFailure> {
    text::check_claim_name("name", &group.name)?;
    text::check_line("description", &group.description, false)
}

fn tell(cx: &Cx, tx: &mut Write<'_>, kind: EventKind, group: &Group) -> Change<()> {
    Draft::new(kind).object(group.id.as_str()).fact("name", group.name.as_str()).append(cx, tx)?;
    Ok(())
}

/// A page of groups, ordered by name, after the given name.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Cx, after: Option<String>, limit: i64) -> Result<Vec<Group>, AdminFailure> {
    cx.services.store.read(move |tx| Ok(group::list(tx, after.as_deref(), page_size(limit))?)).await
}

/// The group of this name.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn find(cx: &Cx, name: &str) -> Result<GroupDetail, AdminFailure> {
    let name = name.to_owned();
    let found = cx
        .services
        .store
        .read(move |tx| {
            let group = wanted(tx, &name)?;
            let members = group::member_names(tx, &group.id)?;
            Ok(GroupDetail { group, members })
        })
        .await;
    noted(cx, "group.find", found)
}

/// The group of this name, or the refusal.
pub(super) fn wanted(tx: &mut Read<'_>, name: &str) -> Result<Group, AdminFailure> {
    if name.contains('\0') {
        return Err(AdminFailure::not_found("group", name));
    }
    group::find_by_name(tx, name)?.ok_or_else(|| AdminFailure::not_found("group", name))
}

/// Changes a group.
///
/// # Errors
/// `AS-3001`, `AS-3002`, `AS-3003`, `AS-3005`; broken.
pub async fn update(cx: &Cx, name: &str, changes: GroupChanges) -> Result<Group, AdminFailure> {
    let name = name.to_owned();
    change(cx, "group.update", move |cx, tx| {
        let stored = wanted(tx, &name)?;
        check_version("group", &name, changes.version, stored.version)?;
        let mut changed = Group {
            name: changes.name.unwrap_or_else(|| stored.name.clone()),
            description: changes.description.unwrap_or_else(|| stored.description.clone()),
            ..stored.clone()
        };
        if changed == stored {
            return Ok(stored);
        }
        check(&changed)?;
        changed.updated_at = cx.now();
        let written = group::update(tx, &changed)
            .map_err(|error| or_taken(error, |_| AdminFailure::taken("group", &changed.name)))?;
        if !written {
            return Err(AdminFailure::changed("group", &name).into());
        }
        changed.version += 1;
        tell(cx, tx, EventKind::GroupUpdated, &changed)?;
        Ok(changed)
    })
    .await
}

/// Deletes a group: its members lose the roles that it gave them.
///
/// # Errors
/// `AS-3002`, `AS-3004` when the last administrators were so by this group; broken.
pub async fn delete(cx: &Cx, name: &str) -> Result<(), AdminFailure> {
    let name = name.to_owned();
    change(cx, "group.delete", move |cx, tx| {
        keeping_an_administrator(tx, |tx| {
            let group = wanted(tx, &name)?;
            if !group::delete(tx, &group.id)? {
                return Err(AdminFailure::not_found("group", &name).into());
            }
            tell(cx, tx, EventKind::GroupDeleted, &group)
        })
    })
    .await
}

/// Puts a person into a group. `false`: already in it.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn add_member(cx: &Cx, name: &str, username: &str) -> Result<bool, AdminFailure> {
    let (name, username) = (name.to_owned(), username.to_owned());
    change(cx, "group.add_member", move |cx, tx| {
        let (group, user) = (wanted(tx, &name)?, user::wanted(tx, &username)?);
        let added = group::add_member(tx, &group.id, &user.id)?;
        if added {
            Draft::new(EventKind::GroupUpdated)
                .object(group.id.as_str())
                .user(&user.id)
                .fact("name", group.name.as_str())
                .fact("member", "added")
                .append(cx, tx)?;
        }
        Ok(added)
    })
    .await
}

/// Takes a person out of a group. `false`: was not in it.
///
/// # Errors
/// `AS-3002`, `AS-3004` when the last administrator was so by this group; broken.
pub async fn remove_member(cx: &Cx, name: &str, username: &str) -> Result<bool, AdminFailure> {
    let (name, username) = (name.to_owned(), username.to_owned());
    change(cx, "group.remove_member", move |cx, tx| {
        keeping_an_administrator(tx, |tx| {
            let (group, user) = (wanted(tx, &name)?, user::wanted(tx, &username)?);
            let removed = group::remove_member(tx, &group.id, &user.id)?;
            if removed {
                Draft::new(EventKind::GroupUpdated)
                    .object(group.id.as_str())
                    .user(&user.id)
                    .fact("name", group.name.as_str())
                    .fact("member", "removed")
                    .append(cx, tx)?;
            }
            Ok(removed)
        })
    })
    .await
}
