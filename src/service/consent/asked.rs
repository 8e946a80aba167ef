//! What a person is asked, in words: the scopes that this server knows, then what each API says of
//! its own, then what is asked for in detail (RFC 8707, RFC 9396 §12).

use super::super::apis::MOST;
use crate::{
    domain::{
        entity::Api,
        oauth::{AuthorizationRequest, describe_fields, resource_key, resource_of_consent, type_of},
        oidc::claims::{SCOPES, describe_scope},
    },
    store::{self, Read, StoreError},
};

/// One thing that is asked for, in a person's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedScope {
    /// The scope.
    pub scope: String,
    /// Completes "This app will be able to".
    pub sentence: String,
    /// The particulars.
    pub detail: String,
}

/// What is asked for at one API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedApi {
    /// What it is called.
    pub name: String,
    /// Its identifier.
    pub resource: String,
    /// What its administrator says about it; may be empty.
    pub description: String,
    /// Its scopes; none: access as such.
    pub scopes: Vec<AskedScope>,
}

/// One object of what is asked for in detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedDetails {
    /// What its type is called.
    pub title: String,
    /// What its type means; may be empty.
    pub description: String,
    /// Each value with its path.
    pub fields: Vec<(String, String)>,
}

/// All that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedAll {
    /// The scopes of no registered API: the known ones first, in the order in which people meet them
    /// everywhere.
    pub scopes: Vec<AskedScope>,
    /// What is asked for at registered APIs.
    pub apis: Vec<AskedApi>,
    /// What is asked for in detail.
    pub details: Vec<AskedDetails>,
}

/// Describes what consent is about. `items`: scopes and resources.
pub(in crate::service) fn describe(
    tx: &mut Read<'_>,
    items: Vec<String>,
    request: &AuthorizationRequest,
) -> Result<AskedAll, StoreError> {
    let mut asked = AskedAll::default();
    let is_known = |item: &String| SCOPES.iter().any(|known| known.scope == item.as_str());
    let registry = if items.iter().all(is_known) { Vec::new() } else { store::api::list(tx, None, MOST)? };
    for resource in items.iter().filter_map(|item| resource_of_consent(item)) {
        match registry.iter().find(|api| resource_key(&api.resource) == resource_key(resource)) {
            Some(api) => asked.apis.push(of_api(api)),
            // Beyond the page of the registry, or deleted a moment ago: named, never hidden.
            None => asked.apis.push(AskedApi {
                name: resource.to_owned(),
                resource: resource.to_owned(),
                description: String::new(),
                scopes: Vec::new(),
            }),
        }
    }
    for item in items.into_iter().filter(|item| resource_of_consent(item).is_none()) {
        place(&mut asked, &registry, item);
    }
    asked.scopes.sort_by_key(|one| SCOPES.iter().position(|known| known.scope == one.scope).unwrap_or(SCOPES.len()));
    for object in &request.authorization_details {
        let name = type_of(object).unwrap_or_default();
        let known = store::details_type::find(tx, name)?;
        let (title, description) =
            known.map_or_else(|| (name.to_owned(), String::new()), |known| (known.title, known.description));
        asked.details.push(AskedDetails { title, description, fields: describe_fields(object) });
    }
    Ok(asked)
}

/// A scope goes to the APIs that are asked for and have it, otherwise to the first that has it.
fn place(asked: &mut AskedAll, registry: &[Api], scope: String) {
    if SCOPES.iter().any(|known| known.scope == scope) {
        return asked.scopes.push(in_general(scope));
    }
    let owners: Vec<&Api> = registry.iter().filter(|api| api.has_scope(&scope)).collect();
    let named = |api: &&&Api| asked.apis.iter().any(|one| one.resource == api.resource);
    let mut chosen: Vec<&Api> = owners.iter().filter(named).copied().collect();
    if chosen.is_empty() {
        chosen.extend(owners.first());
    }
    if chosen.is_empty() {
        return asked.scopes.push(in_general(scope));
    }
    for api in chosen {
        let known = api.settings.scopes.iter().find(|known| known.name == scope);
        let sentence = known.map(|known| known.sentence.clone()).unwrap_or_default();
        let words = AskedScope { scope: scope.clone(), sentence, detail: String::new() };
        match asked.apis.iter_mut().find(|one| one.resource == api.resource) {
            Some(one) => one.scopes.push(words),
            None => asked.apis.push(AskedApi { scopes: vec![words], ..of_api(api) }),
        }
    }
}

fn of_api(api: &Api) -> AskedApi {
    AskedApi {
        name: api.name.clone(),
        resource: api.resource.clone(),
        description: api.description.clone(),
        scopes: Vec::new(),
    }
}

fn in_general(scope: String) -> AskedScope {
    let words = describe_scope(&scope);
    AskedScope { sentence: words.sentence.to_owned(), detail: words.detail.to_owned(), scope }
}
