//! How many objects one network may make in an hour by itself: clients, accounts.

use super::Cx;
use crate::{
    domain::{
        Timestamp,
        authn::throttle::network_key,
        oauth::{TooMany, count_registration},
    },
    store::{
        StoreError, Write,
        throttle::{self, ThrottleRow},
    },
};

/// Counts one more of these from the network at the other end, under the lock of its counter. A limit of
/// 0 is none, and what comes from no network is not counted.
///
/// # Errors
/// When the database fails; inside, how long the network has to wait.
pub(super) fn count(cx: &Cx, tx: &mut Write<'_>, noun: &str, limit: i64) -> Result<Result<(), TooMany>, StoreError> {
    let Some(address) = cx.peer.address.filter(|_| limit > 0) else { return Ok(Ok(())) };
    let key = format!("ip-{noun}:{}", network_key(address));
    let fresh = ThrottleRow { failures: 0, window_started_at: 0, blocked_until: 0 };
    let stored = throttle::lock(tx, &key, fresh)?;
    let began = Timestamp::from_millis(stored.window_started_at);
    match count_registration(stored.failures, began, limit, cx.now()) {
        Ok((failures, began)) => {
            let row = ThrottleRow { failures, window_started_at: began.millis(), blocked_until: cx.now().millis() };
            throttle::put(tx, &key, row)?;
            Ok(Ok(()))
        }
        Err(too_many) => Ok(Err(too_many)),
    }
}
