//! The outbox as an administrator sees it: what waits, what arrived, what was given up.

use super::{AdminFailure, Change, change, page_size};
use crate::{
    domain::{
        entity::{Delivery, DeliveryState},
        outbox::KEEP_SECONDS,
    },
    service::Cx,
    store::delivery,
};

/// A page of deliveries, oldest first, after the given id.
///
/// # Errors
/// When the database fails.
pub async fn list(
    cx: &Cx,
    state: Option<DeliveryState>,
    after: Option<String>,
    limit: i64,
) -> Result<Vec<Delivery>, AdminFailure> {
    let after = after.filter(|after| !after.contains('\0'));
    cx.services.store.read(move |tx| Ok(delivery::list(tx, state, after.as_deref(), page_size(limit))?)).await
}

/// Tries a delivery again that was given up, as often as a new one.
///
/// # Errors
/// `AS-3002`; `AS-3003` if it is not one that was given up; broken.
pub async fn retry(cx: &Cx, id: &str) -> Result<Delivery, AdminFailure> {
    let id = id.to_owned();
    change(cx, "delivery.retry", move |cx, tx| -> Change<Delivery> {
        let missing = || AdminFailure::not_found("delivery", &id);
        let known = if id.contains('\0') { None } else { delivery::find(tx, &id)? };
        let found = known.ok_or_else(missing)?;
        if !delivery::retry(tx, &id, cx.now(), cx.now().plus_seconds(KEEP_SECONDS))? {
            let rule = format!("only a failed delivery is tried again; this one is {}", found.state.name());
            return Err(AdminFailure::value("state", rule).into());
        }
        Ok(delivery::find(tx, &id)?.ok_or_else(missing)?)
    })
    .await
}
