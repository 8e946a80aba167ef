//! `symbolon role …`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, fields, print, table},
    user::Page,
    view,
};
use crate::{
    domain::{
        entity::{Owner, Role},
        trace::Reason,
    },
    service::admin::role::{self, Holder, RoleChanges},
};

/// What can be done with roles.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create a role.
    Create {
        /// The name: the value in the roles claim.
        name: String,
        /// For people.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List roles by name.
    List(Page),
    /// Show a role with who holds it.
    Get {
        /// The name.
        role: String,
    },
    /// Change a role.
    Update {
        /// The name.
        role: String,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
        /// The new description.
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a role.
    Delete {
        /// The name.
        role: String,
    },
    /// Give a role to a person, a group or a client.
    Grant(Turn),
    /// Take a role away.
    Revoke(Turn),
}

/// A role and one holder.
#[derive(Debug, Args)]
pub struct Turn {
    /// The name of the role.
    role: String,
    /// To whom.
    #[command(flatten)]
    holder: HolderFlags,
}

/// One holder.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct HolderFlags {
    /// Username, email or id.
    #[arg(long)]
    user: Option<String>,
    /// The name of a group.
    #[arg(long)]
    group: Option<String>,
    /// A client_id.
    #[arg(long)]
    client: Option<String>,
}

impl HolderFlags {
    fn holder(self) -> Result<Holder, CliFailure> {
        let user = self.user.map(Holder::User);
        let group = self.group.map(Holder::Group);
        let client = self.client.map(Holder::Client);
        user.or(group).or(client).ok_or_else(|| CliFailure::usage("name one of --user, --group, --client"))
    }
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    run_verb(global, verb, io).map_err(with_next)
}

fn run_verb(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Create { name, description } => {
            let made =
                local::run(global, io, |cx| async move { role::create(&cx, &name, &description, Owner::Cli).await })?;
            print(global, io, &view::role(&made), &shown(&made))
        }
        Verb::List(page) => {
            let roles = local::run(global, io, |cx| async move { role::list(&cx, page.after, page.limit).await })?;
            let row = |role: &Role| vec![role.name.clone(), role.description.clone(), role.owner.name().to_owned()];
            let rows: Vec<Vec<String>> = roles.iter().map(row).collect();
            let json: Value = roles.iter().map(view::role).collect();
            print(global, io, &json, &table(&["name", "description", "owner"], &rows))
        }
        Verb::Get { role } => {
            let detail = local::run(global, io, |cx| async move { role::find(&cx, &role).await })?;
            let clients: Vec<&str> = detail.clients.iter().map(|id| id.as_str()).collect();
            let text =
                shown(&detail.role) + &fields(&[("users", detail.holders.join(", ")), ("clients", clients.join(", "))]);
            print(global, io, &view::role_detail(&detail), &text)
        }
        Verb::Update { role, name, description } => {
            let changes = RoleChanges { name, description, version: None };
            let changed = local::run(global, io, |cx| async move { role::update(&cx, &role, changes).await })?;
            print(global, io, &view::role(&changed), &shown(&changed))
        }
        Verb::Delete { role } => {
            confirm(global, &format!("the role {role}"))?;
            let name = role.clone();
            local::run(global, io, |cx| async move { role::delete(&cx, &name).await })?;
            print(global, io, &json!({ "deleted": true }), &format!("{role} deleted"))
        }
        Verb::Grant(turn) => {
            let holder = turn.holder.holder()?;
            let granted = local::run(global, io, |cx| async move { role::grant(&cx, &turn.role, holder).await })?;
            print(global, io, &json!({ "granted": granted }), if granted { "granted" } else { "was granted already" })
        }
        Verb::Revoke(turn) => {
            let holder = turn.holder.holder()?;
            let revoked = local::run(global, io, |cx| async move { role::revoke(&cx, &turn.role, holder).await })?;
            print(global, io, &json!({ "revoked": revoked }), if revoked { "revoked" } else { "was not granted" })
        }
    }
}

fn with_next(failure: CliFailure) -> CliFailure {
    let list = |failure: CliFailure| {
        let noun = ["user", "group", "client"].into_iter().find(|noun| failure.message.contains(&format!("no {noun}")));
        let next = format!("symbolon {} list", noun.unwrap_or("role"));
        failure.next(next)
    };
    match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::NameTaken | Reason::ObjectNotFound) => list(failure),
        Some(Reason::LastAdministrator) => failure.next("symbolon role grant owner --user <somebody else>"),
        _ => failure,
    }
}

fn shown(role: &Role) -> String {
    fields(&[
        ("name", role.name.clone()),
        ("description", role.description.clone()),
        ("id", role.id.to_string()),
        ("owner", role.owner.name().to_owned()),
        ("created", view::time(role.created_at)),
    ])
}
