//! What came back, and what must be true of it. A failed assertion prints the response and the
//! decision record of its trace.

use std::sync::Arc;

use serde_json::Value;
use symbolon::{
    domain::{oauth::ErrorCode, trace::Reason},
    service::Services,
};

use super::{Request, Response, Wire, app::record_of, html::text_of};

/// An answer of the application under test.
pub struct Answer {
    /// As it came over the wire.
    pub response: Response,
    services: Arc<Services>,
    wire: Wire,
}

/// A successful token response.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// `access_token`.
    pub access_token: String,
    /// `refresh_token`.
    pub refresh_token: Option<String>,
    /// `id_token`.
    pub id_token: Option<String>,
    /// `expires_in`.
    pub expires_in: i64,
    /// `scope`.
    pub scope: Option<String>,
}

impl Tokens {
    /// The refresh token, which must be there.
    pub fn refresh(&self) -> &str {
        self.refresh_token.as_deref().expect("a refresh token was issued")
    }

    /// The ID token, which must be there.
    pub fn id(&self) -> &str {
        self.id_token.as_deref().expect("an ID token was issued")
    }
}

impl Answer {
    /// An answer of this server.
    pub const fn new(response: Response, services: Arc<Services>, wire: Wire) -> Self {
        Self { response, services, wire }
    }

    /// The trace id that every answer carries.
    pub fn trace_id(&self) -> &str {
        self.response.header("x-trace-id").unwrap_or_else(|| panic!("no trace id: {}", self.response))
    }

    /// A 200 with a JSON body.
    pub async fn json(&self) -> Value {
        if self.response.status != 200 {
            panic!("expected 200\n{}", self.explained().await);
        }
        self.response.json()
    }

    /// A successful token response (RFC 6749 §5.1; behaviours 73 and 74).
    pub async fn ok(&self) -> Tokens {
        self.ok_as("Bearer").await
    }

    /// As [`Self::ok`], with tokens of another type.
    pub async fn ok_as(&self, token_type: &str) -> Tokens {
        let body = self.json().await;
        let response = &self.response;
        assert_eq!(response.header("cache-control"), Some("no-store"), "{response}");
        assert_eq!(response.header("pragma"), Some("no-cache"), "{response}");
        assert_eq!(body["token_type"], token_type, "{response}");
        let expires_in = body["expires_in"].as_i64().expect("expires_in is a number");
        assert!((1..=31_536_000).contains(&expires_in), "{response}");
        let text = |name: &str| body.get(name).map(|value| value.as_str().expect("text").to_owned());
        Tokens {
            access_token: text("access_token").expect("an access token"),
            refresh_token: text("refresh_token"),
            id_token: text("id_token"),
            expires_in,
            scope: text("scope"),
        }
    }

    /// What stands for a pushed request (RFC 9126 §2.2; behaviour 137).
    pub async fn pushed(&self) -> String {
        let response = &self.response;
        if response.status != 201 {
            panic!("expected 201\n{}", self.explained().await);
        }
        assert_eq!(response.header("cache-control"), Some("no-store"), "{response}");
        let body = response.json();
        assert_eq!(body["expires_in"], 90, "{response}");
        assert!(body.as_object().is_some_and(|members| members.len() == 2), "{response}");
        body["request_uri"].as_str().expect("text").to_owned()
    }

    /// The answer of introspection: alive or not. A dead token gives nothing else away.
    pub async fn active(&self) -> bool {
        let body = self.json().await;
        let active = body["active"].as_bool().expect("active is a boolean");
        assert!(active || body.as_object().is_some_and(|members| members.len() == 1), "{}", self.response);
        active
    }

    /// An empty 200: what revocation answers (RFC 7009 §2.2).
    pub async fn accepted(&self) {
        if self.response.status != 200 || !self.response.body.is_empty() {
            panic!("expected an empty 200\n{}", self.explained().await);
        }
    }

