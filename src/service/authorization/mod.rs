//! The authorization endpoint and its dialogue (RFC 6749 §4.1.1, OIDC Core 3.1.2): decided at the
//! start, and again from stored facts after each page, never from a form.

mod account;
mod asked;
mod browser;
mod failure;
mod finish;
mod pending;
mod reply;
mod request_object;
mod request_source;

pub use browser::{Browser, Form};
pub use failure::{App, DialogueFailure};
pub use request_object::REQUEST_OBJECT_ALGORITHMS;

pub(super) use account::{is_about_somebody, page_to_switch, session_of};
pub(super) use asked::check_hint;
pub(super) use finish::{Ended, decline};
pub(super) use pending::{Pending, find as find_pending};
use reply::Reply;
pub(super) use request_source::{SourceFailure, check_pushable};

use asked::{Asked, Facts};
use finish::Finished;

use super::{Broken, Cx, Failure, apis, clients, registration};
use crate::{
    domain::{
        Secret,
        entity::Ending,
        ids::{ClientId, InteractionId},
        oauth::{
            Answer, AuthorizationRequest, AuthorizeError, OAuthError, Params, ValidRequest, check_released, rules,
        },
        oidc::interaction::Decision,
        trace::{Reason, Transaction},
    },
    store::{
        Abort, Read,
        interaction::{self, Interaction},
    },
};

/// A page of ours: a 303 to its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/sign-in/{interaction}`.
    SignIn(InteractionId),
    /// `/sign-in`, without a dialogue: to see the requests that wait.
    SignInForRequests,
    /// `/requests`: where that leads.
    Requests,
    /// `/sign-up/{interaction}`.
    SignUp(InteractionId),
    /// `/accounts/{interaction}`.
    Accounts(InteractionId),
    /// `/consent/{interaction}`.
    Consent(InteractionId),
    /// `/approve/{interaction}`: consent to what another device asks for.
    Approve(InteractionId),
    /// The end of a dialogue that no client is told of through the browser.
    Answered(Answered),
}

/// What a person's answer to another device was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The device gets its tokens.
    Allowed,
    /// It does not.
    Denied,
}

impl Answered {
    /// The last part of the page's address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
        }
    }

    /// The answer of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Allowed, Self::Denied].into_iter().find(|answer| answer.name() == name)
    }
}

/// Where the browser goes next.
#[derive(Clone, PartialEq, Eq)]
pub enum Next {
    /// To the client, with a code or a refusal.
    Answer(Answer),
    /// To a page of ours.
    Page(Page),
}

/// A dialogue has begun, or was not needed.
pub struct Started {
    /// Where the browser goes.
    pub next: Next,
    /// The secret that binds the dialogue to this browser, if it must become a cookie.
    pub browser_cookie: Option<Secret<String>>,
}

/// The public page about a reason.
pub fn error_uri(cx: &Cx, reason: Reason) -> String {
    cx.services.issuer.join(&format!("/docs/errors/{}", reason.code()))
}

/// Answers an authorization request, or begins a dialogue. `encoded`: the query, or the form of a
/// POST (OIDC Core 3.1.2.1).
///
/// # Errors
/// A page if the client or the redirect URI is in doubt; every other refusal is an answer to the
/// client.
pub async fn start(cx: &Cx, encoded: &[u8], browser: &Browser) -> Result<Started, DialogueFailure> {
    cx.note_transaction(Transaction::Authorization);
    let params = Params::parse(encoded).inspect_err(|error| cx.refused("parameters", &[], error.reason))?;
    let client = match params.find("client_id") {
        Some(id) => {
            cx.note_client(id);
            clients::find(cx, &ClientId::new(id)).await.map_err(told_to_a_person)?
        }
        None => None,
    };
    if let Some(view) = &client {
        cx.note_profile(&view.client);
    }
    let valid = request_source::read(cx, params, client.as_deref()).await?;
    let answered = |answer| Ok(Started { next: Next::Answer(answer), browser_cookie: None });
    let ValidRequest { request, redirect } = match valid {
        Ok(valid) => valid,
        Err(AuthorizeError::Page(error)) => {
            let unmatched = client.filter(|view| view.client.enabled);
            let failure = DialogueFailure::from(error);
            return Err(match unmatched {
                Some(view) => failure.with_app(&view.client),
                None => failure,
            });
        }
        Err(AuthorizeError::Redirect(refused)) => {
            return answered(Reply::refused_early(&known(client.as_deref())?.client, *refused).write_out(cx).await?);
        }
    };
    let client = &known(client.as_deref())?.client;
    let request = match apis::registered(cx, client, request.clone()).await {
        Ok(registered) => registered,
        Err(Failure::Refused(error)) => {
            cx.refused("registry", &[], error.reason);
            return answered(Reply::refused(client, redirect, &request, error).write_out(cx).await?);
        }
        Err(broken) => return Err(broken.into()),
    };
    registration::note_use(cx, client).await;
    let asked = match Asked::understand(cx, request.clone()) {
        Ok(asked) => asked,
        Err(error) => {
            cx.refused("id_token_hint", &[], error.reason);
            return answered(Reply::refused(client, redirect, &request, error).write_out(cx).await?);
        }
    };
    let decision = decide_at_start(cx, &asked, browser).await?;
    let decision = match decision {
        Decision::Grant => match finish::grant(cx, asked.clone(), None, browser).await? {
            Finished::Done(next) => return Ok(Started { next, browser_cookie: None }),
            Finished::Instead(decision) => decision,
        },
        other => other,
    };
    match decision {
        Decision::Refuse(error) => {
            cx.refused("prompt", &[("prompt", "none")], error.reason);
            answered(Reply::refused(client, redirect, &request, error).write_out(cx).await?)
        }
        // It could be granted a moment ago, and again now: the dialogue's first page goes on from there.
        page => begin(cx, &asked, browser.clone(), page).await,
    }
}

