//! Resource indicators (RFC 8707): which API a token is for.

use serde_json::Value;

use crate::support::{Answer, Authorize, ClientSpec, Grant, Person, RelyingParty, TestApp, Tokens};

mod errors;
mod ok;

/// Two APIs that know nothing of each other.
const INVOICES: &str = "https://invoices.example.com/v1";
const MCP: &str = "https://mcp.example.com";

/// A client that may ask for both APIs' scopes, and somebody to use it.
async fn world(app: &TestApp) -> (RelyingParty, Person) {
    app.api(INVOICES, &["invoices.read", "invoices.write"]).await;
    app.api(MCP, &["tools.call"]).await;
    let rp = app.client(client("web")).await;
    (rp, app.person("alice").await)
}

fn client(id: &str) -> ClientSpec {
    ClientSpec::web(id).set(|settings| {
        settings.scope.extend(["invoices.read", "invoices.write", "tools.call"].map(str::to_owned));
    })
}

/// Redeems a code for this resource.
async fn exchange(rp: &RelyingParty, grant: &Grant, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", grant.code.as_str()),
        ("redirect_uri", grant.redirect_uri.as_str()),
        ("code_verifier", grant.verifier.as_deref().expect("a verifier")),
    ];
    fields.extend(more);
    rp.token(&fields).await
}

async fn refresh(rp: &RelyingParty, tokens: &Tokens, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
    fields.extend(more);
    rp.token(&fields).await
}

/// The claims of an access token.
async fn claims(app: &TestApp, tokens: &Tokens) -> Value {
    app.verified(&tokens.access_token).await.1
}

/// What was asked for, granted by somebody.
async fn granted(app: &TestApp, person: &Person, request: &Authorize) -> Grant {
    app.browser().grant(person, request).await
}
