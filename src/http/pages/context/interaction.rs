//! The steps between an application and its tokens: sign-in, consent, sign-out, and the form
//! that carries the answer (OIDC Core 3.1.2, RP-Initiated Logout 2, Form Post Response Mode).

use serde::Serialize;

use super::{Account, ClientCard, Href, icons};
use crate::http::pages::text::{NAME_LIMIT, one_line};
use crate::http::pages::{Page, PageKind};

/// Whether the person typed something wrong, or can only wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something to correct.
    Wrong,
    /// Nothing to correct: try again later.
    Wait,
}

/// One message of a form, beside its field or above them all.
#[derive(Debug, Clone, Serialize)]
pub struct FieldError {
    /// Id of the input, or empty for the form as a whole.
    pub field: &'static str,
    /// Reason code such as `AS-2001`, kept in `data-code` for support and tests; may be empty.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// How it looks.
    pub severity: Severity,
}

impl FieldError {
    /// A message beside the input `field`.
    pub fn at(field: &'static str, code: &str, message: &str) -> Self {
        Self { field, code: code.to_owned(), message: message.to_owned(), severity: Severity::Wrong }
    }

    /// A message above the form.
    pub fn form(code: &str, message: &str) -> Self {
        Self::at("", code, message)
    }

    /// Wrong password, unknown, locked or disabled person: always these words, so that the page
    /// never tells who exists.
    pub fn credentials_do_not_match(code: &str) -> Self {
        Self::form(code, "That username and password do not match.")
    }

    /// Too many attempts. Says how long, in minutes and never less than one; never how many.
    pub fn throttled(code: &str, minutes: u32) -> Self {
        let message = match minutes {
            0 | 1 => "Too many attempts. Try again in 1 minute.".to_owned(),
            _ => format!("Too many attempts. Try again in {minutes} minutes."),
        };
        Self { field: "", code: code.to_owned(), message, severity: Severity::Wait }
    }

    /// [`Self::throttled`], for so many seconds.
    pub fn throttled_for(code: &str, seconds: u64) -> Self {
        Self::throttled(code, u32::try_from(seconds.div_ceil(60)).unwrap_or(u32::MAX))
    }

    /// The server could not check the password now (503).
    pub fn busy(code: &str) -> Self {
        let message = "The server is busy, so nothing was checked. Try again in a few seconds.".to_owned();
        Self { field: "", code: code.to_owned(), message, severity: Severity::Wait }
    }

    /// No username was typed.
    pub fn username_missing(code: &str) -> Self {
        Self::at("username", code, "Enter your username.")
    }

    /// No password was typed.
    pub fn password_missing(code: &str) -> Self {
        Self::at("password", code, "Enter your password.")
    }
}

/// `/sign-in/{interaction}`: posts `csrf`, `username`, `password` and `action` (`sign-in` or
/// `cancel`) to `action_url`.
#[derive(Debug, Clone, Serialize)]
pub struct SignIn {
    /// Where the form goes.
    pub action_url: String,
    /// Token of the session or interaction.
    pub csrf: String,
    /// The application, if the sign-in is for one; else it is for the requests that wait.
    pub client: Option<ClientCard>,
    /// What was typed before, after a refusal.
    pub username: String,
    /// `login_hint` of the request: fills the field, never locks it.
    pub login_hint: Option<String>,
    /// What went wrong.
    pub error: Option<FieldError>,
    /// One sentence above the form, when there is more to say than the app's name.
    pub note: Option<String>,
    /// The account that is signed in here and may be gone on with.
    pub continue_as: Option<ContinueAs>,
    /// The sign-up page, if somebody without an account may create one.
    pub sign_up_url: Option<String>,
    /// HTTP status: 200, also after wrong credentials; 429 throttled; 503 busy.
    #[serde(skip)]
    pub status: u16,
}

/// `/sign-in`: the same page where no application waits, so that its form stays here.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct SignInHere(pub SignIn);

impl Page for SignInHere {
    const TEMPLATE: &'static str = SignIn::TEMPLATE;
    const KIND: PageKind = PageKind::SameOrigin;

    fn status(&self) -> u16 {
        self.0.status
    }
}

/// An account that may be gone on with, without a password.
#[derive(Debug, Clone, Serialize)]
pub struct ContinueAs {
    /// Whose session it is.
    pub account: Account,
    /// Token that binds that form to this browser, dialogue and session.
    pub csrf: String,
}

impl Page for SignIn {
    const TEMPLATE: &'static str = "sign_in.html";
    const KIND: PageKind = PageKind::Interaction;

    fn status(&self) -> u16 {
        self.status
    }
}

