//! The page about a request from another device (RFC 8628 §5.4) or over the back channel (CIBA): it says what is asked, and asks
//! whether the person started it. Nothing is allowed that the page did not show.

use std::net::IpAddr;

use super::{
    Cx,
    authorization::{
        App, Browser, DialogueFailure, Form, Next, Pending, asked_scope, decide_pending, decline, find_pending,
        page_to_switch, session_of,
    },
    backchannel_authentication,
    consent::{self, AskedAll, Shown, Then},
    device,
    login::Account,
    subjects,
};
use crate::{
    domain::{
        Timestamp,
        entity::{DeferredKind, DeferredState, Ending},
        ids::{DeferredId, InteractionId, UserId},
        oauth::{OAuthError, UserCode, came_from_elsewhere},
        oidc::interaction::Decision,
        trace::Reason,
    },
    store::{Read, deferred},
};

/// The page.
#[derive(Clone)]
pub struct ApprovalView {
    /// The dialogue, in the page's address.
    pub interaction: InteractionId,
    /// Who asks.
    pub app: App,
    /// Whose data it is.
    pub account: Account,
    /// How the request came.
    pub kind: DeferredKind,
    /// The code on the device, to compare.
    pub user_code: Option<String>,
    /// What the app shows, to compare.
    pub binding_message: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
    /// Where the device is, as far as its address tells.
    pub address: Option<IpAddr>,
    /// That is visibly not where this browser is.
    pub elsewhere: bool,
    /// Nobody here has vouched for what the app says of itself.
    pub unverified: bool,
    /// The host that published what the app says of itself, if it is known by that.
    pub published_by: Option<String>,
    /// What is asked for.
    pub asked: AskedAll,
    /// The hidden value of the form.
    pub form_token: String,
}

/// What the page of a dialogue shows.
///
/// # Errors
/// As [`authorization::resume`]; `DeferredAnswered` when the request no longer waits.
pub async fn view(cx: &Cx, id: &InteractionId, browser: &Browser) -> Result<Shown<ApprovalView>, DialogueFailure> {
    consent::shown(cx, id, browser, read_view).await
}

fn read_view(
    cx: &Cx,
    tx: &mut Read<'_>,
    id: InteractionId,
    browser: &Browser,
) -> Result<Option<ApprovalView>, DialogueFailure> {
    let pending = find_pending(cx, tx, &id, browser)?;
    pending.note(cx);
    let Ending::Deferred { id: request, kind, .. } = &pending.interaction.ending else { return Ok(None) };
    let waiting = deferred::find(tx, request)?;
    let waiting = waiting.filter(|row| row.state == DeferredState::Pending && cx.now() < row.expires_at);
    let Some(waiting) = waiting else { return Err(answered(cx, &pending)) };
    let session = session_of(cx, tx, &pending, browser)?;
    let (Decision::Consent, Some((session, user))) = (decide_pending(cx, tx, &pending, browser)?, session) else {
        return Ok(None);
    };
    let address = device::address_of(cx, &waiting)?;
    Ok(Some(ApprovalView {
        app: App::from(&pending.client),
        account: Account::from(&user),
        kind: *kind,
        user_code: waiting.user_code.as_deref().and_then(UserCode::parse).map(|code| code.shown()),
        binding_message: waiting.binding_message,
        created_at: waiting.created_at,
        address,
        elsewhere: address.zip(cx.peer.address).is_some_and(|(device, here)| came_from_elsewhere(device, here)),
        unverified: pending.client.owner.is_self_registered(),
        published_by: consent::published_by(&pending.client),
        asked: consent::describe(tx, asked_scope(cx, &pending)?, &pending.request)?,
        form_token: browser.form_token(Form::Approval, &[id.as_str(), session.id.as_str()]),
        interaction: id,
    }))
}

/// What is said when the request was answered elsewhere, or took too long.
fn answered(cx: &Cx, pending: &Pending) -> DialogueFailure {
    cx.refused("deferred_authorization", &[], Reason::DeferredAnswered);
    DialogueFailure::from(OAuthError::invalid_request(Reason::DeferredAnswered)).with_app(&pending.client)
}

/// The person allows what the page showed, and says that they started it.
///
/// # Errors
/// As [`authorization::resume`]; `FormTokenInvalid`, `DeferredAnswered`.
pub async fn allow(cx: &Cx, id: &InteractionId, browser: &Browser, form_token: &str) -> Result<Next, DialogueFailure> {
    consent::decide(cx, id, browser, (Form::Approval, form_token), |cx, tx, mut pending, session, _| {
        pending.bind(session);
        pending.interaction.consented_at = Some(cx.now());
        cx.passed("approval", &[("scope", &pending.request.scope.join(" "))]);
        consent::save(tx, &pending).map(|()| Then::GoOn)
    })
    .await
}

/// The person denies: the client hears `access_denied` when it asks.
///
/// # Errors
/// As [`allow`].
pub async fn deny(cx: &Cx, id: &InteractionId, browser: &Browser, form_token: &str) -> Result<Next, DialogueFailure> {
    consent::decide(cx, id, browser, (Form::Approval, form_token), |cx, tx, pending, session, browser| {
        let request: Option<(DeferredId, Option<UserId>)> = match &pending.interaction.ending {
            Ending::Deferred { id, subject, .. } => Some((id.clone(), subject.clone())),
            Ending::Redirect => None,
        };
        let Some((request, subject)) = request else { return Ok(Then::GoOn) };
        let person = &session.user_id;
        if subject.is_some_and(|named| subjects::meant(cx, &pending.client, &named, person) != *person) {
            // Somebody else's request: the dialogue asks for the right account.
            return Ok(Then::GoOn);
        }
        if !deferred::deny(tx, &request, cx.now())? {
            return Err(answered(cx, &pending).into());
        }
        backchannel_authentication::announce(cx, tx, &request)?;
        decline(cx, tx, &pending, browser).map(Then::Ended)
    })
    .await
}

/// The person wants another account: the chooser follows, or the sign-in page.
///
/// # Errors
/// As [`allow`].
pub async fn switch_account(
    cx: &Cx,
    id: &InteractionId,
    browser: &Browser,
    form_token: &str,
) -> Result<Next, DialogueFailure> {
    consent::decide(cx, id, browser, (Form::Approval, form_token), |cx, tx, mut pending, _, browser| {
        pending.forget_progress();
        cx.interaction("account_selection", &[]);
        consent::save(tx, &pending)?;
        Ok(Then::Page(page_to_switch(cx, tx, pending.interaction.id, browser)?))
    })
    .await
}
