//! `symbolon consent …`

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, print, table},
    view,
};
use crate::service::admin::consent;

/// What can be done with what people allowed apps.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List what a person allowed, by app.
    List {
        /// Username, email or id.
        user: String,
    },
    /// Take back what a person allowed an app, with every token that came from it.
    Revoke {
        /// Username, email or id.
        user: String,
        /// The app's client_id.
        client_id: String,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::List { user } => {
            let consents = local::run(global, io, |cx| async move { consent::list(&cx, &user).await })?;
            let rows: Vec<Vec<String>> = consents
                .iter()
                .map(|one| vec![one.client_id.to_string(), one.scope.join(" "), view::time(one.granted_at)])
                .collect();
            let json: Value = consents.iter().map(view::consent).collect();
            print(global, io, &json, &table(&["client", "scope", "granted"], &rows))
        }
        Verb::Revoke { user, client_id } => {
            confirm(global, &format!("what {user} allowed {client_id}"))?;
            let name = client_id.clone();
            let revoked = local::run(global, io, |cx| async move { consent::revoke(&cx, &user, &client_id).await })?;
            let text = format!("{name} has to ask again; {revoked} authorizations were revoked");
            print(global, io, &json!({ "revoked_authorizations": revoked }), &text)
        }
    }
}
