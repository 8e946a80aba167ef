//! `symbolon event …`

use clap::Subcommand;
use serde_json::Value;

use super::{
    CliFailure, Global, Io, local,
    output::{print, table},
    view,
};
use crate::service::admin::{
    PAGE,
    event::{self, EventView},
};

/// What can be done with events.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List events, oldest first.
    List {
        /// Begin after this place in the stream.
        #[arg(long, default_value_t = 0)]
        after: i64,
        /// At most so many entries.
        #[arg(long, default_value_t = PAGE, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: &Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let Verb::List { after, limit } = *verb;
    let events = local::run(global, io, |cx| async move { event::list(&cx, after, limit).await })?;
    let json: Value = events.iter().map(view::event).collect();
    print(global, io, &json, &events_table(&events))
}

/// Events for people.
pub(super) fn events_table(events: &[EventView]) -> String {
    let rows: Vec<Vec<String>> = events
        .iter()
        .map(|event| {
            vec![
                event.seq.to_string(),
                view::time(event.at),
                event.kind.clone(),
                event.actor.clone(),
                event.user_id.clone().or_else(|| event.client_id.clone()).unwrap_or_default(),
                event.reason.clone().unwrap_or_default(),
                event.trace_id.get(..16).unwrap_or(&event.trace_id).to_owned(),
            ]
        })
        .collect();
    table(&["seq", "time", "event", "actor", "about", "code", "trace"], &rows)
}
