//! The playground of `symbolon dev`: a relying party inside the server, for people who write one.

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::{Account, Command, Href};
use crate::http::pages::{Page, PageKind};

/// A sample application.
#[derive(Debug, Clone, Serialize)]
pub struct DevClient {
    /// `client_id`.
    pub id: String,
    /// "web", "single page", "command line", "machine".
    pub kind: String,
    /// Its secret, if it has one.
    pub secret: Option<String>,
    /// How it authenticates, in words or as `token_endpoint_auth_method`.
    pub authentication: String,
    /// Registered redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Scopes worth trying.
    pub scope: Option<String>,
    /// Whether the playground's own form can use it.
    pub can_sign_in: bool,
}

/// A sample person.
#[derive(Debug, Clone, Serialize)]
pub struct DevUser {
    username: String,
    email: String,
    password: String,
    initials: String,
    tint: u8,
}

impl DevUser {
    /// A person and the password everyone may know.
    pub fn new(username: &str, email: &str, password: &str) -> Self {
        let Account { initials, tint, .. } = Account::new(username, None);
        Self { username: username.to_owned(), email: email.to_owned(), password: password.to_owned(), initials, tint }
    }
}

/// `/dev`: the form posts `csrf`, `client_id`, `scope`, `prompt`, `response_mode`, `max_age` and
/// `login_hint` (each may be empty: not sent) to `sign_in_url`.
#[derive(Debug, Clone, Serialize)]
pub struct DevHome {
    /// The issuer.
    pub issuer: String,
    /// Address of the discovery document.
    pub discovery_url: Href,
    /// Address of the error codes.
    pub docs_url: Href,
    /// Where the form goes.
    pub sign_in_url: String,
    /// What just happened, such as a sign-out.
    pub notice: Option<String>,
    /// Token of the page.
    pub csrf: String,
    /// What the scope field holds at first.
    pub default_scope: String,
    /// Values offered for `prompt`.
    pub prompts: Vec<String>,
    /// Values offered for `response_mode`.
    pub response_modes: Vec<String>,
    /// Sample applications.
    pub clients: Vec<DevClient>,
    /// Sample people.
    pub users: Vec<DevUser>,
    /// Lines for a terminal.
    pub samples: Vec<Command>,
}

impl Page for DevHome {
    const TEMPLATE: &'static str = "dev_home.html";
    // Every redirect URI that the form offers is on this origin.
    const KIND: PageKind = PageKind::SameOrigin;
}

/// A token and what is inside.
#[derive(Debug, Clone, Serialize)]
pub struct TokenView {
    /// As sent.
    pub raw: String,
    /// JOSE header, pretty JSON; `None` for an opaque token.
    pub header: Option<String>,
    /// Claims, pretty JSON; `None` for an opaque token.
    pub claims: Option<String>,
    /// A few words beside the title, such as "opaque" or "10 minutes".
    pub note: Option<String>,
}

/// An error answer.
#[derive(Debug, Clone, Serialize)]
pub struct DevError {
    /// OAuth error code.
    pub code: String,
    /// `error_description`.
    pub description: Option<String>,
    /// Trace id.
    pub trace_id: Option<String>,
    /// `error_uri`, if it is a web address.
    pub docs_url: Option<Href>,
}

/// A button under the heading; posts `csrf` and its own fields.
#[derive(Debug, Clone, Serialize)]
pub struct DevAction {
    /// Id of the button.
    pub id: &'static str,
    /// Text of the button.
    pub label: &'static str,
    /// Where the form goes.
    pub url: String,
    /// Whether the form is sent by GET (no `csrf` then) or POST.
    pub method: &'static str,
    /// Hidden fields.
    pub fields: Vec<(String, String)>,
}

impl DevAction {
    /// A button that posts.
    pub fn post(id: &'static str, label: &'static str, url: &str, fields: Vec<(String, String)>) -> Self {
        Self { id, label, url: url.to_owned(), method: "post", fields }
    }
}

/// `/dev/callback` and what follows from it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DevResult {
    /// Heading, such as "Signed in as alice".
    pub heading: String,
    /// Address of the playground.
    pub home_url: String,
    /// Token of the page.
    pub csrf: String,
    /// The application that asked.
    pub client_id: String,
    /// Granted scope.
    pub scope: Option<String>,
    /// The refusal, if it was one.
    pub error: Option<DevError>,
    /// Buttons: refresh, introspect, revoke, sign out.
    pub actions: Vec<DevAction>,
    /// The ID token.
    pub id_token: Option<TokenView>,
    /// The access token.
    pub access_token: Option<TokenView>,
    /// The refresh token.
    pub refresh_token: Option<TokenView>,
    /// The userinfo answer, pretty JSON.
    pub userinfo: Option<String>,
    /// The introspection answer, pretty JSON.
    pub introspection: Option<String>,
}

#[derive(Debug, Serialize)]
struct Part<'a> {
    id: String,
    title: &'static str,
    json: &'a str,
}

#[derive(Debug, Serialize)]
struct Panel<'a> {
    id: &'static str,
    title: &'static str,
    note: Option<&'a str>,
    parts: Vec<Part<'a>>,
    raw: Option<&'a str>,
}

#[derive(Serialize)]
struct View<'a> {
    #[serde(flatten)]
    page: &'a DevResult,
    panels: Vec<Panel<'a>>,
}

impl DevResult {
    fn panels(&self) -> Vec<Panel<'_>> {
        let tokens = [
            ("id-token", "ID token", &self.id_token),
            ("access-token", "Access token", &self.access_token),
            ("refresh-token", "Refresh token", &self.refresh_token),
        ];
        let answers =
            [("userinfo", "Userinfo", &self.userinfo), ("introspection", "Introspection", &self.introspection)];
        let tokens = tokens.into_iter().filter_map(|(id, title, token)| {
            token.as_ref().map(|token| Panel {
                id,
                title,
                note: token.note.as_deref(),
                parts: [("Claims", "claims", &token.claims), ("Header", "header", &token.header)]
                    .into_iter()
                    .filter_map(|(title, key, json)| {
                        json.as_deref().map(|json| Part { id: format!("{id}-{key}"), title, json })
                    })
                    .collect(),
                raw: Some(token.raw.as_str()),
            })
        });
        let answers = answers.into_iter().filter_map(|(id, title, json)| {
            json.as_deref().map(|json| Panel {
                id,
                title,
                note: None,
                parts: vec![Part { id: format!("{id}-json"), title: "", json }],
                raw: None,
            })
        });
        tokens.chain(answers).collect()
    }
}

impl Page for DevResult {
    const TEMPLATE: &'static str = "dev_result.html";
    const KIND: PageKind = PageKind::SameOrigin;

    fn values(&self) -> Value {
        Value::from(Serde(View { page: self, panels: self.panels() }))
    }
}

/// The same page where the playground, and not the server, says no.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct DevRefused {
    /// What is shown.
    pub result: DevResult,
    /// HTTP status.
    #[serde(skip)]
    pub status: u16,
}

impl Page for DevRefused {
    const TEMPLATE: &'static str = DevResult::TEMPLATE;
    const KIND: PageKind = DevResult::KIND;

    fn status(&self) -> u16 {
        self.status
    }

    fn values(&self) -> Value {
        self.result.values()
    }
}
