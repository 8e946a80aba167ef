//! The end of a dialogue: one write that decides who wins and grants what was asked for: a code, tokens
//! or both; then the answer to the client (RFC 6749 §4.1.2, OIDC Core 3.1.2.5, 3.2.2.5 and 3.3.2.5).

use std::sync::PoisonError;

use super::{
    Answered, Browser, DialogueFailure, Next, Page, account,
    asked::{Asked, Facts},
    pending::{self, Pending},
    reply::Reply,
};
use crate::{
    crypto::token::{SecretKind, mint},
    domain::{
        Secret, Timestamp,
        entity::{Authorization, AuthorizationCode, Bounds, Client, Consent, Ending, EventKind, Session, User},
        ids::{AuthorizationId, InteractionId},
        oauth::{AuthorizationRequest, ErrorCode, GrantType, MAX_API_TOKEN_SECONDS, OAuthError, SafeRedirect},
        oidc::interaction::Decision,
        trace::Reason,
    },
    service::{
        Broken, Cx, Failure, apis, backchannel_authentication, client_keys, clients, events::Draft,
        pushed_authorization_request, session_state::session_state, sessions, token::issue,
    },
    store::{Abort, Write, authorization, authorization_code, client, consent, deferred, interaction, user},
};

/// No deferred request waits longer for its answer and its tokens, in seconds.
const LONGEST_DEFERRAL: i64 = 3600;

/// What ends a dialogue.
pub(in crate::service) enum Ended {
    /// An answer to the client.
    Reply(Box<Reply>),
    /// A page of ours: no redirect tells the client.
    Page(Page),
}

impl Ended {
    /// Where the browser goes, once the transaction is committed.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn next(self, cx: &Cx) -> Result<Next, Broken> {
        match self {
            Self::Reply(reply) => reply.write_out(cx).await.map(Next::Answer),
            Self::Page(page) => Ok(Next::Page(page)),
        }
    }
}

/// How an attempt to finish ended.
pub(super) enum Finished<A = Next> {
    /// It has ended.
    Done(A),
    /// Not yet: the facts have changed since they were last read.
    Instead(Decision),
}

/// Grants what was asked for, if all that decides still stands. `id`: the dialogue to finish, if there was
/// one.
pub(super) async fn grant(
    cx: &Cx,
    asked: Asked,
    id: Option<InteractionId>,
    browser: &Browser,
) -> Result<Finished, DialogueFailure> {
    if let Some(view) = clients::find_recent(cx, &asked.request.client_id).await? {
        let settings = &view.client.settings;
        if asked.request.response_type.has_id_token() {
            client_keys::prepare(cx, &view.client, settings.id_token_encryption()).await;
        }
        if asked.request.response_mode.is_signed() {
            client_keys::prepare(cx, &view.client, settings.authorization_encryption()).await;
        }
    }
    let (context, browser) = (cx.clone(), browser.clone());
    let finished = cx.services.store.write(move |tx| grant_in(&context, tx, &asked, id.as_ref(), &browser)).await?;
    match finished {
        Finished::Done(ended) => Ok(Finished::Done(ended.next(cx).await?)),
        Finished::Instead(decision) => Ok(Finished::Instead(decision)),
    }
}

