//! The consent page: what a person is asked, and what the answer does (OIDC Core 3.1.2.4, ASVS 10.7).

mod asked;

use url::Url;

pub(super) use asked::describe;
pub use asked::{AskedAll, AskedApi, AskedDetails, AskedScope};

use super::{
    Cx,
    authorization::{
        self, App, Browser, DialogueFailure, Ended, Form, Next, Page, Pending, asked_scope, decide_pending, decline,
        find_pending, page_to_switch, session_of,
    },
    login::Account,
};
use crate::{
    domain::{
        entity::{Client, Ending, Session},
        ids::InteractionId,
        oauth::is_document_id,
        oidc::interaction::Decision,
        trace::Transaction,
    },
    store::{Abort, Read, Write, interaction},
};

/// What an app says of itself, for links on the page. Its logo is a link too: pictures from
/// elsewhere are not loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppLinks {
    /// Where it lives.
    pub home: Option<String>,
    /// What it does with people's data.
    pub policy: Option<String>,
    /// Its terms.
    pub terms: Option<String>,
    /// Its logo.
    pub logo: Option<String>,
    /// Who is responsible for it.
    pub contacts: Vec<String>,
}

impl From<&Client> for AppLinks {
    fn from(client: &Client) -> Self {
        let settings = &client.settings;
        Self {
            home: settings.client_uri.clone(),
            policy: settings.policy_uri.clone(),
            terms: settings.tos_uri.clone(),
            logo: settings.logo_uri.clone(),
            contacts: settings.contacts.clone(),
        }
    }
}

/// The consent page.
#[derive(Clone)]
pub struct ConsentView {
    /// The dialogue, in the page's address.
    pub interaction: InteractionId,
    /// Who asks.
    pub app: App,
    /// The host that the answer goes to: the one thing about an app that is verified. `None`: an app
    /// on this computer.
    pub host: Option<String>,
    /// The host that published what the app says of itself, if it is known by that.
    pub published_by: Option<String>,
    /// Nobody here has vouched for what the app says of itself.
    pub unverified: bool,
    /// What it says of itself.
    pub links: AppLinks,
    /// Whose data it is.
    pub account: Account,
    /// What is asked for.
    pub asked: AskedAll,
    /// The hidden value of the form: for allow, deny and switch.
    pub form_token: String,
    /// The languages that the app prefers.
    pub ui_locales: Option<String>,
}

/// A page, or where to go instead of it.
pub enum Shown<T> {
    /// The page.
    Page(T),
    /// The dialogue needs something else by now.
    Elsewhere(Next),
}

/// What the consent page of a dialogue shows.
///
/// # Errors
/// As [`authorization::resume`].
pub async fn view(cx: &Cx, id: &InteractionId, browser: &Browser) -> Result<Shown<ConsentView>, DialogueFailure> {
    shown(cx, id, browser, read_view).await
}

/// Reads what a page shows; nothing when the dialogue needs something else.
pub(super) type ReadView<T> = fn(&Cx, &mut Read<'_>, InteractionId, &Browser) -> Result<Option<T>, DialogueFailure>;

/// The page that the dialogue needs now, read in one transaction, or where to go instead.
pub(super) async fn shown<T: Send + 'static>(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    read_view: ReadView<T>,
) -> Result<Shown<T>, DialogueFailure> {
    cx.note_transaction(Transaction::Consent);
    let (context, dialogue, presented) = (cx.clone(), id.clone(), browser.clone());
    let shown = cx.services.store.read(move |tx| read_view(&context, tx, dialogue, &presented)).await?;
    match shown {
        Some(view) => Ok(Shown::Page(view)),
        None => authorization::go_on(cx, id, browser).await.map(Shown::Elsewhere),
    }
}

fn read_view(
    cx: &Cx,
    tx: &mut Read<'_>,
    id: InteractionId,
    browser: &Browser,
) -> Result<Option<ConsentView>, DialogueFailure> {
    let pending = find_pending(cx, tx, &id, browser)?;
    pending.note(cx);
    if pending.interaction.ending != Ending::Redirect {
        // What another device asks for has a page of its own, which says more.
        return Ok(None);
    }
    let session = session_of(cx, tx, &pending, browser)?;
    let (Decision::Consent, Some((session, user))) = (decide_pending(cx, tx, &pending, browser)?, session) else {
        return Ok(None);
    };
    Ok(Some(ConsentView {
        app: App::from(&pending.client),
        host: host_of(&pending.request.redirect_uri),
        published_by: published_by(&pending.client),
        unverified: pending.client.owner.is_self_registered(),
        links: AppLinks::from(&pending.client),
        account: Account::from(&user),
        asked: describe(tx, asked_scope(cx, &pending)?, &pending.request)?,
        form_token: browser.form_token(Form::Consent, &[id.as_str(), session.id.as_str()]),
        ui_locales: pending.request.ui_locales.clone(),
        interaction: id,
    }))
}

