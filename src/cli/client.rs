//! `symbolon client …`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io,
    client_flags::ClientFlags,
    local,
    output::{confirm, fields, hint, print, table, yes},
    user::Page,
    values, view,
};
use crate::{
    domain::{
        Secret,
        entity::{Client, ClientKind, ClientSettings, Owner},
        trace::Reason,
    },
    service::admin::{
        PAGE,
        client::{
            self, ClientChanges, NewClient, Written,
            secret::{self, Rotation},
        },
    },
};

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create a client. A minted secret is printed this once.
    Create(Box<Create>),
    /// List clients by client_id.
    List(Page),
    /// Show a client with its secrets (not their values) and roles.
    Get {
        /// The client_id.
        client: String,
    },
    /// Change a client.
    Update(Box<Update>),
    /// Delete a client with everything issued to it.
    Delete {
        /// The client_id.
        client: String,
    },
    /// Give a client a new secret; the old ones go on for a while.
    RotateSecret {
        /// The client_id.
        client: String,
        /// How long the old secrets go on: 0, 15m, 24h, 7d.
        #[arg(long, default_value = "24h", value_name = "TIME", value_parser = values::duration)]
        overlap: i64,
        /// What to call the new one.
        #[arg(long, default_value = "rotated")]
        label: String,
        /// Read the new secret from standard input, one line, instead of minting one.
        #[arg(long)]
        secret_stdin: bool,
    },
    /// A client's secrets.
    #[command(subcommand)]
    Secret(SecretVerb),
}

/// What can be done with a client's secrets.
#[derive(Debug, Subcommand)]
pub enum SecretVerb {
    /// List a client's secrets: when, and until when, never what.
    List {
        /// The client_id.
        client: String,
    },
    /// Remove a secret at once.
    Delete {
        /// The client_id.
        client: String,
        /// The id of the secret, as listed.
        secret: String,
    },
}

/// A client to be created.
#[derive(Debug, Args)]
pub struct Create {
    /// The kind of program: web, spa, native, machine or agent (MCP clients and the like).
    #[arg(long, value_parser = values::kind, default_value = "web")]
    kind: ClientKind,
    /// What people see.
    #[arg(long)]
    name: String,
    /// The client_id; made up if not given.
    #[arg(long)]
    client_id: Option<String>,
    /// Read the secret from standard input, one line, instead of minting one.
    #[arg(long)]
    secret_stdin: bool,
    /// Everything else.
    #[command(flatten)]
    flags: ClientFlags,
}

/// What to change about a client.
#[derive(Debug, Args)]
pub struct Update {
    /// The client_id.
    client: String,
    /// What people see.
    #[arg(long)]
    name: Option<String>,
    /// In use again.
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Unknown to the outside from now on.
    #[arg(long)]
    disable: bool,
    /// Every token issued to the client until now is dead.
    #[arg(long)]
    revoke_tokens: bool,
    /// Everything else.
    #[command(flatten)]
    flags: ClientFlags,
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    run_verb(global, verb, io).map_err(with_next)
}

fn run_verb(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Create(create) => self::create(global, *create, io),
        Verb::List(page) => list(global, page, io),
        Verb::Get { client } => {
            let detail = local::run(global, io, |cx| async move { client::find(&cx, &client).await })?;
            let mut text = shown(&detail.client);
            text.push_str(&fields(&[("roles", detail.roles.join(" "))]));
            if !detail.secrets.is_empty() {
                text.push_str(&secrets_table(&detail.secrets));
            }
            print(global, io, &view::client_detail(&detail), &text)
        }
        Verb::Update(update) => self::update(global, *update, io),
        Verb::Delete { client } => {
            confirm(global, &format!("the client {client}"))?;
            let id = client.clone();
            local::run(global, io, |cx| async move { client::delete(&cx, &id).await })?;
            print(global, io, &json!({ "deleted": true }), &format!("{client} deleted"))
        }
        Verb::RotateSecret { client, overlap, label, secret_stdin } => {
            let given = secret_stdin.then(|| io.secret_line("client secret")).transpose()?;
            let rotation = Rotation { secret: given, overlap_seconds: overlap, label };
            let id = client.clone();
            let secret = local::run(global, io, |cx| async move { secret::rotate(&cx, &id, rotation).await })?;
            rotated(global, io, &client, &secret, secret_stdin, overlap)
        }
        Verb::Secret(SecretVerb::List { client }) => {
            let secrets = local::run(global, io, |cx| async move { secret::list(&cx, &client, PAGE).await })?;
            let json: Value = secrets.iter().map(view::secret).collect();
            print(global, io, &json, &secrets_table(&secrets))
        }
        Verb::Secret(SecretVerb::Delete { client, secret }) => {
            confirm(global, &format!("a secret of {client}"))?;
            local::run(global, io, |cx| async move { secret::delete(&cx, &client, &secret).await })?;
            print(global, io, &json!({ "deleted": true }), "secret deleted")
        }
    }
}

