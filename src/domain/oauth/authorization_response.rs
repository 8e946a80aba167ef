//! The authorization response: what goes back to the client, and how (RFC 6749 §4.1.2, RFC 9207,
//! OAuth 2.0 Multiple Response Type Encoding Practices §2, OAuth 2.0 Form Post Response Mode).

use serde::{Deserialize, Serialize};

use super::{OAuthError, SafeRedirect};

/// A `response_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect: the default of `code`.
    Query,
    /// In the fragment of the redirect: never reaches a server's log.
    Fragment,
    /// In the body of a form that the browser posts.
    FormPost,
}

impl ResponseMode {
    /// Every mode, as metadata lists them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// The `response_mode` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

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

/// The answer that carries the code. `session_state`: for pages that ask whether the browser's state
/// changed (OIDC Session Management 1.0 §2).
pub fn success(
    redirect: &SafeRedirect,
    mode: ResponseMode,
    state: Option<&str>,
    issuer: &str,
    code: &str,
    session_state: Option<&str>,
) -> Answer {
    let mut pairs = vec![("code", code)];
    pairs.extend(state.map(|state| ("state", state)));
    pairs.extend(session_state.map(|value| ("session_state", value)));
    pairs.push(("iss", issuer));
    answer(redirect, mode, &pairs)
}

/// The answer that carries a refusal. `error_uri` is the public page about the reason.
pub fn failure(
    redirect: &SafeRedirect,
    mode: ResponseMode,
    state: Option<&str>,
    issuer: &str,
    error: &OAuthError,
    error_uri: &str,
) -> Answer {
    let mut pairs =
        vec![("error", error.code.name()), ("error_description", error.description), ("error_uri", error_uri)];
    pairs.extend(state.map(|state| ("state", state)));
    pairs.push(("iss", issuer));
    answer(redirect, mode, &pairs)
}

fn answer(redirect: &SafeRedirect, mode: ResponseMode, pairs: &[(&str, &str)]) -> Answer {
    match mode {
        ResponseMode::Query => Answer::Redirect(redirect.with_query(pairs)),
        ResponseMode::Fragment => Answer::Redirect(redirect.with_fragment(pairs)),
        ResponseMode::FormPost => Answer::FormPost {
            action: redirect.as_str().to_owned(),
            fields: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        },
    }
}

#[cfg(test)]
mod tests;
