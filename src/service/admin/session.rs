//! Sessions as an administrator sees them: whose, since when, met by which clients; and their end.

use super::{AdminFailure, Change, change, user::wanted};
use crate::{
    domain::{
        entity::Session,
        ids::{ClientId, SessionId},
    },
    service::{
        Cx,
        sessions::{self, SessionEnd},
    },
    store::{session, session_client},
};

/// A live session.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// The clients that met it.
    pub clients: Vec<ClientId>,
}

/// The live sessions of a person, newest first.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn list(cx: &Cx, user: &str) -> Result<Vec<SessionView>, AdminFailure> {
    let (key, now) = (user.to_owned(), cx.now());
    cx.services
        .store
        .read(move |tx| {
            let person = wanted(tx, &key)?;
            let mut views = Vec::new();
            for session in session::live_of_user(tx, &person.id, now)? {
                if session.is_live(now, person.not_before) {
                    views.push(SessionView { clients: session_client::of_session(tx, &session.id)?, session });
                }
            }
            Ok(views)
        })
        .await
}

/// Ends a session, as if its person had signed out of it; its clients hear of it.
///
/// # Errors
/// `AS-3002` if there is no such live session; broken.
pub async fn end(cx: &Cx, id: &str) -> Result<(), AdminFailure> {
    let id = id.to_owned();
    change(cx, "session.end", move |cx, tx| -> Change<()> {
        let missing = || AdminFailure::not_found("live session", &id);
        let known = if id.contains('\0') { None } else { session::find(tx, &SessionId::new(id.clone()))? };
        let found = known.ok_or_else(missing)?;
        if !sessions::end(cx, tx, &found, SessionEnd::Revoked)? {
            return Err(missing().into());
        }
        Ok(())
    })
    .await
}
