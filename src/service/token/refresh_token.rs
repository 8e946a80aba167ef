//! Refreshing (RFC 6749 §6, RFC 9700 §4.14.2): each token is replaced by one successor. Within the
//! grace, a repeated request is handed the very same successor, so that a lost response is
//! recovered and the family stays a chain; after it, or once the successor was used, a repeat is
//! theft and revokes the family. A client whose security profile wants it keeps its token instead.

use super::{
    Stop,
    issue::{self, Chain, Wanted},
    redemption::redeem,
};
use crate::{
    crypto::token::{SecretKind, parse},
    domain::{
        Secret,
        entity::EventKind,
        oauth::{self, Narrowing, OAuthError, RefreshDecision, RefreshRequest},
        trace::Reason,
    },
    service::{
        Broken, Cx, Failure,
        client_authentication::{AuthenticatedClient, DirectRequest},
        events::Draft,
        failure::{keep, undo},
    },
    store::{Abort, Write, authorization, refresh_token},
};

pub(super) async fn respond(
    cx: &Cx,
    client: &AuthenticatedClient,
    direct: &DirectRequest<'_>,
) -> Result<issue::TokenReply, Stop> {
    let request = RefreshRequest::parse(direct.params)?;
    let narrowing = Narrowing::parse(direct.params)?;
    let unknown = || OAuthError::invalid_grant(Reason::RefreshTokenUnknown);
    let hash = parse(SecretKind::RefreshToken, request.refresh_token.expose()).ok_or_else(unknown)?;
    let proved = client.proved().clone();
    redeem(cx, client, move |cx, tx, view, drafts| {
        let Some(found) = refresh_token::lock(tx, hash.as_bytes())? else {
            return Err(undo(unknown()));
        };
        // Whoever lacks the key changes nothing, and learns nothing of the token's fate.
        proved.check_refresh(&found.token.confirmation).map_err(undo)?;
        let Some(lineage) = authorization::find_lineage(tx, &found.token.authorization_id)? else {
            return Err(undo(unknown()));
        };
        let authorization = &lineage.authorization;
        let chain = match decide(cx, tx, &found, &view.client)? {
            RefreshDecision::Keep => {
                Chain::Keep { token: found.token.clone(), refresh_token: request.refresh_token.clone() }
            }
            RefreshDecision::Rotate => Chain::Rotate { from: found.token.clone() },
            RefreshDecision::Redeliver => Chain::Redeliver { refresh_token: successor(cx, &found)? },
            RefreshDecision::Reuse => {
                authorization::revoke(tx, &authorization.id, cx.now())?;
                Draft::new(EventKind::TokenReplayed)
                    .authorization(authorization)
                    .fact("artefact", "refresh_token")
                    .reason(Reason::RefreshTokenReused)
                    .append(cx, tx)?;
                return Err(keep(OAuthError::invalid_grant(Reason::RefreshTokenReused)));
            }
            RefreshDecision::Refused(error) => return Err(undo(error)),
        };
        let scope = oauth::narrow(request.scope.as_deref(), &authorization.scope).map_err(undo)?;
        let wanted = Wanted { scope: Some(scope), narrowing, ..Wanted::of(chain, drafts) };
        issue::for_lineage(cx, tx, view, &lineage, wanted)
    })
    .await
}

fn decide(
    cx: &Cx,
    tx: &mut Write<'_>,
    found: &refresh_token::Found,
    client: &crate::domain::entity::Client,
) -> Result<RefreshDecision, Abort<Failure>> {
    let successor = match &found.successor_hash {
        Some(hash) => refresh_token::find(tx, hash)?,
        None => None,
    };
    let rotated = successor.is_none_or(|successor| successor.token.rotated_at.is_some());
    let grace = cx.services.policy.refresh_grace_seconds;
    Ok(oauth::decide_refresh(&found.token, rotated, client, grace, cx.now()))
}

fn successor(cx: &Cx, found: &refresh_token::Found) -> Result<Secret<String>, Broken> {
    let broken = || Broken::Internal("a rotated refresh token has no readable successor".into());
    let sealed = found.sealed_successor.as_deref().ok_or_else(broken)?;
    let row = issue::successor_row(&found.token.token_hash);
    let text = cx.services.sealer.open(issue::SUCCESSOR_PURPOSE, &row, sealed).map_err(|_| broken())?;
    String::from_utf8(text.expose().clone()).map(Secret::new).map_err(|_| broken())
}
