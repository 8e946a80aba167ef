//! `symbolon key …`

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, print, table},
    values, view,
};
use crate::{
    domain::{entity::KeyAlgorithm, ids::KeyId, trace::Reason},
    service::{admin::AdminFailure, keys},
};

/// What can be done with the server's keys.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the keys, oldest first.
    List,
    /// Make a key of an algorithm, unless there is one.
    Create {
        /// The algorithm: of signatures, or RSA-OAEP-256 or ECDH-ES for a key that clients encrypt to.
        #[arg(long = "alg", value_parser = values::key_algorithm)]
        algorithm: KeyAlgorithm,
    },
    /// Sign with a new key from now on; the old one stays published for what it signed.
    Rotate {
        /// The algorithm.
        #[arg(long = "alg", default_value = "RS256", value_parser = values::key_algorithm)]
        algorithm: KeyAlgorithm,
    },
    /// Remove a retired key at once: what it signed no longer verifies.
    Delete {
        /// The kid.
        // One of 64 begins with a hyphen.
        #[arg(allow_hyphen_values = true)]
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
        Verb::Create { algorithm } => {
            local::run(global, io, |cx| async move { keys::ensure(&cx, algorithm).await.map_err(AdminFailure::from) })?;
            print(global, io, &json!({ "alg": algorithm }), &format!("there is a key for {algorithm}"))
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
                &format!("{kid} is the key for {algorithm} now"),
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
