//! `symbolon trusted-issuer …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, fields, print, table},
    user::Page,
    values, view,
};
use crate::{
    config::{DiskFiles, Files as _},
    domain::{
        Timestamp,
        entity::{SubjectMapping, TrustedIssuer},
        ids::ClientId,
        trace::Reason,
    },
    service::admin::trusted_issuer,
};

/// What can be done with trusted issuers.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Take the assertions of an issuer for the word of people or clients.
    Create(Box<Create>),
    /// List them by name.
    List(Page),
    /// Show one.
    Get {
        /// The issuer.
        issuer: String,
    },
    /// Trust an issuer no longer.
    Delete {
        /// The issuer.
        issuer: String,
    },
}

/// A trusted issuer.
#[derive(Debug, Args)]
pub struct Create {
    /// The iss of its assertions, exactly.
    issuer: String,
    /// Its public keys: a file with a JWK set.
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    jwks_file: Option<PathBuf>,
    /// Its public keys: an https address of a JWK set.
    #[arg(long, value_name = "URI")]
    jwks_uri: Option<String>,
    /// The aud of its assertions, if it is not this server.
    #[arg(long)]
    audience: Option<String>,
    /// Whom sub names: user_id, username, or client for the client that sends it.
    #[arg(long, value_parser = values::subject_mapping, default_value = "user_id")]
    subject: SubjectMapping,
    /// A client that may send its assertions; repeat for more.
    #[arg(long = "client", required = true)]
    clients: Vec<String>,
    /// A scope that it may vouch for; repeat for more.
    #[arg(long = "scope")]
    scopes: Vec<String>,
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    run_verb(global, verb, io).map_err(|failure| match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::ObjectNotFound) if failure.message.contains("client") => failure.next("symbolon client list"),
        Some(Reason::ObjectNotFound | Reason::NameTaken) => failure.next("symbolon trusted-issuer list"),
        Some(Reason::ValueNotAllowed) => failure.next("symbolon trusted-issuer create --help"),
        _ => failure,
    })
}

fn run_verb(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Create(create) => {
            let issuer = described(*create)?;
            let made = local::run(global, io, |cx| async move { trusted_issuer::create(&cx, issuer).await })?;
            print(global, io, &shown(&made), &text(&made))
        }
        Verb::List(page) => {
            let found =
                local::run(global, io, |cx| async move { trusted_issuer::list(&cx, page.after, page.limit).await })?;
            let rows: Vec<Vec<String>> = found
                .iter()
                .map(|one| vec![one.issuer.clone(), one.subject.name().to_owned(), clients(one), one.scope.join(" ")])
                .collect();
            let json: Value = found.iter().map(shown).collect();
            print(global, io, &json, &table(&["issuer", "subject", "clients", "scope"], &rows))
        }
        Verb::Get { issuer } => {
            let found = local::run(global, io, |cx| async move { trusted_issuer::find(&cx, &issuer).await })?;
            print(global, io, &shown(&found), &text(&found))
        }
        Verb::Delete { issuer } => {
            confirm(global, &format!("the trusted issuer {issuer}"))?;
            local::run(global, io, |cx| async move { trusted_issuer::delete(&cx, &issuer).await })?;
            print(global, io, &json!({ "deleted": true }), "deleted")
        }
    }
}

fn described(create: Create) -> Result<TrustedIssuer, CliFailure> {
    let jwks = match &create.jwks_file {
        Some(path) => {
            let read = |why: &dyn std::fmt::Display| CliFailure::usage(format!("{}: {why}", path.display()));
            let text = DiskFiles.read(path).map_err(|error| read(&error))?;
            Some(serde_json::from_str(&text).map_err(|error| read(&error))?)
        }
        None => None,
    };
    let scopes = create.scopes.iter().flat_map(|text| text.split_ascii_whitespace()).map(str::to_owned);
    Ok(TrustedIssuer {
        issuer: create.issuer,
        jwks,
        jwks_uri: create.jwks_uri,
        audience: create.audience,
        subject: create.subject,
        clients: create.clients.into_iter().map(ClientId::new).collect(),
        scope: scopes.collect(),
        created_at: Timestamp::default(),
    })
}

fn clients(issuer: &TrustedIssuer) -> String {
    issuer.clients.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")
}

fn shown(issuer: &TrustedIssuer) -> Value {
    json!({
        "issuer": issuer.issuer,
        "jwks": issuer.jwks,
        "jwks_uri": issuer.jwks_uri,
        "audience": issuer.audience,
        "subject": issuer.subject,
        "clients": issuer.clients,
        "scope": issuer.scope.join(" "),
        "created_at": view::time(issuer.created_at),
    })
}

fn text(issuer: &TrustedIssuer) -> String {
    fields(&[
        ("issuer", issuer.issuer.clone()),
        ("jwks_uri", issuer.jwks_uri.clone().unwrap_or_default()),
        ("audience", issuer.audience.clone().unwrap_or_default()),
        ("subject", issuer.subject.name().to_owned()),
        ("clients", clients(issuer)),
        ("scope", issuer.scope.join(" ")),
        ("created", view::time(issuer.created_at)),
    ])
}
