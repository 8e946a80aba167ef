//! The registry of APIs and of types of authorization details, as requests meet it: what they name
//! must be registered, open to the client, and within what was granted (RFC 8707, RFC 9396).

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::{Broken, Cx, Failure, Services};
use crate::{
    domain::{
        Timestamp,
        entity::{Api, Authorization, Client},
        oauth::{
            self, AuthorizationRequest, OAuthError, check_granted, check_may_target, resource_key, tighten, type_of,
        },
        trace::Reason,
    },
    store::{self, Read, StoreError},
};

/// What is told of is read again after this long.
const FRESH_MILLIS: i64 = 2000;
/// More entries than this are not told of.
pub const MOST: i64 = 1000;

/// What metadata tells of.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// The public APIs.
    pub apis: Vec<Api>,
    /// The names of the types of authorization details.
    pub details_types: Vec<String>,
}

/// The registry as read lately: metadata is asked for often, and changes seldom.
#[derive(Debug, Default)]
pub struct RegistryCache(Mutex<Option<(Timestamp, Arc<Registry>)>>);

impl RegistryCache {
    fn kept(&self) -> Option<(Timestamp, Arc<Registry>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets what was read, because it was changed.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What metadata tells of, perhaps a moment old; older while the database is away.
///
/// # Errors
/// When the database fails, and nothing was read before.
pub async fn told(services: &Services) -> Result<Arc<Registry>, Broken> {
    let now = services.clock.now();
    let kept = services.registry.kept();
    if let Some((read_at, registry)) = &kept
        && (0..FRESH_MILLIS).contains(&now.millis().saturating_sub(read_at.millis()))
    {
        return Ok(registry.clone());
    }
    let read = |tx: &mut Read<'_>| -> Result<Registry, StoreError> {
        let mut apis = store::api::list(tx, None, MOST)?;
        apis.retain(|api| api.settings.public);
        let types = store::details_type::list(tx, None, MOST)?;
        Ok(Registry { apis, details_types: types.into_iter().map(|known| known.name).collect() })
    };
    match (services.store.read(read).await, kept) {
        (Ok(registry), _) => {
            let registry = Arc::new(registry);
            *services.registry.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, registry.clone()));
            Ok(registry)
        }
        (Err(_), Some((_, old))) => Ok(old),
        (Err(error), None) => Err(error.into()),
    }
}

/// The registered APIs of these identifiers, each open to the client.
///
/// # Errors
/// `invalid_target`; broken.
pub fn find_targets(tx: &mut Read<'_>, client: &Client, resources: &[String]) -> Result<Vec<Api>, Failure> {
    let mut apis = Vec::with_capacity(resources.len());
    for found in find_each(tx, resources)? {
        let api = found.ok_or(OAuthError::invalid_target(Reason::ResourceUnknown))?;
        check_may_target(client, &api)?;
        apis.push(api);
    }
    Ok(apis)
}

/// Those of the audiences of an exchange that are registered, each open to the client. Those that are not
/// are the exchange policy's own affair.
///
/// # Errors
/// `invalid_target`; broken.
pub fn find_audiences(tx: &mut Read<'_>, client: &Client, audiences: &[String]) -> Result<Vec<Api>, Failure> {
    let apis = store::api::find_all(tx, audiences)?;
    apis.iter().try_for_each(|api| check_may_target(client, api))?;
    Ok(apis)
}

/// What is registered under each of these identifiers, in their order.
fn find_each(tx: &mut Read<'_>, resources: &[String]) -> Result<Vec<Option<Api>>, StoreError> {
    let found = store::api::find_all(tx, resources)?;
    let registered = |resource: &String| {
        let api = found.iter().find(|api| resource_key(&api.resource) == resource_key(resource));
        api.cloned()
    };
    Ok(resources.iter().map(registered).collect())
}

/// Whether the client may ask for these authorization details.
///
/// # Errors
/// `invalid_authorization_details`; broken.
pub fn check_details(tx: &mut Read<'_>, client: &Client, details: &[Value]) -> Result<(), Failure> {
    let mut names: Vec<&str> = details.iter().filter_map(type_of).collect();
    names.sort_unstable();
    names.dedup();
    let mut types = Vec::with_capacity(names.len());
    for name in names {
        types.extend(store::details_type::find(tx, name)?);
    }
    Ok(oauth::check_details(client, details, &types)?)
}

/// Whether what an authorization request names is registered and open to the client: for every way
/// in which such a request can come. Gives the APIs.
///
/// # Errors
/// `invalid_target`, `invalid_authorization_details`; broken.
pub fn check_request(tx: &mut Read<'_>, client: &Client, request: &AuthorizationRequest) -> Result<Vec<Api>, Failure> {
    check_details(tx, client, &request.authorization_details)?;
    find_targets(tx, client, &request.resource)
}

/// [`check_request`] at the beginning: the request then names its resources as they are registered, and
/// asks for a sign-in as they want it.
///
/// # Errors
/// As [`check_request`].
pub fn settle(tx: &mut Read<'_>, client: &Client, request: &mut AuthorizationRequest) -> Result<(), Failure> {
    let apis = check_request(tx, client, request)?;
    tighten(request, &apis);
    request.resource = apis.into_iter().map(|api| api.resource).collect();
    Ok(())
}

/// [`settle`] in a unit of work of its own.
///
/// # Errors
/// As [`check_request`].
pub async fn registered(
    cx: &Cx,
    client: &Client,
    mut request: AuthorizationRequest,
) -> Result<AuthorizationRequest, Failure> {
    if request.resource.is_empty() && request.authorization_details.is_empty() {
        return Ok(request);
    }
    let client = client.clone();
    let read = move |tx: &mut Read<'_>| -> Result<AuthorizationRequest, Failure> {
        settle(tx, &client, &mut request)?;
        Ok(request)
    };
    cx.services.store.read(read).await
}

/// The APIs that a token of this authorization is for: those that the token request names, within
/// what was granted; otherwise all that were granted and still stand. None: the client's own audience.
///
/// # Errors
/// `invalid_target`; broken.
pub fn find_granted(
    tx: &mut Read<'_>,
    client: &Client,
    authorization: &Authorization,
    requested: &[String],
) -> Result<Vec<Api>, Failure> {
    let granted = &authorization.bounds.resource;
    if !requested.is_empty() {
        let apis = find_targets(tx, client, requested)?;
        apis.iter().try_for_each(|api| check_granted(api, granted, &authorization.scope))?;
        return Ok(apis);
    }
    let found = find_each(tx, granted)?.into_iter().flatten();
    let apis: Vec<Api> = found.filter(|api| check_may_target(client, api).is_ok()).collect();
    if apis.is_empty() && !granted.is_empty() {
        // Never wider than what was granted: the client's own audience was not.
        return Err(OAuthError::invalid_target(Reason::ResourceUnknown).into());
    }
    Ok(apis)
}
