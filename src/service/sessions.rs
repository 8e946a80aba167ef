//! Browser sessions: found by their cookie, kept awake by use, and ended with all that a logout
//! ends (OIDC Core 11, ASVS 7.3 and 7.4).

use super::{Broken, Cx, Failure, backchannel_logout, events::Draft};
use crate::{
    crypto::token::{self, SecretHash, SecretKind},
    domain::{
        Secret,
        entity::{EventKind, Session, User},
        oidc::{logout::effect_on, logout_effects::Effect},
    },
    store::{Abort, Read, StoreError, Write, authorization, authorization_code, deferred, session, user},
};

/// The idle limit is moved at most this often, in seconds: not every page is a write.
const TOUCH_SECONDS: i64 = 60;

/// Why a session ends, as its event tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// The person signed out, here or through an app.
    SignedOut,
    /// Others signed in in the same browser, more than it can hold.
    Replaced,
    /// An administrator, or the person elsewhere, ended it.
    Revoked,
    /// An administrator ended all of the person's sessions, and whatever came from them.
    Everywhere,
    /// The account was disabled.
    UserDisabled,
    /// The account was deleted.
    UserDeleted,
    /// A new password was set.
    PasswordChanged,
}

impl SessionEnd {
    const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
            Self::Everywhere => "signed_out_everywhere",
            Self::UserDisabled => "user_disabled",
            Self::UserDeleted => "user_deleted",
            Self::PasswordChanged => "password_changed",
        }
    }
}

/// A browser is signed in with this many accounts at most.
pub const MOST_ACCOUNTS: usize = 8;
/// Between the secrets in the cookie: a character that none of them has.
const BETWEEN: char = '.';

/// A live session that a browser presents the secret of.
#[derive(Clone)]
pub struct Held {
    /// The session.
    pub session: Session,
    /// Its person.
    pub user: User,
    secret: Secret<String>,
}

/// The secrets in a session cookie, each with its hash: one a session, the one used last first. A
/// cookie with anything else in it is none.
fn secrets(cookie: Option<&Secret<String>>) -> Vec<(Secret<String>, SecretHash)> {
    let Some(cookie) = cookie else { return Vec::new() };
    let parse = |text: &str| Some((Secret::from(text), token::parse(SecretKind::Session, text)?));
    // One too many is enough to know that it is none of ours.
    let parts = cookie.expose().split(BETWEEN).take(MOST_ACCOUNTS + 1);
    let found: Option<Vec<_>> = parts.map(parse).collect();
    found.filter(|found| found.len() <= MOST_ACCOUNTS).unwrap_or_default()
}

/// What the database stores of each secret in a session cookie.
pub fn cookie_hashes(cookie: Option<&Secret<String>>) -> Vec<SecretHash> {
    secrets(cookie).into_iter().map(|(_, hash)| hash).collect()
}

/// The cookie of these sessions, the first of them being the one used last; `None`: there is nothing
/// to keep.
pub(super) fn cookie_of<'a>(sessions: impl IntoIterator<Item = &'a Held>) -> Option<Secret<String>> {
    joined(sessions.into_iter().map(|held| held.secret.expose().as_str()))
}

/// The cookie of a session that has a new secret, in front of the others.
pub(super) fn cookie_with<'a>(secret: &Secret<String>, others: impl IntoIterator<Item = &'a Held>) -> Secret<String> {
    let others = others.into_iter().map(|held| held.secret.expose().as_str());
    joined(std::iter::once(secret.expose().as_str()).chain(others)).unwrap_or_else(|| secret.clone())
}

fn joined<'a>(secrets: impl Iterator<Item = &'a str>) -> Option<Secret<String>> {
    let text = secrets.collect::<Vec<_>>().join(&BETWEEN.to_string());
    (!text.is_empty()).then(|| Secret::new(text))
}

