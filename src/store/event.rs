//! The event stream: appended in the transaction of the fact it tells, never changed.

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Array, BigInt, Binary, Bool, Nullable, Text},
};

use super::{Read, StoreError, Write, conn::Conn, dialect::prepared, schema::events};
use crate::domain::{Timestamp, entity::Event};

macro_rules! values {
    ($event:expr) => {
        (
            events::id.eq($event.id.as_str()),
            events::at.eq($event.at.millis()),
            events::kind.eq($event.kind.name()),
            events::trace_id.eq($event.trace_id.as_str()),
            events::actor.eq(&$event.actor),
            events::user_id.eq($event.user_id.as_deref()),
            events::client_id.eq($event.client_id.as_deref()),
            events::session_id.eq($event.session_id.as_deref()),
            events::authorization_id.eq($event.authorization_id.as_deref()),
            events::object_id.eq($event.object_id.as_deref()),
            events::reason.eq($event.reason.map(|reason| reason.code())),
            events::facts.eq(&$event.facts),
            events::sealed.eq($event.sealed.as_ref().map(|sealed| sealed.0.as_slice())),
            events::leaf_hash.eq($event.leaf_hash().to_vec()),
        )
    };
}

/// Appends an event.
///
/// # Errors
/// When the database fails.
pub fn append(tx: &mut Write<'_>, event: &Event) -> Result<(), StoreError> {
    Ok(append_many(tx, &[event])?)
}

pub(super) fn append_many(tx: &mut Write<'_>, list: &[&Event]) -> QueryResult<()> {
    if list.is_empty() {
        return Ok(());
    }
    match (tx.conn(), list) {
        (Conn::Sqlite(conn), _) => {
            for event in list {
                prepared!(diesel::insert_into(events::table).values(values!(event))).execute(conn)?;
            }
        }
        (Conn::Pg(conn), [event]) => {
            prepared!(diesel::insert_into(events::table).values(values!(event))).execute(conn)?;
        }
        (Conn::Pg(conn), _) => append_arrays(conn, list)?,
    }
    Ok(())
}

/// One prepared statement for any number of rows.
fn append_arrays(conn: &mut PgConnection, list: &[&Event]) -> QueryResult<()> {
    type Optional = Array<Nullable<Text>>;
    macro_rules! each {
        ($event:ident => $value:expr) => {
            list.iter().map(|$event| $value).collect::<Vec<_>>()
        };
    }
    let statement = diesel::sql_query(
        "INSERT INTO events (id, at, kind, trace_id, actor, user_id, client_id, session_id, authorization_id, \
         object_id, reason, facts, sealed, leaf_hash) SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], \
         $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], \
         $12::text[], $13::bytea[], $14::bytea[])",
    )
    .bind::<Array<Text>, _>(each!(event => event.id.as_str()))
    .bind::<Array<BigInt>, _>(each!(event => event.at.millis()))
    .bind::<Array<Text>, _>(each!(event => event.kind.name()))
    .bind::<Array<Text>, _>(each!(event => event.trace_id.as_str()))
    .bind::<Array<Text>, _>(each!(event => event.actor.as_str()))
    .bind::<Optional, _>(each!(event => event.user_id.as_deref()))
    .bind::<Optional, _>(each!(event => event.client_id.as_deref()))
    .bind::<Optional, _>(each!(event => event.session_id.as_deref()))
    .bind::<Optional, _>(each!(event => event.authorization_id.as_deref()))
    .bind::<Optional, _>(each!(event => event.object_id.as_deref()))
    .bind::<Optional, _>(each!(event => event.reason.map(|reason| reason.code())))
    .bind::<Array<Text>, _>(each!(event => event.facts.as_str()))
    .bind::<Array<Nullable<Binary>>, _>(each!(event => event.sealed.as_ref().map(|sealed| sealed.0.as_slice())))
    .bind::<Array<Binary>, _>(each!(event => event.leaf_hash().to_vec()));
    prepared!(statement).execute(conn)?;
    Ok(())
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct StoredEvent {
    /// Its place in the stream.
    pub seq: i64,
    /// The identifier.
    pub id: String,
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// What happened.
    pub kind: String,
    /// Under which trace.
    pub trace_id: String,
    /// Who did it.
    pub actor: String,
    /// About whom.
    pub user_id: Option<String>,
    /// About which client.
    pub client_id: Option<String>,
    /// The session in the lineage.
    pub session_id: Option<String>,
    /// The authorization in the lineage.
    pub authorization_id: Option<String>,
    /// The object.
    pub object_id: Option<String>,
    /// The reason code of a refusal.
    pub reason: Option<String>,
    /// Facts without personal data, as JSON.
    pub facts: String,
    /// Personal data, sealed.
    pub sealed: Option<Vec<u8>>,
    /// The leaf of the Merkle log.
    pub leaf_hash: Vec<u8>,
}

/// What the index of traces holds, word for word as its migrations have it: all but the tokens that clients get on
/// their own behalf, of which there are too many for an index of random texts.
const INDEXED: &str = "(kind <> 'token.issued' OR user_id IS NOT NULL)";
/// So far back, in events, those tokens are looked for.
pub const MACHINE_TOKENS_SEARCHED: i64 = 500_000;

/// The events under a trace id, or one that begins with this text, oldest first. The tokens that clients got on their
/// own behalf are among them if they are of the last [`MACHINE_TOKENS_SEARCHED`] events.
///
/// # Errors
/// When the database fails.
pub fn by_trace(tx: &mut Read<'_>, trace_prefix: &str, limit: i64) -> Result<Vec<StoredEvent>, StoreError> {
    let last: Option<i64> = events::table.select(events::seq).order(events::seq.desc()).first(tx.conn).optional()?;
    let since = last.unwrap_or_default().saturating_sub(MACHINE_TOKENS_SEARCHED);
    // A range instead of LIKE: it uses the index on both databases, and needs no escaping.
    let of_trace = || events::trace_id.ge(trace_prefix).and(events::trace_id.lt(format!("{trace_prefix}g")));
    let mut found: Vec<StoredEvent> = events::table
        .filter(of_trace())
        .filter(sql::<Bool>(INDEXED))
        .order(events::seq.asc())
        .limit(limit)
        .load(tx.conn)?;
    let machine_tokens: Vec<StoredEvent> = events::table
        .filter(events::seq.gt(since))
        .filter(of_trace())
        .filter(sql::<Bool>("NOT ").sql(INDEXED))
        .order(events::seq.asc())
        .limit(limit)
        .load(tx.conn)?;
    found.extend(machine_tokens);
    found.sort_unstable_by_key(|event| event.seq);
    found.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(found)
}

/// A page of the stream after a place in it, oldest first.
///
/// # Errors
/// When the database fails.
pub fn list(tx: &mut Read<'_>, after: i64, limit: i64) -> Result<Vec<StoredEvent>, StoreError> {
    Ok(events::table.filter(events::seq.gt(after)).order(events::seq.asc()).limit(limit).load(tx.conn)?)
}

/// How many events there are since a time. For tests and `doctor`-like checks.
///
/// # Errors
/// When the database fails.
pub fn count_since(tx: &mut Read<'_>, since: Timestamp) -> Result<i64, StoreError> {
    Ok(events::table.filter(events::at.ge(since.millis())).count().get_result(tx.conn)?)
}
