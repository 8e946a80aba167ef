//! Token introspection (RFC 7662): exact after every acknowledged write, because it reads.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Broken, Cx, Failure,
    bearer::{self, Recognized},
    client_authentication::{self, DirectRequest, Freshness},
    clients::ClientView,
};
use crate::{
    domain::{
        entity::Client,
        ids::ClientId,
        oauth::{self, Disclosure, Introspected, OAuthError},
        trace::Reason,
    },
    store::{self, Read, StoreError},
};

/// Answers an introspection request.
///
/// # Errors
/// `invalid_client` for a caller that is nobody, `invalid_request` without a token.
pub async fn respond(cx: &Cx, request: &DirectRequest<'_>) -> Result<Map<String, Value>, Failure> {
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
            (Some(answer), _) => return Ok(answer),
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
        Recognized::Refresh(hash) => bearer::find_refresh(cx, tx, hash)?.map(|live| of_refresh(cx, live)),
        _ => bearer::find_access(cx, tx, &recognized, Some(caller))?.map(|live| of_access(cx, live)),
    };
    Ok(match found {
        Some(facts) if disclosed(&caller.client, &facts.client_id) => facts.response(),
        _ => oauth::inactive(),
    })
}

fn disclosed(caller: &Client, owner: &ClientId) -> bool {
    matches!(oauth::check_may_introspect(caller, Some(owner)), Ok(Disclosure::Tell))
}

fn of_access(cx: &Cx, live: bearer::Live) -> Introspected {
    let token = live.token;
    Introspected {
        scope: token.scope,
        client_id: token.client_id,
        username: live.person.map(|(user, _)| user.username),
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
        confirmation: token.confirmation,
        authorization_details: token.authorization_details,
        actor: token.actor,
    }
}

fn of_refresh(cx: &Cx, live: bearer::LiveRefresh) -> Introspected {
    let (user, authorization) = live.person;
    Introspected {
        scope: authorization.scope,
        client_id: live.found.token.client_id,
        username: Some(user.username),
        token_type: None,
        expires_at: live.found.token.expires_at,
        issued_at: live.found.token.created_at,
        not_before: None,
        subject: Some(user.id.as_str().to_owned()),
        audience: Vec::new(),
        issuer: cx.services.issuer.as_str().to_owned(),
        jti: None,
        auth_time: Some(authorization.context.auth_time),
        acr: Some(authorization.context.acr),
        confirmation: live.found.token.confirmation,
        authorization_details: authorization.bounds.authorization_details,
        actor: None,
    }
}
