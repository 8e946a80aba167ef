//! Types of authorization details: what clients may ask for in detail, and the schema of each.

use serde_json::Value;

use super::{AdminFailure, Change, change, check_version, noted, or_taken, page_size, text};
use crate::{
    domain::{
        entity::{DetailsType, EventKind, Owner},
        json_schema::Schema,
    },
    service::{Cx, events::Draft},
    store::{Read, Write, details_type},
};

/// The longest schema, in bytes of JSON.
const MAX_SCHEMA: usize = 32 * 1024;
/// The longest name, in bytes.
const MAX_NAME: usize = 256;

/// A type to be registered.
#[derive(Clone, Debug)]
pub struct NewDetailsType {
    /// The value of the member `type`.
    pub name: String,
    /// What people see.
    pub title: String,
    /// What it means, for people.
    pub description: String,
    /// What its objects keep to.
    pub schema: Value,
    /// Who owns the definition.
    pub owner: Owner,
}

/// What is to be changed about a type. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct DetailsTypeChanges {
    /// What people see.
    pub title: Option<String>,
    /// What it means, for people.
    pub description: Option<String>,
    /// What its objects keep to.
    pub schema: Option<Value>,
    /// The version that the caller has read.
    pub version: Option<i64>,
}

/// Registers a type.
///
/// # Errors
/// `AS-3001`, `AS-3003`; broken.
pub async fn create(cx: &Cx, new: NewDetailsType) -> Result<DetailsType, AdminFailure> {
    let created = DetailsType {
        name: new.name,
        title: new.title,
        description: new.description,
        schema: new.schema,
        owner: new.owner,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    let created = change(cx, "details_type.create", move |cx, tx| {
        check(&created)?;
        details_type::insert(tx, &created)
            .map_err(|error| or_taken(error, |_| AdminFailure::taken("authorization details type", &created.name)))?;
        tell(cx, tx, EventKind::DetailsTypeCreated, &created)?;
        Ok(created)
    })
    .await;
    cx.services.registry.forget();
    created
}

fn check(known: &DetailsType) -> Result<(), AdminFailure> {
    if !(1..=MAX_NAME).contains(&known.name.len()) || !known.name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(AdminFailure::value("type", "use 1 to 256 printable ASCII characters without spaces"));
    }
    text::check_line("name", &known.title, true)?;
    text::check_line("description", &known.description, false)?;
    if known.schema.to_string().len() > MAX_SCHEMA {
        return Err(AdminFailure::value("schema", "a schema has at most 32 KiB"));
    }
    Schema::parse(&known.schema).map(|_| ()).map_err(|rule| AdminFailure::value("schema", rule))
}

fn tell(cx: &Cx, tx: &mut Write<'_>, kind: EventKind, known: &DetailsType) -> Change<()> {
    Draft::new(kind).object(&known.name).append(cx, tx)?;
    Ok(())
}

/// A page of types, ordered by name, after the given one.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Cx, after: Option<String>, limit: i64) -> Result<Vec<DetailsType>, AdminFailure> {
    cx.services.store.read(move |tx| Ok(details_type::list(tx, after.as_deref(), page_size(limit))?)).await
}

/// The type of this name.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn find(cx: &Cx, name: &str) -> Result<DetailsType, AdminFailure> {
    let name = name.to_owned();
    let found = cx.services.store.read(move |tx| wanted(tx, &name)).await;
    noted(cx, "details_type.find", found)
}

fn wanted(tx: &mut Read<'_>, name: &str) -> Result<DetailsType, AdminFailure> {
    let missing = || AdminFailure::not_found("authorization details type", name);
    if name.contains('\0') {
        return Err(missing());
    }
    details_type::find(tx, name)?.ok_or_else(missing)
}

/// Changes a type. What was granted before keeps to the schema of its day.
///
/// # Errors
/// `AS-3002`, `AS-3003`, `AS-3005`; broken.
pub async fn update(cx: &Cx, name: &str, changes: DetailsTypeChanges) -> Result<DetailsType, AdminFailure> {
    let name = name.to_owned();
    let changed = change(cx, "details_type.update", move |cx, tx| {
        let stored = wanted(tx, &name)?;
        check_version("authorization details type", &name, changes.version, stored.version)?;
        let mut changed = DetailsType {
            title: changes.title.unwrap_or_else(|| stored.title.clone()),
            description: changes.description.unwrap_or_else(|| stored.description.clone()),
            schema: changes.schema.unwrap_or_else(|| stored.schema.clone()),
            ..stored.clone()
        };
        if changed == stored {
            return Ok(stored);
        }
        check(&changed)?;
        changed.updated_at = cx.now();
        if !details_type::update(tx, &changed)? {
            return Err(AdminFailure::changed("authorization details type", &name).into());
        }
        changed.version += 1;
        tell(cx, tx, EventKind::DetailsTypeUpdated, &changed)?;
        Ok(changed)
    })
    .await;
    cx.services.registry.forget();
    changed
}

/// Deletes a type: nobody can ask for it any more.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn delete(cx: &Cx, name: &str) -> Result<(), AdminFailure> {
    let name = name.to_owned();
    let deleted = change(cx, "details_type.delete", move |cx, tx| {
        let found = wanted(tx, &name)?;
        if !details_type::delete(tx, &found.name)? {
            return Err(AdminFailure::not_found("authorization details type", &name).into());
        }
        tell(cx, tx, EventKind::DetailsTypeDeleted, &found)
    })
    .await;
    cx.services.registry.forget();
    deleted
}
