//! APIs: what tokens are for.

use super::{AdminFailure, Change, change, check_version, noted, or_taken, page_size, text};
use crate::{
    domain::{
        entity::{AccessTokenFormat, Api, ApiScope, ApiSettings, EventKind, Owner},
        jose::SigningAlgorithm,
        oauth::{check_api_settings, is_registrable_resource},
    },
    service::{Cx, events::Draft, keys},
    store::{Read, Write, api},
};

/// An API to be registered.
#[derive(Clone, Debug)]
pub struct NewApi {
    /// The resource identifier.
    pub resource: String,
    /// What people see.
    pub name: String,
    /// For people.
    pub description: String,
    /// Everything else.
    pub settings: ApiSettings,
    /// Who owns the definition.
    pub owner: Owner,
}

/// What is to be changed about an API. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ApiChanges {
    /// What people see.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// All settings, as they are to be.
    pub settings: Option<ApiSettings>,
    /// The version that the caller has read.
    pub version: Option<i64>,
}

/// Registers an API.
///
/// # Errors
/// `AS-3001`, also for the other spelling of a taken identifier, and for the place of its metadata; `AS-3003`;
/// broken.
pub async fn create(cx: &Cx, new: NewApi) -> Result<Api, AdminFailure> {
    let created = Api {
        resource: new.resource,
        name: new.name,
        description: new.description,
        settings: new.settings,
        owner: new.owner,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    noted(cx, "api.values", check(&created))?;
    ensure_keys(cx, &created.settings).await?;
    let created = change(cx, "api.create", move |cx, tx| {
        api::insert(tx, &created).map_err(|error| or_taken(error, |constraint| taken(constraint, &created)))?;
        tell(cx, tx, EventKind::ApiCreated, &created)?;
        Ok(created)
    })
    .await;
    cx.services.registry.forget();
    created
}

fn check(api: &Api) -> Result<(), AdminFailure> {
    if !is_registrable_resource(&api.resource) {
        let rule = "give an absolute URI as programs write it: lower case host, no default port, fragment or user name";
        return Err(AdminFailure::value("resource", rule));
    }
    text::check_line("name", &api.name, true)?;
    text::check_line("description", &api.description, false)?;
    for (index, scope) in api.settings.scopes.iter().enumerate() {
        text::check_line(&format!("scopes[{index}].sentence"), &scope.sentence, true)?;
    }
    check_api_settings(&api.settings).map_err(|broken| AdminFailure::value(&broken.field, broken.rule))
}

fn taken(constraint: &str, api: &Api) -> AdminFailure {
    match &api.settings.metadata_path {
        Some(path) if constraint.contains("metadata_path") => AdminFailure::taken("metadata_path", path),
        _ => AdminFailure::taken("api", &api.resource),
    }
}

/// Keys exist for what tokens of the API are signed with; whatever format the client has otherwise.
async fn ensure_keys(cx: &Cx, settings: &ApiSettings) -> Result<(), AdminFailure> {
    let jwt = settings.access_token_format != Some(AccessTokenFormat::Opaque);
    let algorithm: Option<SigningAlgorithm> = settings.access_token_signed_response_alg.filter(|_| jwt);
    if let Some(algorithm) = algorithm {
        keys::ensure(cx, algorithm).await?;
    }
    Ok(())
}

fn tell(cx: &Cx, tx: &mut Write<'_>, kind: EventKind, api: &Api) -> Change<()> {
    let scopes: Vec<&str> = api.settings.scopes.iter().map(|scope| scope.name.as_str()).collect();
    let event = Draft::new(kind).object(&api.resource).fact("name", api.name.as_str());
    event.fact("scopes", scopes.join(" ")).append(cx, tx)?;
    Ok(())
}

/// A page of APIs, ordered by identifier, after the given one.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Cx, after: Option<String>, limit: i64) -> Result<Vec<Api>, AdminFailure> {
    cx.services.store.read(move |tx| Ok(api::list(tx, after.as_deref(), page_size(limit))?)).await
}

