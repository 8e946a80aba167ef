//! Writing the event stream: one fact, in the transaction that made it true, with personal data
//! sealed under the key of the person it is about.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Broken, Cx, subjects};
use crate::{
    domain::{
        entity::{Authorization, Event, EventKind, SealedData, Session},
        ids::{ClientId, EventId, UserId},
        trace::Reason,
    },
    store::{self, Write},
};

/// A fact about to be told.
#[derive(Clone, Debug)]
pub struct Draft {
    kind: EventKind,
    user_id: Option<UserId>,
    client_id: Option<String>,
    session_id: Option<String>,
    authorization_id: Option<String>,
    object_id: Option<String>,
    reason: Option<Reason>,
    facts: Map<String, Value>,
    personal: Map<String, Value>,
}

impl Draft {
    /// A fact of this kind.
    pub fn new(kind: EventKind) -> Self {
        Self {
            kind,
            user_id: None,
            client_id: None,
            session_id: None,
            authorization_id: None,
            object_id: None,
            reason: None,
            facts: Map::new(),
            personal: Map::new(),
        }
    }

    /// The person it is about.
    #[must_use]
    pub fn user(mut self, id: &UserId) -> Self {
        self.user_id = Some(id.clone());
        self
    }

    /// The client it is about.
    #[must_use]
    pub fn client(mut self, id: &ClientId) -> Self {
        self.client_id = Some(id.as_str().to_owned());
        self
    }

    /// The session in its lineage, and its person.
    #[must_use]
    pub fn session(mut self, session: &Session) -> Self {
        self.session_id = Some(session.id.as_str().to_owned());
        self.user_id = Some(session.user_id.clone());
        self
    }

    /// The authorization in its lineage, with its session, client and person.
    #[must_use]
    pub fn authorization(mut self, authorization: &Authorization) -> Self {
        self.authorization_id = Some(authorization.id.as_str().to_owned());
        self.session_id = authorization.session().map(|session| session.as_str().to_owned());
        self.client_id = Some(authorization.client_id.as_str().to_owned());
        self.user_id = Some(authorization.user_id.clone());
        self
    }

    /// The object: a token's `jti`, a group's id, a key's `kid`.
    #[must_use]
    pub fn object(mut self, id: &str) -> Self {
        self.object_id = Some(id.to_owned());
        self
    }

    /// The code of a refusal.
    #[must_use]
    pub const fn reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// A fact that is not personal.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// Personal data: sealed, and dropped when the person has no key.
    #[must_use]
    pub fn personal(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.personal.insert(name.to_owned(), value.into());
        self
    }

    /// Address and browser of the other end, as personal data.
    #[must_use]
    pub fn peer(mut self, cx: &Cx) -> Self {
        if let Some(address) = cx.peer.address {
            self = self.personal("client.address", address.to_string());
        }
        if let Some(agent) = &cx.peer.user_agent {
            self = self.personal("user_agent", agent.as_str());
        }
        self
    }

    /// The event, without personal data: for facts about clients on their own behalf.
    pub fn impersonal(self, cx: &Cx) -> Event {
        Event {
            id: EventId::new(cx.fresh_id()),
            at: cx.now(),
            kind: self.kind,
            trace_id: cx.trace_id().clone(),
            actor: cx.actor.clone(),
            user_id: self.user_id.map(|id| id.as_str().to_owned()),
            client_id: self.client_id,
            session_id: self.session_id,
            authorization_id: self.authorization_id,
            object_id: self.object_id,
            reason: self.reason,
            facts: json_text(&self.facts),
            sealed: None,
        }
    }

    /// Appends the fact in the caller's transaction.
    ///
    /// # Errors
    /// When the database fails, or the person's key cannot be unsealed.
    pub fn append(mut self, cx: &Cx, tx: &mut Write<'_>) -> Result<EventId, Broken> {
        let personal = std::mem::take(&mut self.personal);
        let subject = self.user_id.clone();
        let mut event = self.impersonal(cx);
        if let (Some(user), false) = (&subject, personal.is_empty()) {
            event.sealed = subjects::find_key(cx, tx, user)?.map(|key| {
                SealedData(key.seal(event.id.as_str().as_bytes(), json!(personal).to_string().as_bytes(), cx.random()))
            });
        }
        store::event::append(tx, &event)?;
        Ok(event.id)
    }
}

/// JSON text of what cannot fail to be written: every key is text. Written at once, unlike the `Display` of
/// a value, which writes piece by piece.
pub(super) fn json_text(told: &impl Serialize) -> String {
    serde_json::to_string(told).unwrap_or_default()
}
