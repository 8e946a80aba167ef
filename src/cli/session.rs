//! `symbolon session …`

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, print, table},
    view,
};
use crate::service::admin::session::{self, SessionView};

/// What can be done with browser sessions.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the live sessions of a person, newest first.
    List {
        /// Username, email or id.
        user: String,
    },
    /// End a session; its apps hear of it.
    End {
        /// The session's id: the sid of its ID tokens.
        id: String,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::List { user } => {
            let sessions = local::run(global, io, |cx| async move { session::list(&cx, &user).await })?;
            let json: Value = sessions.iter().map(view::session).collect();
            print(global, io, &json, &listed(&sessions))
        }
        Verb::End { id } => {
            confirm(global, &format!("the session {id}"))?;
            let ending = id.clone();
            local::run(global, io, |cx| async move { session::end(&cx, &ending).await })?;
            print(global, io, &json!({ "ended": true }), &format!("{id} ended"))
        }
    }
}

fn listed(sessions: &[SessionView]) -> String {
    let rows: Vec<Vec<String>> = sessions
        .iter()
        .map(|SessionView { session, clients }| {
            vec![
                session.id.to_string(),
                view::time(session.context.auth_time),
                view::time(session.idle_expires_at),
                session.context.amr.join(" "),
                clients.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            ]
        })
        .collect();
    table(&["id", "signed in", "idle until", "methods", "clients"], &rows)
}
