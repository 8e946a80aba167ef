//! `symbolon authorization-details-type …`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    CliFailure, Global, Io, local,
    output::{confirm, fields, print, table},
    user::Page,
    view,
};
use crate::{
    config::{DiskFiles, Files as _},
    domain::{
        entity::{DetailsType, Owner},
        trace::Reason,
    },
    service::admin::details_type::{self, DetailsTypeChanges, NewDetailsType},
};

/// What can be done with types of authorization details.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Register a type.
    Create {
        /// The value of the member "type".
        #[arg(value_name = "TYPE")]
        r#type: String,
        /// What people see.
        #[arg(long)]
        name: String,
        /// What it means, for people.
        #[arg(long, default_value = "")]
        description: String,
        /// A file with the JSON Schema of its objects.
        #[arg(long, value_name = "FILE")]
        schema_file: PathBuf,
    },
    /// List types by name.
    List(Page),
    /// Show a type with its schema.
    Get {
        /// The value of the member "type".
        #[arg(value_name = "TYPE")]
        r#type: String,
    },
    /// Change a type.
    Update {
        /// The value of the member "type".
        #[arg(value_name = "TYPE")]
        r#type: String,
        /// What people see.
        #[arg(long)]
        name: Option<String>,
        /// What it means, for people.
        #[arg(long)]
        description: Option<String>,
        /// A file with the JSON Schema of its objects.
        #[arg(long, value_name = "FILE")]
        schema_file: Option<PathBuf>,
    },
    /// Delete a type: nobody can ask for it any more.
    Delete {
        /// The value of the member "type".
        #[arg(value_name = "TYPE")]
        r#type: String,
    },
}

/// Runs the verb.
pub(super) fn run(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    run_verb(global, verb, io).map_err(with_next)
}

fn run_verb(global: &Global, verb: Verb, io: &mut Io<'_>) -> Result<(), CliFailure> {
    match verb {
        Verb::Create { r#type, name, description, schema_file } => {
            let schema = read(&schema_file)?;
            let new = NewDetailsType { name: r#type, title: name, description, schema, owner: Owner::Cli };
            let made = local::run(global, io, |cx| async move { details_type::create(&cx, new).await })?;
            print(global, io, &view::details_type(&made), &shown(&made))
        }
        Verb::List(page) => {
            let types =
                local::run(global, io, |cx| async move { details_type::list(&cx, page.after, page.limit).await })?;
            let row = |known: &DetailsType| vec![known.name.clone(), known.title.clone(), known.description.clone()];
            let rows: Vec<Vec<String>> = types.iter().map(row).collect();
            let json: Value = types.iter().map(view::details_type).collect();
            print(global, io, &json, &table(&["type", "name", "description"], &rows))
        }
        Verb::Get { r#type } => {
            let found = local::run(global, io, |cx| async move { details_type::find(&cx, &r#type).await })?;
            print(global, io, &view::details_type(&found), &shown(&found))
        }
        Verb::Update { r#type, name, description, schema_file } => {
            let schema = schema_file.as_deref().map(read).transpose()?;
            let changes = DetailsTypeChanges { title: name, description, schema, version: None };
            let changed =
                local::run(global, io, |cx| async move { details_type::update(&cx, &r#type, changes).await })?;
            print(global, io, &view::details_type(&changed), &shown(&changed))
        }
        Verb::Delete { r#type } => {
            confirm(global, &format!("the type {}", r#type))?;
            let name = r#type.clone();
            local::run(global, io, |cx| async move { details_type::delete(&cx, &name).await })?;
            print(global, io, &json!({ "deleted": true }), &format!("{} deleted", r#type))
        }
    }
}

fn read(path: &Path) -> Result<Value, CliFailure> {
    let wrong = |why: &dyn std::fmt::Display| CliFailure::usage(format!("{}: {why}", path.display()));
    let text = DiskFiles.read(path).map_err(|error| wrong(&error))?;
    serde_json::from_str(&text).map_err(|error| wrong(&error))
}

fn with_next(failure: CliFailure) -> CliFailure {
    match failure.code.as_deref().and_then(Reason::from_code) {
        Some(Reason::NameTaken | Reason::ObjectNotFound) => failure.next("symbolon authorization-details-type list"),
        _ => failure,
    }
}

fn shown(known: &DetailsType) -> String {
    fields(&[
        ("type", known.name.clone()),
        ("name", known.title.clone()),
        ("description", known.description.clone()),
        ("schema", known.schema.to_string()),
        ("owner", known.owner.name().to_owned()),
        ("created", view::time(known.created_at)),
    ])
}
