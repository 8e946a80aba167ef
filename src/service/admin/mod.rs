//! Management: what the command line, the API and the consoles may change. Every change is one
//! transaction with its event; whoever changes what somebody else changed meanwhile is told so.

pub mod api;
pub mod client;
pub mod consent;
pub mod delivery;
pub mod details_type;
pub mod event;
pub mod exchange_policy;
pub mod group;
pub mod maintenance;
pub mod registration;
pub mod role;
pub mod session;
pub mod sign_up;
pub mod trace;
pub mod trusted_issuer;
pub mod user;

mod text;

use super::{Broken, Cx, Failure};
use crate::{
    domain::{
        access::{RoleHolder, check_administrators_remain},
        entity::{Role, UserState},
        ids::UserId,
        trace::Reason,
    },
    store::{Abort, StoreError, Write, role as roles, user as users},
};

/// A page has this many entries, unless asked otherwise.
pub const PAGE: i64 = 100;
/// A page has at most this many entries.
pub const LARGEST_PAGE: i64 = 1000;

/// Why a change or a look was not made.
#[derive(Debug)]
pub enum AdminFailure {
    /// A rule said no.
    Refused {
        /// The stable reason.
        reason: Reason,
        /// The field and the rule, for whoever asked: it may name what they sent.
        message: String,
    },
    /// The server could not decide.
    Broken(Broken),
}

impl AdminFailure {
    /// A refusal.
    pub fn refused(reason: Reason, message: impl Into<String>) -> Self {
        Self::Refused { reason, message: message.into() }
    }

    /// The reason of a refusal.
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            Self::Broken(_) => None,
        }
    }

    /// A value that is not allowed: `field: rule`.
    pub(crate) fn value(field: &str, rule: impl std::fmt::Display) -> Self {
        Self::refused(Reason::ValueNotAllowed, format!("{field}: {rule}"))
    }

    /// There is no such object.
    pub(crate) fn not_found(noun: &str, name: &str) -> Self {
        Self::refused(Reason::ObjectNotFound, format!("there is no {noun} {}", shown(name)))
    }

    /// The name is taken.
    pub(crate) fn taken(noun: &str, name: &str) -> Self {
        Self::refused(Reason::NameTaken, format!("the {noun} {} is taken", shown(name)))
    }

    /// Somebody else changed the object first.
    pub(crate) fn changed(noun: &str, name: &str) -> Self {
        Self::refused(Reason::VersionConflict, format!("the {noun} {} was changed in the meantime", shown(name)))
    }
}

/// What somebody sent, short and on one line, so that it can stand in a message.
fn shown(name: &str) -> String {
    let mut short: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    if name.chars().count() > 64 {
        short.push('…');
    }
    short
}

impl std::fmt::Display for AdminFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { reason, message } => write!(f, "{} {message}", reason.code()),
            Self::Broken(broken) => broken.fmt(f),
        }
    }
}

impl std::error::Error for AdminFailure {}

impl From<StoreError> for AdminFailure {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<Broken> for AdminFailure {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<Failure> for AdminFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => Self::refused(error.reason, error.description),
            Failure::Broken(broken) => Self::Broken(broken),
        }
    }
}

impl From<AdminFailure> for Abort<AdminFailure> {
    fn from(failure: AdminFailure) -> Self {
        Self::Undo(failure)
    }
}

impl From<Broken> for Abort<AdminFailure> {
    fn from(broken: Broken) -> Self {
        Self::Undo(AdminFailure::Broken(broken))
    }
}

/// What a change gives inside its transaction. Nothing of a refused change is kept.
pub(crate) type Change<T> = Result<T, Abort<AdminFailure>>;

/// Notes in the record how a rule ended. Messages may hold personal data, so they are not facts.
pub(crate) fn noted<T>(cx: &Cx, rule: &str, result: Result<T, AdminFailure>) -> Result<T, AdminFailure> {
    match &result {
        Ok(_) => cx.passed(rule, &[]),
        Err(AdminFailure::Refused { reason, .. }) => cx.refused(rule, &[], *reason),
        Err(AdminFailure::Broken(_)) => {}
    }
    result
}

/// Makes a change in one transaction, and notes how it ended.
pub(crate) async fn change<T: Send + 'static>(
    cx: &Cx,
    rule: &'static str,
    make: impl FnOnce(&Cx, &mut Write<'_>) -> Change<T> + Send + 'static,
) -> Result<T, AdminFailure> {
    let context = cx.clone();
    let result = cx.services.store.write(move |tx| make(&context, tx)).await;
    noted(cx, rule, result)
}

/// A conflict of unique names, told in the words of the caller.
pub(crate) fn or_taken(error: StoreError, tell: impl FnOnce(&str) -> AdminFailure) -> Abort<AdminFailure> {
    match error {
        StoreError::Conflict(constraint) => Abort::Undo(tell(&constraint)),
        other => Abort::from(other),
    }
}

/// The caller changes what it has read: the version it read must still stand.
pub(crate) fn check_version(noun: &str, name: &str, expected: Option<i64>, stored: i64) -> Result<(), AdminFailure> {
    match expected {
        Some(version) if version != stored => Err(AdminFailure::changed(noun, name)),
        _ => Ok(()),
    }
}

/// Makes a change that may take the administrator role from people, and refuses it when nobody
/// active would hold the role afterwards.
pub(crate) fn keeping_an_administrator<T>(
    tx: &mut Write<'_>,
    make: impl FnOnce(&mut Write<'_>) -> Change<T>,
) -> Change<T> {
    let Some(owner) = roles::find_by_name(tx, Role::OWNER)? else { return make(tx) };
    // Two administrators who remove each other at once must not both succeed: both changes lock the
    // same rows, in the order of the ids, and the second one looks again.
    for holder in roles::active_holders(tx, &owner.id)? {
        users::lock(tx, &holder)?;
    }
    let before = roles::active_holders(tx, &owner.id)?;
    let made = make(tx)?;
    let after = roles::active_holders(tx, &owner.id)?;
    let holders: Vec<RoleHolder<'_>> =
        before.iter().map(|user_id| RoleHolder { user_id, state: UserState::Active }).collect();
    let losing: Vec<UserId> = before.iter().filter(|holder| !after.contains(holder)).cloned().collect();
    check_administrators_remain(&holders, &losing)
        .map_err(|reason| AdminFailure::refused(reason, "nobody active would hold the role owner any more"))?;
    Ok(made)
}

/// How many entries a page has when so many are asked for.
pub(crate) fn page_size(asked: i64) -> i64 {
    asked.clamp(1, LARGEST_PAGE)
}
