//! `symbolon mcp …`

use clap::Subcommand;

use super::{
    CliFailure, Global, Io,
    output::{print, visible},
    settings,
};
use crate::{
    app::{self, serve},
    domain::mcp::{ServerAddress, Verdict},
    service::mcp_check::{self, Report},
};

/// What can be done for servers of the Model Context Protocol.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Walk the way of a client that has no token, from a server to who issues its tokens, and say what would stop it.
    Check {
        /// The address that clients are given: https://mcp.example.com/mcp
        #[arg(value_name = "SERVER-URL", value_parser = server)]
        server: ServerAddress,
    },
}

fn server(text: &str) -> Result<ServerAddress, String> {
    ServerAddress::parse(text).map_err(str::to_owned)
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let Verb::Check { server } = verb;
    let fetcher = app::fetcher_to(&settings(global, io)?.outbound, &server)?;
    let report = serve::block_on(mcp_check::check(&fetcher, &server));
    print(global, io, &serde_json::json!(report), &shown(&report))?;
    match report.count(Verdict::Failed) {
        0 => Ok(()),
        failed => Err(CliFailure::failed(format!("{failed} of {} checks failed", report.findings.len()))
            .next("Begin with the first: the others may follow from it.")),
    }
}

/// One line a check, and one for what to do.
fn shown(report: &Report) -> String {
    let width = report.findings.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let mut text = String::new();
    for finding in &report.findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "FAILED",
        };
        text.push_str(&format!("{verdict:<7}  {:<width$}  {}\n", finding.check, visible(&finding.found)));
        if let Some(next) = &finding.next {
            text.push_str(&format!("{:<7}  -> {}\n", "", visible(next)));
        }
    }
    text.push_str(&format!(
        "{} checks: {} ok, {} warnings, {} failed\n",
        report.findings.len(),
        report.count(Verdict::Ok),
        report.count(Verdict::Warning),
        report.count(Verdict::Failed)
    ));
    text
}
