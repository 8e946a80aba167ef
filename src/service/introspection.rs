//! Token introspection (RFC 7662): exact after every acknowledged write, because it reads. The
//! answer is JSON, or a JWT for whoever asks for one (RFC 9701).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Broken, Cx, Failure,
    bearer::{self, Recognized},
    client_authentication::{self, DirectRequest, Freshness},
    client_keys,
    clients::ClientView,
    subjects,
    token::issue,
};
use crate::{
    domain::{
        Secret,
        entity::Client,
        ids::ClientId,
        jose::SigningAlgorithm,
        oauth::{self, Disclosure, Introspected, OAuthError},
        trace::Reason,
    },
    store::{self, Read, StoreError},
};

/// How the caller wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// RFC 7662 §2.2.
    Json,
    /// RFC 9701 §5.
    Jwt,
}

/// An answer about a token.
#[derive(Clone, Debug)]
pub enum Introspection {
    /// The members.
    Json(Map<String, Value>),
    /// A JWT of them, signed, and encrypted if the caller is registered so.
    Jwt(Secret<String>),
}

/// Answers an introspection request.
///
/// # Errors
/// `invalid_client` for a caller that is nobody, `invalid_request` without a token, or when the answer
/// would have to be encrypted and the caller has no key.
pub async fn respond(cx: &Cx, request: &DirectRequest<'_>, wish: Wish) -> Result<Introspection, Failure> {
    let (caller, members) = decide(cx, request).await?;
    if wish == Wish::Json {
        return Ok(Introspection::Json(members));
    }
    let client = &caller.client;
    let choice = client.settings.introspection_encryption();
    client_keys::prepare(cx, client, choice).await;
    let recipient = client_keys::recipient(cx, client, choice).inspect_err(|failure| {
        if let Failure::Refused(error) = failure {
            cx.refused("encryption", &[], error.reason);
        }
    })?;
    let algorithm = client.settings.introspection_signed_response_alg.unwrap_or(SigningAlgorithm::RS256);
    let claims = oauth::introspection_claims(cx.services.issuer.as_str(), &client.client_id, cx.now(), members);
    let jwt = issue::sign(cx, algorithm, issue::INTROSPECTION_TYPE, &claims)?;
    Ok(Introspection::Jwt(match recipient {
        Some(recipient) => Secret::new(recipient.nest(cx, jwt.expose())?),
        None => jwt,
    }))
}

/// Who asks, and what they are told.
async fn decide(cx: &Cx, request: &DirectRequest<'_>) -> Result<(Arc<ClientView>, Map<String, Value>), Failure> {
    let mut freshness = Freshness::Recent;
    loop {
        let caller = client_authentication::authenticate(cx, request, freshness).await?;
        let asked = oauth::check_may_introspect(caller.client(), None)
            .and_then(|_| request.params.require("token", Reason::TokenMissing).map(str::to_owned));
        let text = asked.inspect_err(|error| cx.refused("introspection", &[], error.reason))?;
        let (context, view) = (cx.clone(), caller.view().clone());
        let answer = cx
            .services
            .store
            .read(move |tx| {
                if store::client::enabled_version(tx, &view.client.client_id)? != Some(view.client.version) {
                    return Ok::<_, StoreError>(None);
                }
                tell(&context, tx, &view, &text).map(Some)
            })
            .await
            .map_err(Broken::from)?;
        match (answer, freshness) {
            (Some(answer), _) => return Ok((caller.view().clone(), answer)),
            (None, Freshness::Recent) if !caller.method().is_assertion() => {
                freshness = Freshness::Current;
            }
            (None, _) => return Err(OAuthError::invalid_client(Reason::ClientUnknown).into()),
        }
    }
}

fn tell(cx: &Cx, tx: &mut Read<'_>, caller: &Arc<ClientView>, text: &str) -> Result<Map<String, Value>, StoreError> {
    let recognized = bearer::recognize(cx, text);
    let found = match &recognized {
        Recognized::Refresh(hash) => bearer::find_refresh(cx, tx, hash)?.map(|live| of_refresh(cx, caller, live)),
        _ => bearer::find_access(cx, tx, &recognized, Some(caller))?.map(|live| of_access(cx, caller, live)),
    };
    Ok(match found {
        Some(facts) if disclosed(&caller.client, &facts.client_id) => facts.response(),
        _ => oauth::inactive(),
    })
}

fn disclosed(caller: &Client, owner: &ClientId) -> bool {
    matches!(oauth::check_may_introspect(caller, Some(owner)), Ok(Disclosure::Tell))
}

/// The login name is the same everywhere: a pairwise client must not compare people by it.
fn username(caller: &ClientView, owner: &Client, name: String) -> Option<String> {
    (!caller.client.settings.is_pairwise() && !owner.settings.is_pairwise()).then_some(name)
}

fn of_access(cx: &Cx, caller: &ClientView, live: bearer::Live) -> Introspected {
    let token = live.token;
    Introspected {
        scope: token.scope,
        client_id: token.client_id,
        username: live.person.and_then(|(user, _)| username(caller, &live.client.client, user.username)),
        token_type: Some(token.confirmation.scheme().name()),
        expires_at: token.expires_at,
        issued_at: token.issued_at,
        not_before: None,
        subject: Some(token.subject),
        audience: token.audience,
        issuer: cx.services.issuer.as_str().to_owned(),
        jti: Some(token.jti),
        auth_time: token.auth_time,
        acr: token.acr,
        amr: token.amr,
        confirmation: token.confirmation,
        authorization_details: token.authorization_details,
        actor: token.actor,
    }
}

fn of_refresh(cx: &Cx, caller: &ClientView, live: bearer::LiveRefresh) -> Introspected {
    let (user, authorization) = live.person;
    Introspected {
        scope: authorization.scope,
        client_id: live.found.token.client_id,
        username: username(caller, &live.client.client, user.username),
        token_type: None,
        expires_at: live.found.token.expires_at,
        issued_at: live.found.token.created_at,
        not_before: None,
        subject: Some(subjects::told(cx, &live.client.client, &user.id)),
        audience: Vec::new(),
        issuer: cx.services.issuer.as_str().to_owned(),
        jti: None,
        auth_time: Some(authorization.context.auth_time),
        acr: Some(authorization.context.acr),
        amr: authorization.context.amr,
        confirmation: live.found.token.confirmation,
        authorization_details: authorization.bounds.authorization_details,
        actor: None,
    }
}
