//! `symbolon registration …`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io,
    client_flags::{Setting, optional_profile},
    local,
    output::{confirm, fields, hint, print, table, yes},
    values, view,
};
use crate::{
    domain::{
        oauth::{DocumentMode, GrantType, RegistrationMode, RegistrationPolicy, SecurityProfile},
        trace::Reason,
    },
    service::admin::registration::{self, PolicyChanges},
};

/// What can be done about clients that register themselves.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Who may register clients, and for what.
    #[command(subcommand)]
    Policy(PolicyVerb),
    /// Initial access tokens: each lets somebody register so many clients.
    #[command(subcommand)]
    Token(TokenVerb),
    /// Let in a client that registered itself and waits.
    Release {
        /// The client_id.
        client: String,
    },
}

/// What can be done with the policy.
#[derive(Debug, Subcommand)]
pub enum PolicyVerb {
    /// Show the policy.
    Show,
    /// Change the policy. A flag that is not given leaves what is stored.
    Set(Box<PolicyFlags>),
}

/// The policy as flags.
#[derive(Debug, Default, Args)]
pub struct PolicyFlags {
    /// Who may register: off, token or open.
    #[arg(long, value_parser = values::registration)]
    registration: Option<RegistrationMode>,
    /// Whose metadata documents are accepted as client_id: off, hosts or any.
    #[arg(long, value_parser = values::documents)]
    documents: Option<DocumentMode>,
    /// A host whose documents are accepted, and need no release; repeat for more. Replaces the list.
    #[arg(long = "document-host", value_name = "HOST")]
    document_hosts: Vec<String>,
    /// Clients that nobody vouched for wait until they are released.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    quarantine: Option<bool>,
    /// Confidential clients need PKCE, too; public ones always do.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_pkce: Option<bool>,
    /// A scope that may be registered; repeat, or separate by spaces. Replaces the list.
    #[arg(long = "scope")]
    scopes: Vec<String>,
    /// A grant that may be registered; repeat for more. Replaces the list.
    #[arg(long = "grant-type", value_parser = values::grant_type)]
    grant_types: Vec<GrantType>,
    /// Registrations an hour from one network without an initial access token, and beside them so many
    /// metadata documents that are not known yet, whether or not they can be had; 0: no limit.
    #[arg(long, value_name = "COUNT")]
    per_network: Option<i64>,
    /// So many clients may exist that registered themselves.
    #[arg(long, value_name = "COUNT")]
    max_clients: Option<i64>,
    /// A client that was never used is deleted after this long: 24h, 7d.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    first_use: Option<i64>,
    /// A client is deleted when it was not used for this long.
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    unused: Option<i64>,
    /// The security profile that clients get which register from now on, and cannot leave; `none`: no profile.
    #[arg(long, value_name = "PROFILE", value_parser = optional_profile)]
    profile: Option<Setting<SecurityProfile>>,
    /// The same for clients whose client_id is the address of their metadata.
    #[arg(long, value_name = "PROFILE", value_parser = optional_profile)]
    document_profile: Option<Setting<SecurityProfile>>,
}

impl PolicyFlags {
    fn changes(self) -> PolicyChanges {
        let given = |list: Vec<String>| (!list.is_empty()).then_some(list);
        let scopes = self.scopes.iter().flat_map(|text| text.split_ascii_whitespace()).map(str::to_owned).collect();
        PolicyChanges {
            registration: self.registration,
            documents: self.documents,
            document_hosts: given(self.document_hosts),
            quarantine: self.quarantine,
            require_pkce: self.require_pkce,
            scope: given(scopes),
            grant_types: (!self.grant_types.is_empty()).then_some(self.grant_types),
            per_network: self.per_network,
            max_clients: self.max_clients,
            first_use_seconds: self.first_use,
            unused_seconds: self.unused,
            profile: self.profile.map(Setting::value),
            document_profile: self.document_profile.map(Setting::value),
        }
    }
}

/// What can be done with initial access tokens.
#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// Make a token. It is printed this once.
    Create {
        /// What it is for.
        #[arg(long)]
        label: String,
        /// How long it lets somebody in: 1h, 7d.
        #[arg(long, default_value = "24h", value_name = "TIME", value_parser = values::duration)]
        expires_in: i64,
        /// How many clients may be registered with it.
        #[arg(long, default_value_t = 1, value_name = "COUNT")]
        uses: i64,
    },
    /// List the tokens, never what they are.
    List,
    /// Remove a token; clients that were registered with it stay.
    Delete {
        /// The id, as listed.
        token: String,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    run_verb(global, verb, io).map_err(with_next)
}

