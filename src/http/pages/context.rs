//! What each page shows: one typed struct a page, filled by the handlers, printed by a template
//! that can name nothing else. The words of the pages live in the templates, in English.

mod deferred;
mod docs;
mod interaction;
mod playground;
mod site;

use serde::Serialize;

use super::icons;
use super::text::{NAME_LIMIT, initials, one_line, tint};
use crate::domain::Issuer;

pub use deferred::{Answered, Approve, Device, Requests, WaitingRequest};
pub use docs::{DocsError, DocsErrors, ErrorEntry};
pub use interaction::{
    AccountChoice, AppLink, AppStart, AskedFor, AskedInDetail, AskedOfApi, CheckSession, ChooseAccount, Consent,
    ContinueAs, FieldError, FormPost, ScopeLine, Severity, SignIn, SignInHere, SignOutConfirm, SignUp, SignedOut,
    app_names,
};
pub use playground::{DevAction, DevClient, DevError, DevHome, DevRefused, DevResult, DevUser, TokenView};
pub use site::{Command, Developer, ErrorPage, Home, HomeLink, Setup, SetupDone};

/// What every page needs, whatever it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Layout {
    /// Name of this installation, in the title and beside the mark.
    pub instance_name: String,
    /// The person's own choice; `None` follows the system.
    pub theme: Option<Theme>,
    /// Language of the text (BCP 47). The templates are English, so this is `en`.
    pub locale: &'static str,
}

impl Layout {
    /// The layout of an installation with this name, in the system's colours.
    pub fn new(instance_name: &str) -> Self {
        Self { instance_name: one_line(instance_name, NAME_LIMIT), theme: None, locale: "en" }
    }
}

/// Light or dark, as chosen by the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl Theme {
    /// Reads the value of the theme cookie; anything unknown is no choice.
    pub fn parse(value: &str) -> Option<Self> {
        match value {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }
}

/// An address that may stand in `href` or `src`: `http`, `https`, or a path on this origin.
/// There is no other way to make one, so `javascript:` and `data:` cannot reach a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Href(String);

impl Href {
    /// Accepts an absolute `http` or `https` URL, or a path that begins with exactly one slash.
    pub fn parse(address: &str) -> Option<Self> {
        if address.chars().any(|character| character.is_control() || character == '\\') {
            return None;
        }
        if address.starts_with('/') {
            return (!address.starts_with("//")).then(|| Self(address.to_owned()));
        }
        let url = url::Url::parse(address).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| Self(address.to_owned()))
    }

    /// The address of `path`, which begins with a slash, below the issuer: an `http` or `https` URL
    /// by construction.
    pub fn below(issuer: &Issuer, path: &str) -> Self {
        Self(issuer.join(path))
    }

    /// The address as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An application, as a person sees it.
#[derive(Debug, Clone, Serialize)]
pub struct ClientCard {
    name: String,
    host: String,
    logo_url: Option<Href>,
    initial: String,
    tint: u8,
}

impl ClientCard {
    /// `host` is where the person goes afterwards, checked by the caller: the host of the redirect
    /// URI, or words such as "an app on this computer" for a loopback address. The logo must come
    /// from this origin, since the content security policy loads no other.
    pub fn new(name: &str, host: &str, logo_url: Option<Href>) -> Self {
        let name = one_line(name, NAME_LIMIT);
        let initial = initials(&name).chars().take(1).collect();
        Self { host: one_line(host, 255), logo_url, initial, tint: tint(&name), name }
    }
}

/// A person, as they see themselves.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    name: String,
    email: Option<String>,
    initials: String,
    tint: u8,
}

impl Account {
    /// `name` is the display name, or the username where there is none.
    pub fn new(name: &str, email: Option<&str>) -> Self {
        let email = email.map(|email| one_line(email, 255)).filter(|email| !email.is_empty() && email != name);
        let name = one_line(name, NAME_LIMIT);
        Self { email, initials: initials(&name), tint: tint(&name), name }
    }
}