fn create(global: &Global, create: Create, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let new = NewClient {
        client_id: create.client_id,
        settings: create.flags.apply(ClientSettings::of_kind(create.kind))?,
        secret: create.secret_stdin.then(|| io.secret_line("client secret")).transpose()?,
        ..NewClient::of_kind(create.kind, create.name, Owner::Cli)
    };
    let written = local::run(global, io, |cx| async move { client::create(&cx, new).await })?;
    print_written(global, io, &written)
}

fn update(global: &Global, update: Update, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let Update { client: id, name, enable, disable, revoke_tokens, flags } = update;
    let stored = {
        let id = id.clone();
        local::run(global, io, |cx| async move { client::find(&cx, &id).await })?.client
    };
    let changes = ClientChanges {
        name,
        enabled: (enable || disable).then_some(enable),
        settings: Some(flags.apply(stored.settings)?),
        revoke_tokens,
        // The flags were applied to what was read: it must still stand.
        version: Some(stored.version),
    };
    let written = local::run(global, io, |cx| async move { client::update(&cx, &id, changes).await })?;
    print_written(global, io, &written)
}

/// The client, and the secret that was minted for it.
fn print_written(global: &Global, io: &mut Io<'_>, written: &Written) -> Result<(), CliFailure> {
    let mut json = view::client(&written.client);
    let mut text = shown(&written.client);
    if let (Some(secret), Some(members)) = (&written.secret, json.as_object_mut()) {
        members.insert("client_secret".to_owned(), json!(secret.expose()));
        // RFC 7591 §3.2.1: 0 means never.
        members.insert("client_secret_expires_at".to_owned(), json!(0));
        text.push_str(&fields(&[("client_secret", secret.expose().clone())]));
    }
    print(global, io, &json, &text)?;
    if written.secret.is_some() {
        hint(global, io, "The secret is shown this once. Keep it where the app reads it.");
    }
    Ok(())
}

fn rotated(
    global: &Global,
    io: &mut Io<'_>,
    id: &str,
    secret: &Secret<String>,
    given: bool,
    overlap: i64,
) -> Result<(), CliFailure> {
    let mut json = json!({ "client_id": id, "client_secret_expires_at": 0, "overlap": overlap });
    let mut text = fields(&[("client_id", id.to_owned())]);
    // Whoever piped a secret in knows it: it is not printed back into a log.
    if let (false, Some(members)) = (given, json.as_object_mut()) {
        members.insert("client_secret".to_owned(), json!(secret.expose()));
        text.push_str(&fields(&[("client_secret", secret.expose().clone())]));
    }
    print(global, io, &json, &text)?;
    let ending = if overlap == 0 { "ended now".to_owned() } else { format!("go on for {overlap} seconds") };
    hint(global, io, &format!("The old secrets {ending}."));
    Ok(())
}

fn list(global: &Global, page: Page, io: &mut Io<'_>) -> Result<(), CliFailure> {
    let clients = local::run(global, io, |cx| async move { client::list(&cx, page.after, page.limit).await })?;
    let rows: Vec<Vec<String>> = clients
        .iter()
        .map(|client| {
            vec![
                client.client_id.to_string(),
                client.name.clone(),
                client.kind.name().to_owned(),
                client.settings.token_endpoint_auth_method.name().to_owned(),
                yes(client.enabled),
            ]
        })
        .collect();
    let json: Value = clients.iter().map(view::client).collect();
    print(global, io, &json, &table(&["client_id", "name", "kind", "auth method", "enabled"], &rows))
}

fn with_next(failure: CliFailure) -> CliFailure {
    match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::NameTaken) => {
            let id = failure.message.split(' ').nth(2).map(str::to_owned).unwrap_or_default();
            failure.next(format!("symbolon client get {id}"))
        }
        Some(Reason::ObjectNotFound) if failure.message.contains("secret") => {
            failure.next("symbolon client secret list <client_id>")
        }
        Some(Reason::ObjectNotFound) => failure.next("symbolon client list"),
        Some(Reason::VersionConflict) => failure.next("Repeat the command"),
        Some(Reason::ValueNotAllowed) => failure.next("symbolon client create --help"),
        _ => failure,
    }
}

fn secrets_table(secrets: &[crate::domain::entity::ClientSecret]) -> String {
    let rows: Vec<Vec<String>> = secrets
        .iter()
        .map(|secret| {
            vec![
                secret.id.clone(),
                secret.label.clone(),
                view::time(secret.created_at),
                secret.expires_at.map_or_else(|| "never".to_owned(), view::time),
            ]
        })
        .collect();
    table(&["secret", "label", "created", "expires"], &rows)
}

/// Every setting with its name in RFC 7591.
fn shown(client: &Client) -> String {
    let json = view::client(client);
    let pairs: Vec<(&str, String)> = json
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.as_str() != "client_id")
        .map(|(name, value)| (name.as_str(), plain(value)))
        .collect();
    let mut all = vec![("client_id", client.client_id.to_string())];
    all.extend(pairs);
    fields(&all)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(flag) => yes(*flag),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            // A response type may be of several words.
            items.join(if items.iter().any(|item| item.contains(' ')) { ", " } else { " " })
        }
        other => other.to_string(),
    }
}
