//! `symbolon key …`

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, print, table},
    values, view,
};
use crate::{
    domain::{ids::KeyId, jose::SigningAlgorithm, trace::Reason},
    service::{admin::AdminFailure, keys},
};

/// What can be done with signing keys.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the keys, oldest first.
    List,
    /// Sign with a new key from now on; the old one stays published for what it signed.
    Rotate {
        /// The algorithm.
        #[arg(long = "alg", default_value = "RS256", value_parser = values::algorithm)]
        algorithm: SigningAlgorithm,
    },
    /// Remove a retired key at once: what it signed no longer verifies.
    Delete {
        /// The kid.
        kid: String,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::List => {
            let keys =
                local::run(global, io, |cx| async move { keys::list(&cx.services).await.map_err(AdminFailure::from) })?;
            let rows: Vec<Vec<String>> = keys
                .iter()
                .map(|key| {
                    vec![
                        key.id.to_string(),
                        key.algorithm.name().to_owned(),
                        key.state.name().to_owned(),
                        view::time(key.created_at),
                    ]
                })
                .collect();
            let json: Value = keys.iter().map(view::key).collect();
            print(global, io, &json, &table(&["kid", "alg", "state", "created"], &rows))
        }
        Verb::Rotate { algorithm } => {
            let kid =
                local::run(
                    global,
                    io,
                    |cx| async move { keys::rotate(&cx, algorithm).await.map_err(AdminFailure::from) },
                )?;
            print(
                global,
                io,
                &json!({ "kid": kid, "alg": algorithm }),
                &format!("{algorithm} is signed with {kid} now"),
            )
        }
        Verb::Delete { kid } => {
            confirm(global, &format!("the key {kid}"))?;
            let id = KeyId::new(kid.clone());
            let deleted =
                local::run(global, io, |cx| async move { keys::delete(&cx, &id).await.map_err(AdminFailure::from) })?;
            if !deleted {
                let message = format!("there is no retired key {kid}");
                return Err(CliFailure::conflict(Reason::ObjectNotFound, message).next("symbolon key list"));
            }
            print(global, io, &json!({ "deleted": true }), &format!("{kid} deleted"))
        }
    }
}