/// Every live session of this cookie: neither ended nor expired, not from before its person's
/// `not_before`, and the person is active. In the cookie's order, one a person.
///
/// # Errors
/// When the database fails.
pub fn all_live(cx: &Cx, tx: &mut Read<'_>, cookie: Option<&Secret<String>>) -> Result<Vec<Held>, StoreError> {
    let mut held: Vec<Held> = Vec::new();
    for (secret, hash) in secrets(cookie) {
        let Some(session) = session::find_by_secret(tx, hash.as_bytes())? else { continue };
        let Some(user) = user::find(tx, &session.user_id)? else { continue };
        let live = user.is_active() && session.is_live(cx.now(), user.not_before);
        if live && held.iter().all(|known| known.user.id != user.id) {
            held.push(Held { session, user, secret });
        }
    }
    Ok(held)
}

/// The session of this cookie that was used last, and its person, if it is live; else the next one.
///
/// # Errors
/// When the database fails.
pub fn find_live(
    cx: &Cx,
    tx: &mut Read<'_>,
    cookie: Option<&Secret<String>>,
) -> Result<Option<(Session, User)>, StoreError> {
    Ok(all_live(cx, tx, cookie)?.into_iter().next().map(|held| (held.session, held.user)))
}

/// As [`find_live`], in a unit of work of its own; counts as use of the session.
///
/// # Errors
/// When the database fails.
pub async fn current(cx: &Cx, cookie: Option<&Secret<String>>) -> Result<Option<(Session, User)>, Failure> {
    let (context, cookie) = (cx.clone(), cookie.cloned());
    let found = cx
        .services
        .store
        .read(move |tx| find_live(&context, tx, cookie.as_ref()))
        .await
        .map_err(|error: StoreError| Failure::from(error))?;
    if let Some((session, _)) = &found
        && is_touch_due(cx, session)
    {
        let (context, session) = (cx.clone(), session.clone());
        cx.services.store.write(move |tx| touch(&context, tx, &session).map_err(Abort::<Failure>::from)).await?;
    }
    Ok(found)
}

fn is_touch_due(cx: &Cx, session: &Session) -> bool {
    let limit = cx.now().plus_seconds(cx.services.policy.session_idle_seconds);
    limit.seconds_since(session.idle_expires_at) >= TOUCH_SECONDS
}

/// Moves the idle limit forward, at most once a minute.
///
/// # Errors
/// When the database fails.
pub fn touch(cx: &Cx, tx: &mut Write<'_>, session: &Session) -> Result<(), StoreError> {
    if is_touch_due(cx, session) {
        session::touch(tx, &session.id, cx.now().plus_seconds(cx.services.policy.session_idle_seconds))?;
    }
    Ok(())
}

/// Ends a session with what [`LOGOUT_EFFECTS`](crate::domain::oidc::logout_effects::LOGOUT_EFFECTS) ends,
/// and tells each, and the clients that met it by back-channel. `false`: it had ended before, and
/// nothing was done.
///
/// # Errors
/// When the database fails.
pub fn end(cx: &Cx, tx: &mut Write<'_>, session: &Session, cause: SessionEnd) -> Result<bool, Broken> {
    // Lock order: user, session, authorization.
    user::lock(tx, &session.user_id)?;
    if !session::end(tx, &session.id, cx.now())? {
        return Ok(false);
    }
    Draft::new(EventKind::SessionEnded).session(session).fact("cause", cause.name()).peer(cx).append(cx, tx)?;
    for (id, _) in authorization::standing_of_session(tx, &session.id)? {
        let Some(standing) = authorization::find(tx, &id)? else { continue };
        // Nothing has come yet from an authorization whose code was not redeemed: both end.
        let young = cx.now().seconds_since(standing.created_at) <= cx.services.policy.code_seconds;
        let unredeemed = young && authorization_code::expire_unredeemed(tx, &id, cx.now())?;
        let unredeemed = deferred::end_unredeemed(tx, &id)? || unredeemed;
        if (unredeemed || effect_on(&standing) == Effect::Ends) && authorization::revoke(tx, &id, cx.now())? {
            let draft = Draft::new(EventKind::AuthorizationRevoked).authorization(&standing);
            draft.fact("cause", "session_ended").append(cx, tx)?;
        }
    }
    backchannel_logout::announce(cx, tx, session)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
