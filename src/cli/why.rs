//! `symbolon why <trace id>`: what was asked, which rules ran, and how it ended.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io,
    event::events_table,
    local,
    output::{print, visible},
    view,
};
use crate::{
    domain::{
        Timestamp,
        trace::{DecisionRecord, Outcome, Reason},
    },
    service::admin::trace::{self, Trace},
};

/// The trace to explain.
#[derive(Debug, Args)]
pub struct Why {
    /// A trace id, or its first 8 digits or more.
    trace_id: String,
}

/// Runs the verb.
pub(super) fn run(global: &Global, why: &Why, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let wanted = why.trace_id.clone();
    let found =
        local::run(global, io, |cx| async move { trace::find(&cx, &wanted).await }).map_err(|failure| match failure
            .code
            .as_deref()
            .and_then(Reason::from_code)
        {
            Some(Reason::ObjectNotFound) => failure.next(
                "Records of refused requests and of sign-ins are kept for 7 days; symbolon event list shows what \
                 happened",
            ),
            _ => failure,
        })?;
    print(global, io, &json_of(&found), &text_of(&found))
}

fn json_of(trace: &Trace) -> Value {
    let records: Vec<Value> = trace
        .records
        .iter()
        .map(|(at, record)| {
            let reason = record.reason();
            json!({
                "trace_id": record.trace_id,
                "recorded_at": view::time(*at),
                "started_at": view::time(record.started_at),
                "transaction": record.transaction,
                "client_id": record.client_id,
                "code": reason.map(Reason::code),
                "summary": reason.map(Reason::summary),
                "next_step": reason.map(Reason::next_step),
                "steps": record.steps,
            })
        })
        .collect();
    json!({ "records": records, "events": trace.events.iter().map(view::event).collect::<Vec<_>>() })
}

fn text_of(trace: &Trace) -> String {
    let mut text = String::new();
    for (at, record) in &trace.records {
        describe(&mut text, *at, record);
    }
    if !trace.events.is_empty() {
        text.push_str("Events\n");
        text.push_str(&events_table(&trace.events));
    }
    text
}

fn describe(text: &mut String, at: Timestamp, record: &DecisionRecord) {
    let transaction = serde_json::to_value(record.transaction).unwrap_or_default();
    let client = record.client_id.as_deref().map(|id| format!("  client {}", visible(id))).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "Trace {}  {}  {}{client}",
        record.trace_id,
        view::time(at),
        transaction.as_str().unwrap_or_default()
    );
    for step in &record.steps {
        let outcome = match step.outcome {
            Outcome::Passed => "ok",
            Outcome::Refused => "REFUSED",
            Outcome::Interaction => "asks",
            Outcome::Broken => "BROKEN",
        };
        let code = step.reason.map(|reason| format!("  {}", reason.code())).unwrap_or_default();
        let facts: String =
            step.facts.iter().map(|(name, value)| format!("  {}={}", visible(name), visible(value))).collect();
        let _ = writeln!(text, "  {outcome:<7}  {}{code}{facts}", visible(&step.rule));
    }
    if let Some(reason) = record.reason() {
        let _ = writeln!(text, "{}: {}\nNext: {}", reason.code(), reason.summary(), reason.next_step());
    }
    text.push('\n');
}
