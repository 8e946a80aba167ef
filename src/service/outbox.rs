//! The outbox: what other servers are to hear is written down in the transaction of its fact, and made into a
//! letter when it is sent.

use super::Cx;
use crate::{
    domain::{
        Secret,
        entity::{Delivery, DeliveryKind, DeliveryState},
        ids::ClientId,
        outbox::KEEP_SECONDS,
    },
    store::{StoreError, Write, delivery},
};

/// What is about to be sent.
pub(super) struct Letter {
    /// Where to.
    pub address: String,
    /// What the body is.
    pub content_type: &'static str,
    /// A token for the Authorization header, if the receiver wants one.
    pub bearer: Option<Secret<String>>,
    /// The body.
    pub body: String,
}

/// Why a delivery cannot be sent.
pub(super) enum Unsendable {
    /// Never: nobody is there any more to hear it.
    Pointless(&'static str),
    /// Not now.
    Later(String),
}

/// Writes a delivery down, in the transaction of its fact. `payload`: what its kind needs; no secret.
///
/// # Errors
/// When the database fails.
pub(super) fn write(
    cx: &Cx,
    tx: &mut Write<'_>,
    kind: DeliveryKind,
    client_id: Option<&ClientId>,
    payload: &serde_json::Value,
) -> Result<(), StoreError> {
    let row = Delivery {
        id: cx.fresh_id(),
        kind,
        client_id: client_id.cloned(),
        payload: payload.to_string(),
        trace_id: cx.trace_id().clone(),
        state: DeliveryState::Pending,
        attempts: 0,
        next_attempt_at: cx.now(),
        last_error: None,
        created_at: cx.now(),
        settled_at: None,
        expires_at: cx.now().plus_seconds(KEEP_SECONDS),
    };
    delivery::insert(tx, &row)
}
