//! Delivering the outbox. A node claims a row by one conditional write with a lease, sends without a
//! transaction, and settles by another; when it dies in between, another node sends again. So a
//! receiver hears at least once.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{
    Broken, Cx, Failure, Services, backchannel_authentication, backchannel_logout,
    context::fresh_trace_id,
    events::Draft,
    outbox::{Letter, Unsendable},
};
use crate::{
    crypto::random::random_bytes,
    domain::{
        Timestamp,
        entity::{Client, Delivery, DeliveryKind, DeliveryState, EventKind},
        outbox::{LEASE_SECONDS, Outcome, judge, judge_ping, wait_after},
        trace::Transaction,
    },
    net::fetcher::FetchError,
    store::{Abort, Write, client, delivery},
};

/// So many are sent at once by one node.
const BATCH: i64 = 16;
/// So much of an error is kept.
const MAX_ERROR: usize = 200;

/// Makes the letter of a delivery, at the moment at which it is sent: keys rotate, addresses change.
fn compose(cx: &Cx, delivery: &Delivery, client: Option<&Client>) -> Result<Letter, Unsendable> {
    match delivery.kind {
        DeliveryKind::BackchannelPing => backchannel_authentication::compose(cx, delivery, client),
        DeliveryKind::BackchannelLogout => backchannel_logout::compose(cx, delivery, client),
    }
}

/// Sends what is due, until nothing is. Gives how many arrived.
///
/// # Errors
/// When the database fails.
pub async fn deliver_due(services: &Arc<Services>) -> Result<usize, Failure> {
    let mut arrived = 0;
    loop {
        let now = services.clock.now();
        let due = services.store.read(move |tx| delivery::due(tx, now, BATCH)).await.map_err(Broken::from)?;
        let full = i64::try_from(due.len()).is_ok_and(|found| found >= BATCH);
        let mut sending = JoinSet::new();
        for row in due {
            sending.spawn(attempt(services.clone(), row));
        }
        while let Some(sent) = sending.join_next().await {
            arrived += usize::from(sent.map_err(Failure::internal)??);
        }
        if !full {
            return Ok(arrived);
        }
    }
}

/// One try, by whoever claims it. `true`: it arrived.
async fn attempt(services: Arc<Services>, read: Delivery) -> Result<bool, Failure> {
    // The story of a delivery is read under the trace of its fact.
    let trace_id = if read.trace_id.as_str().is_empty() { fresh_trace_id(&services) } else { read.trace_id.clone() };
    let cx = Cx::new(services, trace_id, Transaction::Admin, "system");
    let lease = cx.now().plus_seconds(LEASE_SECONDS);
    let claim = move |tx: &mut Write<'_>| -> Result<_, Abort<Failure>> {
        if !delivery::claim(tx, &read, lease)? {
            return Ok(None);
        }
        let receiver = match &read.client_id {
            Some(id) => client::find(tx, id)?,
            None => None,
        };
        Ok(Some((Delivery { attempts: read.attempts + 1, next_attempt_at: lease, ..read }, receiver)))
    };
    let Some((claimed, receiver)) = cx.services.store.write(claim).await? else { return Ok(false) };
    let (outcome, error) = match compose(&cx, &claimed, receiver.as_ref()) {
        Ok(letter) => send(&cx, claimed.kind, letter).await,
        Err(Unsendable::Pointless(why)) => (Outcome::Refused, Some(why.to_owned())),
        Err(Unsendable::Later(why)) => (Outcome::Again, Some(why)),
    };
    settle(&cx, claimed, outcome, error).await
}

async fn send(cx: &Cx, kind: DeliveryKind, letter: Letter) -> (Outcome, Option<String>) {
    let bearer = letter.bearer.as_ref().map(|token| token.expose().as_str());
    match cx.services.fetcher.post(&letter.address, letter.content_type, bearer, letter.body).await {
        Ok(status) => {
            let outcome = match kind {
                DeliveryKind::BackchannelLogout => judge(status),
                DeliveryKind::BackchannelPing => judge_ping(status),
            };
            (outcome, (outcome != Outcome::Delivered).then(|| format!("the answer was {status}")))
        }
        // An address that is not allowed today may be tomorrow: names are resolved anew.
        Err(error @ (FetchError::NotAllowed(_) | FetchError::Failed(_))) => (Outcome::Again, Some(error.to_string())),
    }
}

async fn settle(cx: &Cx, claimed: Delivery, outcome: Outcome, error: Option<String>) -> Result<bool, Failure> {
    let now: Timestamp = cx.services.clock.now();
    let roll = u16::from_be_bytes(random_bytes(cx.random()));
    let mut settled = Delivery { last_error: error.map(|text| text.chars().take(MAX_ERROR).collect()), ..claimed };
    match (outcome, wait_after(settled.attempts, roll)) {
        (Outcome::Delivered, _) => settled.state = DeliveryState::Delivered,
        (Outcome::Again, Some(wait)) => settled.next_attempt_at = now.plus_seconds(wait),
        (Outcome::Refused, _) | (Outcome::Again, None) => settled.state = DeliveryState::Failed,
    }
    if settled.state != DeliveryState::Pending {
        settled.settled_at = Some(now);
    }
    let (context, state) = (cx.clone(), settled.state);
    let write = move |tx: &mut Write<'_>| -> Result<bool, Abort<Failure>> {
        if !delivery::settle(tx, &settled)? {
            return Ok(false);
        }
        let kind = match settled.state {
            DeliveryState::Pending => return Ok(true),
            DeliveryState::Delivered => EventKind::DeliverySucceeded,
            DeliveryState::Failed => EventKind::DeliveryFailed,
        };
        let mut event = Draft::new(kind).object(&settled.id).fact("kind", settled.kind.name());
        if let Some(client_id) = &settled.client_id {
            event = event.client(client_id);
        }
        if let Some(error) = &settled.last_error {
            event = event.fact("error", error.as_str());
        }
        event.fact("attempts", settled.attempts).append(&context, tx)?;
        Ok(true)
    };
    let ours = cx.services.store.write(write).await?;
    Ok(ours && state == DeliveryState::Delivered)
}
