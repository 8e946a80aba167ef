//! `symbolon exchange-policy …`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, fields, print, table},
    view,
};
use crate::{
    domain::{
        entity::{ExchangeMode, ExchangePolicy},
        trace::Reason,
    },
    service::admin::{LARGEST_PAGE, exchange_policy},
};

/// What can be done with exchange policies.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Allow a client to exchange tokens of another one; replaces what was allowed for the pair.
    Allow {
        /// The pair.
        #[command(flatten)]
        pair: Pair,
        /// For whom the new tokens may be; repeat for more.
        #[arg(long = "audience", required = true)]
        audiences: Vec<String>,
        /// The new tokens do not name the client in act.
        #[arg(long)]
        impersonation: bool,
    },
    /// List what is allowed.
    List {
        /// Only of this client.
        #[arg(long)]
        client: Option<String>,
    },
    /// Forbid a pair again.
    Delete(Pair),
}

/// Two clients.
#[derive(Debug, Args)]
pub struct Pair {
    /// Who exchanges.
    #[arg(long)]
    client: String,
    /// Whose tokens.
    #[arg(long)]
    subject_client: String,
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    run_verb(global, verb, io).map_err(|failure| match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::ObjectNotFound) if failure.message.contains("policy") => {
            failure.next("symbolon exchange-policy list")
        }
        Some(Reason::ObjectNotFound) => failure.next("symbolon client list"),
        Some(Reason::ValueNotAllowed) => failure.next("symbolon client update <client_id> --grant-type token_exchange"),
        _ => failure,
    })
}

fn run_verb(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Allow { pair, audiences, impersonation } => {
            let mode = if impersonation { ExchangeMode::Impersonation } else { ExchangeMode::Delegation };
            let made = local::run(global, io, |cx| async move {
                exchange_policy::allow(&cx, &pair.client, &pair.subject_client, audiences, mode).await
            })?;
            print(global, io, &shown(&made), &text(&made))
        }
        Verb::List { client } => {
            let found =
                local::run(global, io, |cx| async move { exchange_policy::list(&cx, client, LARGEST_PAGE).await })?;
            let rows: Vec<Vec<String>> = found
                .iter()
                .map(|policy| {
                    let pair = [policy.client_id.to_string(), policy.subject_client_id.to_string()];
                    let [client, subject] = pair;
                    vec![client, subject, policy.audiences.join(" "), policy.mode.name().to_owned()]
                })
                .collect();
            let json: Value = found.iter().map(shown).collect();
            print(global, io, &json, &table(&["client", "subject client", "audiences", "mode"], &rows))
        }
        Verb::Delete(pair) => {
            confirm(global, &format!("what {} may exchange of {}", pair.client, pair.subject_client))?;
            local::run(global, io, |cx| async move {
                exchange_policy::delete(&cx, &pair.client, &pair.subject_client).await
            })?;
            print(global, io, &json!({ "deleted": true }), "deleted")
        }
    }
}

fn shown(policy: &ExchangePolicy) -> Value {
    json!({
        "client_id": policy.client_id,
        "subject_client_id": policy.subject_client_id,
        "audiences": policy.audiences,
        "mode": policy.mode,
        "updated_at": view::time(policy.updated_at),
    })
}

fn text(policy: &ExchangePolicy) -> String {
    fields(&[
        ("client_id", policy.client_id.to_string()),
        ("subject_client_id", policy.subject_client_id.to_string()),
        ("audiences", policy.audiences.join(" ")),
        ("mode", policy.mode.name().to_owned()),
    ])
}
