//! Token revocation (RFC 7009). A refresh token takes its whole authorization along; an access
//! token goes alone.

use super::{
    Cx, Failure,
    bearer::{self, Recognized},
    client_authentication::{self, DirectRequest, Freshness},
    events::Draft,
    failure::undo,
};
use crate::{
    crypto::token::SecretHash,
    domain::{
        entity::EventKind,
        ids::ClientId,
        oauth::{OAuthError, VerifiedAccessToken},
        trace::Reason,
    },
    store::{self, Abort, Write},
};

/// Answers a revocation request. An unknown token is no error (RFC 7009 §2.2).
///
/// # Errors
/// `invalid_client`, or `invalid_grant` for another client's token.
pub async fn respond(cx: &Cx, request: &DirectRequest<'_>) -> Result<(), Failure> {
    let caller = client_authentication::authenticate(cx, request, Freshness::Current).await?;
    let text = request.params.require("token", Reason::TokenMissing).map_err(|error| noted(cx, error))?;
    let recognized = bearer::recognize(cx, text);
    let client_id = caller.client().client_id.clone();
    let context = cx.clone().acting_as(format!("client:{client_id}"));
    let revoked = cx
        .services
        .store
        .write(move |tx| match &recognized {
            Recognized::Opaque(hash) => opaque(&context, tx, &client_id, hash),
            Recognized::SelfContained(token) => self_contained(&context, tx, &client_id, token),
            Recognized::Refresh(hash) => refresh(&context, tx, &client_id, hash),
            Recognized::Unknown => Ok(()),
        })
        .await;
    match revoked {
        Err(Failure::Refused(error)) => Err(noted(cx, error)),
        other => other,
    }
}

fn noted(cx: &Cx, error: OAuthError) -> Failure {
    cx.refused("revocation", &[], error.reason);
    Failure::Refused(error)
}

fn check_owner(caller: &ClientId, owner: &ClientId) -> Result<(), Abort<Failure>> {
    if caller == owner { Ok(()) } else { Err(undo(OAuthError::invalid_grant(Reason::TokenOfAnotherClient))) }
}

fn opaque(cx: &Cx, tx: &mut Write<'_>, caller: &ClientId, hash: &SecretHash) -> Result<(), Abort<Failure>> {
    let Some(found) = store::access_token::find(tx, hash.as_bytes())? else { return Ok(()) };
    check_owner(caller, &found.token.client_id)?;
    if store::access_token::revoke(tx, hash.as_bytes(), cx.now())? {
        Draft::new(EventKind::TokenRevoked).client(caller).object(&found.token.jti).append(cx, tx)?;
    }
    Ok(())
}

fn self_contained(
    cx: &Cx,
    tx: &mut Write<'_>,
    caller: &ClientId,
    token: &VerifiedAccessToken,
) -> Result<(), Abort<Failure>> {
    check_owner(caller, &token.client_id)?;
    if store::access_token::revoke_self_contained(tx, &token.jti, token.expires_at)? {
        Draft::new(EventKind::TokenRevoked).client(caller).object(&token.jti).append(cx, tx)?;
    }
    Ok(())
}

fn refresh(cx: &Cx, tx: &mut Write<'_>, caller: &ClientId, hash: &SecretHash) -> Result<(), Abort<Failure>> {
    let Some(found) = store::refresh_token::find(tx, hash.as_bytes())? else { return Ok(()) };
    check_owner(caller, &found.token.client_id)?;
    let id = &found.token.authorization_id;
    if store::authorization::revoke(tx, id, cx.now())?
        && let Some(authorization) = store::authorization::find(tx, id)?
    {
        Draft::new(EventKind::AuthorizationRevoked)
            .authorization(&authorization)
            .fact("by", "refresh_token")
            .append(cx, tx)?;
    }
    Ok(())
}
