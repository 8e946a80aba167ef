//! Interactions: the pending dialogue between an authorization request and its answer.

use diesel::prelude::*;

use super::{Read, StoreError, Write, dialect::execute_prepared, row, schema::interactions};
use crate::domain::{
    Timestamp,
    entity::Ending,
    ids::{ClientId, InteractionId, SessionId},
    trace::TraceId,
};

/// A pending dialogue. Everything a page decides on is here, never in the form.
#[derive(Clone, Debug)]
pub struct Interaction {
    /// In the page's address.
    pub id: InteractionId,
    /// SHA-256 of the cookie of the browser that it was started in.
    pub browser_hash: Vec<u8>,
    /// Who asked.
    pub client_id: ClientId,
    /// The validated authorization request, as JSON.
    pub request: String,
    /// The trace of the authorization request.
    pub trace_id: TraceId,
    /// The session chosen in this dialogue.
    pub session_id: Option<SessionId>,
    /// When somebody authenticated in this very dialogue.
    pub authenticated_at: Option<Timestamp>,
    /// When somebody consented in this very dialogue.
    pub consented_at: Option<Timestamp>,
    /// When an account was chosen in this very dialogue.
    pub account_chosen_at: Option<Timestamp>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// When it was answered.
    pub finished_at: Option<Timestamp>,
    /// How it ends when it is granted.
    pub ending: Ending,
}

#[derive(Queryable)]
struct InteractionRow {
    id: String,
    browser_hash: Vec<u8>,
    client_id: String,
    request: String,
    trace_id: String,
    session_id: Option<String>,
    authenticated_at: Option<i64>,
    consented_at: Option<i64>,
    account_chosen_at: Option<i64>,
    created_at: i64,
    expires_at: i64,
    finished_at: Option<i64>,
    ending: String,
}

/// Inserts an interaction.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &mut Write<'_>, interaction: &Interaction) -> Result<(), StoreError> {
    diesel::insert_into(interactions::table)
        .values((
            interactions::id.eq(interaction.id.as_str()),
            interactions::browser_hash.eq(&interaction.browser_hash),
            interactions::client_id.eq(interaction.client_id.as_str()),
            interactions::request.eq(&interaction.request),
            interactions::trace_id.eq(interaction.trace_id.as_str()),
            interactions::session_id.eq(interaction.session_id.as_ref().map(SessionId::as_str)),
            interactions::authenticated_at.eq(interaction.authenticated_at.map(Timestamp::millis)),
            interactions::consented_at.eq(interaction.consented_at.map(Timestamp::millis)),
            interactions::account_chosen_at.eq(interaction.account_chosen_at.map(Timestamp::millis)),
            interactions::created_at.eq(interaction.created_at.millis()),
            interactions::expires_at.eq(interaction.expires_at.millis()),
            interactions::finished_at.eq(interaction.finished_at.map(Timestamp::millis)),
            interactions::ending.eq(row::to_json(&interaction.ending, "interactions", "ending")?),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The interaction with this id, finished or expired ones included.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Read<'_>, id: &InteractionId) -> Result<Option<Interaction>, StoreError> {
    interactions::table
        .filter(interactions::id.eq(id.as_str()))
        .get_result::<InteractionRow>(tx.conn)
        .optional()?
        .map(entity)
        .transpose()
}

fn entity(columns: InteractionRow) -> Result<Interaction, StoreError> {
    Ok(Interaction {
        id: InteractionId::new(columns.id),
        browser_hash: columns.browser_hash,
        client_id: ClientId::new(columns.client_id),
        request: columns.request,
        trace_id: TraceId::from_stored(columns.trace_id),
        session_id: columns.session_id.map(SessionId::new),
        authenticated_at: row::time(columns.authenticated_at),
        consented_at: row::time(columns.consented_at),
        account_chosen_at: row::time(columns.account_chosen_at),
        created_at: Timestamp::from_millis(columns.created_at),
        expires_at: Timestamp::from_millis(columns.expires_at),
        finished_at: row::time(columns.finished_at),
        ending: row::from_json(&columns.ending, "interactions", "ending")?,
    })
}

/// Writes the progress of a dialogue: session, authentication, consent, choice.
///
/// # Errors
/// When the database fails.
pub fn update(tx: &mut Write<'_>, interaction: &Interaction) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            interactions::table
                .filter(interactions::id.eq(interaction.id.as_str()))
                .filter(interactions::finished_at.is_null()),
        )
        .set((
            interactions::session_id.eq(interaction.session_id.as_ref().map(SessionId::as_str)),
            interactions::authenticated_at.eq(interaction.authenticated_at.map(Timestamp::millis)),
            interactions::consented_at.eq(interaction.consented_at.map(Timestamp::millis)),
            interactions::account_chosen_at.eq(interaction.account_chosen_at.map(Timestamp::millis)),
        ))
    )?;
    Ok(written == 1)
}

/// Answers a dialogue once: of a double click or two tabs, one wins.
///
/// # Errors
/// When the database fails.
pub fn finish(tx: &mut Write<'_>, id: &InteractionId, now: Timestamp) -> Result<bool, StoreError> {
    let written = execute_prepared!(
        tx,
        diesel::update(
            interactions::table.filter(interactions::id.eq(id.as_str())).filter(interactions::finished_at.is_null()),
        )
        .set(interactions::finished_at.eq(Some(now.millis())))
    )?;
    Ok(written == 1)
}
