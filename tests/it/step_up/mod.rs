//! Step-up authentication (RFC 9470): an API that wants a fresher or a stronger sign-in than a token
//! tells of, and what an app does about it.

mod errors;
mod ok;

use std::collections::BTreeMap;

use serde_json::Value;
use symbolon::domain::entity::{AccessTokenFormat, ClientSettings};

use crate::support::{Authorize, ClientSpec, Person, RelyingParty, TestApp, Tokens};

/// What is asked for.
const SCOPE: &str = "openid offline_access";

/// An API outside of this server, as its programmers would write it: it asks about each token, or reads
/// it itself.
struct Bank {
    /// Whom it is at the introspection endpoint.
    rp: RelyingParty,
    /// The oldest sign-in that it accepts, in seconds.
    max_age: i64,
    /// The class of authentication that it accepts.
    acr: &'static str,
}

impl Bank {
    async fn open(app: &TestApp) -> Self {
        let spec = ClientSpec::machine("bank").set(|settings| settings.may_introspect = true);
        Self { rp: app.client(spec).await, max_age: 60, acr: "1" }
    }

    /// What it answers to whoever wants to move money: nothing to complain of, or the header of a 401
    /// (RFC 9470 §3).
    async fn answer(&self, app: &TestApp, token: &str) -> Result<(), String> {
        let told = self.rp.introspect(token).await.json().await;
        assert_eq!(told["active"], true, "{told}");
        let by_introspection = self.judge(app, &told);
        if token.split('.').count() == 3 {
            assert_eq!(self.judge(app, &app.verified(token).await.1), by_introspection, "the token says the same");
        }
        by_introspection
    }

    /// A token that does not say how and when somebody signed in is not enough.
    fn judge(&self, app: &TestApp, told: &Value) -> Result<(), String> {
        let fresh = told["auth_time"].as_i64().is_some_and(|at| app.now().seconds() - at <= self.max_age);
        if fresh && told["acr"] == self.acr {
            return Ok(());
        }
        Err(format!(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"Sign in again to move money\", acr_values=\"{}\", max_age=\"{}\"",
            self.acr, self.max_age
        ))
    }
}

/// What an app reads out of such a header and repeats in its next authorization request (§4).
fn repeated(challenge: &str, request: Authorize) -> Authorize {
    let parameters: BTreeMap<&str, &str> = challenge
        .trim_start_matches("Bearer ")
        .split(", ")
        .filter_map(|one| one.split_once('='))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    assert_eq!(parameters["error"], "insufficient_user_authentication");
    request.with("acr_values", parameters["acr_values"]).with("max_age", parameters["max_age"])
}

/// The claims of a JWT access token.
async fn claims(app: &TestApp, tokens: &Tokens) -> Value {
    app.verified(&tokens.access_token).await.1
}

/// When and how somebody signed in, as a token tells it.
fn sign_in_of(claims: &Value) -> (i64, &str, &Value) {
    (claims["auth_time"].as_i64().expect("a time"), claims["acr"].as_str().expect("a class"), &claims["amr"])
}

/// An app and somebody to use it.
async fn world(app: &TestApp) -> (RelyingParty, Person) {
    (app.client(ClientSpec::web("shop")).await, app.person("alice").await)
}

fn with_format(format: AccessTokenFormat) -> impl FnOnce(&mut ClientSettings) {
    move |settings| settings.access_token_format = format
}
