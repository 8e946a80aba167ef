//! What the sign-in page shows.

use super::Occasion;
use crate::{
    domain::{Secret, entity::User, ids::InteractionId, oauth::AuthorizationRequest, oidc::interaction::Decision},
    service::{
        Cx,
        authorization::{
            App, Browser, DialogueFailure, Form, Page, decide_pending, find_pending, is_about_somebody, session_of,
        },
        sign_up,
    },
};

/// Why somebody is asked to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInPurpose {
    /// Nobody is signed in, or another account is to be used.
    SignIn,
    /// The app asks for another account than the one that is signed in.
    OtherAccount,
    /// The app asks that the same person proves it again.
    Reauthenticate,
    /// The app asks which account to use.
    SelectAccount,
}

/// An account as its owner knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The username.
    pub username: String,
    /// The full name.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
}

impl From<&User> for Account {
    fn from(user: &User) -> Self {
        Self { username: user.username.clone(), name: user.name.clone(), email: user.email.clone() }
    }
}

/// The account that is signed in, and may be gone on with.
#[derive(Clone)]
pub struct ContinueAs {
    /// Who.
    pub account: Account,
    /// The hidden value of that form.
    pub form_token: String,
}

/// The sign-in page.
#[derive(Clone)]
pub struct SignInView {
    /// What it is for.
    pub occasion: Occasion,
    /// The app that asks, if one does.
    pub app: Option<App>,
    /// Why.
    pub purpose: SignInPurpose,
    /// What the username field holds at first. Anybody may sign in all the same.
    pub username: Option<String>,
    /// The account that may be gone on with, without a password.
    pub continue_as: Option<ContinueAs>,
    /// The hidden value of the form.
    pub form_token: String,
    /// The secret that binds the form to this browser, if it must become a cookie.
    pub browser_cookie: Option<Secret<String>>,
    /// Where somebody without an account may create one instead.
    pub sign_up: Option<Page>,
    /// The languages that the app prefers.
    pub ui_locales: Option<String>,
}

/// A longer hint is nobody's name.
const MAX_HINT: usize = 254;

/// The `login_hint` of a request, if it can be somebody's name.
pub(in crate::service) fn usable_hint(request: &AuthorizationRequest) -> Option<String> {
    request.login_hint.clone().filter(|hint| hint.len() <= MAX_HINT && !hint.chars().any(char::is_control))
}

/// What the sign-in page shows. It is shown whatever a dialogue needs, and whoever is signed in: somebody
/// may want another account.
///
/// # Errors
/// As [`resume`](crate::service::authorization::resume).
pub async fn view(cx: &Cx, occasion: &Occasion, browser: &Browser) -> Result<SignInView, DialogueFailure> {
    match occasion {
        Occasion::Dialogue(id) => in_dialogue(cx, id, browser).await,
        Occasion::Requests => Ok(without_app(cx, occasion, browser)),
    }
}

/// The page that no app asked for. Accounts are created in the dialogues of apps only.
fn without_app(cx: &Cx, occasion: &Occasion, browser: &Browser) -> SignInView {
    let (browser, browser_cookie) = browser.clone().with_secret(cx);
    SignInView {
        occasion: occasion.clone(),
        app: None,
        purpose: SignInPurpose::SignIn,
        username: None,
        continue_as: None,
        form_token: occasion.form_token(&browser),
        browser_cookie,
        sign_up: None,
        ui_locales: None,
    }
}

async fn in_dialogue(cx: &Cx, id: &InteractionId, browser: &Browser) -> Result<SignInView, DialogueFailure> {
    let (context, id, browser) = (cx.clone(), id.clone(), browser.clone());
    cx.services
        .store
        .read(move |tx| {
            let cx = &context;
            let pending = find_pending(cx, tx, &id, &browser)?;
            pending.note(cx);
            let decision = decide_pending(cx, tx, &pending, &browser)?;
            let session = session_of(cx, tx, &pending, &browser)?;
            let purpose = match decision {
                Decision::Reauthenticate => SignInPurpose::Reauthenticate,
                Decision::SelectAccount => SignInPurpose::SelectAccount,
                Decision::SignIn if session.is_some() => SignInPurpose::OtherAccount,
                _ => SignInPurpose::SignIn,
            };
            let may_continue =
                matches!(decision, Decision::SelectAccount | Decision::SignUp | Decision::Consent | Decision::Grant);
            let continue_as = session.as_ref().filter(|_| may_continue).map(|(session, user)| ContinueAs {
                account: Account::from(user),
                form_token: browser.form_token(Form::ContinueAs, &[id.as_str(), session.id.as_str()]),
            });
            let again = session.filter(|_| purpose == SignInPurpose::Reauthenticate).map(|(_, user)| user.username);
            let hint = usable_hint(&pending.request);
            // A new account is nobody who is asked for already.
            let may_sign_up = purpose != SignInPurpose::Reauthenticate
                && !is_about_somebody(cx, &pending)?
                && sign_up::policy::read(tx)?.mode.is_open();
            let occasion = Occasion::Dialogue(id.clone());
            Ok(SignInView {
                app: Some(App::from(&pending.client)),
                purpose,
                username: again.or(hint),
                continue_as,
                form_token: occasion.form_token(&browser),
                browser_cookie: None,
                sign_up: may_sign_up.then(|| Page::SignUp(id.clone())),
                ui_locales: pending.request.ui_locales.clone(),
                occasion,
            })
        })
        .await
}
