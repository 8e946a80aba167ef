//! What a database is for: a throw-away server must never serve people, and a real one must never
//! be filled with users whose password everybody knows.

use super::error::{StartError, database};
use crate::{
    domain::trace::StartCode,
    store::{Abort, Read, Store, StoreError, instance},
};

/// The fact that says what a database is for.
const KIND: &str = "kind";
/// The value of a throw-away database.
const DEV: &str = "dev";
/// The value of one for runs of a conformance suite.
const CONFORMANCE: &str = "conformance";
/// The value of a real one.
const SERVER: &str = "server";

/// What the process is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A real server.
    Serve,
    /// A throw-away server.
    Dev,
    /// A server for runs of a conformance suite.
    Conformance,
    /// One command: on any kind.
    Command,
}

/// Whether a database that exists may be used for this.
pub(super) async fn check_purpose(store: &Store, purpose: Purpose) -> Result<(), StartError> {
    let (kind, empty) = store.read(facts).await.map_err(|error| database(&error))?;
    decide(purpose, kind.as_deref(), empty)
}

fn facts(tx: &mut Read<'_>) -> Result<(Option<String>, bool), StoreError> {
    Ok((instance::find(tx, KIND)?, instance::is_empty(tx)?))
}

fn decide(purpose: Purpose, kind: Option<&str>, empty: bool) -> Result<(), StartError> {
    let refuse = |message: &str| Err(StartError::new(StartCode::OtherPurpose, message));
    match (purpose, kind) {
        (Purpose::Serve, Some(DEV)) => refuse(
            "this database was made by `symbolon dev`: it has users whose password everybody knows. Set database.url \
             to another one",
        ),
        (Purpose::Dev, Some(kind)) if kind != DEV => refuse(
            "this database belongs to a real server, and `symbolon dev` would add users whose password everybody \
             knows. Leave SYMBOLON_DATABASE__URL unset for a throw-away one",
        ),
        (Purpose::Dev, None) if !empty => refuse(
            "this database has users or clients, and was not made by `symbolon dev`. Leave SYMBOLON_DATABASE__URL \
             unset for a throw-away one",
        ),
        (Purpose::Serve, Some(CONFORMANCE)) => refuse(
            "this database is for runs of a conformance suite: it has a user whose password everybody knows. Set \
             database.url to another one, or conformance.danger_test_hooks=true for such a run",
        ),
        (Purpose::Conformance, Some(kind)) if kind != CONFORMANCE => refuse(
            "this database is not for runs of a conformance suite, and whoever reaches such a server can answer in the \
             name of its people. Set database.url to one of its own, or conformance.danger_test_hooks=false",
        ),
        (Purpose::Conformance, None) if !empty => refuse(
            "this database has users or clients, and is not for runs of a conformance suite. Set database.url to one of \
             its own",
        ),
        _ => Ok(()),
    }
}

/// Writes down what the database is for, and gives it an id of its own. What was written before
/// stands, and is checked in the same transaction: two processes may start at once.
pub(super) async fn claim(store: &Store, purpose: Purpose) -> Result<(), StartError> {
    let kind = match purpose {
        Purpose::Serve => Some(SERVER),
        Purpose::Dev => Some(DEV),
        Purpose::Conformance => Some(CONFORMANCE),
        Purpose::Command => None,
    };
    let Some(kind) = kind else { return Ok(()) };
    let facts = store
        .write(move |tx| {
            let (stored, empty) = facts(tx).map_err(Abort::from)?;
            if decide(purpose, stored.as_deref(), empty).is_ok() {
                instance::insert_once(tx, KIND, kind)?;
            }
            Ok((instance::find(tx, KIND)?, empty))
        })
        .await
        .map_err(|error: StoreError| database(&error))?;
    decide(purpose, facts.0.as_deref(), facts.1)
}
