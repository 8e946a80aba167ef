//! The append-only lane: tokens issued to clients on their own behalf. Many requests share one
//! transaction, and each client's standing is read again inside it.

use std::collections::HashMap;

use diesel::prelude::*;
use tokio::sync::oneshot;

use super::{
    Read, StoreError, access_token, client,
    conn::{Conn, Write},
    event,
};
use crate::domain::{entity::Event, ids::ClientId};

/// One token for a client on its own behalf, as it will stand in the event stream.
pub struct MachineIssue {
    /// The client as the decision saw it.
    pub client_id: ClientId,
    /// The version of the client that the decision was made on.
    pub client_version: i64,
    /// The fact.
    pub event: Event,
    /// The row of an opaque token; a JWT needs none.
    pub token: Option<access_token::NewAccessToken>,
}

/// Whether the token may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is in the stream, durably.
    Written,
    /// The client was changed, disabled or deleted since the decision: decide again.
    ClientChanged,
}

pub(super) struct AppendJob {
    pub(super) issue: MachineIssue,
    pub(super) reply: oneshot::Sender<Result<Appended, StoreError>>,
}

impl AppendJob {
    pub(super) fn refuse(self, outcome: Result<(), StoreError>) {
        let error = outcome.err().unwrap_or_else(|| StoreError::Unavailable("the row was not written".into()));
        let _ = self.reply.send(Err(error));
    }
}

pub(super) struct SettledAppend {
    result: Result<Appended, String>,
    reply: oneshot::Sender<Result<Appended, StoreError>>,
}

impl SettledAppend {
    pub(super) fn settle(self, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            (Ok(()), Ok(appended)) => Ok(appended),
            (Ok(()), Err(error)) => Err(StoreError::Broken(error)),
            (Err(error), _) => Err(error),
        };
        let _ = self.reply.send(result);
    }
}

/// Writes all rows of the group inside the caller's transaction.
pub(super) fn append_all(conn: &mut Conn, jobs: Vec<AppendJob>) -> Vec<SettledAppend> {
    if jobs.is_empty() {
        return Vec::new();
    }
    let mut ids: Vec<&str> = jobs.iter().map(|job| job.issue.client_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let versions = client::enabled_versions(&mut Read { conn }, &ids);
    let (versions, failed) = match versions {
        Ok(versions) => (versions, None),
        Err(error) => (HashMap::new(), Some(error.to_string())),
    };
    let standing: Vec<bool> =
        jobs.iter().map(|job| versions.get(job.issue.client_id.as_str()) == Some(&job.issue.client_version)).collect();
    let accepted = || jobs.iter().zip(&standing).filter(|(_, stands)| **stands).map(|(job, _)| &job.issue);
    let written = match failed {
        Some(error) => Err(error),
        None => write_rows(conn, accepted()).map_err(|error| error.to_string()),
    };
    jobs.into_iter()
        .zip(standing)
        .map(|(job, stands)| SettledAppend {
            result: match &written {
                Err(error) => Err(error.clone()),
                Ok(()) if stands => Ok(Appended::Written),
                Ok(()) => Ok(Appended::ClientChanged),
            },
            reply: job.reply,
        })
        .collect()
}

fn write_rows<'a>(conn: &mut Conn, issues: impl Iterator<Item = &'a MachineIssue> + Clone) -> QueryResult<()> {
    let events: Vec<&Event> = issues.clone().map(|issue| &issue.event).collect();
    event::append_many(&mut Write::new(conn), &events)?;
    let tokens: Vec<&access_token::NewAccessToken> = issues.filter_map(|issue| issue.token.as_ref()).collect();
    access_token::insert_many(&mut Write::new(conn), &tokens)
}