fn grant_in(
    cx: &Cx,
    tx: &mut Write<'_>,
    asked: &Asked,
    id: Option<&InteractionId>,
    browser: &Browser,
) -> Result<Finished<Ended>, Abort<DialogueFailure>> {
    // Lock order: user, session, interaction, authorization. What was read before the lock is read again.
    let before = id.map(|id| pending::find(cx, tx, id, browser)).transpose()?;
    if let Some(known) = client::find(tx, &asked.request.client_id)?
        && let (Some((_, person)), _) = account::choose(cx, tx, asked, &known, browser, before.as_ref())?
    {
        user::lock(tx, &person.id)?;
    }
    let pending = id.map(|id| pending::find(cx, tx, id, browser)).transpose()?;
    let client = client::find(tx, &asked.request.client_id)?
        .filter(|client| client.enabled)
        .ok_or(OAuthError::invalid_request(Reason::ClientUnknown))?;
    let facts = Facts::read(cx, tx, asked, &client, browser, pending.as_ref())?;
    let (session, person) = match (facts.decide(cx, asked, &client), &facts.session) {
        (Decision::Grant, Some(found)) => found,
        (Decision::Grant, None) => return Err(Broken::Internal("a grant without a session".to_owned()).into()),
        (other, _) => return Ok(Finished::Instead(other)),
    };
    let redirect = match &asked.ending {
        Ending::Redirect => Some(asked.redirect(&client)?),
        Ending::Deferred { .. } => None,
    };
    if redirect.is_some() && asked.request.response_mode.is_signed() {
        // Nothing is granted that could not be told.
        client_keys::recipient(cx, &client, client.settings.authorization_encryption())
            .map_err(|failure| Abort::Undo(failure.into()))?;
    }
    if let Some(pending) = &pending
        && !interaction::finish(tx, &pending.interaction.id, cx.now())?
    {
        cx.refused("interaction", &[], Reason::InteractionExpired);
        return Err(pending.expired().into());
    }
    let still = asked.check_still_allowed(&client).map_err(|error| ("client", error));
    let still = still.and_then(|()| asked.check_acr(session).map_err(|error| ("acr", error)));
    let refused = match apis::check_request(tx, &client, &asked.request) {
        Ok(_) => still.err(),
        Err(Failure::Refused(error)) => still.err().or(Some(("registry", error))),
        Err(Failure::Broken(broken)) => return Err(broken.into()),
    };
    if let Some((rule, error)) = refused {
        cx.refused(rule, &[], error.reason);
        return match redirect {
            Some(redirect) => Ok(replied(Reply::refused(&client, redirect, &asked.request, error))),
            None => Err(DialogueFailure::from(error).with_app(&client).into()),
        };
    }
    pushed_authorization_request::answer_once(cx, tx, &asked.request)?;
    let cx = &cx.clone().acting_as(format!("user:{}", person.id));
    if facts.progress.consented_by.as_ref() == Some(&person.id) {
        remember_consent(cx, tx, asked, &client, person, facts.consent.as_ref())?;
    }
    sessions::touch(cx, tx, session)?;
    let authorization = insert_authorization(cx, tx, asked, &client, session)?;
    let Some(redirect) = redirect else {
        return approve(cx, tx, asked, &client, &authorization).map(Finished::Done);
    };
    let request = &asked.request;
    tell_repeated(cx, tx, request, session)?;
    let scope = request.scope.join(" ");
    let code = if request.response_type.has_code() {
        cx.passed("authorization_code", &[("scope", &scope)]);
        Some(insert_code(cx, tx, asked, &client, &authorization)?)
    } else {
        None
    };
    let tokens = if request.response_type.has_tokens() {
        cx.passed("front_channel", &[("response_type", request.response_type.name()), ("scope", &scope)]);
        Some(issue_tokens(cx, tx, asked, &client, &authorization, code.clone())?)
    } else {
        None
    };
    let state = session_state(cx, client.client_id.as_str(), &request.redirect_uri, &request.scope, browser);
    Ok(replied(Reply::granted(&client, redirect, request, code, tokens).with_session_state(state)))
}

fn replied(reply: Reply) -> Finished<Ended> {
    Finished::Done(Ended::Reply(Box::new(reply)))
}

