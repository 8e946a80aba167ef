//! `symbolon api …`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, fields, print, table, yes},
    user::Page,
    values, view,
};
use crate::{
    domain::{
        entity::{AccessTokenFormat, Api, ApiScope, ApiSettings, Owner},
        jose::SigningAlgorithm,
        trace::Reason,
    },
    service::admin::api::{self, ApiChanges, NewApi},
};

/// What can be done with APIs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Register an API.
    Create {
        /// The resource identifier: what clients name, and the audience of tokens.
        resource: String,
        /// What people see.
        #[arg(long)]
        name: String,
        /// For people.
        #[arg(long, default_value = "")]
        description: String,
        /// Everything else.
        #[command(flatten)]
        flags: Flags,
    },
    /// List APIs by identifier.
    List(Page),
    /// Show an API with its scopes.
    Get {
        /// The resource identifier.
        resource: String,
    },
    /// Change an API.
    Update {
        /// The resource identifier.
        resource: String,
        /// What people see.
        #[arg(long)]
        name: Option<String>,
        /// For people.
        #[arg(long)]
        description: Option<String>,
        /// Everything else.
        #[command(flatten)]
        flags: Flags,
    },
    /// Delete an API: no further token is issued for it.
    Delete {
        /// The resource identifier.
        resource: String,
    },
    /// An API's scopes.
    #[command(subcommand)]
    Scope(ScopeVerb),
}

/// What can be done with an API's scopes.
#[derive(Debug, Subcommand)]
pub enum ScopeVerb {
    /// Add a scope, or give it another sentence.
    Add {
        /// The resource identifier.
        resource: String,
        /// The scope value.
        scope: String,
        /// What an app will be able to do, for people: "See your invoices".
        sentence: String,
    },
    /// Take a scope away.
    Remove {
        /// The resource identifier.
        resource: String,
        /// The scope value.
        scope: String,
    },
}

/// Everything that can be set on an API. A flag that is not given leaves what is stored.
#[derive(Debug, Args)]
pub struct Flags {
    /// A scope with its sentence for people; repeat for more. Replaces the list.
    #[arg(long = "scope", value_name = "SCOPE=SENTENCE", value_parser = values::pair)]
    scopes: Vec<(String, String)>,
    /// The form of access tokens: jwt or opaque. Otherwise the client's.
    #[arg(long, value_parser = values::token_format)]
    access_token_format: Option<AccessTokenFormat>,
    /// The algorithm of access tokens. Otherwise the client's.
    #[arg(long, value_parser = values::algorithm)]
    access_token_alg: Option<SigningAlgorithm>,
    /// The life of access tokens: 600, 10m. Otherwise the client's.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    access_token_lifetime: Option<i64>,
    /// Ask people to sign in again if that was longer ago: 300, 5m.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    max_authentication_age: Option<i64>,
    /// A class of authentication that it wishes for; repeat for more. Replaces the list.
    #[arg(long = "acr-value", value_name = "ACR")]
    acr_values: Vec<String>,
    /// Clients that registered themselves may ask for it.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    self_registered: Option<bool>,
    /// Metadata tells of it.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    public: Option<bool>,
    /// Serve its metadata below /.well-known/oauth-protected-resource/ at this path; empty removes it.
    #[arg(long, value_name = "PATH")]
    metadata_path: Option<String>,
}

impl Flags {
    fn apply(self, mut settings: ApiSettings) -> ApiSettings {
        if !self.scopes.is_empty() {
            let scope = |(name, sentence)| ApiScope { name, sentence };
            settings.scopes = self.scopes.into_iter().map(scope).collect();
        }
        settings.access_token_format = self.access_token_format.or(settings.access_token_format);
        settings.access_token_signed_response_alg = self.access_token_alg.or(settings.access_token_signed_response_alg);
        settings.access_token_lifetime = self.access_token_lifetime.or(settings.access_token_lifetime);
        settings.max_authentication_age = self.max_authentication_age.or(settings.max_authentication_age);
        if !self.acr_values.is_empty() {
            settings.acr_values = self.acr_values;
        }
        settings.allow_self_registered = self.self_registered.unwrap_or(settings.allow_self_registered);
        settings.public = self.public.unwrap_or(settings.public);
        if let Some(path) = self.metadata_path {
            settings.metadata_path = Some(path).filter(|path| !path.is_empty());
        }
        settings
    }
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    run_verb(global, verb, io).map_err(with_next)
}