/// The host that published what an app says of itself, if it is known by that.
pub(super) fn published_by(client: &Client) -> Option<String> {
    is_document_id(&client.client_id).then(|| host_of(client.client_id.as_str())).flatten()
}

/// Loopback addresses and the schemes of native apps (RFC 8252 §7) lead to this computer.
fn host_of(redirect_uri: &str) -> Option<String> {
    let uri = Url::parse(redirect_uri).ok().filter(|uri| matches!(uri.scheme(), "https" | "http"))?;
    let host = match uri.host()? {
        url::Host::Ipv4(address) if address.is_loopback() => return None,
        url::Host::Ipv6(address) if address.is_loopback() => return None,
        url::Host::Domain("localhost") => return None,
        host => host.to_string(),
    };
    Some(uri.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// The person allows what the page showed, and the dialogue goes on.
///
/// # Errors
/// As [`authorization::resume`]; `FormTokenInvalid`, also if another account is signed in by now.
pub async fn allow(cx: &Cx, id: &InteractionId, browser: &Browser, form_token: &str) -> Result<Next, DialogueFailure> {
    decide(cx, id, browser, (Form::Consent, form_token), |cx, tx, mut pending, session, _| {
        pending.bind(session);
        pending.interaction.consented_at = Some(cx.now());
        cx.passed("consent", &[("scope", &pending.request.scope.join(" "))]);
        save(tx, &pending).map(|()| Then::GoOn)
    })
    .await
}

/// The person denies: the client hears `access_denied`.
///
/// # Errors
/// As [`allow`].
pub async fn deny(cx: &Cx, id: &InteractionId, browser: &Browser, form_token: &str) -> Result<Next, DialogueFailure> {
    decide(cx, id, browser, (Form::Consent, form_token), |cx, tx, pending, _, browser| {
        decline(cx, tx, &pending, browser).map(Then::Ended)
    })
    .await
}

/// The person wants another account: what was done in this dialogue is forgotten, and the chooser
/// follows, or the sign-in page where there is nothing to choose from. Nobody is signed out.
///
/// # Errors
/// As [`allow`].
pub async fn switch_account(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    form_token: &str,
) -> Result<Next, DialogueFailure> {
    decide(cx, id, browser, (Form::Consent, form_token), |cx, tx, mut pending, _, browser| {
        pending.forget_progress();
        cx.interaction("account_selection", &[]);
        save(tx, &pending)?;
        Ok(Then::Page(page_to_switch(cx, tx, pending.interaction.id, browser)?))
    })
    .await
}

pub(super) fn save(tx: &mut Write<'_>, pending: &Pending) -> Result<(), Abort<DialogueFailure>> {
    match interaction::update(tx, &pending.interaction)? {
        true => Ok(()),
        false => Err(pending.expired().into()),
    }
}

/// What follows an answer.
pub(super) enum Then {
    /// The dialogue goes on from what is stored.
    GoOn,
    /// This page.
    Page(Page),
    /// The dialogue has ended.
    Ended(Ended),
}

/// What an answer does.
pub(super) type Effect = fn(&Cx, &mut Write<'_>, Pending, &Session, &Browser) -> Result<Then, Abort<DialogueFailure>>;

/// An answer counts only for the account that the page named. `form`: which form it was, and its
/// hidden value.
pub(super) async fn decide(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    form: (Form, &str),
    effect: Effect,
) -> Result<Next, DialogueFailure> {
    cx.note_transaction(Transaction::Consent);
    let (context, dialogue, presented) = (cx.clone(), id.clone(), browser.clone());
    let (form, token) = (form.0, form.1.to_owned());
    let then = cx
        .services
        .store
        .write(move |tx| {
            let pending = find_pending(&context, tx, &dialogue, &presented)?;
            pending.note(&context);
            let Some((session, user)) = session_of(&context, tx, &pending, &presented)? else {
                return Ok(Then::GoOn);
            };
            let about = [dialogue.as_str(), session.id.as_str()];
            presented.check_form_token(form, &about, &token).inspect_err(|error| {
                context.refused("form_token", &[], error.reason);
            })?;
            let context = context.acting_as(format!("user:{}", user.id));
            effect(&context, tx, pending, &session, &presented)
        })
        .await?;
    match then {
        Then::Page(page) => Ok(Next::Page(page)),
        Then::Ended(ended) => Ok(ended.next(cx).await?),
        Then::GoOn => authorization::go_on(cx, id, browser).await,
    }
}

#[cfg(test)]
mod tests;
