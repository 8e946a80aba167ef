//! The requests that wait for the people who are signed in in a browser (OpenID Connect CIBA Core 1.0
//! §8): a list, and the way from each to the page that asks.

use super::{
    Broken, Cx,
    authorization::{App, Browser, DialogueFailure, Form, Next, Started, begin_deferred},
    login::{Account, Occasion},
    sessions, subjects,
};
use crate::{
    domain::{
        Secret, Timestamp,
        entity::{Client, Deferred, DeferredKind, DeferredState, Ending},
        ids::{DeferredId, UserId},
        oauth::{AuthorizationRequest, OAuthError, check_released},
        trace::{Reason, Transaction},
    },
    store::{Read, client, deferred},
};

/// So many are listed for one person: more wait only on a server for conformance runs, where no person reads the list.
const MOST: i64 = 20;

/// A request that waits.
#[derive(Clone)]
pub struct Waiting {
    /// What the button names.
    pub id: DeferredId,
    /// Who asks.
    pub app: App,
    /// Who is asked.
    pub account: Account,
    /// What the app shows, to compare.
    pub binding_message: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
}

/// The list.
pub struct RequestsView {
    /// What waits, the newest first for each person.
    pub waiting: Vec<Waiting>,
    /// Whether anybody is signed in here.
    pub signed_in: bool,
    /// The hidden value of the form.
    pub form_token: String,
    /// The secret that binds the form to this browser, if it must become a cookie.
    pub browser_cookie: Option<Secret<String>>,
}

/// What waits for the people of this browser.
///
/// # Errors
/// When the database fails.
pub async fn view(cx: &Cx, browser: &Browser) -> Result<RequestsView, Broken> {
    cx.note_transaction(Transaction::DeferredAuthorization);
    let (browser, browser_cookie) = browser.clone().with_secret(cx);
    let form_token = browser.form_token(Form::Requests, &[]);
    let context = cx.clone();
    let read = move |tx: &mut Read<'_>| -> Result<_, Broken> {
        let held = sessions::all_live(&context, tx, browser.session.as_ref())?;
        let mut waiting = Vec::new();
        for held in &held {
            for row in deferred::pending_of(tx, &held.user.id, context.now(), MOST)? {
                let client = client::find(tx, &row.client_id)?;
                let usable = |client: &Client| client.enabled && check_released(client).is_ok();
                let Some(client) = client.filter(usable) else { continue };
                waiting.push(Waiting {
                    id: row.id,
                    app: App::from(&client),
                    account: Account::from(&held.user),
                    binding_message: row.binding_message,
                    created_at: row.created_at,
                });
            }
        }
        Ok((waiting, !held.is_empty()))
    };
    let (waiting, signed_in) = cx.services.store.read(read).await?;
    Ok(RequestsView { waiting, signed_in, form_token, browser_cookie })
}

/// Begins the dialogue about one of them. Only whom it is about can open it; to everybody else it is
/// answered, or was never there. Where nobody is signed in any more, somebody signs in first.
///
/// # Errors
/// `FormTokenInvalid`, `DeferredAnswered`.
pub async fn open(cx: &Cx, browser: &Browser, id: &str, form_token: &str) -> Result<Started, DialogueFailure> {
    cx.note_transaction(Transaction::DeferredAuthorization);
    browser.check_form_token(Form::Requests, &[], form_token).inspect_err(|error| {
        cx.refused("form_token", &[], error.reason);
    })?;
    let (context, presented, id) = (cx.clone(), browser.clone(), DeferredId::new(id));
    let read = move |tx: &mut Read<'_>| -> Result<_, DialogueFailure> {
        let held = sessions::all_live(&context, tx, presented.session.as_ref())?;
        if held.is_empty() {
            return Ok(Opened::Nobody);
        }
        let found = deferred::find(tx, &id)?.filter(|row| {
            let pending = row.state == DeferredState::Pending && context.now() < row.expires_at;
            let ours = held.iter().any(|held| row.subject.as_ref() == Some(&held.user.id));
            row.kind == DeferredKind::Backchannel && pending && ours
        });
        let Some((row, person)) = found.and_then(|row| row.subject.clone().map(|person| (row, person))) else {
            return Ok(Opened::Answered);
        };
        let client = client::find(tx, &row.client_id)?.filter(|client| client.enabled);
        Ok(client.map_or(Opened::Answered, |client| {
            let named = UserId::new(subjects::told(&context, &client, &person));
            Opened::Waits(Box::new(row), named)
        }))
    };
    match cx.services.store.read(read).await? {
        Opened::Waits(row, named) => begin(cx, browser, *row, named).await,
        Opened::Nobody => {
            cx.interaction("authentication", &[]);
            Ok(Started { next: Next::Page(Occasion::Requests.page()), browser_cookie: None })
        }
        Opened::Answered => {
            cx.refused("deferred_authorization", &[], Reason::DeferredAnswered);
            Err(OAuthError::invalid_request(Reason::DeferredAnswered).into())
        }
    }
}

/// What became of the button that was pressed.
enum Opened {
    /// The request waits; and whom it is about, as its client knows them.
    Waits(Box<Deferred>, UserId),
    /// Nobody is signed in here any more.
    Nobody,
    /// There is none, or none for these people.
    Answered,
}

/// Begins the dialogue about a request that waits. `named`: whom it is about, as its client knows them.
pub(super) async fn begin(
    cx: &Cx,
    browser: &Browser,
    row: Deferred,
    named: UserId,
) -> Result<Started, DialogueFailure> {
    cx.passed("deferred_authorization", &[("deferred_authorization", row.id.as_str())]);
    let request: AuthorizationRequest =
        serde_json::from_str(&row.request).map_err(|error| Broken::Internal(error.to_string()))?;
    let ending = Ending::Deferred { id: row.id, kind: row.kind, subject: Some(named) };
    begin_deferred(cx, request, ending, browser).await
}
