//! How many objects one network may make by itself: clients and accounts in an hour, codes of devices that wait
//! at once.

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

/// The network at the other end, if there is one. Whoever counts what is there of these waits here for whoever
/// does, so that a limit is exact.
///
/// # Errors
/// When the database fails.
pub(super) fn lock(cx: &Cx, tx: &mut Write<'_>, noun: &str) -> Result<Option<String>, StoreError> {
    let Some(network) = cx.peer.address.map(network_key) else { return Ok(None) };
    throttle::lock(tx, &key(noun, &network), FRESH)?;
    Ok(Some(network))
}

fn key(noun: &str, network: &str) -> String {
    format!("ip-{noun}:{network}")
}

/// A counter that counted nothing.
const FRESH: ThrottleRow = ThrottleRow { failures: 0, window_started_at: 0, blocked_until: 0 };

/// Counts one more of these from the network at the other end, under the lock of its counter. A limit of
/// 0 is none, and what comes from no network is not counted.
///
/// # Errors
/// When the database fails; inside, how long the network has to wait.
pub(super) fn count(cx: &Cx, tx: &mut Write<'_>, noun: &str, limit: i64) -> Result<Result<(), TooMany>, StoreError> {
    let Some(address) = cx.peer.address.filter(|_| limit > 0) else { return Ok(Ok(())) };
    let key = key(noun, &network_key(address));
    let stored = throttle::lock(tx, &key, FRESH)?;
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
