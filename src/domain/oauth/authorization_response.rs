//! The authorization response: what goes back to the client, and how (RFC 6749 §4.1.2 and §4.2.2,
//! RFC 9207, OIDC Core 3.2.2.5 and 3.3.2.5, Form Post Response Mode, JARM §2).

use serde_json::{Map, Value};

use super::{OAuthError, ResponseMode, SafeRedirect};
use crate::{Timestamp, ids::ClientId};

/// How long a signed response may be used, in seconds; JARM §2.1 recommends ten minutes at most.
pub const SIGNED_RESPONSE_SECONDS: i64 = 300;

/// What the browser is told to do. It carries a code, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// Go there, by GET: a 303, so that credentials are never re-sent (RFC 9700 §4.12).
    Redirect(String),
    /// Post a form.
    FormPost {
        /// Where to.
        action: String,
        /// The hidden fields; values are plain text, the template escapes them.
        fields: Vec<(String, String)>,
    },
}

/// An access token that comes back through the browser.
#[derive(Clone, Copy)]
pub struct AnsweredToken<'a> {
    /// The token.
    pub text: &'a str,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// What was granted, if it is to be told.
    pub scope: Option<&'a [String]>,
}

/// What a granted request is answered with.
#[derive(Clone, Copy, Default)]
pub struct Granted<'a> {
    /// The code.
    pub code: Option<&'a str>,
    /// The access token.
    pub access_token: Option<AnsweredToken<'a>>,
    /// The ID token.
    pub id_token: Option<&'a str>,
    /// The state of the browser (OIDC Session Management 1.0 §2).
    pub session_state: Option<&'a str>,
}

/// The parameters of a response, before they take their way. They carry secrets, so they have no
/// `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseParameters(Vec<(&'static str, String)>);

/// What a granted request is answered with, and its state.
pub fn success(granted: &Granted<'_>, state: Option<&str>) -> ResponseParameters {
    let mut pairs = ResponseParameters(Vec::new());
    pairs.put("code", granted.code);
    if let Some(token) = &granted.access_token {
        pairs.put("access_token", Some(token.text));
        pairs.put("token_type", Some("Bearer"));
        pairs.put("expires_in", Some(&token.expires_in.to_string()));
        pairs.put("scope", token.scope.map(|scope| scope.join(" ")).as_deref());
    }
    pairs.put("id_token", granted.id_token);
    pairs.put("session_state", granted.session_state);
    pairs.put("state", state);
    pairs
}

/// A refusal and the request's state. `error_uri` is the public page about the reason.
pub fn failure(error: &OAuthError, error_uri: &str, state: Option<&str>) -> ResponseParameters {
    let mut pairs = ResponseParameters(Vec::new());
    pairs.put("error", Some(error.code.name()));
    pairs.put("error_description", Some(error.description));
    pairs.put("error_uri", Some(error_uri));
    pairs.put("state", state);
    pairs
}

impl ResponseParameters {
    fn put(&mut self, name: &'static str, value: Option<&str>) {
        self.0.extend(value.map(|value| (name, value.to_owned())));
    }

    /// The answer that carries the parameters as they are, and says who answers (RFC 9207).
    pub fn plain(mut self, redirect: &SafeRedirect, mode: ResponseMode, issuer: &str) -> Answer {
        self.put("iss", Some(issuer));
        let pairs: Vec<(&str, &str)> = self.0.iter().map(|(name, value)| (*name, value.as_str())).collect();
        answer(redirect, mode, &pairs)
    }

    /// The claims of the JWT that carries the parameters (JARM §2.1). It has neither `sub` nor
    /// `auth_time`, so it passes for no ID token.
    pub fn claims(self, issuer: &str, client_id: &ClientId, now: Timestamp) -> Map<String, Value> {
        let mut claims: Map<String, Value> =
            self.0.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        claims.insert("iss".to_owned(), issuer.into());
        claims.insert("aud".to_owned(), client_id.as_str().into());
        claims.insert("exp".to_owned(), now.plus_seconds(SIGNED_RESPONSE_SECONDS).seconds().into());
        claims
    }
}

/// The answer that carries a finished JWT, and nothing else (JARM §2.3).
pub fn signed(jwt: &str, redirect: &SafeRedirect, mode: ResponseMode) -> Answer {
    answer(redirect, mode, &[("response", jwt)])
}

fn answer(redirect: &SafeRedirect, mode: ResponseMode, pairs: &[(&str, &str)]) -> Answer {
    match mode {
        ResponseMode::Query | ResponseMode::QueryJwt => Answer::Redirect(redirect.with_query(pairs)),
        ResponseMode::Fragment | ResponseMode::FragmentJwt => Answer::Redirect(redirect.with_fragment(pairs)),
        ResponseMode::FormPost | ResponseMode::FormPostJwt => Answer::FormPost {
            action: redirect.as_str().to_owned(),
            fields: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        },
    }
}

#[cfg(test)]
mod tests;
