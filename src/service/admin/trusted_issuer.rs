//! Whose assertions are taken for the word of a person or a client.

use super::{AdminFailure, Change, change, client, noted, or_taken, page_size};
use crate::{
    domain::{
        entity::{EventKind, TrustedIssuer},
        oauth::check_trusted_issuer,
    },
    service::{Cx, events::Draft},
    store::{Write, trusted_issuer},
};

/// Trusts an issuer from now on.
///
/// # Errors
/// `AS-3001`, `AS-3002` for a client, `AS-3003`; broken.
pub async fn create(cx: &Cx, issuer: TrustedIssuer) -> Result<TrustedIssuer, AdminFailure> {
    let issuer = TrustedIssuer { created_at: cx.now(), ..issuer };
    change(cx, "trusted_issuer.create", move |cx, tx| {
        check_trusted_issuer(&issuer).map_err(|rule| AdminFailure::value(&rule.field, rule.rule))?;
        for id in &issuer.clients {
            client::wanted(tx, id.as_str())?;
        }
        trusted_issuer::insert(tx, &issuer)
            .map_err(|error| or_taken(error, |_| AdminFailure::taken("trusted issuer", &issuer.issuer)))?;
        tell(cx, tx, EventKind::TrustedIssuerCreated, &issuer)?;
        Ok(issuer)
    })
    .await
}

fn tell(cx: &Cx, tx: &mut Write<'_>, kind: EventKind, issuer: &TrustedIssuer) -> Change<()> {
    let clients: Vec<&str> = issuer.clients.iter().map(|id| id.as_str()).collect();
    Draft::new(kind)
        .object(&issuer.issuer)
        .fact("clients", clients.join(" "))
        .fact("scope", issuer.scope.join(" "))
        .fact("subject", issuer.subject.name())
        .append(cx, tx)?;
    Ok(())
}

/// A page of issuers, ordered by name.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Cx, after: Option<String>, limit: i64) -> Result<Vec<TrustedIssuer>, AdminFailure> {
    cx.services.store.read(move |tx| Ok(trusted_issuer::list(tx, after.as_deref(), page_size(limit))?)).await
}

/// The issuer of this name.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn find(cx: &Cx, name: &str) -> Result<TrustedIssuer, AdminFailure> {
    let name = name.to_owned();
    let found = cx
        .services
        .store
        .read(move |tx| {
            let found = if name.contains('\0') { None } else { trusted_issuer::find(tx, &name)? };
            found.ok_or_else(|| AdminFailure::not_found("trusted issuer", &name))
        })
        .await;
    noted(cx, "trusted_issuer.find", found)
}

/// Trusts an issuer no longer. What it vouched for lives on for the life of an access token.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn delete(cx: &Cx, name: &str) -> Result<(), AdminFailure> {
    let issuer = find(cx, name).await?;
    change(cx, "trusted_issuer.delete", move |cx, tx| {
        if !trusted_issuer::delete(tx, &issuer.issuer)? {
            return Err(AdminFailure::not_found("trusted issuer", &issuer.issuer).into());
        }
        tell(cx, tx, EventKind::TrustedIssuerDeleted, &issuer)
    })
    .await
}
