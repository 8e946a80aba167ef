//! `symbolon admin …`: for whoever has this machine but no account.

use clap::Subcommand;
use serde_json::json;

use super::{
    CliFailure, Global, Io, local,
    output::{hint, print},
};
use crate::{domain::trace::Reason, service::setup};

/// What can be done without an account.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print the link that creates the first administrator. It works once, for half an hour.
    SetupLink,
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let Verb::SetupLink = verb;
    let (link, seconds) = local::run(global, io, |cx| async move {
        let code = setup::create_link(&cx).await?;
        let link = code.map(|code| format!("{}#k={}", cx.services.issuer.join("/setup"), code.expose()));
        Ok((link, cx.services.policy.setup_link_seconds))
    })?;
    let Some(link) = link else {
        return Err(CliFailure::conflict(Reason::NameTaken, "there is an administrator already")
            .next("symbolon role get owner"));
    };
    print(global, io, &json!({ "setup_link": link, "expires_in": seconds }), &link)?;
    hint(global, io, &format!("Open it in a browser within {} minutes. It works once.", seconds / 60));
    Ok(())
}
