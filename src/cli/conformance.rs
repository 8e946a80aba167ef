//! `symbolon conformance …`

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::{CliFailure, Global, Io, output::print, settings};
use crate::app::{
    conformance::{self, Run},
    serve,
};

/// What can be done for runs of the OpenID Foundation's conformance suite.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Fill an empty database with the suite's clients and its user, and write the plan configurations.
    Seed {
        /// Where the suite serves its tests, without the alias.
        #[arg(long, value_name = "URL", default_value = "https://localhost.emobix.co.uk:8443/test/a")]
        suite: String,
        /// The alias of the plans.
        #[arg(long, default_value = "opx")]
        alias: String,
        /// The folder with the templates of the plan configurations.
        #[arg(long, value_name = "FOLDER")]
        plans: PathBuf,
        /// The folder with client1.crt, client1.key, client2.crt and client2.key.
        #[arg(long, value_name = "FOLDER")]
        certificates: PathBuf,
        /// Where the filled configurations go.
        #[arg(long, value_name = "FOLDER")]
        output: PathBuf,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let Verb::Seed { suite, alias, plans, certificates, output } = verb;
    let settings = settings(global, io)?;
    let asked = Run { suite: suite.trim_end_matches('/').to_owned(), alias, plans, certificates, output };
    let seeded = serve::block_on(conformance::seed(&settings, &asked))?;
    let files: Vec<_> = seeded.plans.iter().map(|file| file.display().to_string()).collect();
    let text = format!("{} clients, and in {}:\n{}", seeded.clients.len(), asked.output.display(), files.join("\n"));
    print(global, io, &json!({ "clients": seeded.clients, "plans": files }), &text)
}
