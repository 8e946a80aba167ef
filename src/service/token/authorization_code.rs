//! Redeeming a code (RFC 6749 §4.1.3, RFC 7636 §4.6): one wins, and a replay revokes all that the
//! code gave.

use super::{
    Stop,
    issue::{self, Chain, Wanted},
    redemption::redeem,
};
use crate::{
    crypto::token::{SecretKind, parse},
    domain::{
        entity::EventKind,
        oauth::{self, CodeExchange, Narrowing, OAuthError, Refusal},
        trace::Reason,
    },
    service::{
        Cx, Failure,
        client_authentication::{AuthenticatedClient, DirectRequest},
        events::Draft,
        failure::{keep, undo},
    },
    store::{Abort, Write, authorization, authorization_code},
};

pub(super) async fn respond(
    cx: &Cx,
    client: &AuthenticatedClient,
    direct: &DirectRequest<'_>,
) -> Result<issue::TokenReply, Stop> {
    let request = CodeExchange::parse(direct.params)?;
    let narrowing = Narrowing::parse(direct.params)?;
    let unknown = || OAuthError::invalid_grant(Reason::CodeUnknown);
    let hash = parse(SecretKind::AuthorizationCode, request.code.expose()).ok_or_else(unknown)?;
    redeem(cx, client, move |cx, tx, view, drafts| {
        let Some(code) = authorization_code::lock(tx, hash.as_bytes())? else {
            return Err(undo(unknown()));
        };
        let Some(lineage) = authorization::find_lineage(tx, &code.authorization_id)? else {
            return Err(undo(unknown()));
        };
        match oauth::check_redeemable(&code, &view.client, &request, cx.now()) {
            Ok(()) if authorization_code::consume(tx, hash.as_bytes(), cx.now())? => {
                let chain = Chain::Begin { nonce: code.nonce.clone(), auth_req_id: None };
                let wanted = Wanted { narrowing, ..Wanted::of(chain, drafts) };
                issue::for_lineage(cx, tx, view, &lineage, wanted)
            }
            // The replay is remembered although the client only hears `invalid_grant`.
            Ok(()) | Err(Refusal::Replayed) => {
                revoke(cx, tx, &lineage.authorization)?;
                Err(keep(Refusal::Replayed.into()))
            }
            Err(refusal) => Err(undo(refusal.into())),
        }
    })
    .await
}

fn revoke(
    cx: &Cx,
    tx: &mut Write<'_>,
    authorization: &crate::domain::entity::Authorization,
) -> Result<(), Abort<Failure>> {
    authorization::revoke(tx, &authorization.id, cx.now())?;
    Draft::new(EventKind::TokenReplayed)
        .authorization(authorization)
        .fact("artefact", "authorization_code")
        .reason(Reason::CodeReplayed)
        .append(cx, tx)?;
    Ok(())
}
