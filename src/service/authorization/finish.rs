//! The end of a dialogue: one write that decides who wins, then the answer to the client
//! (RFC 6749 §4.1.2, RFC 9207).

use super::{
    Browser, DialogueFailure, account,
    asked::{Asked, Facts},
    pending::{self, Pending},
};
use crate::{
    crypto::token::{SecretKind, mint},
    domain::{
        Timestamp,
        entity::{Authorization, AuthorizationCode, Bounds, Client, Consent, EventKind, Session, User},
        ids::{AuthorizationId, InteractionId},
        oauth::{Answer, ErrorCode, GrantType, OAuthError, SafeRedirect, failure, success},
        oidc::interaction::Decision,
        trace::Reason,
    },
    service::{Broken, Cx, events::Draft, session_state::session_state, sessions},
    store::{Abort, Write, authorization, authorization_code, client, consent, interaction, user},
};

/// How an attempt to finish ended.
pub(super) enum Finished {
    /// With the answer to the client.
    Answer(Answer),
    /// Not yet: the facts have changed since they were last read.
    Instead(Decision),
}

/// The answer that carries a refusal to the client.
pub(super) fn refusal(
    cx: &Cx,
    redirect: &SafeRedirect,
    asked: &super::AuthorizationRequest,
    error: &OAuthError,
) -> Answer {
    let error_uri = super::error_uri(cx, error.reason);
    failure(redirect, asked.response_mode, asked.state.as_deref(), cx.services.issuer.as_str(), error, &error_uri)
}

/// Issues the code, if all that decides still stands. `id`: the dialogue to finish, if there was
/// one.
pub(super) async fn grant(
    cx: &Cx,
    asked: Asked,
    id: Option<InteractionId>,
    browser: &Browser,
) -> Result<Finished, DialogueFailure> {
    let (context, browser) = (cx.clone(), browser.clone());
    cx.services.store.write(move |tx| grant_in(&context, tx, &asked, id.as_ref(), &browser)).await
}

fn grant_in(
    cx: &Cx,
    tx: &mut Write<'_>,
    asked: &Asked,
    id: Option<&InteractionId>,
    browser: &Browser,
) -> Result<Finished, Abort<DialogueFailure>> {
    // Lock order: user, session, interaction, authorization. What was read before the lock is read again.
    let before = id.map(|id| pending::find(cx, tx, id, browser)).transpose()?;
    if let (Some((_, person)), _) = account::choose(cx, tx, asked, browser, before.as_ref())? {
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
    let redirect = asked.redirect(&client)?;
    if let Some(pending) = &pending
        && !interaction::finish(tx, &pending.interaction.id, cx.now())?
    {
        cx.refused("interaction", &[], Reason::InteractionExpired);
        return Err(pending.expired().into());
    }
    if let Err(error) = asked.check_still_allowed(&client) {
        cx.refused("client", &[], error.reason);
        return Ok(Finished::Answer(refusal(cx, &redirect, &asked.request, &error)));
    }
    let cx = &cx.clone().acting_as(format!("user:{}", person.id));
    if facts.progress.consented_by.as_ref() == Some(&person.id) {
        remember_consent(cx, tx, asked, &client, person, facts.consent.as_ref())?;
    }
    sessions::touch(cx, tx, session)?;
    let code = issue_code(cx, tx, asked, &client, session)?;
    cx.passed("authorization_code", &[("scope", &asked.request.scope.join(" "))]);
    let request = &asked.request;
    let issuer = cx.services.issuer.as_str();
    let session_state = session_state(cx, client.client_id.as_str(), &request.redirect_uri, &request.scope, browser);
    let (mode, state) = (request.response_mode, request.state.as_deref());
    Ok(Finished::Answer(success(&redirect, mode, state, issuer, &code, session_state.as_deref())))
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

/// The authorization and its code. Gives the code's text.
fn issue_code(
    cx: &Cx,
    tx: &mut Write<'_>,
    asked: &Asked,
    client: &Client,
    session: &Session,
) -> Result<String, Broken> {
    let request = &asked.request;
    let granted = Authorization {
        id: AuthorizationId::new(cx.fresh_id()),
        client_id: client.client_id.clone(),
        user_id: session.user_id.clone(),
        session_id: session.id.clone(),
        scope: request.scope.clone(),
        context: session.context.clone(),
        claims: request.claims.clone(),
        bounds: Bounds::default(),
        created_at: cx.now(),
        revoked_at: None,
    };
    authorization::insert(tx, &granted, last_use(cx, client))?;
    let code = mint(SecretKind::AuthorizationCode, cx.random());
    let row = AuthorizationCode {
        code_hash: code.hash.as_bytes().to_vec(),
        authorization_id: granted.id.clone(),
        client_id: client.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        created_at: cx.now(),
        expires_at: cx.now().plus_seconds(cx.services.policy.code_seconds),
        consumed_at: None,
    };
    authorization_code::insert(tx, &row)?;
    let event = Draft::new(EventKind::AuthorizationGranted).authorization(&granted);
    event.fact("scope", granted.scope.join(" ")).peer(cx).append(cx, tx)?;
    Ok(code.text.expose().clone())
}

/// Nothing that comes from an authorization of now lives longer: the code, then perhaps a family
/// of refresh tokens, then the last tokens.
fn last_use(cx: &Cx, client: &Client) -> Timestamp {
    let policy = &cx.services.policy;
    let family = if client.allows_grant(GrantType::RefreshToken) { policy.refresh_absolute_seconds } else { 0 };
    let access = client.settings.access_token_lifetime.unwrap_or(policy.access_token_seconds);
    let id_token = client.settings.id_token_lifetime.unwrap_or(policy.id_token_seconds);
    cx.now().plus_seconds(policy.code_seconds).plus_seconds(family).plus_seconds(access.max(id_token))
}

/// Ends a dialogue because the person said no: `access_denied` goes to the client (RFC 6749
/// §4.1.2.1).
pub(in crate::service) fn decline(
    cx: &Cx,
    tx: &mut Write<'_>,
    pending: &Pending,
    browser: &Browser,
) -> Result<Answer, Abort<DialogueFailure>> {
    let redirect = SafeRedirect::restored(&pending.client, &pending.request.redirect_uri)?;
    if !interaction::finish(tx, &pending.interaction.id, cx.now())? {
        return Err(pending.expired().into());
    }
    let mut event = Draft::new(EventKind::ConsentDenied).client(&pending.client.client_id);
    if let Some((session, _)) = account::session_of(cx, tx, pending, browser)? {
        event = event.session(&session).peer(cx);
    }
    event.reason(Reason::PersonDeclined).append(cx, tx)?;
    cx.refused("person", &[], Reason::PersonDeclined);
    let error = OAuthError::new(ErrorCode::AccessDenied, Reason::PersonDeclined);
    Ok(refusal(cx, &redirect, &pending.request, &error))
}
