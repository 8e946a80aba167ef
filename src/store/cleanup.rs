//! Every table that grows has its owner here. Expired rows are never trusted, cleaned or not.

use diesel::prelude::*;

use super::{
    StoreError, Write,
    schema::{
        access_tokens, assertion_replays, authorization_codes, authorizations, decision_records, interactions,
        refresh_tokens, revoked_tokens, sessions, setup_links, sign_in_throttles,
    },
};
use crate::domain::Timestamp;

/// Deletes what expired before `now`, a table at a time. Gives the number of rows.
///
/// # Errors
/// When the database fails.
pub fn delete_expired(tx: &mut Write<'_>, now: Timestamp) -> Result<usize, StoreError> {
    macro_rules! expire {
        ($($table:ident . $column:ident < $limit:expr;)+) => {{
            let mut rows = 0;
            $(rows += diesel::delete($table::table.filter($table::$column.lt($limit))).execute(tx.conn())?;)+
            rows
        }};
    }
    let now = now.millis();
    // A used code, or a rotated refresh token, must be recognized for as long as what came from it
    // lives; its parent's expiry is later than its own, and takes it along.
    let day_ago = now - 86_400_000;
    Ok(expire! {
        authorization_codes.expires_at < day_ago;
        refresh_tokens.family_expires_at < now;
        access_tokens.expires_at < now;
        revoked_tokens.expires_at < now;
        assertion_replays.expires_at < now;
        authorizations.expires_at < now;
        interactions.expires_at < now;
        sessions.expires_at < now;
        setup_links.expires_at < day_ago;
        decision_records.expires_at < now;
        sign_in_throttles.blocked_until < day_ago;
    })
}
