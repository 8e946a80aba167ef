//! Resource indicators: which API a token is for, and what it may then say (RFC 8707, and for exchanged
//! tokens RFC 8693 §2.1).
//!
//! A token for named resources carries their scopes and those that are about the person, and no
//! other API's (RFC 8707 §2.2). Without `resource` the client's own audience stands. With `openid` the
//! issuer is a further audience beside either, so that the same token also answers at UserInfo, which
//! takes none that is not for the issuer. An exchanged token is for the audiences of its policy alone.

use super::{ErrorCode, OAuthError, Params, allowed_algorithms, scope::OPENID};
use crate::{
    entity::{AccessTokenFormat, Api, Client},
    jose::SigningAlgorithm,
    oidc::claims::SCOPES,
    trace::Reason,
};

/// One request may name this many resources.
const MAX_RESOURCES: usize = 8;
/// The longest identifier, in bytes.
const MAX_LENGTH: usize = 512;
/// How an agreement to a resource stands among the scopes that a person agreed to.
const CONSENT_PREFIX: &str = "resource:";

/// The resources that a request names, as sent, each once.
///
/// # Errors
/// `invalid_target`: not an absolute URI without fragment, too long, or too many (RFC 8707 §2).
pub fn parse_resources(params: &Params) -> Result<Vec<String>, OAuthError> {
    let mut resources: Vec<String> = Vec::new();
    for sent in params.find_all("resource") {
        if resources.len() >= MAX_RESOURCES || !is_resource(sent) {
            return Err(OAuthError::invalid_target(Reason::ResourceMalformed));
        }
        if !resources.iter().any(|known| resource_key(known) == resource_key(sent)) {
            resources.push(sent.to_owned());
        }
    }
    Ok(resources)
}

fn is_resource(text: &str) -> bool {
    text.len() <= MAX_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains('#')
        && url::Url::parse(text).is_ok()
}

/// Whether `text` may be registered as a resource identifier: in the form in which every program
/// writes it, because audiences are compared byte by byte.
pub fn is_registrable_resource(text: &str) -> bool {
    let canonical = url::Url::parse(text).ok();
    let same = |url: &url::Url| url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    let anonymous = |url: &url::Url| url.username().is_empty() && url.password().is_none();
    is_resource(text) && !text.contains('*') && canonical.is_some_and(|url| same(&url) && anonymous(&url))
}

/// What two spellings of a resource have in common: `URL.href` of JavaScript adds a slash where the
/// path is empty, and nothing else is folded.
pub fn resource_key(resource: &str) -> &str {
    let bare = resource
        .strip_suffix('/')
        .filter(|bare| bare.split_once("://").is_some_and(|(_, rest)| !rest.is_empty() && !rest.contains(['/', '?'])));
    bare.unwrap_or(resource)
}

/// How consent to a resource is remembered among scopes. No scope may begin like this.
pub fn consent_to_resource(resource: &str) -> String {
    format!("{CONSENT_PREFIX}{resource}")
}

/// The resource of a remembered consent, if it is about one.
pub fn resource_of_consent(item: &str) -> Option<&str> {
    item.strip_prefix(CONSENT_PREFIX)
}

/// Whether the client may have tokens for this API at all: because one of its scopes is registered
/// for the client, or the API has none; a client that registered itself, only where the API says so. The
/// API's own algorithm must be one of the client's security profile.
///
/// # Errors
/// `invalid_target`.
pub fn check_may_target(client: &Client, api: &Api) -> Result<(), OAuthError> {
    let scopes = &api.settings.scopes;
    let allowed = if client.owner.is_self_registered() {
        api.settings.allow_self_registered
    } else {
        scopes.is_empty() || scopes.iter().any(|scope| client.settings.scope.contains(&scope.name))
    };
    if !allowed {
        return Err(OAuthError::invalid_target(Reason::ResourceNotAllowed));
    }
    let jwt = api.settings.access_token_format.unwrap_or(client.settings.access_token_format) == AccessTokenFormat::Jwt;
    match api.settings.access_token_signed_response_alg.filter(|_| jwt) {
        Some(algorithm) if allowed_algorithms(client, [algorithm]).is_empty() => {
            Err(OAuthError::invalid_target(Reason::ApiAlgorithm))
        }
        _ => Ok(()),
    }
}

