//! People: created, looked at, changed, unlocked, deleted.

mod password;
mod profile;

use serde_json::{Map, Value};

use super::{AdminFailure, Change, change, check_version, keeping_an_administrator, noted, or_taken, page_size, text};
use crate::{
    domain::{
        Secret,
        access::{EffectiveRole, GroupRoles, effective_roles},
        authn,
        entity::{EventKind, Owner, User, UserProfile, UserState},
        ids::{SessionId, UserId},
        trace::Reason,
    },
    service::{
        Broken, Cx,
        events::Draft,
        sessions::{self, SessionEnd},
        subjects,
    },
    store::{Read, StoreError, Write, credential, group, role, session, throttle, user},
};

pub(crate) use password::hash_checked;

/// A person to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name to sign in with.
    pub username: String,
    /// The address.
    pub email: Option<String>,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// The full name.
    pub name: Option<String>,
    /// Other standard claims, as a JSON merge patch of an empty profile.
    pub profile: Map<String, Value>,
    /// The first password.
    pub password: Option<Secret<String>>,
    /// Who owns the definition.
    pub owner: Owner,
}

impl NewUser {
    /// A person of whom only the username is known.
    pub fn named(username: impl Into<String>, owner: Owner) -> Self {
        Self {
            username: username.into(),
            email: None,
            email_verified: false,
            name: None,
            profile: Map::new(),
            password: None,
            owner,
        }
    }
}

/// What is to be changed about a person. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChanges {
    /// The name to sign in with.
    pub username: Option<String>,
    /// The address; `Some(None)` removes it.
    pub email: Option<Option<String>>,
    /// Whether the address is known to be theirs. A new address is not, unless this says so.
    pub email_verified: Option<bool>,
    /// The full name; `Some(None)` removes it.
    pub name: Option<Option<String>>,
    /// Other standard claims, as a JSON merge patch (RFC 7396): null removes.
    pub profile: Map<String, Value>,
    /// Whether the account may be used. Disabling ends every session.
    pub state: Option<UserState>,
    /// Ends every session, and every token issued until now is dead.
    pub sign_out_everywhere: bool,
    /// The version that the caller has read.
    pub version: Option<i64>,
}

/// A person with what belongs to them.
#[derive(Clone, Debug)]
pub struct UserDetail {
    /// The person.
    pub user: User,
    /// The names of their groups.
    pub groups: Vec<String>,
    /// Their effective roles, each with its sources.
    pub roles: Vec<EffectiveRole>,
    /// Their live sessions.
    pub sessions: usize,
    /// Whether they can sign in with a password.
    pub has_password: bool,
}

/// Creates a person, with the key that their events are sealed under, and perhaps a password.
///
/// # Errors
/// `AS-3001` username or email taken; `AS-2004`, `AS-2005`, `AS-2011` to `AS-2013`, `AS-3003` for
/// values; broken.
pub async fn create(cx: &Cx, new: NewUser) -> Result<User, AdminFailure> {
    let user = noted(cx, "user.values", prepare(cx, &new))?;
    let phc = match &new.password {
        Some(password) => {
            let personal = [Some(user.username.as_str()), user.email.as_deref(), user.name.as_deref()];
            let hashed = hash_checked(cx, password, &personal).await;
            Some(noted(cx, "user.password", hashed)?)
        }
        None => None,
    };
    change(cx, "user.create", move |cx, tx| insert(cx, tx, user, phc.as_deref())).await
}

/// The hash of a password that is not held against the policy: for servers of which everybody knows it.
///
/// # Errors
/// When it is empty or too long, or cannot be hashed now.
pub async fn danger_hash_any_password(cx: &Cx, password: Secret<String>) -> Result<String, AdminFailure> {
    password::hash(cx, password).await
}

/// Creates a person with the hash of [`danger_hash_any_password`].
///
/// # Errors
/// As [`create`], but for the password.
pub async fn danger_create_with_hash(cx: &Cx, new: NewUser, phc: String) -> Result<User, AdminFailure> {
    let user = noted(cx, "user.values", prepare(cx, &new))?;
    change(cx, "user.create", move |cx, tx| insert(cx, tx, user, Some(&phc))).await
}