/// The API with this identifier, in either spelling.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn find(cx: &Cx, resource: &str) -> Result<Api, AdminFailure> {
    let resource = resource.to_owned();
    let found = cx.services.store.read(move |tx| wanted(tx, &resource)).await;
    noted(cx, "api.find", found)
}

fn wanted(tx: &mut Read<'_>, resource: &str) -> Result<Api, AdminFailure> {
    if resource.contains('\0') {
        return Err(AdminFailure::not_found("api", resource));
    }
    api::find(tx, resource)?.ok_or_else(|| AdminFailure::not_found("api", resource))
}

/// Changes an API. Its identifier stays: it is in tokens.
///
/// # Errors
/// `AS-3001` for the place of its metadata; `AS-3002`, `AS-3003`, `AS-3005`; broken.
pub async fn update(cx: &Cx, resource: &str, changes: ApiChanges) -> Result<Api, AdminFailure> {
    let stored = find(cx, resource).await?;
    noted(cx, "api.version", check_version("api", resource, changes.version, stored.version))?;
    let changed = Api {
        name: changes.name.unwrap_or_else(|| stored.name.clone()),
        description: changes.description.unwrap_or_else(|| stored.description.clone()),
        settings: changes.settings.unwrap_or_else(|| stored.settings.clone()),
        ..stored.clone()
    };
    write(cx, stored, changed).await
}

/// Adds a scope, or gives it another sentence.
///
/// # Errors
/// As [`update`].
pub async fn put_scope(cx: &Cx, resource: &str, scope: ApiScope) -> Result<Api, AdminFailure> {
    let stored = find(cx, resource).await?;
    let mut changed = stored.clone();
    match changed.settings.scopes.iter_mut().find(|known| known.name == scope.name) {
        Some(known) => *known = scope,
        None => changed.settings.scopes.push(scope),
    }
    write(cx, stored, changed).await
}

/// Takes a scope away. Tokens that carry it keep it until they expire.
///
/// # Errors
/// As [`update`]; `AS-3002` also for the scope.
pub async fn remove_scope(cx: &Cx, resource: &str, name: &str) -> Result<Api, AdminFailure> {
    let stored = find(cx, resource).await?;
    let mut changed = stored.clone();
    changed.settings.scopes.retain(|scope| scope.name != name);
    if changed == stored {
        return noted(cx, "api.scope", Err(AdminFailure::not_found("scope", name)));
    }
    write(cx, stored, changed).await
}

async fn write(cx: &Cx, stored: Api, mut changed: Api) -> Result<Api, AdminFailure> {
    if changed == stored {
        return Ok(stored);
    }
    noted(cx, "api.values", check(&changed))?;
    ensure_keys(cx, &changed.settings).await?;
    changed.updated_at = cx.now();
    let written = change(cx, "api.update", move |cx, tx| {
        // The version that was read above must still stand: it is what the checks were made on.
        let written = api::update(tx, &changed);
        if !written.map_err(|error| or_taken(error, |constraint| taken(constraint, &changed)))? {
            return Err(AdminFailure::changed("api", &changed.resource).into());
        }
        changed.version += 1;
        tell(cx, tx, EventKind::ApiUpdated, &changed)?;
        Ok(changed)
    })
    .await;
    cx.services.registry.forget();
    written
}

/// Deletes an API: no further token is issued for it.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn delete(cx: &Cx, resource: &str) -> Result<(), AdminFailure> {
    let resource = resource.to_owned();
    let deleted = change(cx, "api.delete", move |cx, tx| {
        let found = wanted(tx, &resource)?;
        if !api::delete(tx, &found.resource)? {
            return Err(AdminFailure::not_found("api", &resource).into());
        }
        tell(cx, tx, EventKind::ApiDeleted, &found)
    })
    .await;
    cx.services.registry.forget();
    deleted
}
