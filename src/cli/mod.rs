//! The command line. Nouns are singular, names stand wherever ids do, secrets come by standard
//! input. Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 denied, 5 conflict.

mod admin;
mod api;
mod client;
mod client_flags;
mod config;
mod conformance;
mod consent;
mod delivery;
mod details_type;
mod event;
mod exchange_policy;
mod failure;
mod group;
mod io;
mod key;
mod local;
mod mcp;
mod migrate;
mod output;
mod registration;
mod role;
mod serve;
mod session;
mod sign_up;
#[cfg(test)]
mod tests;
mod trusted_issuer;
mod user;
mod values;
mod view;
mod why;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand};

pub use failure::{CliFailure, exit};
pub use io::Io;

use crate::config::{DiskFiles, Settings, Sources};

/// The program as people call it.
#[derive(Debug, Parser)]
#[command(name = "symbolon", version, about = "A standalone OAuth 2 / OpenID Connect identity provider.")]
pub struct Program {
    /// What holds for every verb.
    #[command(flatten)]
    pub global: Global,
    /// The verb; without one, the server runs.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What holds for every verb.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// The configuration file; otherwise SYMBOLON_CONFIG and the usual places.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A setting, over file and environment: --set database.url=sqlite:///srv/symbolon.db
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = values::pair)]
    pub set: Vec<(String, String)>,
    /// Print JSON, stable enough for scripts.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print nothing but what was asked for.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Do not ask: delete.
    #[arg(long, short, global = true)]
    pub yes: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server (also without any verb).
    Serve,
    /// Run a throw-away server with people, clients and a playground.
    Dev(serve::Dev),
    /// People.
    #[command(subcommand)]
    User(user::Verb),
    /// Apps and services.
    #[command(subcommand)]
    Client(client::Verb),
    /// Clients that register themselves.
    #[command(subcommand)]
    Registration(registration::Verb),
    /// People who create their own accounts.
    #[command(subcommand)]
    SignUp(sign_up::Verb),
    /// Which client may exchange whose tokens.
    #[command(subcommand)]
    ExchangePolicy(exchange_policy::Verb),
    /// Issuers whose assertions are taken for the word of people or clients.
    #[command(subcommand)]
    TrustedIssuer(trusted_issuer::Verb),
    /// Groups of people.
    #[command(subcommand)]
    Group(group::Verb),
    /// Roles of people, groups and clients.
    #[command(subcommand)]
    Role(role::Verb),
    /// Browser sessions.
    #[command(subcommand)]
    Session(session::Verb),
    /// What people allowed apps.
    #[command(subcommand)]
    Consent(consent::Verb),
    /// APIs: what tokens are for.
    #[command(subcommand)]
    Api(api::Verb),
    /// Types of authorization details (rich authorization requests).
    #[command(subcommand)]
    AuthorizationDetailsType(details_type::Verb),
    /// Signing keys.
    #[command(subcommand)]
    Key(key::Verb),
    /// What other servers are told: logout tokens.
    #[command(subcommand)]
    Delivery(delivery::Verb),
    /// What happened.
    #[command(subcommand)]
    Event(event::Verb),
    /// Why a request ended as it did: the decisions and facts of a trace id.
    Why(why::Why),
    /// Servers of the Model Context Protocol.
    #[command(subcommand)]
    Mcp(mcp::Verb),
    /// The configuration.
    #[command(subcommand)]
    Config(config::Verb),
    /// Runs of the OpenID Foundation's conformance suite.
    #[command(subcommand)]
    Conformance(conformance::Verb),
    /// The schema of the database.
    #[command(subcommand)]
    Migrate(migrate::Verb),
    /// Help for whoever has this machine but no account.
    #[command(subcommand)]
    Admin(admin::Verb),
    /// The version.
    Version,
}

/// Runs one verb that answers and ends. Gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> u8 {
    let program = match parse(args, io) {
        Ok(program) => program,
        Err(code) => return code,
    };
    finish(dispatch(&program.global, program.command.unwrap_or(Command::Serve), io), program.global.json, io)
}

/// The program as it was called.
///
/// # Errors
/// The exit code, after help, version or the mistake was printed.
pub fn parse(args: impl IntoIterator<Item = OsString>, io: &mut Io<'_>) -> Result<Program, u8> {
    Program::try_parse_from(args).map_err(|error| {
        let text = error.render();
        // Nothing is left to tell anybody if the output is gone.
        let _ = if error.use_stderr() { write!(io.stderr, "{text}") } else { write!(io.stdout, "{text}") };
        if error.use_stderr() { exit::USAGE } else { exit::DONE }
    })
}

/// Prints a failure. Gives the exit code.
pub fn finish(result: Result<(), CliFailure>, json: bool, io: &mut Io<'_>) -> u8 {
    match result {
        Ok(()) => exit::DONE,
        Err(failure) => {
            let _ = if json { writeln!(io.stderr, "{}", failure.json()) } else { writeln!(io.stderr, "{failure}") };
            failure.exit
        }
    }
}

/// The settings of this call.
///
/// # Errors
/// All that is wrong with them.
pub fn settings(global: &Global, io: &Io<'_>) -> Result<Settings, CliFailure> {
    let sources = Sources {
        config_file: global.config.clone(),
        environment: io.environment.clone(),
        flags: global.set.clone(),
        files: &DiskFiles,
    };
    Settings::load(&sources).map_err(CliFailure::from)
}

fn dispatch(global: &Global, command: Command, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match command {
        Command::Serve => serve::serve(global, io),
        Command::Dev(options) => serve::dev(global, &options, io),
        Command::User(verb) => user::run(global, verb, io),
        Command::Client(verb) => client::run(global, verb, io),
        Command::Registration(verb) => registration::run(global, verb, io),
        Command::SignUp(verb) => sign_up::run(global, verb, io),
        Command::ExchangePolicy(verb) => exchange_policy::run(global, verb, io),
        Command::TrustedIssuer(verb) => trusted_issuer::run(global, verb, io),
        Command::Group(verb) => group::run(global, verb, io),
        Command::Role(verb) => role::run(global, verb, io),
        Command::Session(verb) => session::run(global, verb, io),
        Command::Consent(verb) => consent::run(global, verb, io),
        Command::Delivery(verb) => delivery::run(global, verb, io),
        Command::Api(verb) => api::run(global, verb, io),
        Command::AuthorizationDetailsType(verb) => details_type::run(global, verb, io),
        Command::Key(verb) => key::run(global, verb, io),
        Command::Event(verb) => event::run(global, &verb, io),
        Command::Why(why) => why::run(global, &why, io),
        Command::Mcp(verb) => mcp::run(global, verb, io),
        Command::Config(verb) => config::run(global, verb, io),
        Command::Conformance(verb) => conformance::run(global, verb, io),
        Command::Migrate(verb) => migrate::run(global, verb, io),
        Command::Admin(verb) => admin::run(global, verb, io),
        Command::Version => {
            let version = env!("CARGO_PKG_VERSION");
            output::print(global, io, &serde_json::json!({ "version": version }), &format!("symbolon {version}"))
        }
    }
}
