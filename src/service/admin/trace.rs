//! Why something happened: the decision records and events under a trace id.

use super::{
    AdminFailure,
    event::{self, EventView},
    noted,
};
use crate::{
    domain::{Timestamp, trace::DecisionRecord},
    service::Cx,
    store::decision_record,
};

/// Fewer digits name too many traces.
const SHORTEST: usize = 8;
/// A trace has at most this many records in an answer.
const RECORDS: i64 = 50;

/// Everything known under a trace id.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The decisions, oldest first, each with the time when it was kept.
    pub records: Vec<(Timestamp, DecisionRecord)>,
    /// The facts that came of them.
    pub events: Vec<EventView>,
}

/// What is known under this trace id, or its first 8 digits or more.
///
/// # Errors
/// `AS-3002`, `AS-3003` for what is not the beginning of a trace id; broken.
pub async fn find(cx: &Cx, prefix: &str) -> Result<Trace, AdminFailure> {
    let prefix = prefix.trim().to_ascii_lowercase();
    let well_formed = (SHORTEST..=32).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_hexdigit());
    if !well_formed {
        let refused = AdminFailure::value("trace id", "give at least its first 8 hexadecimal digits");
        return noted(cx, "trace.find", Err(refused));
    }
    let context = cx.clone();
    let found = cx
        .services
        .store
        .read(move |tx| {
            let records = decision_record::by_trace(tx, &prefix, RECORDS)?;
            let events = event::of_trace(&context, tx, &prefix)?;
            if records.is_empty() && events.is_empty() {
                return Err(AdminFailure::not_found("trace", &prefix));
            }
            Ok(Trace { records, events })
        })
        .await;
    noted(cx, "trace.find", found)
}