/// The checked row of a new person.
pub(crate) fn prepare(cx: &Cx, new: &NewUser) -> Result<User, AdminFailure> {
    let user = User {
        id: UserId::new(cx.fresh_id()),
        username: new.username.clone(),
        email: new.email.clone(),
        email_verified: new.email_verified && new.email.is_some(),
        name: new.name.clone(),
        profile: profile::patched(&UserProfile::default(), &new.profile)?,
        state: UserState::Active,
        not_before: None,
        owner: new.owner,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    check(&user)?;
    Ok(user)
}

/// Whether a person may look like this.
fn check(user: &User) -> Result<(), AdminFailure> {
    authn::username::check_username(&user.username)
        .map_err(|reason| AdminFailure::refused(reason, format!("username: {}", reason.next_step())))?;
    if let Some(email) = &user.email {
        authn::username::check_email(email)
            .map_err(|reason| AdminFailure::refused(reason, format!("email: {}", reason.next_step())))?;
    }
    if let Some(name) = &user.name {
        text::check_line("name", name, true)?;
    }
    profile::check(&user.profile)
}

/// Writes a new person with their key, their password and the events.
pub(crate) fn insert(cx: &Cx, tx: &mut Write<'_>, new: User, phc: Option<&str>) -> Change<User> {
    user::insert(tx, &new).map_err(|error| or_taken(error, |constraint| taken(constraint, &new)))?;
    subjects::create_key(cx, tx, &new.id)?;
    Draft::new(EventKind::UserCreated)
        .user(&new.id)
        .fact("owner", new.owner.name())
        .fact("password", phc.is_some())
        .personal("username", new.username.as_str())
        .personal("email", new.email.as_deref())
        .peer(cx)
        .append(cx, tx)?;
    if let Some(phc) = phc {
        credential::set_password(tx, &cx.fresh_id(), &new.id, phc, cx.now())?;
    }
    Ok(new)
}

fn taken(constraint: &str, user: &User) -> AdminFailure {
    if constraint.contains("email") {
        AdminFailure::taken("email", user.email.as_deref().unwrap_or_default())
    } else {
        AdminFailure::taken("username", &user.username)
    }
}

/// A page of people, ordered by username, after the given username.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Cx, after: Option<String>, limit: i64) -> Result<Vec<User>, AdminFailure> {
    cx.services.store.read(move |tx| Ok(user::list(tx, after.as_deref(), page_size(limit))?)).await
}

/// The person with this id, username or email.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn find(cx: &Cx, key: &str) -> Result<UserDetail, AdminFailure> {
    let (key, now) = (key.to_owned(), cx.now());
    let found = cx
        .services
        .store
        .read(move |tx| {
            let user = wanted(tx, &key)?;
            let groups = group::names_of_user(tx, &user.id)?;
            let roles = roles_of(tx, &user.id)?;
            let sessions = session::live_of_user(tx, &user.id, now)?;
            let sessions = sessions.iter().filter(|session| session.is_live(now, user.not_before)).count();
            let has_password = credential::find_password(tx, &user.id)?.is_some();
            Ok(UserDetail { user, groups, roles, sessions, has_password })
        })
        .await;
    noted(cx, "user.find", found)
}

/// The roles that a person holds in effect, with their sources.
fn roles_of(tx: &mut Read<'_>, id: &UserId) -> Result<Vec<EffectiveRole>, StoreError> {
    let direct = role::direct_names_of_user(tx, id)?;
    let by_group = role::names_by_group_of_user(tx, id)?;
    let given: Vec<GroupRoles<'_>> =
        by_group.iter().map(|(group, role)| GroupRoles { group, roles: std::slice::from_ref(role) }).collect();
    Ok(effective_roles(&direct, &given))
}

/// By id first: a username may be spelled like somebody's id.
pub(super) fn wanted(tx: &mut Read<'_>, key: &str) -> Result<User, AdminFailure> {
    // PostgreSQL takes no NUL in a text.
    if key.contains('\0') {
        return Err(AdminFailure::not_found("user", key));
    }
    if let Some(found) = user::find(tx, &UserId::new(key))? {
        return Ok(found);
    }
    user::find_by_login(tx, key)?.ok_or_else(|| AdminFailure::not_found("user", key))
}

/// Changes a person.
///
/// # Errors
/// `AS-3001`, `AS-3002`, `AS-3004` when the last administrator would be disabled, `AS-3005`; values
/// as for [`create`]; broken.
pub async fn update(cx: &Cx, key: &str, changes: UserChanges) -> Result<User, AdminFailure> {
    let key = key.to_owned();
    change(cx, "user.update", move |cx, tx| {
        keeping_an_administrator(tx, |tx| {
            let stored = wanted(tx, &key)?;
            check_version("user", &stored.username, changes.version, stored.version)?;
            let mut changed = apply(&stored, &changes)?;
            let fields = changed_fields(&stored, &changed);
            if fields.is_empty() && !changes.sign_out_everywhere {
                return Ok(stored);
            }
            if changes.sign_out_everywhere {
                changed.not_before = Some(cx.now());
            }
            changed.updated_at = cx.now();
            let written = user::update(tx, &changed)
                .map_err(|error| or_taken(error, |constraint| taken(constraint, &changed)))?;
            if !written {
                return Err(AdminFailure::changed("user", &stored.username).into());
            }
            changed.version += 1;
            if changes.sign_out_everywhere {
                end_sessions(cx, tx, &changed.id, None, SessionEnd::Everywhere)?;
            } else if !changed.is_active() {
                end_sessions(cx, tx, &changed.id, None, SessionEnd::UserDisabled)?;
            }
            Draft::new(EventKind::UserUpdated)
                .user(&changed.id)
                .fact("fields", fields)
                .fact("state", changed.state.name())
                .fact("signed_out_everywhere", changes.sign_out_everywhere)
                .peer(cx)
                .append(cx, tx)?;
            Ok(changed)
        })
    })
    .await
}

