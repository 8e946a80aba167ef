//! How many objects one network may make by itself: clients and accounts in an hour, codes of devices
//! and pushed requests that wait at once.

use super::{Cx, Failure, failure::undo};
use crate::{
    domain::{
        Timestamp,
        authn::throttle::network_key,
        entity::Client,
        oauth::{MOST_WAITING_AT_NETWORK, TooMany, check_waiting_at_network, count_registration, counts_at_network},
        trace::Reason,
    },
    store::{
        Abort, Read, StoreError, Write,
        throttle::{self, ThrottleRow},
    },
};

/// What of strangers waits at a network.
pub(super) struct Waiting {
    /// In the name of the lock.
    pub noun: &'static str,
    /// What is said of too many.
    pub too_many: Reason,
    /// How many wait there, counted up to a limit.
    pub count: fn(&mut Read<'_>, &str, Timestamp, i64) -> Result<usize, StoreError>,
}

/// The network where one more request of a client may wait and counts, if it does. Whoever counts these there
/// waits for whoever does, so that the limit is exact.
///
/// # Errors
/// `temporarily_unavailable` where too many wait.
pub(super) fn find_room(
    cx: &Cx,
    tx: &mut Write<'_>,
    client: &Client,
    waiting: &Waiting,
) -> Result<Option<String>, Abort<Failure>> {
    let Some(network) = cx.peer.address.filter(|_| counts_at_network(client)).map(network_key) else {
        return Ok(None);
    };
    throttle::lock(tx, &key(waiting.noun, &network), FRESH)?;
    let most = i64::try_from(MOST_WAITING_AT_NETWORK).unwrap_or(i64::MAX);
    let found = (waiting.count)(tx, &network, cx.now(), most)?;
    check_waiting_at_network(found, waiting.too_many).map_err(undo)?;
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
