//! Every table that grows has its owner here. Expired rows are never trusted, cleaned or not.

use diesel::prelude::*;

use super::{
    StoreError, Write,
    schema::{
        access_tokens, assertion_replays, authorization_codes, authorizations, decision_records,
        deferred_authorizations, deliveries, dpop_proofs, initial_access_tokens, interactions,
        pushed_authorization_requests, refresh_tokens, revoked_tokens, sessions, setup_links, sign_in_throttles,
    },
};
use crate::domain::Timestamp;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Deletes what expired before `now`, a table at a time. Gives the number of rows.
///
/// # Errors
/// When the database fails.
pub fn delete_expired(tx: &mut Write<'_>, now: Timestamp) -> Result<usize, StoreError> {
    macro_rules! expire {
        ($($table:ident . $column:ident < $limit:expr $(, and $more:expr)?;)+) => {{
            let mut rows = 0;
            $(rows += diesel::delete(
                $table::table.filter($table::$column.lt($limit))$(.filter($more))?
            ).execute(tx.conn())?;)+
            rows
        }};
    }
    let now = now.millis();
    let day_ago = now - DAY;
    Ok(expire! {
        // A used code must be recognized for as long as what came from it lives: it goes with its
        // authorization. So does a rotated refresh token, with its family.
        authorization_codes.expires_at < day_ago, and authorization_codes::consumed_at.is_null();
        refresh_tokens.family_expires_at < now;
        access_tokens.expires_at < now;
        revoked_tokens.expires_at < now;
        // An assertion may still be accepted for the clock skew that its verifier allows.
        assertion_replays.expires_at < now - HOUR;
        // The time of a proof's oblivion has every skew in it.
        dpop_proofs.expires_at < now;
        authorizations.expires_at < now;
        interactions.expires_at < now;
        // Who asks a little later still hears what became of it.
        deferred_authorizations.expires_at < now - HOUR;
        // A dialogue that began in time may end long after, and uses up its pushed request then.
        pushed_authorization_requests.expires_at < now - 2 * HOUR;
        sessions.expires_at < now;
        setup_links.expires_at < day_ago;
        // Clients that nobody uses go one by one, each with its event: service/registration/usage.rs.
        initial_access_tokens.expires_at < day_ago;
        decision_records.expires_at < now;
        deliveries.expires_at < now;
        // A network's failures are forgotten within the hour; an account's only by a success or a
        // reset, here after so long that guessing at this pace is hopeless.
        sign_in_throttles.blocked_until < day_ago, and sign_in_throttles::window_started_at.lt(day_ago)
            .and(sign_in_throttles::throttle_key.like("ip%").or(sign_in_throttles::throttle_key.like("code:%")).or(sign_in_throttles::throttle_key.like("sign-up:%")).or(sign_in_throttles::window_started_at.lt(now - 90 * DAY)));
    })
}