/// A metadata document that is not accepted is refused on a page, with its own reason: there is no
/// authentication yet whose failure would have to look like every other.
fn told_to_a_person(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(error) => Failure::Refused(OAuthError::invalid_request(error.reason)),
        broken => broken,
    }
}

/// The client of a request that could be redirected: there is one.
fn known(client: Option<&clients::ClientView>) -> Result<&clients::ClientView, Broken> {
    client.ok_or_else(|| Broken::Internal("a redirect for nobody".to_owned()))
}

/// Writes down which rules ran, in their order.
fn note_validation(cx: &Cx, params: &Params, valid: &Result<ValidRequest, AuthorizeError>) {
    let sent = params.find("redirect_uri").unwrap_or_default();
    let page = match valid {
        Err(AuthorizeError::Page(error)) => Some(error.reason),
        _ => None,
    };
    if let Some(reason @ (Reason::ClientIdMissing | Reason::ClientUnknown | Reason::ClientQuarantined)) = page {
        return cx.refused("client_id", &[], reason);
    }
    cx.passed("client_id", &[]);
    if let Some(reason) = page {
        return cx.refused("redirect_uri", &[("sent", sent)], reason);
    }
    cx.passed("redirect_uri", &[("sent", sent)]);
    let refused = match valid {
        Err(AuthorizeError::Redirect(refused)) => Some(refused),
        _ => None,
    };
    for rule in rules() {
        match refused {
            Some(refused) if refused.rule == rule => return cx.refused(rule, &[], refused.error.reason),
            _ => cx.passed(rule, &[]),
        }
    }
}

async fn decide_at_start(cx: &Cx, asked: &Asked, browser: &Browser) -> Result<Decision, DialogueFailure> {
    let (context, asked, browser) = (cx.clone(), asked.clone(), browser.clone());
    cx.services
        .store
        .read(move |tx| {
            let client = find_client(tx, &asked.request.client_id)?;
            Ok(Facts::read(&context, tx, &asked, &client, &browser, None)?.decide(&context, &asked, &client))
        })
        .await
}

fn find_client(tx: &mut Read<'_>, id: &ClientId) -> Result<crate::domain::entity::Client, DialogueFailure> {
    let client = crate::store::client::find(tx, id)?.filter(|client| client.enabled);
    let client = client.ok_or(OAuthError::invalid_request(Reason::ClientUnknown))?;
    check_released(&client)?;
    Ok(client)
}

/// Begins a dialogue about a request that no redirect answers.
///
/// # Errors
/// When the client is no longer in use, or the server fails.
pub(super) async fn begin_deferred(
    cx: &Cx,
    request: AuthorizationRequest,
    ending: Ending,
    browser: &Browser,
) -> Result<Started, DialogueFailure> {
    cx.note_client(request.client_id.as_str());
    let asked = Asked::ending(cx, request, ending)?;
    let decision = decide_at_start(cx, &asked, browser).await?;
    begin(cx, &asked, browser.clone(), decision).await
}

