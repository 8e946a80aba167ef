//! The metadata of the server as a protected resource (RFC 9728).

use serde_json::{Map, Value};
use url::Url;

use super::{Finding, ServerAddress, is_secure, well_known};
use crate::oauth::resource_key;

/// What the metadata lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// What clients will ask tokens for.
    pub resource: String,
    /// Who issues them, by their issuers.
    pub authorization_servers: Vec<String>,
    /// The scopes that it knows.
    pub scopes: Vec<String>,
}

/// Where clients look if the server's answer names no address, in their order (RFC 9728 §3.1).
pub fn resource_metadata_addresses(server: &ServerAddress) -> Vec<String> {
    const NAME: &str = "oauth-protected-resource";
    let at_root = format!("{}/.well-known/{NAME}", server.0.origin().ascii_serialization());
    let mut addresses = vec![well_known(&server.0, NAME)];
    if !addresses.contains(&at_root) {
        addresses.push(at_root);
    }
    addresses
}

/// Judges the metadata of `server`.
pub fn judge_resource(server: &ServerAddress, metadata: &Map<String, Value>) -> (Vec<Finding>, Resource) {
    let resource = Resource {
        resource: metadata.get("resource").and_then(Value::as_str).unwrap_or_default().to_owned(),
        authorization_servers: texts(metadata, "authorization_servers"),
        scopes: texts(metadata, "scopes_supported"),
    };
    let findings = vec![
        judge_identifier(server, &resource.resource),
        judge_issuers(&resource.authorization_servers),
        judge_bearer_methods(metadata),
        judge_scopes(&resource.scopes),
    ];
    (findings, resource)
}

fn judge_identifier(server: &ServerAddress, resource: &str) -> Finding {
    const CHECK: &str = "resource";
    if resource_key(resource) == resource_key(server.as_str()) {
        return Finding::ok(CHECK, resource);
    }
    let next = format!(
        "Write \"resource\": \"{}\": clients refuse metadata of another resource (RFC 9728 §3.3)",
        server.as_str()
    );
    if resource.is_empty() {
        return Finding::failed(CHECK, "none", next);
    }
    match Url::parse(resource) {
        Ok(url) if is_above(&url, &server.0) => Finding::warning(CHECK, resource, next),
        _ => Finding::failed(CHECK, resource, next),
    }
}

/// Whether a path begins with the other, segment by segment, on the same origin: what SDKs let pass.
fn is_above(resource: &Url, server: &Url) -> bool {
    let above = format!("{}/", resource.path().trim_end_matches('/'));
    let below = format!("{}/", server.path().trim_end_matches('/'));
    resource.origin() == server.origin() && resource.query().is_none() && below.starts_with(&above)
}

fn judge_issuers(issuers: &[String]) -> Finding {
    const CHECK: &str = "authorization_servers";
    let found = issuers.join(", ");
    if issuers.is_empty() {
        return Finding::failed(
            CHECK,
            "none",
            "Name the issuer of your authorization server, exactly as its metadata do",
        );
    }
    let usable = |issuer: &String| Url::parse(issuer).is_ok_and(|url| is_secure(&url) && url.fragment().is_none());
    if !issuers.iter().all(usable) {
        return Finding::failed(CHECK, found, "Issuers are https addresses (RFC 8414 §2)");
    }
    Finding::ok(CHECK, found)
}

fn judge_bearer_methods(metadata: &Map<String, Value>) -> Finding {
    const CHECK: &str = "bearer_methods_supported";
    let methods = texts(metadata, CHECK);
    let found = if methods.is_empty() { "not told".to_owned() } else { methods.join(", ") };
    if !metadata.contains_key(CHECK) || methods.iter().any(|method| method == "header") {
        return Finding::ok(CHECK, found);
    }
    Finding::failed(CHECK, found, "Add \"header\", or leave the member out: MCP clients send tokens in no other way")
}

fn judge_scopes(scopes: &[String]) -> Finding {
    const CHECK: &str = "scopes_supported";
    if scopes.is_empty() {
        return Finding::warning(CHECK, "none", "Name the scopes that your tools need: clients ask for these");
    }
    Finding::ok(CHECK, scopes.join(", "))
}

/// The texts of a list; what is none, or no list, is left out.
pub(super) fn texts(metadata: &Map<String, Value>, name: &str) -> Vec<String> {
    let items = metadata.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
