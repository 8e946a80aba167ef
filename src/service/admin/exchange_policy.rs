//! Which client may exchange whose tokens, and for what: nothing that is not written here.

use super::{AdminFailure, Change, change, client, page_size};
use crate::{
    domain::{
        entity::{EventKind, ExchangeMode, ExchangePolicy},
        oauth::GrantType,
    },
    service::{Cx, events::Draft},
    store::{Write, exchange_policy},
};

/// More audiences than this are not one policy.
const MAX_AUDIENCES: usize = 20;
/// The longest audience, in bytes.
const MAX_AUDIENCE: usize = 512;

/// Allows a pair, in place of what was allowed before.
///
/// # Errors
/// `AS-3002`, `AS-3003`; broken.
pub async fn allow(
    cx: &Cx,
    client_id: &str,
    subject_client_id: &str,
    audiences: Vec<String>,
    mode: ExchangeMode,
) -> Result<ExchangePolicy, AdminFailure> {
    let (client_id, subject) = (client_id.to_owned(), subject_client_id.to_owned());
    change(cx, "exchange_policy.allow", move |cx, tx| {
        check_audiences(&audiences)?;
        let exchanging = client::wanted(tx, &client_id)?;
        if !exchanging.allows_grant(GrantType::TokenExchange) {
            return Err(AdminFailure::value("client", "allow the client the grant token_exchange first").into());
        }
        let policy = ExchangePolicy {
            client_id: exchanging.client_id,
            subject_client_id: client::wanted(tx, &subject)?.client_id,
            audiences,
            mode,
            updated_at: cx.now(),
        };
        exchange_policy::put(tx, &policy)?;
        tell(cx, tx, EventKind::ExchangeAllowed, &policy)?;
        Ok(policy)
    })
    .await
}

fn check_audiences(audiences: &[String]) -> Result<(), AdminFailure> {
    let well_formed = |audience: &String| {
        (1..=MAX_AUDIENCE).contains(&audience.len()) && audience.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !(1..=MAX_AUDIENCES).contains(&audiences.len()) || !audiences.iter().all(well_formed) {
        return Err(AdminFailure::value("audience", "name 1 to 20 audiences of visible ASCII without spaces"));
    }
    Ok(())
}

fn tell(cx: &Cx, tx: &mut Write<'_>, kind: EventKind, policy: &ExchangePolicy) -> Change<()> {
    Draft::new(kind)
        .client(&policy.client_id)
        .fact("subject_client", policy.subject_client_id.as_str())
        .fact("audiences", policy.audiences.join(" "))
        .fact("mode", policy.mode.name())
        .append(cx, tx)?;
    Ok(())
}

/// The policies, of one client or of all.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn list(cx: &Cx, client_id: Option<String>, limit: i64) -> Result<Vec<ExchangePolicy>, AdminFailure> {
    let read = move |tx: &mut crate::store::Read<'_>| {
        let client = client_id.map(|id| client::wanted(tx, &id)).transpose()?.map(|client| client.client_id);
        Ok(exchange_policy::list(tx, client.as_ref(), page_size(limit))?)
    };
    cx.services.store.read(read).await
}

/// Forbids a pair again. Tokens that were exchanged live on for their short time.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn delete(cx: &Cx, client_id: &str, subject_client_id: &str) -> Result<(), AdminFailure> {
    let (client_id, subject) = (client_id.to_owned(), subject_client_id.to_owned());
    change(cx, "exchange_policy.delete", move |cx, tx| {
        let (client, subject) = (client::wanted(tx, &client_id)?.client_id, client::wanted(tx, &subject)?.client_id);
        let Some(policy) = exchange_policy::find(tx, &client, &subject)? else {
            return Err(AdminFailure::not_found("exchange policy", &client_id).into());
        };
        exchange_policy::delete(tx, &client, &subject)?;
        tell(cx, tx, EventKind::ExchangeForbidden, &policy)
    })
    .await
}
