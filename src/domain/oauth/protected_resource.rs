//! The metadata of protected resources that are hosted here (RFC 9728).

use serde_json::{Map, Value, json};

use crate::entity::Api;
use crate::oauth::resource_key;

/// The document of the public API whose metadata is at `/.well-known/oauth-protected-resource` with
/// this rest (which begins with a slash): the path of an API on this very `origin` (§3.1), or
/// the path that was registered for one elsewhere (its answers name it in `WWW-Authenticate`, §5.1).
pub fn find_hosted<'a>(apis: &'a [Api], origin: &str, rest: &str) -> Option<&'a Api> {
    let registered = Some(rest.strip_prefix('/')?);
    let here = format!("{origin}{rest}");
    let public = || apis.iter().filter(|api| api.settings.public);
    public()
        .find(|api| resource_key(&api.resource) == resource_key(&here))
        .or_else(|| public().find(|api| api.settings.metadata_path.as_deref() == registered))
}

/// The metadata (§2). What does not apply is left out.
pub fn protected_resource(api: &Api, issuer: &str) -> Map<String, Value> {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("resource", json!(api.resource));
    put("authorization_servers", json!([issuer]));
    put("resource_name", json!(api.name));
    // Tokens in the query are logged, and in a form are for this server's own endpoints (RFC 6750 §2).
    put("bearer_methods_supported", json!(["header"]));
    let scopes: Vec<&str> = api.settings.scopes.iter().map(|scope| scope.name.as_str()).collect();
    if !scopes.is_empty() {
        put("scopes_supported", json!(scopes));
    }
    document
}