/// `/sign-up/{interaction}`: posts `csrf`, `username`, `email`, `name`, `password` and `action` (`sign-up` or
/// `cancel`) to `action_url`.
#[derive(Debug, Clone, Serialize)]
pub struct SignUp {
    /// Where the form goes.
    pub action_url: String,
    /// The sign-in page of the same dialogue.
    pub sign_in_url: String,
    /// Token of the interaction.
    pub csrf: String,
    /// The application.
    pub client: ClientCard,
    /// What was typed before, or the hint of the request.
    pub username: String,
    /// What was typed before, or the hint of the request.
    pub email: String,
    /// What was typed before.
    pub name: String,
    /// The password rule in a sentence, from the policy.
    pub password_rule: String,
    /// What went wrong; `field` is one of the input ids or empty.
    pub errors: Vec<FieldError>,
    /// HTTP status: 200; 422 after a refusal; 429 throttled; 503 busy.
    #[serde(skip)]
    pub status: u16,
}

impl Page for SignUp {
    const TEMPLATE: &'static str = "sign_up.html";
    const KIND: PageKind = PageKind::Interaction;

    fn status(&self) -> u16 {
        self.status
    }
}

/// What one scope means to a person.
#[derive(Debug, Clone, Serialize)]
pub struct ScopeLine {
    name: String,
    sentence: String,
    detail: Option<String>,
    icon: &'static str,
}

impl ScopeLine {
    /// `sentence` completes "*App* will be able to", for example "see your email address".
    pub fn new(name: &str, sentence: &str, detail: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            sentence: one_line(sentence, 200),
            detail: detail.map(|detail| one_line(detail, 300)),
            icon: icons::for_scope(name),
        }
    }

    /// The built-in sentences for the standard scopes; other scopes are named as they are.
    pub fn standard(name: &str) -> Self {
        let (sentence, detail) = match name {
            "openid" => ("know who you are", "Your account identifier here"),
            "profile" => ("see your profile", "Name, username, picture and similar"),
            "email" => ("see your email address", "And whether it is verified"),
            "phone" => ("see your phone number", "And whether it is verified"),
            "address" => ("see your postal address", ""),
            "groups" => ("see your groups", "Their names only"),
            "offline_access" => ("stay connected", "Keep this access while you are away, until it is taken back"),
            other => return Self::new(other, &format!("use {}", one_line(other, 120)), None),
        };
        Self::new(name, sentence, (!detail.is_empty()).then_some(detail))
    }
}

/// What is asked for at one API.
#[derive(Debug, Clone, Serialize)]
pub struct AskedOfApi {
    name: String,
    resource: String,
    description: String,
    scopes: Vec<ScopeLine>,
}

impl AskedOfApi {
    /// An API without scopes is asked for as such.
    pub fn new(name: &str, resource: &str, description: &str, mut scopes: Vec<ScopeLine>) -> Self {
        let name = one_line(name, NAME_LIMIT);
        if scopes.is_empty() {
            scopes.push(ScopeLine::new(resource, &format!("Use {name} on your behalf"), None));
        }
        Self { name, resource: one_line(resource, 600), description: one_line(description, 600), scopes }
    }
}

/// One object of authorization details. Nothing of it is cut: a person allows all of it.
#[derive(Debug, Clone, Serialize)]
pub struct AskedInDetail {
    title: String,
    description: String,
    fields: Vec<(String, String)>,
}

impl AskedInDetail {
    /// `fields`: each value with its path.
    pub fn new(title: &str, description: &str, fields: &[(String, String)]) -> Self {
        let whole = |text: &String| one_line(text, usize::MAX);
        Self {
            title: one_line(title, NAME_LIMIT),
            description: one_line(description, 600),
            fields: fields.iter().map(|(name, value)| (whole(name), whole(value))).collect(),
        }
    }
}

/// All that an app asks for: the pages that ask a person show it in the same way.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AskedFor {
    /// At no API.
    pub scopes: Vec<ScopeLine>,
    /// At APIs.
    pub apis: Vec<AskedOfApi>,
    /// In detail.
    pub details: Vec<AskedInDetail>,
}

/// Where an app says more about itself.
#[derive(Debug, Clone, Serialize)]
pub struct AppLink {
    id: &'static str,
    label: &'static str,
    host: String,
    url: Href,
}

impl AppLink {
    /// A link, if `address` may stand in one. The host is shown beside it: the label is ours, the
    /// address is not.
    pub fn new(id: &'static str, label: &'static str, address: &str) -> Option<Self> {
        let url = Href::parse(address)?;
        let host = url::Url::parse(address).ok()?.host_str()?.to_owned();
        Some(Self { id, label, host: one_line(&host, 255), url })
    }
}

/// `/apps/start`: an app that nobody here has vouched for is started by a link and not at once.
#[derive(Debug, Clone, Serialize)]
pub struct AppStart {
    /// The app.
    pub client: ClientCard,
    /// Where its sign-in begins.
    pub url: Href,
}

impl Page for AppStart {
    const TEMPLATE: &'static str = "app_start.html";
    const KIND: PageKind = PageKind::SameOrigin;
}