fn run_verb(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Policy(PolicyVerb::Show) => {
            let policy = local::run(global, io, |cx| async move { registration::find_policy(&cx).await })?;
            print(global, io, &whole(&policy), &shown(&policy))
        }
        Verb::Policy(PolicyVerb::Set(flags)) => {
            let changes = flags.changes();
            let policy = local::run(global, io, |cx| async move { registration::update_policy(&cx, changes).await })?;
            print(global, io, &whole(&policy), &shown(&policy))
        }
        Verb::Token(TokenVerb::Create { label, expires_in, uses }) => {
            let (token, text) =
                local::run(
                    global,
                    io,
                    |cx| async move { registration::create_token(&cx, &label, expires_in, uses).await },
                )?;
            let mut json = view::initial_access_token(&token);
            if let Some(members) = json.as_object_mut() {
                members.insert("initial_access_token".to_owned(), json!(text.expose()));
            }
            let pairs = [
                ("token", token.id.clone()),
                ("label", token.label.clone()),
                ("uses left", token.uses_left.to_string()),
                ("expires", view::time(token.expires_at)),
                ("initial_access_token", text.expose().clone()),
            ];
            print(global, io, &json, &fields(&pairs))?;
            hint(global, io, "The token is shown this once. Whoever holds it can register clients.");
            Ok(())
        }
        Verb::Token(TokenVerb::List) => {
            let tokens = local::run(global, io, |cx| async move { registration::list_tokens(&cx).await })?;
            let rows: Vec<Vec<String>> = tokens
                .iter()
                .map(|token| {
                    vec![
                        token.id.clone(),
                        token.label.clone(),
                        token.uses_left.to_string(),
                        view::time(token.expires_at),
                    ]
                })
                .collect();
            let json: Value = tokens.iter().map(view::initial_access_token).collect();
            print(global, io, &json, &table(&["token", "label", "uses left", "expires"], &rows))
        }
        Verb::Token(TokenVerb::Delete { token }) => {
            confirm(global, "an initial access token")?;
            local::run(global, io, |cx| async move { registration::delete_token(&cx, &token).await })?;
            print(global, io, &json!({ "deleted": true }), "token deleted")
        }
        Verb::Release { client } => {
            let id = client.clone();
            let released = local::run(global, io, |cx| async move { registration::release(&cx, &id).await })?;
            print(global, io, &view::client(&released), &format!("{client} released"))
        }
    }
}

fn shown(policy: &RegistrationPolicy) -> String {
    let grants: Vec<&str> = policy.grant_types.iter().map(|grant| grant.name()).collect();
    fields(&[
        ("registration", policy.registration.name().to_owned()),
        ("documents", policy.documents.name().to_owned()),
        ("document hosts", policy.document_hosts.join(" ")),
        ("quarantine", yes(policy.quarantine)),
        ("require PKCE", yes(policy.require_pkce)),
        ("scope", policy.scope.join(" ")),
        ("grant types", grants.join(" ")),
        ("per network", policy.per_network.to_string()),
        ("max clients", policy.max_clients.to_string()),
        ("first use", format!("{} seconds", policy.first_use_seconds)),
        ("unused", format!("{} seconds", policy.unused_seconds)),
        ("profile", name(policy.profile).to_owned()),
        ("document profile", name(policy.document_profile).to_owned()),
    ])
}

fn name(profile: Option<SecurityProfile>) -> &'static str {
    profile.map_or("none", SecurityProfile::name)
}

/// The policy with what is not stored because it is the usual.
fn whole(policy: &RegistrationPolicy) -> Value {
    let mut whole = json!(policy);
    if let Some(members) = whole.as_object_mut() {
        members.insert("profile".to_owned(), json!(policy.profile));
        members.insert("document_profile".to_owned(), json!(policy.document_profile));
    }
    whole
}

fn with_next(failure: CliFailure) -> CliFailure {
    match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::ObjectNotFound) if failure.message.contains("token") => {
            failure.next("symbolon registration token list")
        }
        Some(Reason::ObjectNotFound) => failure.next("symbolon client list"),
        Some(Reason::ValueNotAllowed) => failure.next("symbolon registration policy set --help"),
        Some(Reason::VersionConflict) => failure.next("Repeat the command"),
        _ => failure,
    }
}
