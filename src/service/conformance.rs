//! What a run of a conformance suite needs of a server that was made for it: somebody who answers in the place of the
//! person that is asked over the back channel, and a resource behind an access token. Both take the road that people and
//! resources take; nothing is checked here that is checked elsewhere.

use serde_json::{Map, Value, json};

use super::{
    Cx, Failure, approval,
    authorization::{Browser, DialogueFailure, Next, Page},
    bearer::Live,
    consent::Shown,
    login,
    protected_resource::{self, SentToken},
    requests, subjects,
};
use crate::{
    crypto::token::{SecretKind, parse},
    domain::{
        entity::{Deferred, DeferredKind, DeferredState},
        ids::{InteractionId, UserId},
        oauth::OAuthError,
        oidc::step_up::Demand,
        trace::{Reason, Transaction},
    },
    store::{Read, client, deferred},
};

/// What the person is made to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

impl Answer {
    /// The answer of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "allow" => Some(Self::Allow),
            "deny" => Some(Self::Deny),
            _ => None,
        }
    }
}

/// Answers a request over the back channel in the place of whom it is about: signs them in in a browser of its own, goes
/// to the page that asks, and presses its button.
///
/// # Errors
/// `DeferredAnswered` if nobody knows the request, or it no longer waits; or what stops the dialogue.
pub async fn answer_backchannel(cx: &Cx, auth_req_id: &str, answer: Answer) -> Result<(), Failure> {
    cx.note_transaction(Transaction::DeferredAuthorization);
    press(cx, auth_req_id, answer).await.map_err(|failure| match failure {
        DialogueFailure::Refused { error, .. } => Failure::Refused(error),
        DialogueFailure::Broken(broken) => Failure::Broken(broken),
    })
}

async fn press(cx: &Cx, auth_req_id: &str, answer: Answer) -> Result<(), DialogueFailure> {
    let Some((row, person, named)) = find(cx, auth_req_id).await? else { return Err(not_waiting(cx)) };
    let (mut browser, _) = Browser::default().with_secret(cx);
    let started = requests::begin(cx, &browser, row, named).await?;
    let Some(id) = dialogue_of(started.next) else { return Err(not_waiting(cx)) };
    browser.session = Some(login::danger_sign_in_unproven(cx, &id, &browser, &person).await?);
    let Shown::Page(page) = approval::view(cx, &id, &browser).await? else { return Err(not_waiting(cx)) };
    match answer {
        Answer::Allow => approval::allow(cx, &id, &browser, &page.form_token).await?,
        Answer::Deny => approval::deny(cx, &id, &browser, &page.form_token).await?,
    };
    Ok(())
}

/// The request, whom it is about, and as whom its client knows them.
async fn find(cx: &Cx, auth_req_id: &str) -> Result<Option<(Deferred, UserId, UserId)>, DialogueFailure> {
    let Some(hash) = parse(SecretKind::AuthReqId, auth_req_id) else { return Ok(None) };
    let context = cx.clone();
    let read = move |tx: &mut Read<'_>| -> Result<_, DialogueFailure> {
        let found = deferred::find_by_code(tx, hash.as_bytes())?.filter(|row| {
            let pending = row.state == DeferredState::Pending && context.now() < row.expires_at;
            row.kind == DeferredKind::Backchannel && pending
        });
        let Some((row, person)) = found.and_then(|row| row.subject.clone().map(|person| (row, person))) else {
            return Ok(None);
        };
        let client = client::find(tx, &row.client_id)?.filter(|client| client.enabled);
        Ok(client.map(|client| {
            let named = UserId::new(subjects::told(&context, &client, &person));
            (row, person, named)
        }))
    };
    cx.services.store.read(read).await
}

fn not_waiting(cx: &Cx) -> DialogueFailure {
    cx.refused("deferred_authorization", &[], Reason::DeferredAnswered);
    OAuthError::invalid_request(Reason::DeferredAnswered).into()
}

fn dialogue_of(next: Next) -> Option<InteractionId> {
    match next {
        Next::Page(
            Page::SignIn(id) | Page::SignUp(id) | Page::Accounts(id) | Page::Consent(id) | Page::Approve(id),
        ) => Some(id),
        Next::Page(Page::SignInForRequests | Page::Requests | Page::Answered(_)) | Next::Answer(_) => None,
    }
}

/// What the resource tells whoever may use this token: whose it is, and what for; if it comes from such a sign-in.
///
/// # Errors
/// `invalid_token`; `invalid_dpop_proof` or `use_dpop_nonce`; `insufficient_user_authentication`.
pub async fn tell_resource(cx: &Cx, sent: &SentToken, demand: Demand) -> Result<Map<String, Value>, Failure> {
    protected_resource::admit(cx, sent, move |cx, _, live| Ok(tell(cx, live, &demand))).await
}

fn tell(cx: &Cx, live: Live, demand: &Demand) -> Result<Map<String, Value>, OAuthError> {
    demand.check(live.token.acr.as_deref(), live.token.auth_time, cx.now())?;
    let subject = live.person.map(|(user, _)| subjects::told(cx, &live.client.client, &user.id));
    let told = [
        ("client_id", json!(live.token.client_id)),
        ("sub", json!(subject.unwrap_or(live.token.subject))),
        ("scope", json!(live.token.scope.join(" "))),
    ];
    Ok(told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