async fn begin(cx: &Cx, asked: &Asked, browser: Browser, decision: Decision) -> Result<Started, DialogueFailure> {
    let (browser, browser_cookie) = browser.with_secret(cx);
    let hash = browser.hash().ok_or_else(|| Broken::Internal("a browser secret that is none".to_owned()))?;
    let id = InteractionId::new(cx.fresh_id());
    let row = Interaction {
        id: id.clone(),
        browser_hash: hash.as_bytes().to_vec(),
        client_id: asked.request.client_id.clone(),
        request: serde_json::to_string(&asked.request).map_err(|error| Broken::Internal(error.to_string()))?,
        trace_id: cx.trace_id().clone(),
        session_id: None,
        authenticated_at: None,
        consented_at: None,
        account_chosen_at: None,
        created_at: cx.now(),
        expires_at: cx.now().plus_seconds(cx.services.policy.interaction_seconds),
        finished_at: None,
        ending: asked.ending.clone(),
    };
    cx.services.store.write(move |tx| interaction::insert(tx, &row).map_err(Abort::<DialogueFailure>::from)).await?;
    Ok(Started { next: Next::Page(page(cx, id, &asked.ending, decision)?), browser_cookie })
}

/// The page of a decision, noted.
fn page(cx: &Cx, id: InteractionId, ending: &Ending, decision: Decision) -> Result<Page, DialogueFailure> {
    let (rule, page) = match decision {
        Decision::SignIn => ("authentication", Page::SignIn(id)),
        Decision::SignUp => ("sign_up", Page::SignUp(id)),
        Decision::Reauthenticate => ("reauthentication", Page::SignIn(id)),
        Decision::SelectAccount => ("account_selection", Page::Accounts(id)),
        Decision::Consent | Decision::Grant => match ending {
            Ending::Redirect => ("consent", Page::Consent(id)),
            Ending::Deferred { .. } => ("approval", Page::Approve(id)),
        },
        Decision::Refuse(error) => {
            cx.refused("client", &[], error.reason);
            return Err(error.into());
        }
    };
    cx.interaction(rule, &[]);
    Ok(page)
}

/// Goes on with a dialogue: every page ends here. Decides from what is stored now.
///
/// # Errors
/// `Reason::InteractionExpired` if it was answered already (the other tab, the first click) or is
/// too old, `Reason::InteractionElsewhere` in another browser.
pub async fn resume(cx: &Cx, id: &InteractionId, browser: &Browser) -> Result<Next, DialogueFailure> {
    cx.note_transaction(Transaction::Authorization);
    let (context, dialogue, presented) = (cx.clone(), id.clone(), browser.clone());
    let note = move |tx: &mut Read<'_>| -> Result<(), DialogueFailure> {
        find_pending(&context, tx, &dialogue, &presented)?.note(&context);
        Ok(())
    };
    cx.services.store.read(note).await?;
    go_on(cx, id, browser).await
}

/// As [`resume`], at the end of a page that has noted its dialogue.
pub(super) async fn go_on(cx: &Cx, id: &InteractionId, browser: &Browser) -> Result<Next, DialogueFailure> {
    let (asked, decision) = standing(cx, id, browser).await?;
    let ending = asked.ending.clone();
    let decision = match decision {
        Decision::Grant => match finish::grant(cx, asked, Some(id.clone()), browser).await? {
            Finished::Done(next) => return Ok(next),
            Finished::Instead(decision) => decision,
        },
        other => other,
    };
    page(cx, id.clone(), &ending, decision).map(Next::Page)
}

/// What a dialogue needs now.
async fn standing(cx: &Cx, id: &InteractionId, browser: &Browser) -> Result<(Asked, Decision), DialogueFailure> {
    let (context, id, browser) = (cx.clone(), id.clone(), browser.clone());
    cx.services
        .store
        .read(move |tx| {
            let pending = find_pending(&context, tx, &id, &browser)?;
            let decision = decide_pending(&context, tx, &pending, &browser)?;
            Ok((Asked::of(&context, &pending)?, decision))
        })
        .await
}

/// What a dialogue needs now, in the caller's unit of work.
///
/// # Errors
/// When the database fails, or a hint no longer verifies.
pub(super) fn decide_pending(
    cx: &Cx,
    tx: &mut Read<'_>,
    pending: &Pending,
    browser: &Browser,
) -> Result<Decision, DialogueFailure> {
    let asked = Asked::of(cx, pending)?;
    let facts = Facts::read(cx, tx, &asked, &pending.client, browser, Some(pending))?;
    Ok(facts.decide(cx, &asked, &pending.client))
}

/// The scopes that a person is asked for, in the order of the consent page.
pub(super) fn asked_scope(cx: &Cx, pending: &Pending) -> Result<Vec<String>, DialogueFailure> {
    Ok(Asked::of(cx, pending)?.scope)
}

#[cfg(test)]
mod tests;