fn run_verb(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Create { resource, name, description, flags } => {
            let settings = flags.apply(ApiSettings::default());
            let new = NewApi { resource, name, description, settings, owner: Owner::Cli };
            let made = local::run(global, io, |cx| async move { api::create(&cx, new).await })?;
            print(global, io, &view::api(&made), &shown(&made))
        }
        Verb::List(page) => {
            let apis = local::run(global, io, |cx| async move { api::list(&cx, page.after, page.limit).await })?;
            let row = |api: &Api| vec![api.resource.clone(), api.name.clone(), scopes(api), yes(api.settings.public)];
            let rows: Vec<Vec<String>> = apis.iter().map(row).collect();
            let json: Value = apis.iter().map(view::api).collect();
            print(global, io, &json, &table(&["resource", "name", "scopes", "public"], &rows))
        }
        Verb::Get { resource } => {
            let found = local::run(global, io, |cx| async move { api::find(&cx, &resource).await })?;
            print(global, io, &view::api(&found), &shown(&found))
        }
        Verb::Update { resource, name, description, flags } => {
            let read = resource.clone();
            let stored = local::run(global, io, |cx| async move { api::find(&cx, &read).await })?;
            // The flags were applied to what was read: it must still stand.
            let version = Some(stored.version);
            let changes = ApiChanges { name, description, settings: Some(flags.apply(stored.settings)), version };
            let changed = local::run(global, io, |cx| async move { api::update(&cx, &resource, changes).await })?;
            print(global, io, &view::api(&changed), &shown(&changed))
        }
        Verb::Delete { resource } => {
            confirm(global, &format!("the API {resource}"))?;
            let wanted = resource.clone();
            local::run(global, io, |cx| async move { api::delete(&cx, &wanted).await })?;
            print(global, io, &json!({ "deleted": true }), &format!("{resource} deleted"))
        }
        Verb::Scope(ScopeVerb::Add { resource, scope, sentence }) => {
            let scope = ApiScope { name: scope, sentence };
            let changed = local::run(global, io, |cx| async move { api::put_scope(&cx, &resource, scope).await })?;
            print(global, io, &view::api(&changed), &shown(&changed))
        }
        Verb::Scope(ScopeVerb::Remove { resource, scope }) => {
            let changed = local::run(global, io, |cx| async move { api::remove_scope(&cx, &resource, &scope).await })?;
            print(global, io, &view::api(&changed), &shown(&changed))
        }
    }
}

fn with_next(failure: CliFailure) -> CliFailure {
    match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::NameTaken | Reason::ObjectNotFound) => failure.next("symbolon api list"),
        Some(Reason::VersionConflict) => failure.next("Repeat the command"),
        _ => failure,
    }
}

fn scopes(api: &Api) -> String {
    api.settings.scopes.iter().map(|scope| scope.name.as_str()).collect::<Vec<_>>().join(" ")
}

fn shown(api: &Api) -> String {
    let settings = &api.settings;
    let client = || "the client's".to_owned();
    let format = settings.access_token_format.map_or_else(client, |format| match format {
        AccessTokenFormat::Jwt => "jwt".to_owned(),
        AccessTokenFormat::Opaque => "opaque".to_owned(),
    });
    let algorithm = settings.access_token_signed_response_alg.map_or_else(client, |alg| alg.name().to_owned());
    let seconds = |seconds: i64| seconds.to_string();
    let lifetime = settings.access_token_lifetime.map_or_else(client, seconds);
    let mut text = fields(&[
        ("resource", api.resource.clone()),
        ("name", api.name.clone()),
        ("description", api.description.clone()),
        ("access token format", format),
        ("access token alg", algorithm),
        ("access token lifetime", lifetime),
        ("max authentication age", settings.max_authentication_age.map_or_else(client, seconds)),
        ("acr values", settings.acr_values.join(" ")),
        ("self-registered clients", yes(settings.allow_self_registered)),
        ("public", yes(settings.public)),
        ("metadata path", settings.metadata_path.clone().unwrap_or_default()),
        ("owner", api.owner.name().to_owned()),
        ("created", view::time(api.created_at)),
    ]);
    if !settings.scopes.is_empty() {
        let row = |scope: &ApiScope| vec![scope.name.clone(), scope.sentence.clone()];
        text.push_str(&table(&["scope", "sentence"], &settings.scopes.iter().map(row).collect::<Vec<_>>()));
    }
    text
}
