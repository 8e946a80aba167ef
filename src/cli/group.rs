//! `symbolon group …`

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, fields, print, table},
    user::Page,
    view,
};
use crate::{
    domain::{
        entity::{Group, Owner},
        trace::Reason,
    },
    service::admin::group::{self, GroupChanges},
};

/// What can be done with groups.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Create a group.
    Create {
        /// The name: the value in the groups claim.
        name: String,
        /// For people.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List groups by name.
    List(Page),
    /// Show a group with its members.
    Get {
        /// The name.
        group: String,
    },
    /// Change a group.
    Update {
        /// The name.
        group: String,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
        /// The new description.
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a group.
    Delete {
        /// The name.
        group: String,
    },
    /// Put a person into a group.
    AddMember {
        /// The name of the group.
        group: String,
        /// Username, email or id.
        user: String,
    },
    /// Take a person out of a group.
    RemoveMember {
        /// The name of the group.
        group: String,
        /// Username, email or id.
        user: String,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    run_verb(global, verb, io).map_err(with_next)
}

fn run_verb(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Create { name, description } => {
            let made =
                local::run(global, io, |cx| async move { group::create(&cx, &name, &description, Owner::Cli).await })?;
            print(global, io, &view::group(&made), &shown(&made))
        }
        Verb::List(page) => {
            let groups = local::run(global, io, |cx| async move { group::list(&cx, page.after, page.limit).await })?;
            let rows: Vec<Vec<String>> =
                groups.iter().map(|group| vec![group.name.clone(), group.description.clone()]).collect();
            let json: Value = groups.iter().map(view::group).collect();
            print(global, io, &json, &table(&["name", "description"], &rows))
        }
        Verb::Get { group } => {
            let detail = local::run(global, io, |cx| async move { group::find(&cx, &group).await })?;
            let text = shown(&detail.group) + &fields(&[("members", detail.members.join(", "))]);
            print(global, io, &view::group_detail(&detail), &text)
        }
        Verb::Update { group, name, description } => {
            let changes = GroupChanges { name, description, version: None };
            let changed = local::run(global, io, |cx| async move { group::update(&cx, &group, changes).await })?;
            print(global, io, &view::group(&changed), &shown(&changed))
        }
        Verb::Delete { group } => {
            confirm(global, &format!("the group {group}"))?;
            let name = group.clone();
            local::run(global, io, |cx| async move { group::delete(&cx, &name).await })?;
            print(global, io, &json!({ "deleted": true }), &format!("{group} deleted"))
        }
        Verb::AddMember { group, user } => {
            let added = local::run(global, io, |cx| async move { group::add_member(&cx, &group, &user).await })?;
            print(global, io, &json!({ "added": added }), if added { "added" } else { "was in it already" })
        }
        Verb::RemoveMember { group, user } => {
            let removed = local::run(global, io, |cx| async move { group::remove_member(&cx, &group, &user).await })?;
            print(global, io, &json!({ "removed": removed }), if removed { "removed" } else { "was not in it" })
        }
    }
}

fn with_next(failure: CliFailure) -> CliFailure {
    match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::ObjectNotFound) if failure.message.contains("user") => failure.next("symbolon user list"),
        Some(Reason::NameTaken | Reason::ObjectNotFound) => failure.next("symbolon group list"),
        Some(Reason::LastAdministrator) => failure.next("symbolon role grant owner --user <somebody else>"),
        _ => failure,
    }
}

fn shown(group: &Group) -> String {
    fields(&[
        ("name", group.name.clone()),
        ("description", group.description.clone()),
        ("id", group.id.to_string()),
        ("created", view::time(group.created_at)),
    ])
}
