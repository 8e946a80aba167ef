//! The identifiers of client assertions already used, shared by every node (RFC 7523 §3 item 7).

use diesel::prelude::*;

use super::{StoreError, Write, schema::assertion_replays};
use crate::domain::{Timestamp, ids::ClientId};

/// Uses an assertion's `jti`. `false`: it was used before.
///
/// # Errors
/// When the database fails.
pub fn consume(
    tx: &mut Write<'_>,
    client: &ClientId,
    jti_hash: &[u8],
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    let values = (
        assertion_replays::client_id.eq(client.as_str()),
        assertion_replays::jti_hash.eq(jti_hash),
        assertion_replays::expires_at.eq(expires_at.millis()),
    );
    Ok(super::dialect::insert_unless_present!(tx, assertion_replays::table, values)? == 1)
}
