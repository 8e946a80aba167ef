//! What somebody signs in for: the dialogue of an app, or a page of ours. A page of ours needs no
//! row: no app waits for an answer, nothing is granted, and where the browser goes is written here
//! and nowhere in a request. Its form is bound to the browser as every other form is.

use super::check_token;
use crate::{
    domain::ids::InteractionId,
    service::{
        Cx,
        authorization::{self, Browser, DialogueFailure, Form, Next, Page, Pending, find_pending},
    },
    store::Read,
};

/// What somebody signs in for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The dialogue of an app goes on.
    Dialogue(InteractionId),
    /// To see the requests that wait for them (OpenID Connect CIBA Core 1.0 §8).
    Requests,
}

impl Occasion {
    /// The page with its form.
    pub fn page(&self) -> Page {
        match self {
            Self::Dialogue(id) => Page::SignIn(id.clone()),
            Self::Requests => Page::SignInForRequests,
        }
    }

    /// The hidden value of its form.
    pub(super) fn form_token(&self, browser: &Browser) -> String {
        match self {
            Self::Dialogue(id) => browser.form_token(Form::SignIn, &[id.as_str()]),
            Self::Requests => browser.form_token(Form::SignInForRequests, &[]),
        }
    }

    /// Whether the form comes from this browser's own page.
    ///
    /// # Errors
    /// `FormTokenInvalid`.
    pub(super) fn check_token(&self, cx: &Cx, browser: &Browser, token: &str) -> Result<(), DialogueFailure> {
        match self {
            Self::Dialogue(id) => check_token(cx, browser, Form::SignIn, &[id.as_str()], token),
            Self::Requests => check_token(cx, browser, Form::SignInForRequests, &[], token),
        }
    }

    /// The dialogue of the app, found again.
    ///
    /// # Errors
    /// As [`find_pending`].
    pub(super) fn find(
        &self,
        cx: &Cx,
        tx: &mut Read<'_>,
        browser: &Browser,
    ) -> Result<Option<Pending>, DialogueFailure> {
        match self {
            Self::Dialogue(id) => find_pending(cx, tx, id, browser).map(Some),
            Self::Requests => Ok(None),
        }
    }

    /// Where the browser goes now that somebody has signed in.
    ///
    /// # Errors
    /// As [`authorization::resume`].
    pub(super) async fn go_on(&self, cx: &Cx, browser: &Browser) -> Result<Next, DialogueFailure> {
        match self {
            Self::Dialogue(id) => authorization::go_on(cx, id, browser).await,
            Self::Requests => Ok(Next::Page(Page::Requests)),
        }
    }
}
