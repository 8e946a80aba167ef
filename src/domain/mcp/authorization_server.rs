//! The metadata of an authorization server, as an MCP client needs them (RFC 8414, OIDC Discovery 1.0).

use serde_json::{Map, Value};
use url::Url;

use super::{Finding, Resource, is_secure, protected_resource::texts, well_known};
use crate::oauth::resource_key;

/// Where clients look for the metadata of an issuer, in their order: RFC 8414, OpenID Connect Discovery with the
/// path after the name, and with the path before it.
pub fn server_metadata_addresses(issuer: &str) -> Vec<String> {
    let Ok(url) = Url::parse(issuer) else { return Vec::new() };
    let mut addresses = vec![well_known(&url, "oauth-authorization-server"), well_known(&url, "openid-configuration")];
    let appended = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    if !addresses.contains(&appended) {
        addresses.push(appended);
    }
    addresses
}

/// Judges the metadata that were found for `issuer`.
pub fn judge_authorization_server(issuer: &str, metadata: &Map<String, Value>, resource: &Resource) -> Vec<Finding> {
    let mut findings = vec![
        judge_issuer(issuer, metadata),
        judge_endpoint("authorization_endpoint", metadata),
        judge_endpoint("token_endpoint", metadata),
        has(metadata, "response_types_supported", "code", None, "Clients use the response type code"),
        // What is not told has a default (RFC 8414 §2).
        has(
            metadata,
            "grant_types_supported",
            "authorization_code",
            Some("authorization_code, implicit"),
            "Offer the grant authorization_code",
        ),
        has(
            metadata,
            "code_challenge_methods_supported",
            "S256",
            None,
            "Support PKCE with S256 and say so: MCP clients refuse to go on otherwise",
        ),
        judge_registration(metadata),
        judge_public_clients(metadata),
        judge_issuer_in_answer(metadata),
    ];
    findings.extend(judge_known_resource(metadata, resource));
    findings.extend(judge_known_scopes(metadata, resource));
    findings
}

fn judge_issuer(issuer: &str, metadata: &Map<String, Value>) -> Finding {
    const CHECK: &str = "issuer";
    let told = metadata.get(CHECK).and_then(Value::as_str).unwrap_or("none");
    if told == issuer {
        return Finding::ok(CHECK, told);
    }
    let next =
        format!("Write it in authorization_servers exactly as the metadata do; it says {issuer} there (RFC 8414 §3.3)");
    Finding::failed(CHECK, told, next)
}

fn judge_endpoint(check: &'static str, metadata: &Map<String, Value>) -> Finding {
    let told = metadata.get(check).and_then(Value::as_str).unwrap_or("none");
    match Url::parse(told) {
        Ok(url) if is_secure(&url) => Finding::ok(check, told),
        _ => Finding::failed(check, told, "It is an https address"),
    }
}

fn has(
    metadata: &Map<String, Value>,
    check: &'static str,
    wanted: &str,
    default: Option<&str>,
    next: &'static str,
) -> Finding {
    let told = texts(metadata, check);
    match default {
        Some(default) if !metadata.contains_key(check) => Finding::ok(check, format!("not told: {default}")),
        _ if told.iter().any(|one| one == wanted) => Finding::ok(check, told.join(", ")),
        _ => Finding::failed(check, if told.is_empty() { "none".to_owned() } else { told.join(", ") }, next),
    }
}

/// Client ID metadata documents come first, registration second; otherwise somebody must do it by hand.
fn judge_registration(metadata: &Map<String, Value>) -> Finding {
    const CHECK: &str = "client_registration";
    let documents = metadata.get("client_id_metadata_document_supported") == Some(&Value::Bool(true));
    let endpoint = metadata.get("registration_endpoint").and_then(Value::as_str);
    match (documents, endpoint) {
        (true, None) => Finding::ok(CHECK, "client ID metadata documents"),
        (true, Some(endpoint)) => Finding::ok(CHECK, format!("client ID metadata documents, and {endpoint}")),
        (false, Some(endpoint)) => Finding::warning(
            CHECK,
            endpoint,
            "Accept client ID metadata documents too: registration is only a fallback of newer clients",
        ),
        (false, None) => Finding::warning(
            CHECK,
            "none",
            "Clients get in only with a client_id that you make for them. With Symbolon: symbolon registration policy \
             set --help",
        ),
    }
}

fn judge_public_clients(metadata: &Map<String, Value>) -> Finding {
    const CHECK: &str = "token_endpoint_auth_methods_supported";
    let methods = texts(metadata, CHECK);
    if methods.iter().any(|method| method == "none") {
        return Finding::ok(CHECK, methods.join(", "));
    }
    let found = if methods.is_empty() { "not told: client_secret_basic".to_owned() } else { methods.join(", ") };
    Finding::warning(CHECK, found, "Add none: clients on people's machines cannot keep a secret")
}

fn judge_issuer_in_answer(metadata: &Map<String, Value>) -> Finding {
    const CHECK: &str = "authorization_response_iss_parameter_supported";
    if metadata.get(CHECK) == Some(&Value::Bool(true)) {
        return Finding::ok(CHECK, "true");
    }
    let next = "Send iss with each answer (RFC 9207), so that clients of several servers know whose it is";
    Finding::warning(CHECK, "not true", next)
}

/// Only where the server lists its resources at all (RFC 9728 §4).
fn judge_known_resource(metadata: &Map<String, Value>, resource: &Resource) -> Option<Finding> {
    const CHECK: &str = "protected_resources";
    metadata.get(CHECK)?;
    let known = texts(metadata, CHECK);
    if known.iter().any(|one| resource_key(one) == resource_key(&resource.resource)) {
        return Some(Finding::ok(CHECK, resource.resource.clone()));
    }
    let next = format!(
        "Unless it is registered without being listed, tokens for it are refused (invalid_target). With Symbolon: symbolon api \
         create {} --help",
        resource.resource
    );
    Some(Finding::warning(CHECK, format!("{} is not listed", resource.resource), next))
}

/// A scope that the authorization server does not know is refused or left out there.
fn judge_known_scopes(metadata: &Map<String, Value>, resource: &Resource) -> Option<Finding> {
    const CHECK: &str = "scopes_known";
    let known = texts(metadata, "scopes_supported");
    let missing: Vec<&str> =
        resource.scopes.iter().filter(|scope| !known.contains(scope)).map(String::as_str).collect();
    if known.is_empty() || resource.scopes.is_empty() {
        return None;
    }
    if missing.is_empty() {
        return Some(Finding::ok(CHECK, resource.scopes.join(", ")));
    }
    let next = "Unless the authorization server knows them without listing them, clients that ask for them are refused";
    Some(Finding::warning(CHECK, format!("{} not listed", missing.join(", ")), next))
}

/// Judges the document behind `jwks_uri`: there is a key by which tokens can be checked.
pub fn judge_keys(address: &str, document: Option<&Value>) -> Finding {
    const CHECK: &str = "jwks_uri";
    let next = "Servers that check tokens by themselves need keys there; otherwise they must introspect";
    let keys = document.and_then(|document| document.get("keys")).and_then(Value::as_array).map_or(0, Vec::len);
    match keys {
        0 => Finding::warning(CHECK, format!("{address}: no keys"), next),
        count => Finding::ok(CHECK, format!("{address}: {count} keys")),
    }
}
