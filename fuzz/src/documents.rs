//! Documents: JSON as strangers write it, and what is fetched from addresses that others named.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use symbolon_domain::{
    mcp::{
        Finding, Refusal, Resource, ServerAddress, Verdict, judge_authorization_server, judge_keys, judge_resource,
        judge_unauthenticated, resource_metadata_addresses, server_metadata_addresses,
    },
    oauth::sector_lists_all,
    strict_json::parse_object,
};
use url::Url;

use crate::oauth::client;

/// The members of all objects, those that come twice too.
struct Members(usize);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Counting).map(Self)
    }
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_bool<E>(self, _: bool) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_i64<E>(self, _: i64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_u64<E>(self, _: u64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_f64<E>(self, _: f64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_str<E>(self, _: &str) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(Members(inside)) = seq.next_element()? {
            count += inside;
        }
        Ok(count)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some((_, Members(inside))) = members.next_entry::<String, Members>()? {
            count += 1 + inside;
        }
        Ok(count)
    }
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
        Value::Array(items) => items.iter().map(members).sum(),
        _ => 0,
    }
}

fn levels(value: &Value) -> usize {
    match value {
        Value::Object(map) => 1 + map.values().map(levels).max().unwrap_or_default(),
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or_default(),
        _ => 0,
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(map) => map.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Strict JSON is what any JSON is, if it is one object, without what comes twice, NUL and deep nesting; no more
/// and no less.
pub fn strict_json(data: &[u8]) {
    let expected = serde_json::from_slice::<Value>(data).ok().filter(|value| {
        let distinct = serde_json::from_slice::<Members>(data).is_ok_and(|Members(count)| count == members(value));
        value.is_object() && distinct && levels(value) <= 32 && !has_nul(value)
    });
    assert_eq!(parse_object(data).map(Value::Object), expected);
}

/// A document or an answer that was fetched; the first byte says what for.
pub fn fetched_document(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    match which & 3 {
        0 => resource_metadata(text),
        1 => server_metadata(text),
        2 => key_set_and_sector(text),
        _ => unauthenticated(text),
    }
}

fn is_secure(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => {
            matches!(url.host_str(), Some("localhost" | "[::1]"))
                || url.host_str().is_some_and(|host| host.starts_with("127."))
        }
        _ => false,
    })
}

/// Who is told that something is wrong is told what to do, and nothing is told at greater length than it came.
fn check_findings(findings: &[Finding], sent: usize) -> bool {
    for finding in findings {
        assert!(finding.verdict == Verdict::Ok || finding.next.as_ref().is_some_and(|next| !next.is_empty()));
        assert!(finding.found.len() <= 2 * sent + 1000);
    }
    findings.iter().all(|finding| finding.verdict != Verdict::Failed)
}

/// The address of a server on the first line, then its metadata.
fn resource_metadata(text: &str) {
    let Some((address, metadata)) = text.split_once('\n') else { return };
    let Ok(server) = ServerAddress::parse(address) else { return };
    assert!(is_secure(server.as_str()));
    for address in resource_metadata_addresses(&server) {
        assert!(is_secure(&address) && address.contains("/.well-known/oauth-protected-resource"));
    }
    let Ok(metadata) = serde_json::from_str::<Map<String, Value>>(metadata) else { return };
    let (findings, resource) = judge_resource(&server, &metadata);
    if check_findings(&findings, text.len()) {
        assert!(!resource.authorization_servers.is_empty());
        for issuer in &resource.authorization_servers {
            assert!(is_secure(issuer));
            let addresses = server_metadata_addresses(issuer);
            assert!((1..=3).contains(&addresses.len()));
            assert!(addresses.iter().all(|address| address.contains("/.well-known/")));
        }
    }
}

/// The metadata of an authorization server: what passes can be used by any client.
fn server_metadata(text: &str) {
    let Ok(metadata) = serde_json::from_str::<Map<String, Value>>(text) else { return };
    let resource = Resource {
        resource: "https://api.example/mcp".to_owned(),
        authorization_servers: vec!["https://id.example".to_owned()],
        scopes: vec!["notes.read".to_owned()],
    };
    let findings = judge_authorization_server("https://id.example", &metadata, &resource);
    if check_findings(&findings, text.len()) {
        assert_eq!(metadata["issuer"], "https://id.example");
        let endpoint = |name: &str| metadata.get(name).and_then(Value::as_str).is_some_and(is_secure);
        assert!(endpoint("authorization_endpoint") && endpoint("token_endpoint"));
        let methods = metadata["code_challenge_methods_supported"].as_array();
        assert!(methods.is_some_and(|methods| methods.iter().any(|method| method == "S256")));
    }
}

/// A key set, and the list of a sector: every redirect address is in a list that passes.
fn key_set_and_sector(text: &str) {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return };
    check_findings(&[judge_keys("https://id.example/jwks", Some(&document))], text.len());
    let client = client(vec!["https://a.example/cb".to_owned(), "https://b.example/cb".to_owned()]);
    if sector_lists_all(&document, &client.settings).is_ok() {
        let listed = document.as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(listed.iter().all(Value::is_string));
        assert!(client.settings.redirect_uris.iter().all(|uri| listed.iter().any(|one| one == uri.as_str())));
    }
}

/// The status, the address in `Location`, and challenges, a line each: nobody is led to an unsafe address.
fn unauthenticated(text: &str) {
    let mut lines = text.split('\n');
    let Some(status) = lines.next().and_then(|line| line.parse::<u16>().ok()) else { return };
    let location = lines.next();
    let challenges: Vec<&str> = lines.collect();
    let (findings, address) = judge_unauthenticated(Refusal { status, challenges: &challenges, location });
    let goes_on = check_findings(&findings, text.len());
    assert!(address.is_none_or(|address| goes_on && status == 401 && is_secure(&address)));
}
