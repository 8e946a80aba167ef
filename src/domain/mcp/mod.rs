//! What an MCP client looks at on its way to a token, and whether it can go on (Model Context Protocol,
//! Authorization, revision 2026-07-28): the answer of the server, the metadata of the resource, and those
//! of its authorization servers.

mod authorization_server;
mod challenge;
mod protected_resource;
mod unauthenticated;

use serde::Serialize;
use url::{Host, Url};

pub use authorization_server::{judge_authorization_server, judge_keys, server_metadata_addresses};
pub use challenge::{Challenge, parse_challenges};
pub use protected_resource::{Resource, judge_resource, resource_metadata_addresses};
pub use unauthenticated::{Refusal, judge_invalid_token, judge_unauthenticated};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As the specifications want it.
    Ok,
    /// Some clients, or some people, will have trouble.
    Warning,
    /// A client stops here.
    Failed,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable name of the check: the member or step that it looks at.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found, as the other side said it.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), next: None }
    }

    /// It works for some.
    pub fn warning(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, found: found.into(), next: Some(next.into()) }
    }

    /// A client stops here.
    pub fn failed(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Failed, found: found.into(), next: Some(next.into()) }
    }
}

/// The address of an MCP server, as people give it to their clients.
#[derive(Clone, Debug)]
pub struct ServerAddress(Url);

impl ServerAddress {
    /// Reads an address: https, or http on this machine; no fragment, no user name.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| "it is not a URL: write it as https://mcp.example.com/mcp")?;
        if !is_secure(&url) {
            return Err("clients only speak https, or http to this machine (127.0.0.1, [::1], localhost)");
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("it holds a user name, a password or a fragment: leave them out");
        }
        Ok(Self(url))
    }

    /// As clients send it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name of its host, unless it is an address.
    pub fn host_name(&self) -> Option<&str> {
        self.0.domain()
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

/// Whether a client may send codes and tokens there (OAuth 2.1 §1.5).
fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The well-known address of `url` with this name: between its host and its path (RFC 8615, RFC 8414 §3.1).
fn well_known(url: &Url, name: &str) -> String {
    let path = url.path().trim_end_matches('/');
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/.well-known/{name}{path}{query}", url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests;
