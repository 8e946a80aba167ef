//! Clients whose `client_id` is the address of their own metadata
//! (draft-ietf-oauth-client-id-metadata-document).

mod errors;
mod ok;
mod races;

use serde_json::{Value, json};
use symbolon::net::fetcher::Reach;

use crate::support::{Credentials, Database, JwksServer, RelyingParty, TestApp};

/// An app that publishes its metadata.
struct Published {
    app: TestApp,
    server: JwksServer,
    rp: RelyingParty,
}

impl Published {
    /// A server that may fetch from this machine, and an app that publishes itself there.
    async fn start(database: Database) -> Self {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        let server = JwksServer::start(&json!({})).await;
        let id = server.uri.replace("/jwks.json", "/client.json");
        let rp = RelyingParty::known(&app, &id, "http://127.0.0.1:33418", Credentials::Public);
        let published = Self { app, server, rp };
        published.publish(|_| {});
        published
    }

    fn id(&self) -> &str {
        self.rp.client_id.as_str()
    }

    /// The host that is verified.
    fn host(&self) -> String {
        self.id().trim_start_matches("http://").trim_end_matches("/client.json").to_owned()
    }

    fn document(&self) -> Value {
        json!({
            "client_id": self.id(),
            "client_name": "Agent",
            "client_uri": "https://agent.example/",
            "redirect_uris": ["http://127.0.0.1:33418", "https://vscode.dev/redirect"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        })
    }

    /// From now on the document says this.
    fn publish(&self, change: impl FnOnce(&mut Value)) {
        let mut document = self.document();
        change(&mut document);
        self.server.answer(200, &document.to_string());
    }
}