/// `/consent/{interaction}`: posts `csrf` and `action` (`allow`, `deny` or `switch`).
#[derive(Debug, Clone, Serialize)]
pub struct Consent {
    /// Where the form goes.
    pub action_url: String,
    /// Token of the session or interaction.
    pub csrf: String,
    /// The application that asks.
    pub client: ClientCard,
    /// Who would allow it.
    pub account: Account,
    /// What it asks for.
    pub asked: AskedFor,
    /// The application registered itself.
    pub unverified: bool,
    /// The host that published the application's description, if it is known by that.
    pub published_by: Option<String>,
    /// Where it says more about itself.
    pub links: Vec<AppLink>,
    /// Who is responsible for it.
    pub contacts: Vec<String>,
    /// Whether "Use another account" is offered.
    pub can_switch: bool,
}

impl Page for Consent {
    const TEMPLATE: &'static str = "consent.html";
    const KIND: PageKind = PageKind::Interaction;
}

/// The names of applications, made safe to read, each once.
pub fn app_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().map(|name| one_line(name, NAME_LIMIT)).collect();
    names.sort();
    names.dedup();
    names
}

/// An account that is signed in here.
#[derive(Debug, Clone, Serialize)]
pub struct AccountChoice {
    /// Its session: what its buttons send.
    pub session: String,
    /// Who.
    pub account: Account,
}

/// `/accounts/{interaction}`: posts `csrf` and one of `account`, `remove` (a session) and `action`
/// (`cancel`).
#[derive(Debug, Clone, Serialize)]
pub struct ChooseAccount {
    /// Where the form goes.
    pub action_url: String,
    /// Token of the dialogue and its accounts.
    pub csrf: String,
    /// The application that asks.
    pub client: ClientCard,
    /// The accounts, the one used last first.
    pub accounts: Vec<AccountChoice>,
    /// The sign-in page.
    pub other_url: String,
}

impl Page for ChooseAccount {
    const TEMPLATE: &'static str = "choose_account.html";
    const KIND: PageKind = PageKind::Interaction;
}

/// The check_session_iframe: a page for programs, in a frame of any origin.
#[derive(Debug, Clone, Serialize)]
pub struct CheckSession {
    /// The cookie that its script reads.
    pub cookie: &'static str,
}

impl Page for CheckSession {
    const TEMPLATE: &'static str = "check_session.html";
    const KIND: PageKind = PageKind::Framed;
}

/// `/sign-out`: posts `csrf`, and `action` (`sign-out`, `all` or `stay`) or `account` (a session).
#[derive(Debug, Clone, Serialize)]
pub struct SignOutConfirm {
    /// Where the form goes.
    pub action_url: String,
    /// Token of the session.
    pub csrf: String,
    /// Who is signed in, if known.
    /// Hidden fields that carry the request; everything in them is verified again.
    pub fields: Vec<(String, String)>,
    /// Who is signed in.
    pub account: Option<Account>,
    /// The application that asks, if any.
    pub client: Option<ClientCard>,
    /// The other accounts that are signed in here.
    pub others: Vec<AccountChoice>,
    /// The applications that are signed out as well, made safe to read.
    pub apps: Vec<String>,
}

impl Page for SignOutConfirm {
    const TEMPLATE: &'static str = "sign_out.html";
    // The answer to the form may be a redirect to the client.
    const KIND: PageKind = PageKind::Interaction;
}

/// `/signed-out`.
#[derive(Debug, Clone, Serialize)]
pub struct SignedOut {
    /// The checked `post_logout_redirect_uri`, where a link to it makes sense.
    pub continue_url: Option<Href>,
    /// Whose address that is.
    pub client_name: Option<String>,
    /// The applications that are signed out as well.
    pub apps: Vec<String>,
    /// What is loaded in frames, so that they are.
    pub frames: Vec<Href>,
    /// The origins of the frames, for the policy of this page.
    #[serde(skip)]
    pub origins: Vec<String>,
}

impl SignedOut {
    /// The page, with the name made safe to read.
    pub fn new(continue_url: Option<Href>, client_name: Option<&str>) -> Self {
        let client_name = client_name.map(|name| one_line(name, NAME_LIMIT));
        Self { continue_url, client_name, apps: Vec::new(), frames: Vec::new(), origins: Vec::new() }
    }

    /// With these applications, and the frames of those that have one: address and origin.
    #[must_use]
    pub fn with_apps<'a>(
        mut self,
        names: impl IntoIterator<Item = &'a str>,
        frames: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        self.apps = app_names(names);
        for (address, origin) in frames {
            if let Some(frame) = Href::parse(address) {
                self.frames.push(frame);
                self.origins.push(origin.to_owned());
            }
        }
        self
    }
}

impl Page for SignedOut {
    const TEMPLATE: &'static str = "signed_out.html";
    const KIND: PageKind = PageKind::SameOrigin;

    fn frame_origins(&self) -> &[String] {
        &self.origins
    }
}

/// `response_mode=form_post`: hidden fields, a visible button, and a script that presses it.
#[derive(Debug, Clone, Serialize)]
pub struct FormPost {
    /// The checked redirect URI.
    pub action: Href,
    /// Response parameters in order.
    pub fields: Vec<(String, String)>,
    /// The application, if its name is known.
    pub client_name: Option<String>,
}

impl Page for FormPost {
    const TEMPLATE: &'static str = "form_post.html";
    const KIND: PageKind = PageKind::Interaction;
}
