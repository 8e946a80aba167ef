//! `symbolon mcp check`: the way of an MCP client, walked from the command line to a server that stands for
//! somebody's, and to the real authorization server that it names.

mod errors;
mod ok;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpListener, task::JoinHandle};

use crate::support::{Received, TestApp};

const SCOPE: &str = "tools.call";
const METADATA: &str = "GET /.well-known/oauth-protected-resource/mcp";
const METADATA_AT_ROOT: &str = "GET /.well-known/oauth-protected-resource";
const WITHOUT_TOKEN: &str = "POST /mcp";
const WITH_TOKEN: &str = "POST /mcp with a token";

/// An MCP server as far as somebody without a token sees it; it ends when it is dropped.
struct McpServer {
    origin: String,
    answers: Arc<Mutex<HashMap<&'static str, String>>>,
    task: JoinHandle<()>,
}

impl McpServer {
    /// One that does everything as it should, and names this issuer.
    async fn start(issuer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let answers: Arc<Mutex<HashMap<&'static str, String>>> = Arc::default();
        let served = answers.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = Received::read(&mut stream).await else { continue };
                let place = request.line.trim_end_matches(" HTTP/1.1").to_owned();
                let with_token = request.header("authorization").map_or("", |_| " with a token");
                let answer = served.lock().expect("not poisoned").get(format!("{place}{with_token}").as_str()).cloned();
                let answer = answer.unwrap_or_else(|| http(404, &[], ""));
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let server = Self { origin, answers, task };
        let address = format!("{}/.well-known/oauth-protected-resource/mcp", server.origin);
        let named = format!("resource_metadata=\"{address}\"");
        server.answer(WITHOUT_TOKEN, 401, &[("WWW-Authenticate", &format!("Bearer {named}"))], "");
        server.answer(
            WITH_TOKEN,
            401,
            &[("WWW-Authenticate", &format!("Bearer error=\"invalid_token\", {named}"))],
            "",
        );
        server.tell(METADATA, &server.metadata(issuer));
        server
    }

    /// What clients are given.
    fn resource(&self) -> String {
        format!("{}/mcp", self.origin)
    }

    fn metadata(&self, issuer: &str) -> Value {
        json!({ "resource": self.resource(), "authorization_servers": [issuer], "scopes_supported": [SCOPE] })
    }

    /// Answers this there from now on.
    fn answer(&self, place: &'static str, status: u16, headers: &[(&str, &str)], body: &str) {
        self.answers.lock().expect("not poisoned").insert(place, http(status, headers, body));
    }

    fn tell(&self, place: &'static str, document: &Value) {
        self.answer(place, 200, &[("Content-Type", "application/json")], &document.to_string());
    }

    fn forget(&self, place: &'static str) {
        self.answers.lock().expect("not poisoned").remove(place);
    }
}

impl Drop for McpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn http(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!("HTTP/1.1 {status} Status\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

/// What the command answered.
#[derive(Debug)]
struct Checked {
    exit: u8,
    out: String,
    err: String,
}

impl Checked {
    fn findings(&self) -> Vec<Value> {
        let report: Value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        report["findings"].as_array().unwrap_or_else(|| panic!("no findings: {self:?}")).clone()
    }

    /// The names of the checks that ended so.
    fn ended(&self, verdict: &str) -> Vec<String> {
        let of_it = self.findings().into_iter().filter(|finding| finding["verdict"] == verdict);
        of_it.map(|finding| finding["check"].as_str().expect("a name").to_owned()).collect()
    }

    /// The command failed because of this check alone, and says what to do.
    #[track_caller]
    fn failed(&self, check: &str) {
        assert_eq!((self.exit, self.ended("failed")), (1, vec![check.to_owned()]), "{self:?}");
        let finding = self.findings().into_iter().find(|finding| finding["check"] == check).expect("it is there");
        assert!(finding["next"].as_str().is_some_and(|next| !next.is_empty()), "{finding}");
        assert!(self.err.contains(" checks failed"), "{self:?}");
    }
}

/// Runs the command as a person does, in a process that has read no configuration.
async fn check(flags: &'static [&'static str], server: &str) -> Checked {
    let server = server.to_owned();
    let run = move || {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = symbolon::cli::Io {
            stdin: &mut std::io::empty(),
            prompts: false,
            stdout: &mut out,
            stderr: &mut err,
            environment: Vec::new(),
        };
        let words = ["symbolon", "mcp", "check"].into_iter().chain(flags.iter().copied()).chain([server.as_str()]);
        let exit = symbolon::cli::run(words.map(Into::into), &mut io);
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Checked { exit, out: text(out), err: text(err) }
    };
    tokio::task::spawn_blocking(run).await.expect("it ends")
}

async fn check_json(server: &McpServer) -> Checked {
    check(&["--json"], &server.resource()).await
}

/// Makes the server's API known to the authorization server, and lets clients in by their documents.
async fn make_known(app: &TestApp, server: &McpServer) {
    app.api_with(&server.resource(), &[SCOPE], |settings| settings.public = true).await;
    app.open_documents().await;
}
