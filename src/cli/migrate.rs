//! `symbolon migrate …`

use clap::Subcommand;
use serde_json::json;

use super::{
    CliFailure, Global, Io,
    output::{print, table},
    settings,
};
use crate::app::migrations;

/// What can be done with the schema.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Which migrations are applied, and which are pending.
    Status,
    /// Apply what is pending. A starting server does the same.
    Up,
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let settings = settings(global, io)?;
    match verb {
        Verb::Status => {
            let status = migrations::status(&settings)?;
            let lists = [("applied", &status.applied), ("pending", &status.pending), ("unknown", &status.unknown)];
            let rows: Vec<Vec<String>> = lists
                .iter()
                .flat_map(|(state, names)| names.iter().map(|name| vec![name.clone(), (*state).to_owned()]))
                .collect();
            let json = json!({ "applied": status.applied, "pending": status.pending, "unknown": status.unknown });
            print(global, io, &json, &table(&["migration", "state"], &rows))
        }
        Verb::Up => {
            let applied = migrations::up(&settings)?;
            let text = if applied.is_empty() { "nothing was pending".to_owned() } else { applied.join("\n") };
            print(global, io, &json!({ "applied": applied }), &text)
        }
    }
}
