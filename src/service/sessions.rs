//! Browser sessions: found by their cookie, kept awake by use, and ended with all that a logout
//! ends (OIDC Core 11, ASVS 7.3 and 7.4).

use super::{Broken, Cx, Failure, events::Draft};
use crate::{
    crypto::token::{self, SecretHash, SecretKind},
    domain::{
        Secret,
        entity::{EventKind, Session, User},
        oidc::logout::{Effect, effect_on},
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
    /// Somebody else signed in in the same browser.
    Replaced,
    /// An administrator, or the person elsewhere, ended it.
    Revoked,
}

impl SessionEnd {
    const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }
}

/// What the database stores of a session cookie; `None` if the text cannot be one.
pub(super) fn cookie_hash(cookie: Option<&Secret<String>>) -> Option<SecretHash> {
    cookie.and_then(|cookie| token::parse(SecretKind::Session, cookie.expose()))
}

/// The live session of this cookie, and its person: neither ended nor expired, not from before the
/// person's `not_before`, and the person is active.
///
/// # Errors
/// When the database fails.
pub fn find_live(
    cx: &Cx,
    tx: &mut Read<'_>,
    cookie: Option<&Secret<String>>,
) -> Result<Option<(Session, User)>, StoreError> {
    let Some(hash) = cookie_hash(cookie) else { return Ok(None) };
    let Some(found) = session::find_by_secret(tx, hash.as_bytes())? else { return Ok(None) };
    let Some(person) = user::find(tx, &found.user_id)? else { return Ok(None) };
    let live = person.is_active() && found.is_live(cx.now(), person.not_before);
    Ok(live.then_some((found, person)))
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

/// Ends a session with what [`LOGOUT_EFFECTS`](crate::domain::oidc::logout::LOGOUT_EFFECTS) ends,
/// and tells each. `false`: it had ended before, and nothing was done.
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
    Ok(true)
}

#[cfg(test)]
mod tests;
