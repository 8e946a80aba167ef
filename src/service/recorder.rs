//! Keeping decision records: bounded in rate and in time, so that a stranger who is refused a
//! million times cannot fill the database.

use std::sync::{Mutex, PoisonError};

use super::Cx;
use crate::{
    domain::{
        Timestamp,
        trace::{DecisionRecord, Outcome, Transaction},
    },
    store::{Abort, StoreError, decision_record},
};

/// So many records may be kept at once, and so many more each second.
const BURST: i64 = 500;
const PER_SECOND: i64 = 20;

/// A bucket of permits to keep a record.
#[derive(Debug)]
pub struct Recorder {
    bucket: Mutex<(i64, Timestamp)>,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { bucket: Mutex::new((BURST, Timestamp::default())) }
    }
}

impl Recorder {
    fn permits(&self, now: Timestamp) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = *bucket;
        let gained = now.seconds_since(since).clamp(0, BURST).saturating_mul(PER_SECOND);
        let tokens = tokens.saturating_add(gained).min(BURST);
        let since = if gained > 0 { now } else { since };
        let permitted = tokens > 0;
        *bucket = (tokens - i64::from(permitted), since);
        permitted
    }
}

/// Keeps the record of a finished request if it was refused or had people in it. Losing a record
/// is logged and never fails the request.
pub async fn keep(cx: &Cx) {
    if !cx.look_at_record(is_worth_keeping) || !cx.services.recorder.permits(cx.now()) {
        return;
    }
    let record = cx.record();
    let (now, expires_at) = (cx.now(), cx.now().plus_seconds(cx.services.policy.record_seconds));
    let kept = cx
        .services
        .store
        .write(move |tx| decision_record::insert(tx, &record, now, expires_at).map_err(Abort::<StoreError>::Undo))
        .await;
    if let Err(error) = kept {
        tracing::warn!(trace_id = %cx.trace_id(), %error, "a decision record was not kept");
    }
}

fn is_worth_keeping(record: &DecisionRecord) -> bool {
    let refused = record.steps.iter().any(|step| matches!(step.outcome, Outcome::Refused | Outcome::Broken));
    let interactive = matches!(
        record.transaction,
        Transaction::Authorization
            | Transaction::SignIn
            | Transaction::Consent
            | Transaction::Logout
            | Transaction::Setup
    );
    !record.steps.is_empty() && (refused || interactive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_keeps_a_bounded_number_of_records() {
        let recorder = Recorder::default();
        let now = Timestamp::from_seconds(1000);
        let kept = (0..10_000).filter(|_| recorder.permits(now)).count();
        assert_eq!(kept, 500);
        let kept = (0..10_000).filter(|_| recorder.permits(now.plus_seconds(2))).count();
        assert_eq!(kept, 40);
    }
}