    /// A proof that is refused at a resource: 401 whatever the token endpoint would answer.
    pub async fn challenged(&self, error: &str, reason: &str) {
        let response = &self.response;
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let description = body["error_description"].as_str().unwrap_or_default();
        if response.status != 401 || body["error"] != error || !description.starts_with(&format!("{reason}: ")) {
            panic!("expected 401 {error} for {reason}\n{}", self.explained().await);
        }
        let challenge = response.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("DPoP ") && challenge.contains(&format!("error=\"{error}\"")), "{challenge}");
    }

    /// A refusal of a direct endpoint: the status of the one table, the shape of RFC 6749 §5.2, a
    /// documented code, and the private reason in the record of its trace (behaviours 50 and 78).
    pub async fn refused(&self, error: &str, reason: &str) {
        let known = ErrorCode::ALL.iter().find(|code| code.name() == error);
        self.refused_as(known.unwrap_or_else(|| panic!("no error {error}")).status(), error, reason).await;
    }

    /// As [`Self::refused`], with a status that says more than the error.
    pub async fn refused_as(&self, status: u16, error: &str, reason: &str) {
        let mut wrong = Vec::new();
        let mut must = |holds: bool, rule: &str| {
            if !holds {
                wrong.push(rule.to_owned());
            }
        };
        let response = &self.response;
        must(response.status == status, &format!("the status is {status}"));
        must(response.header("cache-control") == Some("no-store"), "a refusal is not stored");
        must(response.header("pragma") == Some("no-cache"), "not by old caches either");
        must(response.header("content-type") == Some("application/json"), "a refusal is JSON");
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        must(body["error"] == error, &format!("error is {error}"));

        // How a client failed to authenticate stays private.
        let public = if error == "invalid_client" { "AS-1203" } else { reason };
        let description = body["error_description"].as_str().unwrap_or_default();
        must(description.starts_with(&format!("{public}: ")), &format!("the description begins with {public}"));
        must(
            description.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'),
            "the description is printable ASCII without quote and backslash",
        );
        let page = format!("/docs/errors/{public}");
        must(body["error_uri"] == self.services.issuer.join(&page), "error_uri is the page of the code");
        let docs = self.wire.send(&Request::get(&page)).await;
        must(docs.status == 200 && docs.text().contains(public), "the page of the code exists");
        must(
            body["trace_id"].as_str().is_some_and(|trace| response.header("x-trace-id") == Some(trace)),
            "body and header carry the same trace id",
        );
        must(body.as_object().is_some_and(|members| members.len() == 4), "there are no other members");
        let challenge = response.header("www-authenticate");
        must((response.status != 401) || challenge.is_some(), "a 401 says how to authenticate");
        must(
            challenge.is_none() || matches!(response.status, 400 | 401 | 403),
            "only a refusal of credentials challenges",
        );

        let found = record_of(&self.services, self.trace_id()).await.and_then(|record| record.reason());
        must(found.is_some_and(|found| found.code() == reason), &format!("the recorded reason is {reason}"));
        if !wrong.is_empty() {
            panic!("expected {error} {reason}\n- {}\n{}", wrong.join("\n- "), self.explained().await);
        }
    }

    /// A refusal as a page for people: the status; sentence, code and trace in their places; and the
    /// record that the trace leads to.
    pub async fn refused_page(&self, status: u16, reason: &str) {
        let response = &self.response;
        let html = response.header("content-type") == Some("text/html; charset=utf-8");
        let found = record_of(&self.services, self.trace_id()).await.and_then(|record| record.reason());
        let recorded = found.is_some_and(|found| found.code() == reason);
        let text = |id: &str| text_of(response.text(), id).unwrap_or_default();
        let short = text("error-trace");
        let shown = text("error-code") == reason
            && Reason::from_code(reason).is_some_and(|known| text("error-message") == known.summary())
            && short.len() >= 8
            && self.trace_id().starts_with(&short);
        if response.status != status || !html || !recorded || !shown {
            panic!(
                "expected a page with {status} {reason} (html {html}, recorded {recorded}, shown {shown})\n{}",
                self.explained().await
            );
        }
    }

    /// Response and record, for people.
    pub async fn explained(&self) -> String {
        let record = match self.response.header("x-trace-id") {
            Some(trace) => record_of(&self.services, trace).await,
            None => None,
        };
        format!("--- response\n{}\n--- record\n{record:#?}", self.response)
    }
}