fn apply(stored: &User, changes: &UserChanges) -> Result<User, AdminFailure> {
    let mut changed = stored.clone();
    if let Some(username) = &changes.username {
        changed.username.clone_from(username);
    }
    if let Some(email) = &changes.email
        && *email != stored.email
    {
        changed.email.clone_from(email);
        changed.email_verified = false;
    }
    if let Some(verified) = changes.email_verified {
        changed.email_verified = verified;
    }
    changed.email_verified &= changed.email.is_some();
    if let Some(name) = &changes.name {
        changed.name.clone_from(name);
    }
    if !changes.profile.is_empty() {
        changed.profile = profile::patched(&stored.profile, &changes.profile)?;
    }
    if let Some(state) = changes.state {
        changed.state = state;
    }
    check(&changed)?;
    Ok(changed)
}

/// The names of the fields that differ: the values are personal, the names are not.
fn changed_fields(stored: &User, changed: &User) -> Vec<&'static str> {
    [
        ("username", stored.username != changed.username),
        ("email", stored.email != changed.email),
        ("email_verified", stored.email_verified != changed.email_verified),
        ("name", stored.name != changed.name),
        ("profile", stored.profile != changed.profile),
        ("state", stored.state != changed.state),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

/// Ends the live sessions of a person, but for `keep`, each with its event. Gives how many.
fn end_sessions(
    cx: &Cx,
    tx: &mut Write<'_>,
    id: &UserId,
    keep: Option<&SessionId>,
    cause: SessionEnd,
) -> Result<usize, Broken> {
    let mut ended = 0;
    for live in session::live_of_user(tx, id, cx.now())?.iter().filter(|live| Some(&live.id) != keep) {
        ended += usize::from(sessions::end(cx, tx, live, cause)?);
    }
    Ok(ended)
}

/// Sets a person's password, ends their sessions but `keep`, and lets them sign in again at once.
/// Gives how many sessions ended.
///
/// # Errors
/// `AS-2004`, `AS-2006`, `AS-2011`, `AS-3002`; broken.
pub async fn set_password(
    cx: &Cx,
    key: &str,
    password: Secret<String>,
    keep: Option<SessionId>,
) -> Result<usize, AdminFailure> {
    let user = find(cx, key).await?.user;
    let personal = [Some(user.username.as_str()), user.email.as_deref(), user.name.as_deref()];
    let hashed = hash_checked(cx, &password, &personal).await;
    let phc = noted(cx, "user.password", hashed)?;
    let key = key.to_owned();
    change(cx, "user.set_password", move |cx, tx| {
        if !user::lock(tx, &user.id)? {
            return Err(AdminFailure::not_found("user", &key).into());
        }
        credential::set_password(tx, &cx.fresh_id(), &user.id, &phc, cx.now())?;
        throttle::clear(tx, &authn::throttle::account_key(&user.id))?;
        Draft::new(EventKind::PasswordChanged).user(&user.id).peer(cx).append(cx, tx)?;
        Ok(end_sessions(cx, tx, &user.id, keep.as_ref(), SessionEnd::PasswordChanged)?)
    })
    .await
}

/// Lets a person try again who failed to sign in too often.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn unlock(cx: &Cx, key: &str) -> Result<(), AdminFailure> {
    let key = key.to_owned();
    change(cx, "user.unlock", move |cx, tx| {
        let user = wanted(tx, &key)?;
        throttle::clear(tx, &authn::throttle::account_key(&user.id))?;
        Draft::new(EventKind::UserUpdated)
            .user(&user.id)
            .fact("fields", Vec::<String>::new())
            .fact("unlocked", true)
            .peer(cx)
            .append(cx, tx)?;
        Ok(())
    })
    .await
}

/// Deletes a person with everything of theirs. The key of their personal data in events is
/// destroyed: the events stay, and can be verified, but tell nobody who it was.
///
/// # Errors
/// `AS-3002`, `AS-3004` for the last administrator; broken.
pub async fn delete(cx: &Cx, key: &str) -> Result<(), AdminFailure> {
    let key = key.to_owned();
    change(cx, "user.delete", move |cx, tx| {
        keeping_an_administrator(tx, |tx| {
            let user = wanted(tx, &key)?;
            end_sessions(cx, tx, &user.id, None, SessionEnd::UserDeleted)?;
            if !user::delete(tx, &user.id)? {
                return Err(AdminFailure::not_found("user", &key).into());
            }
            throttle::clear(tx, &authn::throttle::account_key(&user.id))?;
            credential::destroy_subject_key(tx, &user.id, cx.now())?;
            Draft::new(EventKind::UserDeleted).user(&user.id).append(cx, tx)?;
            Ok(())
        })
    })
    .await
}

/// The refusal of a missing password, for callers that read one.
pub fn password_missing() -> AdminFailure {
    AdminFailure::refused(Reason::PasswordMissing, "password: give one")
}
