//! Which clients that registered themselves are in use: noted once a day, and the others deleted.

use std::sync::PoisonError;

use super::policy;
use crate::{
    domain::{
        entity::{Client, EventKind},
        ids::ClientId,
    },
    service::{Broken, Cx, Failure, events::Draft},
    store::{Abort, client, registration},
};

/// A use is noted once in so many seconds.
const DAY: i64 = 86_400;
/// More clients than this are not remembered.
const CAPACITY: usize = 4096;
/// So many unused clients go in one turn of the job.
const AT_ONCE: i64 = 500;

/// Notes that a client was used, if that was not noted today. A failure is logged: the client is
/// not to suffer from it.
pub async fn note_use(cx: &Cx, client: &Client) {
    if !client.owner.is_self_registered() || !is_due(cx, &client.client_id) {
        return;
    }
    let policy = policy::current(&cx.services).await;
    let (id, now) = (client.client_id.clone(), cx.now());
    let noted = cx
        .services
        .store
        .write(move |tx| {
            let (unless_after, until) = (now.plus_seconds(-DAY), policy.next_expiry(now));
            registration::note_use(tx, &id, now, unless_after, until).map_err(Abort::<Failure>::from)
        })
        .await;
    if let Err(error) = noted {
        tracing::warn!(trace_id = %cx.trace_id(), ?error, "the use of a client was not noted");
    }
}

fn is_due(cx: &Cx, id: &ClientId) -> bool {
    let mut used = cx.services.registrations.used.lock().unwrap_or_else(PoisonError::into_inner);
    if used.get(id).is_some_and(|noted| (0..DAY).contains(&cx.now().seconds_since(*noted))) {
        return false;
    }
    if used.len() >= CAPACITY {
        used.clear();
    }
    used.insert(id.clone(), cx.now());
    true
}

/// Deletes clients that registered themselves and that nobody has used for too long, each with its
/// event. Gives their number.
///
/// # Errors
/// When the database fails.
pub async fn delete_unused(cx: &Cx) -> Result<usize, Failure> {
    let now = cx.now();
    let unused =
        cx.services.store.read(move |tx| registration::unused(tx, now, AT_ONCE)).await.map_err(Broken::from)?;
    let mut deleted = 0;
    for id in unused {
        let context = cx.clone();
        let gone = cx
            .services
            .store
            .write(move |tx| {
                // It may have been used since it was listed.
                if !registration::delete_unused(tx, &id, context.now())? {
                    return Ok::<_, Abort<Failure>>(false);
                }
                client::delete(tx, &id)?;
                Draft::new(EventKind::ClientDeleted).client(&id).fact("unused", true).append(&context, tx)?;
                context.services.clients.forget(&id);
                Ok(true)
            })
            .await?;
        deleted += usize::from(gone);
    }
    Ok(deleted)
}
