//! How a dialogue with a person stops: always on a page of ours, never by a redirect.

use crate::{
    domain::{entity::Client, oauth::OAuthError},
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
}

impl From<&Client> for App {
    fn from(client: &Client) -> Self {
        Self {
            name: client.name.clone(),
            uri: client.settings.client_uri.clone(),
            logo_uri: client.settings.logo_uri.clone(),
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
