//! A session: the sign-in of one browser.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::{EventId, SessionId, UserId},
};

/// How and when a person proved who they are; tokens repeat it (`auth_time`, `acr`, `amr`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationContext {
    /// When the person last authenticated.
    pub auth_time: Timestamp,
    /// Authentication methods (RFC 8176): `pwd`.
    pub amr: Vec<String>,
    /// The class reached: `1` for a password.
    pub acr: String,
}

/// A sign-in of one browser. A row is a live session until it ends or expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The `sid`.
    pub id: SessionId,
    /// Who signed in.
    pub user_id: UserId,
    /// How and when.
    pub context: AuthenticationContext,
    /// The event of the sign-in: the root of the lineage.
    pub sign_in_event: EventId,
    /// When it began.
    pub created_at: Timestamp,
    /// Idle limit, moved forward by use.
    pub idle_expires_at: Timestamp,
    /// Absolute limit.
    pub expires_at: Timestamp,
    /// When it was ended by a sign-out or an administrator.
    pub ended_at: Option<Timestamp>,
}

impl Session {
    /// Whether the session stands at `now`. A session from before the person's `not_before` is dead.
    pub fn is_live(&self, now: Timestamp, user_not_before: Option<Timestamp>) -> bool {
        self.ended_at.is_none()
            && now < self.idle_expires_at
            && now < self.expires_at
            && user_not_before.is_none_or(|limit| self.context.auth_time >= limit)
    }
}