/// A client whose values are not new each time has no use of PKCE or nonce: that is told, as far as this node
/// remembers, and refused to nobody, as a link that two people share looks the same.
fn tell_repeated(cx: &Cx, tx: &mut Write<'_>, request: &AuthorizationRequest, session: &Session) -> Result<(), Broken> {
    for (parameter, value) in [("code_challenge", &request.code_challenge), ("nonce", &request.nonce)] {
        let Some(value) = value else { continue };
        let repeated = {
            let mut seen = cx.services.seen_values.lock().unwrap_or_else(PoisonError::into_inner);
            seen.note(&request.client_id, parameter, value, &session.id)
        };
        if repeated {
            cx.passed("repeated_value", &[("parameter", parameter)]);
            tracing::warn!(client_id = %request.client_id, parameter, "a value that must be new for each request is not");
            let event = Draft::new(EventKind::ValueRepeated).client(&request.client_id);
            event.fact("parameter", parameter).append(cx, tx)?;
        }
    }
    Ok(())
}

/// The deferred request is allowed, if it still waits for an answer.
fn approve(
    cx: &Cx,
    tx: &mut Write<'_>,
    asked: &Asked,
    client: &Client,
    granted: &Authorization,
) -> Result<Ended, Abort<DialogueFailure>> {
    let Ending::Deferred { id, .. } = &asked.ending else {
        return Err(Broken::Internal("an approval of what nobody deferred".to_owned()).into());
    };
    if !deferred::approve(tx, id, &granted.id, cx.now())? {
        cx.refused("deferred_authorization", &[], Reason::DeferredAnswered);
        let error = OAuthError::invalid_request(Reason::DeferredAnswered);
        return Err(DialogueFailure::from(error).with_app(client).into());
    }
    backchannel_authentication::announce(cx, tx, id)?;
    cx.passed("deferred_authorization", &[("scope", &granted.scope.join(" "))]);
    Ok(Ended::Page(Page::Answered(Answered::Allowed)))
}

/// Remembers what was allowed in this dialogue, on top of what was allowed before.
fn remember_consent(
    cx: &Cx,
    tx: &mut Write<'_>,
    asked: &Asked,
    client: &Client,
    person: &User,
    before: Option<&Consent>,
) -> Result<(), Broken> {
    let mut scope = before.map(|consent| consent.scope.clone()).unwrap_or_default();
    scope.extend(asked.scope.iter().cloned());
    scope.sort_unstable();
    scope.dedup();
    let event = Draft::new(EventKind::ConsentGranted).user(&person.id).client(&client.client_id);
    event.fact("scope", asked.scope.join(" ")).peer(cx).append(cx, tx)?;
    let consent =
        Consent { user_id: person.id.clone(), client_id: client.client_id.clone(), scope, granted_at: cx.now() };
    Ok(consent::put(tx, &consent)?)
}

/// The authorization: the parent of all that is issued.
fn insert_authorization(
    cx: &Cx,
    tx: &mut Write<'_>,
    asked: &Asked,
    client: &Client,
    session: &Session,
) -> Result<Authorization, Broken> {
    let request = &asked.request;
    let granted = Authorization {
        id: AuthorizationId::new(cx.fresh_id()),
        client_id: client.client_id.clone(),
        user_id: session.user_id.clone(),
        session_id: session.id.clone(),
        scope: request.scope.clone(),
        context: session.context.clone(),
        claims: request.claims.clone(),
        bounds: Bounds {
            without_session_until: None,
            resource: request.resource.clone(),
            authorization_details: request.authorization_details.clone(),
            dpop_jkt: request.dpop_jkt.clone(),
        },
        created_at: cx.now(),
        revoked_at: None,
    };
    authorization::insert(tx, &granted, last_use(cx, client, asked))?;
    let event = Draft::new(EventKind::AuthorizationGranted).authorization(&granted);
    event.fact("scope", granted.scope.join(" ")).peer(cx).append(cx, tx)?;
    Ok(granted)
}

/// Its code. Gives the code's text.
fn insert_code(
    cx: &Cx,
    tx: &mut Write<'_>,
    asked: &Asked,
    client: &Client,
    granted: &Authorization,
) -> Result<Secret<String>, Broken> {
    let request = &asked.request;
    let code = mint(SecretKind::AuthorizationCode, cx.random());
    let row = AuthorizationCode {
        code_hash: code.hash.as_bytes().to_vec(),
        authorization_id: granted.id.clone(),
        client_id: granted.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        created_at: cx.now(),
        expires_at: cx.now().plus_seconds(code_seconds(cx, client)),
        consumed_at: None,
    };
    authorization_code::insert(tx, &row)?;
    Ok(code.text)
}

