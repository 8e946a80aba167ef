//! How a dialogue with a person stops: always on a page of ours, never by a redirect.

use crate::{
    domain::{entity::Client, ids::ClientId, oauth::OAuthError},
    service::{Broken, Failure},
    store::{Abort, StoreError},
};

/// The app that a page speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its name.
    pub name: String,
    /// Its home page, to go back to.
    pub uri: Option<String>,
    /// Its logo.
    pub logo_uri: Option<String>,
    /// Its name for programs, if a sign-in can be started from here (OIDC Core 4).
    pub starts: Option<ClientId>,
}

impl From<&Client> for App {
    fn from(client: &Client) -> Self {
        Self {
            name: client.name.clone(),
            // A link in our name leads only to what somebody here has vouched for.
            uri: client.settings.client_uri.clone().filter(|_| !client.owner.is_self_registered()),
            logo_uri: client.settings.logo_uri.clone(),
            starts: client.settings.initiate_login_uri.as_ref().map(|_| client.client_id.clone()),
        }
    }
}

/// Why a dialogue cannot go on.
#[derive(Debug)]
pub enum DialogueFailure {
    /// A rule said no: an error page.
    Refused {
        /// What is wrong.
        error: OAuthError,
        /// Where the person came from, if the browser may know.
        app: Option<App>,
    },
    /// The server could not decide.
    Broken(Broken),
}

impl DialogueFailure {
    /// The app is added where it is known only later.
    #[must_use]
    pub(in crate::service) fn with_app(self, client: &Client) -> Self {
        match self {
            Self::Refused { error, app: None } => Self::Refused { error, app: Some(App::from(client)) },
            other => other,
        }
    }
}

impl From<OAuthError> for DialogueFailure {
    fn from(error: OAuthError) -> Self {
        Self::Refused { error, app: None }
    }
}

impl From<Broken> for DialogueFailure {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<StoreError> for DialogueFailure {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<Failure> for DialogueFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error.into(),
            Failure::Broken(broken) => broken.into(),
        }
    }
}

impl From<DialogueFailure> for Abort<DialogueFailure> {
    fn from(failure: DialogueFailure) -> Self {
        Self::Undo(failure)
    }
}

impl From<Broken> for Abort<DialogueFailure> {
    fn from(broken: Broken) -> Self {
        Self::Undo(broken.into())
    }
}

impl From<OAuthError> for Abort<DialogueFailure> {
    fn from(error: OAuthError) -> Self {
        Self::Undo(error.into())
    }
}
