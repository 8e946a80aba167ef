//! The event stream as an administrator reads it, with the personal data that can still be opened.

use serde::Serialize;
use serde_json::Value;

use super::{AdminFailure, page_size};
use crate::{
    domain::{Timestamp, ids::UserId},
    service::{Broken, Cx, subjects},
    store::{Read, event},
};

/// An event, opened as far as it can be.
#[derive(Clone, Debug, Serialize)]
pub struct EventView {
    /// Its place in the stream.
    pub seq: i64,
    /// The identifier.
    pub id: String,
    /// When.
    #[serde(skip)]
    pub at: Timestamp,
    /// What happened.
    pub kind: String,
    /// Under which trace.
    pub trace_id: String,
    /// Who did it.
    pub actor: String,
    /// About whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// About which client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The session in the lineage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The authorization in the lineage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_id: Option<String>,
    /// The object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// The reason code of a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Facts without personal data.
    pub facts: Value,
    /// Personal data.
    #[serde(skip_serializing_if = "Personal::is_none")]
    pub personal: Personal,
}

/// The personal data of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    /// It has none.
    None,
    /// It was erased with the person.
    Erased,
    /// What it says.
    Known(Value),
}

impl Personal {
    const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// A page of the stream after a place in it, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Cx, after: i64, limit: i64) -> Result<Vec<EventView>, AdminFailure> {
    let context = cx.clone();
    cx.services
        .store
        .read(move |tx| {
            let events = event::list(tx, after, page_size(limit))?;
            Ok(events.into_iter().map(|event| open(&context, tx, event)).collect::<Result<_, Broken>>()?)
        })
        .await
}

/// The events under a trace id, or one that begins with this text.
pub(super) fn of_trace(cx: &Cx, tx: &mut Read<'_>, prefix: &str) -> Result<Vec<EventView>, AdminFailure> {
    let events = event::by_trace(tx, prefix, super::LARGEST_PAGE)?;
    Ok(events.into_iter().map(|event| open(cx, tx, event)).collect::<Result<_, Broken>>()?)
}

fn open(cx: &Cx, tx: &mut Read<'_>, event: event::StoredEvent) -> Result<EventView, Broken> {
    let personal = match (&event.sealed, &event.user_id) {
        (Some(sealed), Some(user)) => match subjects::find_key(cx, tx, &UserId::new(user.clone()))? {
            Some(key) => {
                let plain = key
                    .open(event.id.as_bytes(), sealed)
                    .map_err(|error| Broken::Internal(format!("event {}: {error}", event.id)))?;
                Personal::Known(parse(&event.id, plain.expose())?)
            }
            None => Personal::Erased,
        },
        (Some(_), None) => Personal::Erased,
        (None, _) => Personal::None,
    };
    Ok(EventView {
        facts: parse(&event.id, event.facts.as_bytes())?,
        seq: event.seq,
        id: event.id,
        at: Timestamp::from_millis(event.at),
        kind: event.kind,
        trace_id: event.trace_id,
        actor: event.actor,
        user_id: event.user_id,
        client_id: event.client_id,
        session_id: event.session_id,
        authorization_id: event.authorization_id,
        object_id: event.object_id,
        reason: event.reason,
        personal,
    })
}

fn parse(id: &str, json: &[u8]) -> Result<Value, Broken> {
    serde_json::from_slice(json).map_err(|_| Broken::Internal(format!("event {id} does not hold JSON")))
}
