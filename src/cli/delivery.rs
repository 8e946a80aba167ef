//! `symbolon delivery …`

use clap::Subcommand;
use serde_json::Value;

use super::{
    CliFailure, Global, Io, local,
    output::{print, table},
    values, view,
};
use crate::{
    domain::entity::{Delivery, DeliveryState},
    service::admin::{PAGE, delivery},
};

/// What can be done with deliveries to other servers.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List deliveries, oldest first: logout tokens and whatever else other servers are told.
    List {
        /// Only those that are pending, delivered or failed.
        #[arg(long, value_parser = values::delivery_state)]
        state: Option<DeliveryState>,
        /// Begin after this id.
        #[arg(long)]
        after: Option<String>,
        /// At most so many entries.
        #[arg(long, default_value_t = PAGE, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
    /// Try a failed delivery again.
    Retry {
        /// The id.
        id: String,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::List { state, after, limit } => {
            let found = local::run(global, io, |cx| async move { delivery::list(&cx, state, after, limit).await })?;
            let json: Value = found.iter().map(view::delivery).collect();
            print(global, io, &json, &listed(&found))
        }
        Verb::Retry { id } => {
            let again = local::run(global, io, |cx| async move { delivery::retry(&cx, &id).await })
                .map_err(|failure| failure.next("symbolon delivery list"))?;
            print(global, io, &view::delivery(&again), &format!("{} is tried again", again.id))
        }
    }
}

fn listed(found: &[Delivery]) -> String {
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|delivery| {
            vec![
                delivery.id.clone(),
                delivery.kind.name().to_owned(),
                delivery.client_id.as_ref().map(ToString::to_string).unwrap_or_default(),
                delivery.state.name().to_owned(),
                delivery.attempts.to_string(),
                view::time(delivery.settled_at.unwrap_or(delivery.next_attempt_at)),
                delivery.last_error.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(&["id", "kind", "client", "state", "tries", "next or settled", "error"], &rows)
}
