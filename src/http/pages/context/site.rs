//! The pages of the installation itself: start page, errors, and the first administrator.

use serde::Serialize;

use super::{Account, FieldError, Href};
use crate::http::pages::text::{NAME_LIMIT, one_line};
use crate::http::pages::{Page, PageKind};

/// What a developer reads behind "For developers". Holds what the request sent, never what is
/// registered.
#[derive(Debug, Clone, Serialize)]
pub struct Developer {
    parameter: Option<String>,
    sent: Option<String>,
    rule: String,
    docs_url: Option<Href>,
}

impl Developer {
    /// `sent` is shortened to 200 characters and freed of invisible ones.
    pub fn new(parameter: Option<&str>, sent: Option<&str>, rule: &str, docs_url: Option<Href>) -> Self {
        Self {
            parameter: parameter.map(|parameter| one_line(parameter, NAME_LIMIT)),
            sent: sent.map(|sent| one_line(sent, 200)),
            rule: rule.to_owned(),
            docs_url,
        }
    }
}

/// A refusal that cannot or must not be sent back to the application.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPage {
    /// What happened, in a few words.
    pub heading: String,
    /// The fixed sentence of the code (`#error-message`): tests and conformance runs match it.
    pub sentence: String,
    /// What the person can do, and whose fault it is.
    pub next_step: String,
    /// Reason code (`#error-code`).
    pub code: String,
    /// Trace id (`#error-trace`).
    pub trace_id: String,
    /// RFC 3339, UTC.
    pub time: String,
    /// Name of the application, if it is known and enabled.
    pub client: Option<String>,
    /// Where "Go back" leads.
    pub home_url: Option<Href>,
    /// Where the same dialogue goes on by signing in.
    pub sign_in_url: Option<Href>,
    /// Details for whoever builds the application.
    pub developer: Option<Developer>,
    /// HTTP status.
    #[serde(skip)]
    pub status: u16,
}

impl Page for ErrorPage {
    const TEMPLATE: &'static str = "error.html";
    const KIND: PageKind = PageKind::SameOrigin;

    fn status(&self) -> u16 {
        self.status
    }
}

/// `/setup`: posts `csrf`, `code`, `username`, `email`, `name`, `password`.
#[derive(Debug, Clone, Serialize)]
pub struct Setup {
    /// Where the form goes.
    pub action_url: String,
    /// Token of the page.
    pub csrf: String,
    /// The setup code, if one was posted before.
    pub code: String,
    /// What was typed before.
    pub username: String,
    /// What was typed before.
    pub email: String,
    /// What was typed before.
    pub name: String,
    /// The password rule in a sentence, from the policy.
    pub password_rule: String,
    /// What went wrong; `field` is one of the input ids or empty.
    pub errors: Vec<FieldError>,
    /// HTTP status.
    #[serde(skip)]
    pub status: u16,
}

impl Page for Setup {
    const TEMPLATE: &'static str = "setup.html";
    const KIND: PageKind = PageKind::SameOrigin;

    fn status(&self) -> u16 {
        self.status
    }
}

/// A line to type into a terminal.
#[derive(Debug, Clone, Serialize)]
pub struct Command {
    /// What it does.
    pub what: String,
    /// The line.
    pub command: String,
}

/// The page after `/setup`.
#[derive(Debug, Clone, Serialize)]
pub struct SetupDone {
    /// The administrator's username.
    pub username: String,
    /// What to do next.
    pub commands: Vec<Command>,
}

impl Page for SetupDone {
    const TEMPLATE: &'static str = "setup_done.html";
    const KIND: PageKind = PageKind::SameOrigin;
}

/// A link of the start page.
#[derive(Debug, Clone, Serialize)]
pub struct HomeLink {
    label: &'static str,
    about: &'static str,
    icon: &'static str,
    url: String,
}

/// `/`.
#[derive(Debug, Clone, Serialize)]
pub struct Home {
    issuer: String,
    account: Option<Account>,
    sign_out_url: Option<String>,
    requests_url: Option<String>,
    awaits_setup: bool,
    links: Vec<HomeLink>,
}

impl Home {
    /// `issuer` without a trailing slash; `awaits_setup` while there is no administrator;
    /// `playground` when this is `symbolon dev`.
    pub fn new(issuer: &str, account: Option<Account>, awaits_setup: bool, playground: bool) -> Self {
        let link = |label, about, icon, path: &str| HomeLink { label, about, icon, url: format!("{issuer}{path}") };
        let mut links = vec![
            link("Discovery document", "What this server offers (JSON)", "doc", "/.well-known/openid-configuration"),
            link("Signing keys", "The public keys (JWKS)", "key", "/oauth2/jwks"),
            link("Error codes", "What each code means", "list", "/docs/errors"),
        ];
        if playground {
            links.insert(0, link("Playground", "Try a sign-in, read the tokens", "play", "/dev"));
        }
        let sign_out_url = account.is_some().then(|| format!("{issuer}/sign-out"));
        let requests_url = account.is_some().then(|| format!("{issuer}/requests"));
        Self { issuer: issuer.to_owned(), account, sign_out_url, requests_url, awaits_setup, links }
    }
}

impl Page for Home {
    const TEMPLATE: &'static str = "home.html";
    const KIND: PageKind = PageKind::SameOrigin;
}
