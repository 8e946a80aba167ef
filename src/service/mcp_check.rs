//! Walks the way of an MCP client that has no token yet, from a server's address to the authorization servers that
//! it names, and looks at each step (Model Context Protocol, Authorization). It changes nothing on either side.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    domain::{
        mcp::{
            Finding, Refusal, Resource, ServerAddress, Verdict, judge_authorization_server, judge_invalid_token,
            judge_keys, judge_resource, judge_unauthenticated, resource_metadata_addresses, server_metadata_addresses,
        },
        strict_json::parse_object,
    },
    net::fetcher::{Answer, FetchError, Fetcher},
};

/// A resource may name more issuers than anybody wants to wait for.
const MOST_ISSUERS: usize = 4;
/// What is sent as a token that nobody issued.
const NO_TOKEN: &str = "symbolon-mcp-check";

/// What was found, in the order of the way.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The server that was asked.
    pub server: String,
    /// Each check that could be made.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many checks ended like this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

/// Walks the way. What cannot be reached is a finding, not an error.
pub async fn check(fetcher: &Fetcher, server: &ServerAddress) -> Report {
    let mut findings = Vec::new();
    if let Some(resource) = find_resource(fetcher, server, &mut findings).await {
        for issuer in resource.authorization_servers.iter().take(MOST_ISSUERS) {
            check_issuer(fetcher, issuer, &resource, &mut findings).await;
        }
    }
    Report { server: server.as_str().to_owned(), findings }
}

/// Up to the metadata of the resource; `None`: the way ends before.
async fn find_resource(fetcher: &Fetcher, server: &ServerAddress, findings: &mut Vec<Finding>) -> Option<Resource> {
    let answer = match initialize(fetcher, server, None).await {
        Ok(answer) => answer,
        Err(error) => {
            findings.push(Finding::failed("unauthenticated_request", error.to_string(), unreachable(server.as_str())));
            return None;
        }
    };
    let (steps, named) = judged(&answer, judge_unauthenticated);
    let stops = steps.iter().any(|finding| finding.verdict == Verdict::Failed);
    findings.extend(steps);
    if stops {
        return None;
    }
    findings.push(match initialize(fetcher, server, Some(NO_TOKEN)).await {
        Ok(answer) => judged(&answer, judge_invalid_token),
        Err(error) => Finding::failed("invalid_token", error.to_string(), unreachable(server.as_str())),
    });
    const CHECK: &str = "protected_resource_metadata";
    let addresses = named.map_or_else(|| resource_metadata_addresses(server), |address| vec![address]);
    match first_document(fetcher, &addresses).await {
        Ok((address, metadata)) => {
            findings.push(Finding::ok(CHECK, address));
            let (steps, resource) = judge_resource(server, &metadata);
            findings.extend(steps);
            Some(resource)
        }
        Err(found) => {
            let next = "Serve them there as JSON (RFC 9728 §3), and say where in WWW-Authenticate";
            findings.push(Finding::failed(CHECK, found, next));
            None
        }
    }
}

async fn check_issuer(fetcher: &Fetcher, issuer: &str, resource: &Resource, findings: &mut Vec<Finding>) {
    const CHECK: &str = "authorization_server_metadata";
    let (address, metadata) = match first_document(fetcher, &server_metadata_addresses(issuer)).await {
        Ok(found) => found,
        Err(found) => {
            findings.push(Finding::failed(CHECK, found, unreachable(issuer)));
            return;
        }
    };
    findings.push(Finding::ok(CHECK, address));
    findings.extend(judge_authorization_server(issuer, &metadata, resource));
    if let Some(address) = metadata.get("jwks_uri").and_then(Value::as_str) {
        let document = fetcher.json(address).await.ok();
        findings.push(judge_keys(address, document.as_ref()));
    }
}

/// The first message of every client.
async fn initialize(
    fetcher: &Fetcher,
    server: &ServerAddress,
    bearer: Option<&'static str>,
) -> Result<Answer, FetchError> {
    let body = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "symbolon mcp check", "version": env!("CARGO_PKG_VERSION") },
        },
    });
    fetcher.post_json(server.as_str(), "application/json, text/event-stream", bearer, &body).await
}

fn judged<T>(answer: &Answer, judge: impl FnOnce(Refusal<'_>) -> T) -> T {
    let location = answer.values("location").first().copied();
    judge(Refusal { status: answer.status.as_u16(), challenges: &answer.values("www-authenticate"), location })
}

/// The first of the addresses that answers with a JSON object; otherwise what each answered.
async fn first_document(fetcher: &Fetcher, addresses: &[String]) -> Result<(String, Map<String, Value>), String> {
    let mut tried = Vec::new();
    for address in addresses {
        match fetcher.document(address).await {
            Ok(document) => match parse_object(&document.body) {
                Some(metadata) => return Ok((address.clone(), metadata)),
                None => tried.push(format!("{address}: the answer is no JSON object")),
            },
            Err(error) => tried.push(format!("{address}: {error}")),
        }
    }
    Err(tried.join("; "))
}

fn unreachable(address: &str) -> String {
    format!(
        "See that {address} answers. A host inside of your network is reached by its name: --set \
         outbound.danger_allowed_hosts=NAME"
    )
}
