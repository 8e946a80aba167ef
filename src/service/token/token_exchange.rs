//! Token exchange (RFC 8693): a token of ours for a narrower one towards somebody else, where a
//! policy allows the pair. The new token hangs on the authorization of the old one, so that whatever
//! ends that ends both.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Stop,
    issue::{self, Chain, Exchange, Wanted},
    redemption::redeem,
};
use crate::{
    domain::{
        Timestamp,
        entity::Authorization,
        ids::{ClientId, SessionId},
        oauth::{
            ACCESS_TOKEN_URN, Confirmation, ExchangeRequest, ExchangeSubject, OAuthError, SubjectType, decide_exchange,
        },
        trace::Reason,
    },
    service::{
        Cx, Failure,
        bearer::{self, Recognized},
        client_authentication::{AuthenticatedClient, DirectRequest},
        clients::{self, ClientView},
        failure::undo,
        subjects,
    },
    store::{Abort, Read, StoreError, Write, authorization, exchange_policy},
};

pub(super) async fn respond(
    cx: &Cx,
    client: &AuthenticatedClient,
    direct: &DirectRequest<'_>,
) -> Result<issue::TokenReply, Stop> {
    let request = ExchangeRequest::parse(direct.params)?;
    let proved = client.proved().clone();
    let reply =
        redeem(cx, client, move |cx, tx, view, drafts| exchange(cx, tx, view, &request, (drafts, &proved))).await?;
    Ok(issue::TokenReply { issued_token_type: Some(ACCESS_TOKEN_URN), ..reply })
}

fn exchange(
    cx: &Cx,
    tx: &mut Write<'_>,
    view: &Arc<ClientView>,
    request: &ExchangeRequest,
    (drafts, proved): (issue::Drafts, &Confirmation),
) -> Result<issue::Unsigned, Abort<Failure>> {
    let invalid = || undo(OAuthError::invalid_request(Reason::SubjectTokenInvalid));
    let (issued_to, parent, subject) = find_subject(cx, tx, request, proved)?.ok_or_else(invalid)?;
    let policy = exchange_policy::find(tx, &view.client.client_id, &issued_to)?;
    let acting = find_actor(cx, tx, view, request, proved)?;
    let issuer = cx.services.issuer.as_str();
    let exchanged = decide_exchange(request, &view.client, policy.as_ref(), &subject, acting.as_deref(), issuer);
    let exchanged = exchanged.map_err(undo)?;
    let grantor = clients::standing(cx, tx, &parent.client_id)?.ok_or_else(invalid)?;
    let wanted = Wanted {
        scope: Some(exchanged.scope.clone()),
        exchange: Some(Exchange { grantor, exchanged }),
        ..Wanted::of(Chain::Single, drafts)
    };
    issue::for_person(cx, tx, view, &parent, wanted)
}

/// The token that is exchanged, if it is alive: to whom it was issued, what it stands on, and what it
/// says. One that is bound to a key is exchanged only by whoever proves that key.
fn find_subject(
    cx: &Cx,
    tx: &mut Read<'_>,
    request: &ExchangeRequest,
    proved: &Confirmation,
) -> Result<Option<(ClientId, Authorization, ExchangeSubject)>, Abort<Failure>> {
    let text = request.subject_token.expose();
    match request.subject_type {
        SubjectType::AccessToken => {
            let recognized = bearer::recognize(cx, text);
            let Some(live) = bearer::find_access(cx, tx, &recognized, None)? else { return Ok(None) };
            let token = live.token;
            token.confirmation.check_exchange(proved).map_err(undo)?;
            let subject = ExchangeSubject { scope: token.scope, expires_at: token.expires_at, actor: token.actor };
            Ok(live.person.map(|(_, authorization)| (token.client_id, authorization, subject)))
        }
        SubjectType::RefreshToken => {
            let Recognized::Refresh(hash) = bearer::recognize(cx, text) else { return Ok(None) };
            let Some(live) = bearer::find_refresh(cx, tx, &hash)? else { return Ok(None) };
            let (_, authorization) = live.person;
            let token = live.found.token;
            token.confirmation.check_exchange(proved).map_err(undo)?;
            let expires_at = token.expires_at.min(token.family_expires_at);
            let subject = ExchangeSubject { scope: authorization.scope.clone(), expires_at, actor: None };
            Ok(Some((token.client_id, authorization, subject)))
        }
        SubjectType::IdToken => Ok(find_id_token(cx, tx, text)?),
    }
}

/// An ID token names its session: it stands on what its client was last allowed there.
fn find_id_token(
    cx: &Cx,
    tx: &mut Read<'_>,
    text: &str,
) -> Result<Option<(ClientId, Authorization, ExchangeSubject)>, StoreError> {
    let keyring = cx.services.keyring.load();
    let Ok((_, claims)) = keyring.verify_own(text, &[issue::ID_TOKEN_TYPE]) else { return Ok(None) };
    let Some((subject, client, session, expires_at)) = read_id_token(cx, &claims) else { return Ok(None) };
    let Some(found) = authorization::latest_of_session(tx, &session, &client)? else { return Ok(None) };
    let Some(view) = clients::standing(cx, tx, &client)? else { return Ok(None) };
    let named = subjects::told(cx, &view.client, &found.user_id) == subject;
    if !named || !bearer::authorization_stands(cx, tx, &client, &found.id)? {
        return Ok(None);
    }
    let facts = ExchangeSubject { scope: found.scope.clone(), expires_at, actor: None };
    Ok(Some((client, found, facts)))
}

fn read_id_token(cx: &Cx, claims: &Map<String, Value>) -> Option<(String, ClientId, SessionId, Timestamp)> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let expires_at = claims.get("exp").and_then(Value::as_i64).map(Timestamp::from_seconds)?;
    if text("iss")? != cx.services.issuer.as_str() || cx.now() >= expires_at {
        return None;
    }
    // One audience: ID tokens of this server have no other.
    Some((text("sub")?.to_owned(), ClientId::new(text("aud")?), SessionId::new(text("sid")?), expires_at))
}

/// Whom the actor token is about. It must be the client's own, and if it is bound to a key, that key is
/// proved: whoever got hold of another one does not act by it.
fn find_actor(
    cx: &Cx,
    tx: &mut Read<'_>,
    view: &Arc<ClientView>,
    request: &ExchangeRequest,
    proved: &Confirmation,
) -> Result<Option<String>, Abort<Failure>> {
    let Some(token) = &request.actor_token else { return Ok(None) };
    let live = bearer::find_access(cx, tx, &bearer::recognize(cx, token.expose()), Some(view))?;
    let live = live.filter(|live| live.token.client_id == view.client.client_id);
    let token = live.ok_or(undo(OAuthError::invalid_request(Reason::ActorTokenInvalid)))?.token;
    token.confirmation.check_exchange(proved).map_err(undo)?;
    Ok(Some(token.subject))
}
