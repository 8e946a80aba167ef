//! The append-only lane: tokens issued to clients on their own behalf. Many requests share one
//! transaction, and each client's standing is read again inside it.

use tokio::sync::oneshot;

use super::{
    StoreError, access_token, client,
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
    /// Answers the asker.
    pub(super) fn settle(self, result: Result<Appended, StoreError>) {
        // The asker may have gone away; the row stands all the same.
        let _ = self.reply.send(result);
    }
}

impl MachineIssue {
    /// Writes the rows inside the caller's transaction, which does more than that; or nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub fn write(&self, tx: &mut Write<'_>) -> Result<Appended, StoreError> {
        let verdicts = write_all(tx, &[self])?;
        Ok(verdicts.first().copied().unwrap_or(Appended::ClientChanged))
    }
}

/// Writes the rows of a group inside the caller's transaction, and tells for each whether it was
/// written. An error means that nothing of the group may be kept.
pub(super) fn append_all(conn: &mut Conn, jobs: &[AppendJob]) -> Result<Vec<Appended>, StoreError> {
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let issues: Vec<&MachineIssue> = jobs.iter().map(|job| &job.issue).collect();
    write_all(&mut Write::new(conn), &issues)
}

fn write_all(tx: &mut Write<'_>, issues: &[&MachineIssue]) -> Result<Vec<Appended>, StoreError> {
    let mut ids: Vec<&str> = issues.iter().map(|issue| issue.client_id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let versions = client::lock_enabled_versions(tx, &ids)?;
    let verdict = |issue: &MachineIssue| match versions.get(issue.client_id.as_str()) {
        Some(version) if *version == issue.client_version => Appended::Written,
        _ => Appended::ClientChanged,
    };
    let verdicts: Vec<Appended> = issues.iter().map(|issue| verdict(issue)).collect();
    let accepted = || issues.iter().filter(|issue| verdict(issue) == Appended::Written);
    let events: Vec<&Event> = accepted().map(|issue| &issue.event).collect();
    event::append_many(tx, &events)?;
    let tokens: Vec<&access_token::NewAccessToken> = accepted().filter_map(|issue| issue.token.as_ref()).collect();
    access_token::insert_many(tx, &tokens)?;
    Ok(verdicts)
}
