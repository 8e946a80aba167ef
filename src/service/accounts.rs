//! The account chooser: which of the accounts that are signed in in this browser a dialogue goes on
//! with (OIDC Core 3.1.2.1 `select_account`), and signing one of them out.

use super::{
    Cx,
    authorization::{self, App, Browser, DialogueFailure, Form, Next, Page, Pending, decline, find_pending},
    login::Account,
    sessions::{self, Held, SessionEnd},
};
use crate::{
    domain::{
        Secret,
        ids::{InteractionId, SessionId},
        oauth::OAuthError,
        trace::{Reason, Transaction},
    },
    store::{Abort, Write, interaction},
};

/// An account that is signed in here.
#[derive(Clone)]
pub struct SignedInAccount {
    /// Its session: what the buttons name.
    pub session: SessionId,
    /// Who.
    pub account: Account,
}

/// The chooser.
#[derive(Clone)]
pub struct AccountsView {
    /// The dialogue, in the page's address.
    pub interaction: InteractionId,
    /// Who asks.
    pub app: App,
    /// The accounts, the one used last first.
    pub accounts: Vec<SignedInAccount>,
    /// The hidden value of the form.
    pub form_token: String,
}

/// An account was signed out.
pub struct Removed {
    /// Where the browser goes: back to what is left to choose from.
    pub next: Next,
    /// The session cookie of the accounts that stay; `None`: it is to be removed.
    pub session_cookie: Option<Secret<String>>,
}

/// What the form decides on: this dialogue, and these accounts.
fn about<'a>(id: &'a InteractionId, held: &'a [Held]) -> Vec<&'a str> {
    std::iter::once(id.as_str()).chain(held.iter().map(|held| held.session.id.as_str())).collect()
}

/// What the chooser of a dialogue shows; `None`: nobody is signed in any more.
///
/// # Errors
/// As [`authorization::resume`].
pub async fn view(cx: &Cx, id: &InteractionId, browser: &Browser) -> Result<Option<AccountsView>, DialogueFailure> {
    cx.note_transaction(Transaction::Authorization);
    let (context, id, browser) = (cx.clone(), id.clone(), browser.clone());
    cx.services
        .store
        .read(move |tx| {
            let pending = find_pending(&context, tx, &id, &browser)?;
            pending.note(&context);
            let held = sessions::all_live(&context, tx, browser.session.as_ref())?;
            if held.is_empty() {
                return Ok(None);
            }
            let form_token = browser.form_token(Form::Accounts, &about(&id, &held));
            let listed =
                |held: &Held| SignedInAccount { session: held.session.id.clone(), account: Account::from(&held.user) };
            Ok(Some(AccountsView {
                app: App::from(&pending.client),
                accounts: held.iter().map(listed).collect(),
                form_token,
                interaction: id,
            }))
        })
        .await
}

/// The accounts of the page, as they stand, and the one that was named.
struct Answered {
    pending: Pending,
    held: Vec<Held>,
    place: Option<usize>,
}

/// What an answer of the page does.
type Effect<T> = fn(&Cx, &mut Write<'_>, Answered, &Browser) -> Result<T, Abort<DialogueFailure>>;

/// `session`: the account that the button named, if it named one.
async fn decide<T: Send + 'static>(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    (form_token, session): (&str, Option<&str>),
    effect: Effect<T>,
) -> Result<T, DialogueFailure> {
    cx.note_transaction(Transaction::Authorization);
    let (context, id, browser) = (cx.clone(), id.clone(), browser.clone());
    let (token, session) = (form_token.to_owned(), session.map(str::to_owned));
    cx.services
        .store
        .write(move |tx| {
            let pending = find_pending(&context, tx, &id, &browser)?;
            pending.note(&context);
            let held = sessions::all_live(&context, tx, browser.session.as_ref())?;
            browser.check_form_token(Form::Accounts, &about(&id, &held), &token).inspect_err(|error| {
                context.refused("form_token", &[], error.reason);
            })?;
            // Whatever the button says: an account counts only if this browser holds its session.
            let of = |wanted: &String| held.iter().position(|held| held.session.id.as_str() == wanted);
            let place = session.as_ref().and_then(of);
            if session.is_some() && place.is_none() {
                context.refused("account", &[], Reason::ParameterMalformed);
                return Err(OAuthError::invalid_request(Reason::ParameterMalformed).into());
            }
            effect(&context, tx, Answered { pending, held, place }, &browser)
        })
        .await
}

/// The dialogue goes on with this account.
///
/// # Errors
/// As [`authorization::resume`]; `FormTokenInvalid`, also if the accounts are others by now.
pub async fn choose(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    form_token: &str,
    session: &str,
) -> Result<Next, DialogueFailure> {
    decide(cx, id, browser, (form_token, Some(session)), |cx, tx, answered, _| {
        let Answered { mut pending, held, place } = answered;
        if let Some(chosen) = place.and_then(|place| held.get(place)) {
            pending.bind(&chosen.session);
            pending.interaction.account_chosen_at = Some(cx.now());
            cx.passed("account_selection", &[("user", chosen.user.id.as_str())]);
        }
        match interaction::update(tx, &pending.interaction)? {
            true => Ok(()),
            false => Err(pending.expired().into()),
        }
    })
    .await?;
    authorization::go_on(cx, id, browser).await
}

/// Signs this account out of this browser; its apps hear of it.
///
/// # Errors
/// As [`choose`].
pub async fn remove(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    form_token: &str,
    session: &str,
) -> Result<Removed, DialogueFailure> {
    let session_cookie = decide(cx, id, browser, (form_token, Some(session)), |cx, tx, answered, _| {
        let Answered { mut held, place, .. } = answered;
        if let Some(place) = place.filter(|place| *place < held.len()) {
            let gone = held.remove(place);
            let cx = cx.clone().acting_as(format!("user:{}", gone.user.id));
            sessions::end(&cx, tx, &gone.session, SessionEnd::SignedOut)?;
        }
        Ok(sessions::cookie_of(&held))
    })
    .await?;
    let page = if session_cookie.is_some() { Page::Accounts(id.clone()) } else { Page::SignIn(id.clone()) };
    Ok(Removed { next: Next::Page(page), session_cookie })
}

/// The person gave up: the client hears `access_denied`.
///
/// # Errors
/// As [`choose`].
pub async fn cancel(cx: &Cx, id: &InteractionId, browser: &Browser, form_token: &str) -> Result<Next, DialogueFailure> {
    let ended = decide(cx, id, browser, (form_token, None), |cx, tx, answered, browser| {
        decline(cx, tx, &answered.pending, browser)
    })
    .await?;
    Ok(ended.next(cx).await?)
}
