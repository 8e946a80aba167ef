//! The first administrator: a link that works once, while there is no administrator, and the form
//! behind it. There is never a built-in account (ASVS 6.3.2).

use super::{
    Cx,
    admin::{
        AdminFailure, Change, change, noted, role as admin_role,
        user::{self as admin_user, NewUser},
    },
    events::Draft,
};
use crate::{
    crypto::{
        SecretKind,
        token::{self, mint},
    },
    domain::{
        Secret,
        entity::{EventKind, Owner, Role},
        ids::UserId,
        trace::Reason,
    },
    store::{Read, Write, role, setup_link},
};

/// Why a setup was not completed: as any management action.
pub type SetupFailure = AdminFailure;

/// Makes sure that the built-in roles exist.
///
/// # Errors
/// When the database fails.
pub async fn ensure_system_roles(cx: &Cx) -> Result<(), SetupFailure> {
    if cx.services.store.read(|tx| role::find_by_name(tx, Role::OWNER)).await?.is_some() {
        return Ok(());
    }
    let made = change(cx, "setup.roles", |cx, tx| {
        admin_role::insert(cx, tx, Role::OWNER, "May do everything.", Owner::System).map(drop)
    })
    .await;
    match made {
        // Another node that starts at the same time was faster.
        Err(AdminFailure::Refused { reason: Reason::NameTaken, .. }) => Ok(()),
        other => other,
    }
}

/// Whether there is an active administrator.
///
/// # Errors
/// When the database fails.
pub async fn has_administrator(cx: &Cx) -> Result<bool, SetupFailure> {
    cx.services.store.read(administrator_exists).await
}

fn administrator_exists(tx: &mut Read<'_>) -> Result<bool, SetupFailure> {
    Ok(match role::find_by_name(tx, Role::OWNER)? {
        Some(owner) => !role::active_holders(tx, &owner.id)?.is_empty(),
        None => false,
    })
}

/// The code of a new setup link; older ones end. None while there is an active administrator.
///
/// # Errors
/// When the database fails.
pub async fn create_link(cx: &Cx) -> Result<Option<Secret<String>>, SetupFailure> {
    let minted = mint(SecretKind::SetupLink, cx.random());
    let hash = minted.hash;
    let created = change(cx, "setup.create_link", move |cx, tx| {
        if administrator_exists(tx)? {
            return Ok(false);
        }
        let expires_at = cx.now().plus_seconds(cx.services.policy.setup_link_seconds);
        setup_link::insert(tx, hash.as_bytes(), cx.now(), expires_at)?;
        Draft::new(EventKind::SetupLinkCreated).fact("expires_at", expires_at.seconds()).append(cx, tx)?;
        Ok(true)
    })
    .await?;
    Ok(created.then_some(minted.text))
}

/// Creates the first administrator. Of any number of attempts, on any number of nodes, one succeeds.
///
/// # Errors
/// `AS-2010` for a code that is not valid (any more), or when there is an administrator;
/// `AS-2004` to `AS-2006`, `AS-2011` to `AS-2013`, `AS-3001`, `AS-3003` for the person; broken.
pub async fn complete(
    cx: &Cx,
    code: &Secret<String>,
    username: &str,
    email: Option<String>,
    name: Option<String>,
    password: &Secret<String>,
) -> Result<UserId, SetupFailure> {
    let Some(hash) = token::parse(SecretKind::SetupLink, code.expose().trim()) else {
        return noted(cx, "setup.code", Err(code_invalid()));
    };
    // Refused before the expensive work: a stranger who guesses codes costs nothing. The
    // transaction below decides again.
    if has_administrator(cx).await? {
        return noted(cx, "setup.code", Err(code_invalid()));
    }
    let mut new = NewUser::named(username, Owner::Ui);
    // The address of the person who holds the setup link is taken at their word.
    new.email_verified = email.is_some();
    (new.email, new.name) = (email, name);
    let user = noted(cx, "setup.values", admin_user::prepare(cx, &new))?;
    let personal = [Some(user.username.as_str()), user.email.as_deref(), user.name.as_deref()];
    let hashed = admin_user::hash_checked(cx, password, &personal).await;
    let phc = noted(cx, "setup.password", hashed)?;
    change(cx, "setup.complete", move |cx, tx| {
        let owner = win(cx, tx, hash.as_bytes())?;
        let user = admin_user::insert(cx, tx, user, Some(&phc))?;
        role::grant_to_user(tx, &owner.id, &user.id)?;
        Draft::new(EventKind::RoleGranted)
            .object(owner.id.as_str())
            .user(&user.id)
            .fact("name", owner.name.as_str())
            .append(cx, tx)?;
        Draft::new(EventKind::SetupCompleted).user(&user.id).peer(cx).append(cx, tx)?;
        Ok(user.id)
    })
    .await
}

/// Decides who may create the first administrator: whoever uses the link, and writes the role's row
/// first. The second write is for two links made at once: their holders meet at the role.
fn win(cx: &Cx, tx: &mut Write<'_>, hash: &[u8]) -> Change<Role> {
    if !setup_link::consume(tx, hash, cx.now())? {
        return Err(code_invalid().into());
    }
    let Some(mut owner) = role::find_by_name(tx, Role::OWNER)? else {
        return Err(AdminFailure::not_found("role", Role::OWNER).into());
    };
    owner.updated_at = cx.now();
    if !role::update(tx, &owner)? || administrator_exists(tx)? {
        return Err(code_invalid().into());
    }
    Ok(owner)
}

fn code_invalid() -> AdminFailure {
    AdminFailure::refused(Reason::SetupCodeInvalid, Reason::SetupCodeInvalid.summary())
}
