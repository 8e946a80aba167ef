//! Redeeming a request that a person answered elsewhere (RFC 8628 §3.4 and §3.5, CIBA Core 1.0 §10.1
//! and §11): whoever asks too often waits longer, and an answer is redeemed once.

use super::{
    Stop,
    issue::{self, Chain, Wanted},
    redemption::redeem,
};
use crate::{
    crypto::token::{SecretKind, parse},
    domain::{
        entity::DeferredKind,
        oauth::{Narrowing, OAuthError, Poll, decide_poll, parse_deferred_code},
        trace::Reason,
    },
    service::{
        Cx, Failure,
        client_authentication::{AuthenticatedClient, DirectRequest},
        failure::{keep, undo},
    },
    store::{authorization, deferred},
};

/// Answers a device that asks.
pub(super) async fn device(
    cx: &Cx,
    client: &AuthenticatedClient,
    direct: &DirectRequest<'_>,
) -> Result<issue::TokenReply, Stop> {
    respond(cx, client, direct, DeferredKind::Device, SecretKind::DeviceCode).await
}

/// Answers a client that asks over the back channel.
pub(super) async fn backchannel(
    cx: &Cx,
    client: &AuthenticatedClient,
    direct: &DirectRequest<'_>,
) -> Result<issue::TokenReply, Stop> {
    respond(cx, client, direct, DeferredKind::Backchannel, SecretKind::AuthReqId).await
}

async fn respond(
    cx: &Cx,
    client: &AuthenticatedClient,
    direct: &DirectRequest<'_>,
    kind: DeferredKind,
    secret: SecretKind,
) -> Result<issue::TokenReply, Stop> {
    let code = parse_deferred_code(direct.params, kind)?;
    let narrowing = Narrowing::parse(direct.params)?;
    let unknown = || OAuthError::invalid_grant(Reason::DeferredCodeUnknown);
    let hash = parse(secret, code.expose()).ok_or_else(unknown)?;
    redeem(cx, client, move |cx, tx, view, drafts| {
        let Some(row) = deferred::lock(tx, hash.as_bytes())? else {
            return Err(undo(unknown()));
        };
        match decide_poll(&row, kind, &view.client, cx.now()) {
            Poll::Refused(error) => Err(undo(error)),
            Poll::Wait { interval, error } => {
                deferred::note_poll(tx, &row.id, interval, cx.now())?;
                Err(keep(error))
            }
            Poll::Issue => {
                let Some(parent) = row.authorization_id.as_ref() else {
                    return Err(Failure::internal("an approved request without an authorization").into());
                };
                let Some(lineage) = authorization::find_lineage(tx, parent)? else {
                    return Err(undo(unknown()));
                };
                if !deferred::redeem(tx, &row.id)? {
                    return Err(undo(OAuthError::invalid_grant(Reason::DeferredCodeRedeemed)));
                }
                let auth_req_id = (kind == DeferredKind::Backchannel).then_some(code);
                let chain = Chain::Begin { nonce: None, auth_req_id };
                let wanted = Wanted { narrowing, ..Wanted::of(chain, drafts) };
                issue::for_lineage(cx, tx, view, &lineage, wanted)
            }
        }
    })
    .await
}