/// How long a code lives: no longer than the client's security profile allows.
fn code_seconds(cx: &Cx, client: &Client) -> i64 {
    let seconds = cx.services.policy.code_seconds;
    client.profile_rules().and_then(|rules| rules.longest_code).map_or(seconds, |longest| seconds.min(longest))
}

/// The tokens that come with the code, or instead of it.
fn issue_tokens(
    cx: &Cx,
    tx: &mut Write<'_>,
    asked: &Asked,
    client: &Client,
    granted: &Authorization,
    code: Option<Secret<String>>,
) -> Result<issue::Unsigned, Abort<DialogueFailure>> {
    let request = &asked.request;
    let wanted = issue::FrontChannel {
        response_type: request.response_type,
        nonce: request.nonce.clone(),
        code,
        state: request.state.clone(),
    };
    issue::for_front_channel(cx, tx, client, granted, wanted).map_err(|abort| match abort {
        Abort::Keep(failure) => Abort::Keep(failure.into()),
        Abort::Undo(failure) => Abort::Undo(failure.into()),
    })
}

/// Nothing that comes from an authorization of now lives longer: what is redeemed, then perhaps a family
/// of refresh tokens, then the last tokens. Without a code there is no family. An API may let its
/// tokens live longer than the client's.
fn last_use(cx: &Cx, client: &Client, asked: &Asked) -> Timestamp {
    let policy = &cx.services.policy;
    let redeemable = match asked.ending {
        Ending::Redirect => policy.code_seconds,
        Ending::Deferred { .. } => LONGEST_DEFERRAL,
    };
    let refreshes = asked.request.response_type.has_code() && client.allows_grant(GrantType::RefreshToken);
    let family = if refreshes { policy.refresh_absolute_seconds } else { 0 };
    let access = client.settings.access_token_lifetime.unwrap_or(policy.access_token_seconds);
    let id_token = client.settings.id_token_lifetime.unwrap_or(policy.id_token_seconds);
    let tokens = access.max(id_token).max(MAX_API_TOKEN_SECONDS);
    cx.now().plus_seconds(redeemable).plus_seconds(family).plus_seconds(tokens)
}

/// Ends a dialogue because the person said no: `access_denied` goes to the client (RFC 6749
/// §4.1.2.1), once the caller's transaction is committed. A deferred request is denied only by
/// somebody who is signed in and was shown it: it stays pending when a sign-in is given up.
pub(in crate::service) fn decline(
    cx: &Cx,
    tx: &mut Write<'_>,
    pending: &Pending,
    browser: &Browser,
) -> Result<Ended, Abort<DialogueFailure>> {
    let redirect = match pending.interaction.ending {
        Ending::Redirect => Some(SafeRedirect::restored(&pending.client, &pending.request.redirect_uri)?),
        Ending::Deferred { .. } => None,
    };
    if !interaction::finish(tx, &pending.interaction.id, cx.now())? {
        return Err(pending.expired().into());
    }
    pushed_authorization_request::answer_once(cx, tx, &pending.request)?;
    let mut event = Draft::new(EventKind::ConsentDenied).client(&pending.client.client_id);
    if let Some((session, _)) = account::session_of(cx, tx, pending, browser)? {
        event = event.session(&session).peer(cx);
    }
    event.reason(Reason::PersonDeclined).append(cx, tx)?;
    cx.refused("person", &[], Reason::PersonDeclined);
    let error = OAuthError::new(ErrorCode::AccessDenied, Reason::PersonDeclined);
    Ok(match redirect {
        Some(redirect) => Ended::Reply(Box::new(Reply::refused(&pending.client, redirect, &pending.request, error))),
        None => Ended::Page(Page::Answered(Answered::Denied)),
    })
}
