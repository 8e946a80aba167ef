//! Trusted issuers, by their `iss`.

use diesel::prelude::*;

use super::{Read, StoreError, Write, row, schema::trusted_issuers as table};
use crate::domain::{
    Timestamp,
    entity::{SubjectMapping, TrustedIssuer},
};

/// The name of the table, where damaged rows are told.
const TABLE: &str = "trusted_issuers";

type Columns = (String, Option<String>, Option<String>, Option<String>, String, String, String, i64);

fn entity(columns: Columns) -> Result<TrustedIssuer, StoreError> {
    let (issuer, jwks, jwks_uri, audience, subject, clients, scope, created_at) = columns;
    Ok(TrustedIssuer {
        issuer,
        jwks: jwks.map(|text| row::from_json(&text, TABLE, "jwks")).transpose()?,
        jwks_uri,
        audience,
        subject: row::known(SubjectMapping::from_name(&subject), TABLE, "subject")?,
        clients: row::from_json(&clients, TABLE, "clients")?,
        scope: row::split(&scope),
        created_at: Timestamp::from_millis(created_at),
    })
}

/// Inserts an issuer.
///
/// # Errors
/// `Conflict` when it is there already.
pub fn insert(tx: &mut Write<'_>, issuer: &TrustedIssuer) -> Result<(), StoreError> {
    let jwks = issuer.jwks.as_ref().map(|jwks| row::to_json(jwks, TABLE, "jwks")).transpose()?;
    diesel::insert_into(table::table)
        .values((
            table::issuer.eq(&issuer.issuer),
            table::jwks.eq(jwks),
            table::jwks_uri.eq(issuer.jwks_uri.as_deref()),
            table::audience.eq(issuer.audience.as_deref()),
            table::subject.eq(issuer.subject.name()),
            table::clients.eq(row::to_json(&issuer.clients, TABLE, "clients")?),
            table::scope.eq(row::join(&issuer.scope)),
            table::created_at.eq(issuer.created_at.millis()),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The issuer of this name.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, issuer: &str) -> Result<Option<TrustedIssuer>, StoreError> {
    table::table.filter(table::issuer.eq(issuer)).get_result::<Columns>(tx.conn).optional()?.map(entity).transpose()
}

/// A page of issuers, ordered by name, after the given one.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, after: Option<&str>, limit: i64) -> Result<Vec<TrustedIssuer>, StoreError> {
    let after = after.unwrap_or_default();
    let page = table::table.filter(table::issuer.gt(after)).order(table::issuer).limit(limit);
    page.load::<Columns>(tx.conn)?.into_iter().map(entity).collect()
}

/// Deletes an issuer. `false`: there was none.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &mut Write<'_>, issuer: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(table::table.filter(table::issuer.eq(issuer))).execute(tx.conn())? == 1)
}
