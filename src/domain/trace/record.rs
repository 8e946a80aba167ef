//! The decision record: what was asked, which rules ran in which order, and how it ended.

use serde::{Deserialize, Serialize};

use super::{Reason, TraceId};
use crate::Timestamp;

/// The kinds of transaction that leave a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transaction {
    /// An authorization request and its dialogue.
    Authorization,
    /// A pushed authorization request.
    PushedAuthorization,
    /// A sign-in attempt.
    SignIn,
    /// Somebody creates an account of their own.
    SignUp,
    /// A consent decision.
    Consent,
    /// A request to be answered on another device.
    DeferredAuthorization,
    /// A token request.
    Token,
    /// An introspection request.
    Introspection,
    /// A revocation request.
    Revocation,
    /// A UserInfo request.
    Userinfo,
    /// A client registers, or manages its registration.
    Registration,
    /// RP-initiated logout or a sign-out by the person.
    Logout,
    /// Creating the first administrator.
    Setup,
    /// A management action.
    Admin,
    /// Anything else over HTTP: an unknown path, a refused method, a body too large.
    Request,
}

/// How a step, or the whole transaction, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule holds, or the transaction was granted.
    Passed,
    /// The rule refused, or the transaction was refused.
    Refused,
    /// A person has to do something first.
    Interaction,
    /// The server failed; nothing was decided.
    Broken,
}

/// One rule that ran. Facts never hold a secret, a token, or personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The rule, in the specification's words: `redirect_uri`, `client_authentication`.
    pub rule: String,
    /// What the rule looked at, redacted: names and values that are safe to store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, String)>,
    /// How it ended.
    pub outcome: Outcome,
    /// The stable code, when it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Everything decided under one trace id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The trace id people quote.
    pub trace_id: TraceId,
    /// What kind of request it was.
    pub transaction: Transaction,
    /// When it started.
    pub started_at: Timestamp,
    /// The client that asked, once known.
    pub client_id: Option<String>,
    /// The steps in the order in which they ran.
    pub steps: Vec<Step>,
}

/// A record holds this many steps at most; a request cannot make it grow without bound.
const MAX_STEPS: usize = 64;
/// A fact's value is cut to this many characters.
const MAX_FACT: usize = 256;

impl DecisionRecord {
    /// An empty record.
    pub const fn new(trace_id: TraceId, transaction: Transaction, started_at: Timestamp) -> Self {
        Self { trace_id, transaction, started_at, client_id: None, steps: Vec::new() }
    }

    /// Appends a rule that held.
    pub fn passed(&mut self, rule: &str, facts: &[(&str, &str)]) {
        self.push(rule, facts, Outcome::Passed, None);
    }

    /// Appends a rule that refused.
    pub fn refused(&mut self, rule: &str, facts: &[(&str, &str)], reason: Reason) {
        self.push(rule, facts, Outcome::Refused, Some(reason));
    }

    /// Appends a rule that sends a person to a page.
    pub fn interaction(&mut self, rule: &str, facts: &[(&str, &str)]) {
        self.push(rule, facts, Outcome::Interaction, None);
    }

    /// The last refusal, if the transaction was refused.
    pub fn reason(&self) -> Option<Reason> {
        self.steps.iter().rev().find_map(|step| step.reason)
    }

    fn push(&mut self, rule: &str, facts: &[(&str, &str)], outcome: Outcome, reason: Option<Reason>) {
        if self.steps.len() >= MAX_STEPS {
            return;
        }
        let facts = facts.iter().map(|(name, value)| ((*name).to_owned(), shorten(value))).collect();
        self.steps.push(Step { rule: rule.to_owned(), facts, outcome, reason });
    }
}

fn shorten(value: &str) -> String {
    if value.len() <= MAX_FACT && value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return value.to_owned();
    }
    let mut short: String = value.chars().filter(|c| !c.is_control()).take(MAX_FACT).collect();
    if value.chars().count() > MAX_FACT {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_bounded_and_keeps_control_characters_out() {
        let mut record = DecisionRecord::new(TraceId::from_bytes([1; 16]), Transaction::Token, Timestamp::default());
        for _ in 0..1000 {
            record.passed("rule", &[("name", "a\r\nb")]);
        }
        assert_eq!(record.steps.len(), MAX_STEPS);
        assert_eq!(record.steps[0].facts[0].1, "ab");
        assert_eq!(shorten(&"x".repeat(5000)).chars().count(), MAX_FACT + 1);
    }
}
