//! `symbolon sign-up …`

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    CliFailure, Global, Io, local,
    output::{fields, print},
    values,
};
use crate::{
    domain::{
        oidc::sign_up::{SignUpMode, SignUpPolicy},
        trace::Reason,
    },
    service::admin::sign_up::{self, SignUpChanges},
};

/// What can be done about people who create their own accounts.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Who may create an account.
    #[command(subcommand)]
    Policy(PolicyVerb),
}

/// What can be done with the policy.
#[derive(Debug, Subcommand)]
pub enum PolicyVerb {
    /// Show the policy.
    Show,
    /// Change the policy. A flag that is not given leaves what is stored.
    Set(PolicyFlags),
}

/// The policy as flags.
#[derive(Debug, Default, Args)]
pub struct PolicyFlags {
    /// Who may create an account: off or open.
    #[arg(long, value_parser = values::sign_up)]
    mode: Option<SignUpMode>,
    /// Accounts an hour from one network; 0: no limit.
    #[arg(long, value_name = "COUNT")]
    per_network: Option<i64>,
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let Verb::Policy(verb) = verb;
    let policy = match verb {
        PolicyVerb::Show => local::run(global, io, |cx| async move { sign_up::find_policy(&cx).await }),
        PolicyVerb::Set(PolicyFlags { mode, per_network }) => {
            let changes = SignUpChanges { mode, per_network };
            local::run(global, io, |cx| async move { sign_up::update_policy(&cx, changes).await })
        }
    };
    let policy = policy.map_err(with_next)?;
    print(global, io, &json!(policy), &shown(&policy))
}

fn shown(policy: &SignUpPolicy) -> String {
    fields(&[("mode", policy.mode.name().to_owned()), ("per network", policy.per_network.to_string())])
}

fn with_next(failure: CliFailure) -> CliFailure {
    match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::ValueNotAllowed) => failure.next("symbolon sign-up policy set --help"),
        Some(Reason::VersionConflict) => failure.next("Repeat the command"),
        _ => failure,
    }
}
