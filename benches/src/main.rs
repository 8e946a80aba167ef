//! The load generator: measures Symbolon, the bare handlers that do only the named work, and a peer, in one run.

mod bare;
mod browser;
mod clock;
mod drive;
mod http;
mod process;
mod report;
mod run;
mod scenario;
mod seed;
mod target;

use std::{io, net::SocketAddr, path::PathBuf, process::ExitCode, str::FromStr};

use clap::{Args, Parser, Subcommand};

/// Measure Symbolon against its limits, on loopback.
#[derive(Parser)]
#[command(name = "symbolon-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure every scenario: bare handler, Symbolon and, when asked, the peer.
    Run(RunOptions),
    /// Serve the bare handlers (started by `run`; in the working directory for SQLite).
    Bare {
        /// Loopback address to serve on.
        #[arg(long)]
        bind: SocketAddr,
        /// `sqlite` or a postgres:// URL.
        #[arg(long, default_value = "sqlite")]
        database: Database,
    },
    /// Drive one URL, as wrk does.
    Load(LoadOptions),
}

/// What a run measures and how long.
#[derive(Args)]
pub struct RunOptions {
    /// The `symbolon` binary; without it only the bare handlers and the peer are measured.
    #[arg(long, value_parser = existing_file)]
    pub server: Option<PathBuf>,
    /// `sqlite` or a postgres:// URL of an empty database; may be repeated.
    #[arg(long, default_value = "sqlite")]
    pub database: Vec<Database>,
    /// Measured seconds of each scenario, after one second of warm-up.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Rounds; the median of each figure's requests per second is kept.
    #[arg(long, default_value_t = 1)]
    pub rounds: usize,
    /// Connections of the load.
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
    /// Concurrent sign-ins of the password scenarios.
    #[arg(long, default_value_t = 64)]
    pub sign_ins: usize,
    /// Token requests a second during the password storm (open loop).
    #[arg(long, default_value_t = 500.0)]
    pub storm_rate: f64,
    /// Also measure node-oidc-provider; the directory holds its installed packages.
    #[arg(long, num_args = 0..=1, default_missing_value = "benches/node-oidc-provider")]
    pub with_peer: Option<PathBuf>,
    /// Only scenarios whose name contains this.
    #[arg(long)]
    pub only: Option<String>,
    /// `json` for standard output, or a file: `*.json`, else Markdown between its two marker lines.
    #[arg(long)]
    pub output: Option<String>,
}

/// One URL and how to drive it.
#[derive(Args)]
pub struct LoadOptions {
    /// Loopback address of the server.
    #[arg(long)]
    pub address: SocketAddr,
    /// Path to ask for.
    #[arg(long, default_value = "/")]
    pub path: String,
    /// Form to post; without it the request is a GET.
    #[arg(long)]
    pub form: Option<String>,
    /// Measured seconds, after one second of warm-up.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Connections.
    #[arg(long, default_value_t = 32)]
    pub connections: usize,
    /// Requests a second (open loop); without it each connection waits for its answer (closed loop).
    #[arg(long)]
    pub rate: Option<f64>,
    /// Process to count processor time of.
    #[arg(long)]
    pub pid: Option<u32>,
}

/// The database of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file in a temporary directory.
    Sqlite,
    /// The URL of an empty database.
    Postgres(String),
}

impl Database {
    /// What tables call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

impl FromStr for Database {
    type Err = String;

    /// `sqlite`, `postgres://…` or `postgres:postgres://…`.
    fn from_str(text: &str) -> Result<Self, String> {
        let url = text.strip_prefix("postgres:").filter(|rest| !rest.starts_with("//")).unwrap_or(text);
        match url {
            "sqlite" => Ok(Self::Sqlite),
            url if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Postgres(url.to_owned()))
            }
            _ => Err("expected `sqlite` or a postgres:// URL".to_owned()),
        }
    }
}

/// The whole path of a file that exists: what is measured runs in directories of its own.
fn existing_file(path: &str) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(options) => on_load_core(run::run(&options)),
        Command::Bare { bind, database } => bare::serve(bind, &database),
        Command::Load(options) => on_load_core(run::load(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("symbolon-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the load on one thread of core 1.
fn on_load_core(work: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    process::pin_load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_sqlite_or_a_postgres_url() {
        let url = "postgres://u@127.0.0.1/db";
        assert_eq!("sqlite".parse(), Ok(Database::Sqlite));
        assert_eq!(url.parse(), Ok(Database::Postgres(url.to_owned())));
        assert_eq!(format!("postgres:{url}").parse(), Ok(Database::Postgres(url.to_owned())));
        for wrong in ["", "postgres", "postgres:", "mysql://x", "sqlite:///x"] {
            assert!(wrong.parse::<Database>().is_err(), "{wrong}");
        }
    }
}