/// Whether a token for this API is within what a person granted: it was named in the authorization
/// request, or, if that named none, one of its scopes was granted.
///
/// # Errors
/// `invalid_target`.
pub fn check_granted(api: &Api, resources: &[String], scope: &[String]) -> Result<(), OAuthError> {
    let granted = if resources.is_empty() {
        scope.iter().any(|scope| api.has_scope(scope))
    } else {
        resources.contains(&api.resource)
    };
    if granted { Ok(()) } else { Err(OAuthError::invalid_target(Reason::ResourceNotGranted)) }
}

/// What an access token is for, and how it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `aud`.
    pub audience: Vec<String>,
    /// What it allows there.
    pub scope: Vec<String>,
    /// JWT or opaque.
    pub format: AccessTokenFormat,
    /// The algorithm of a JWT.
    pub algorithm: SigningAlgorithm,
    /// Its life in seconds, if not the instance's.
    pub lifetime: Option<i64>,
}

/// The target of a token with this scope for these APIs; none: as the client has it. Format and life
/// are an API's own where it is the only one; a token for several lives no longer than each allows.
///
/// # Errors
/// `invalid_scope` if scopes were asked for and none belongs to the APIs, though they have some.
pub fn aim(client: &Client, apis: &[Api], scope: Vec<String>, issuer: &str) -> Result<Target, OAuthError> {
    let scope = scope_of(apis, scope)?;
    let mut audience = match apis {
        [] => client.settings.access_token_audience.clone(),
        apis => apis.iter().map(|api| api.resource.clone()).collect(),
    };
    let for_issuer = audience.is_empty() || scope.iter().any(|scope| scope == OPENID);
    if for_issuer && !audience.iter().any(|known| known == issuer) {
        audience.push(issuer.to_owned());
    }
    Ok(shape(client, apis, audience, scope, issuer))
}

/// The target of a token that is exchanged for one towards these audiences: they, and nobody else. `apis`
/// are those of them that are registered, and what such a token says and how it is made is as it is for any
/// token of theirs. An API is named as it is registered, whichever spelling the policy has.
///
/// # Errors
/// As [`aim`].
pub fn aim_exchanged(
    client: &Client,
    apis: &[Api],
    audiences: &[String],
    scope: Vec<String>,
    issuer: &str,
) -> Result<Target, OAuthError> {
    let scope = scope_of(apis, scope)?;
    let mut audience: Vec<String> = Vec::with_capacity(audiences.len());
    for named in audiences {
        let api = apis.iter().find(|api| resource_key(&api.resource) == resource_key(named));
        let named = api.map_or(named, |api| &api.resource);
        if !audience.contains(named) {
            audience.push(named.clone());
        }
    }
    Ok(shape(client, apis, audience, scope, issuer))
}

/// What is left of a scope in a token for these APIs; for none, all of it.
fn scope_of(apis: &[Api], mut scope: Vec<String>) -> Result<Vec<String>, OAuthError> {
    if apis.is_empty() {
        return Ok(scope);
    }
    let asked = !scope.is_empty();
    let about_the_person = |scope: &String| SCOPES.iter().any(|known| known.scope == scope.as_str());
    scope.retain(|scope| about_the_person(scope) || apis.iter().any(|api| api.has_scope(scope)));
    if asked && scope.is_empty() && apis.iter().all(|api| !api.settings.scopes.is_empty()) {
        return Err(OAuthError::invalid_scope(Reason::ScopeOfAnotherResource));
    }
    Ok(scope)
}

/// How a token for this audience is made. The issuer is no audience with wishes of its own.
fn shape(client: &Client, apis: &[Api], audience: Vec<String>, scope: Vec<String>, issuer: &str) -> Target {
    let settings = &client.settings;
    let (mut format, mut algorithm) = (settings.access_token_format, settings.access_token_signed_response_alg);
    let own = settings.access_token_lifetime;
    let lifetime = match apis {
        [api] if audience.iter().all(|named| *named == api.resource || named == issuer) => {
            format = api.settings.access_token_format.unwrap_or(format);
            algorithm = api.settings.access_token_signed_response_alg.unwrap_or(algorithm);
            api.settings.access_token_lifetime.or(own)
        }
        _ => apis.iter().filter_map(|api| api.settings.access_token_lifetime).chain(own).min(),
    };
    Target { audience, scope, format, algorithm, lifetime }
}

impl OAuthError {
    /// `invalid_target`.
    pub const fn invalid_target(reason: Reason) -> Self {
        Self::new(ErrorCode::InvalidTarget, reason)
    }
}

#[cfg(test)]
mod tests;
