//! Clients whose `client_id` is the address of their own metadata
//! (draft-ietf-oauth-client-id-metadata-document): fetched when what is stored is no longer believed,
//! and kept as a client like any other, so that all nodes agree.

use std::sync::PoisonError;

use super::{
    Broken, Cx, Failure, admin::client as clients, events::Draft, failure::undo, network_limit, registration::policy,
};
use crate::{
    domain::{
        Timestamp,
        entity::{Client, EventKind, Owner},
        ids::ClientId,
        oauth::{
            Caching, DocumentAddress, ErrorCode, OAuthError, Registration, RegistrationPolicy, RegistrationRefusal,
            SettingsRule, cache_seconds, check_certificates, is_another_app, parse_document,
        },
        strict_json::parse_object,
        trace::Reason,
    },
    store::{
        Abort, StoreError, Write, client,
        registration::{self, Registered},
    },
};

/// After a failure the address is left alone for so many seconds.
const PATIENCE: i64 = 30;
/// While its host does not answer, a document is believed for so many seconds after it was fetched.
const GRACE: i64 = 86_400;
/// More failures than this are not remembered.
const CAPACITY: usize = 1024;

/// Makes sure that the stored client is what its document says, or has said lately.
///
/// # Errors
/// `invalid_client` with the reason: not accepted here, malformed, not to be had, not acceptable.
pub async fn refresh(cx: &Cx, id: &ClientId) -> Result<(), Failure> {
    match try_refresh(cx, id).await {
        Ok(fetched) => {
            cx.passed("client_document", &[("fetched", if fetched { "now" } else { "before" })]);
            Ok(())
        }
        Err(Failure::Refused(error)) => {
            cx.refused("client_document", &[], error.reason);
            Err(Failure::Refused(error))
        }
        Err(broken) => Err(broken),
    }
}

/// Whether it was fetched now.
async fn try_refresh(cx: &Cx, id: &ClientId) -> Result<bool, Failure> {
    let policy = policy::current(&cx.services).await;
    let refused = |reason| Failure::Refused(OAuthError::invalid_client(reason));
    if !policy.offers_documents() {
        return Err(refused(Reason::DocumentNotAccepted));
    }
    let address = DocumentAddress::parse(id, cx.services.fetcher.reaches_loopback())?;
    if !policy.accepts_host(address.host()) {
        return Err(refused(Reason::DocumentNotAccepted));
    }
    if read(cx, id).await?.0.is_believed(cx.now()) {
        return Ok(false);
    }
    // Of many who find it missing one asks its host.
    cx.services.registrations.fetching.join(id, renew(cx, id, &address, &policy)).await
}

/// Fetches the document and stores what it says, unless somebody else did so a moment ago.
async fn renew(
    cx: &Cx,
    id: &ClientId,
    address: &DocumentAddress,
    policy: &RegistrationPolicy,
) -> Result<bool, Failure> {
    let refused = |reason| Failure::Refused(OAuthError::invalid_client(reason));
    let (known, stored) = read(cx, id).await?;
    if known.is_believed(cx.now()) {
        return Ok(false);
    }
    let in_grace = known.fetched_at.is_some_and(|fetched| cx.now() < fetched.plus_seconds(GRACE));
    let settings = stored.as_ref().map(|client| &client.settings);
    let fetched = match recent_failure(cx, id) {
        Some(reason) => Err(refused(reason)),
        None => {
            if stored.is_none() {
                admit_stranger(cx, policy).await?;
            }
            fetch(cx, address, settings, policy).await
        }
    };
    match fetched {
        Ok((registration, seconds)) => {
            let waits = policy.quarantine && !policy.vouches_for_host(address.host());
            store(cx, id, stored, (registration, waits), cx.now().plus_seconds(seconds)).await?;
            Ok(true)
        }
        // Its host is away: what it said lately holds. What it says wrongly now does not.
        Err(Failure::Refused(error)) if error.reason == Reason::DocumentUnavailable && in_grace => {
            remember_failure(cx, id, error.reason);
            Ok(false)
        }
        Err(Failure::Refused(error)) => {
            remember_failure(cx, id, error.reason);
            Err(Failure::Refused(error))
        }
        Err(broken) => Err(broken),
    }
}

/// How long what is stored is believed.
#[derive(Clone, Copy, Default)]
struct Known {
    fetched_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

impl Known {
    fn is_believed(self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|limit| now < limit)
    }
}

async fn read(cx: &Cx, id: &ClientId) -> Result<(Known, Option<Client>), Failure> {
    let wanted = id.clone();
    let read = cx.services.store.read(move |tx| {
        let known = registration::find(tx, &wanted)?
            .map(|row| Known { fetched_at: row.document_fetched_at, expires_at: row.document_expires_at });
        Ok::<_, StoreError>((known.unwrap_or_default(), client::find(tx, &wanted)?))
    });
    Ok(read.await.map_err(Broken::from)?)
}

/// A network may bring so many unknown addresses in an hour, as it may register so many clients. Counted
/// before anything is fetched, so that nobody makes us fetch without end, or takes every place there is; what
/// then fails has been counted. It says nothing of the document: another network may bring it.
async fn admit_stranger(cx: &Cx, policy: &RegistrationPolicy) -> Result<(), Failure> {
    let (context, limit) = (cx.clone(), policy.per_network);
    let counted = cx.services.store.write(move |tx| {
        network_limit::count(&context, tx, "client-document", limit)?
            .map_err(|_| undo(OAuthError::new(ErrorCode::TemporarilyUnavailable, Reason::RegistrationTooMany)))
    });
    counted.await
}

async fn fetch(
    cx: &Cx,
    address: &DocumentAddress,
    kept: Option<&crate::domain::entity::ClientSettings>,
    policy: &RegistrationPolicy,
) -> Result<(Registration, i64), Failure> {
    let document = cx.services.fetcher.document(address.as_str()).await.map_err(|error| {
        tracing::info!(trace_id = %cx.trace_id(), %error, "a client's metadata document was not fetched");
        OAuthError::invalid_client(Reason::DocumentUnavailable)
    })?;
    let members = parse_object(&document.body).ok_or(OAuthError::invalid_client(Reason::DocumentMetadata))?;
    let understood =
        parse_document(address, &members, kept, policy).and_then(|registration| {
            match check_certificates(&registration.settings, cx.services.policy.certificates()) {
                Ok(()) => Ok(registration),
                Err(SettingsRule { field, .. }) => Err(RegistrationRefusal {
                    error: OAuthError::invalid_client(Reason::RegistrationProtection),
                    field,
                }),
            }
        });
    let registration = understood.map_err(|refusal| {
        cx.note_security_profile(kept.map_or(policy.document_profile, |kept| kept.security_profile));
        cx.refused("client_document_metadata", &[("member", &refusal.field)], refusal.error.reason);
        refusal.error
    })?;
    let told = Caching {
        cache_control: document.cache_control.as_deref(),
        expires: document.expires.as_deref(),
        date: document.date.as_deref(),
    };
    Ok((registration, cache_seconds(told, cx.now())))
}

fn recent_failure(cx: &Cx, id: &ClientId) -> Option<Reason> {
    let failed = cx.services.registrations.failed.lock().unwrap_or_else(PoisonError::into_inner);
    let (at, reason) = failed.get(id)?;
    // Whoever waited for the one that failed may have begun a moment before it.
    (-PATIENCE..PATIENCE).contains(&cx.now().seconds_since(*at)).then_some(*reason)
}

/// The first failure counts: asking again while it is remembered does not make it last.
fn remember_failure(cx: &Cx, id: &ClientId, reason: Reason) {
    if recent_failure(cx, id).is_some() {
        return;
    }
    let mut failed = cx.services.registrations.failed.lock().unwrap_or_else(PoisonError::into_inner);
    if failed.len() >= CAPACITY {
        failed.clear();
    }
    failed.insert(id.clone(), (cx.now(), reason));
}

/// Writes what the document says; the client comes into being, changes, or stays. `waits`: whether a client that
/// is new, or another one than it was, has to be let in.
async fn store(
    cx: &Cx,
    id: &ClientId,
    stored: Option<Client>,
    (registration, waits): (Registration, bool),
    believed_until: Timestamp,
) -> Result<(), Failure> {
    clients::ensure_keys(cx, &registration.settings).await.map_err(Failure::internal)?;
    let (context, wanted) = (cx.clone().acting_as("system".to_owned()), id.clone());
    let written = cx
        .services
        .store
        .write(move |tx| match stored {
            Some(stored) => replace(&context, tx, stored, (registration, waits), believed_until),
            None => create(&context, tx, wanted, registration, believed_until),
        })
        .await;
    cx.services.clients.forget(id);
    match written {
        // Another request, or another node, was first.
        Err(Written::Conflict) => Ok(()),
        Err(Written::Failed(failure)) => Err(failure),
        Ok(()) => Ok(()),
    }
}

/// Why nothing was written.
enum Written {
    Conflict,
    Failed(Failure),
}

impl From<StoreError> for Written {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Conflict,
            other => Self::Failed(other.into()),
        }
    }
}

impl From<Broken> for Abort<Written> {
    fn from(broken: Broken) -> Self {
        Self::Undo(Written::Failed(broken.into()))
    }
}

fn create(
    cx: &Cx,
    tx: &mut Write<'_>,
    id: ClientId,
    registration: Registration,
    believed_until: Timestamp,
) -> Result<(), Abort<Written>> {
    let policy = policy::lock(tx)?;
    if client::find(tx, &id)?.is_some() {
        // It may be the one that took the last place.
        return Err(Abort::Undo(Written::Conflict));
    }
    if registration::count(tx)? >= policy.max_clients {
        let full = OAuthError::new(ErrorCode::InvalidClient, Reason::RegistrationFull);
        return Err(Abort::Undo(Written::Failed(full.into())));
    }
    let client = Client {
        client_id: id.clone(),
        name: registration.name,
        kind: registration.kind,
        enabled: true,
        settings: registration.settings,
        not_before: None,
        owner: Owner::Cimd,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    client::insert(tx, &client)?;
    let row = Registered {
        client_id: id,
        management_hash: None,
        initial_access_token_id: None,
        created_at: cx.now(),
        last_used_at: None,
        expires_at: policy.first_expiry(cx.now()),
        document_fetched_at: Some(cx.now()),
        document_expires_at: Some(believed_until),
    };
    registration::insert(tx, &row)?;
    Draft::new(EventKind::ClientCreated)
        .client(&client.client_id)
        .fact("kind", client.kind.name())
        .fact("owner", client.owner.name())
        .fact("quarantined", client.settings.quarantined)
        .append(cx, tx)?;
    Ok(())
}

fn replace(
    cx: &Cx,
    tx: &mut Write<'_>,
    stored: Client,
    (registration, waits): (Registration, bool),
    believed_until: Timestamp,
) -> Result<(), Abort<Written>> {
    let mut changed = Client {
        name: registration.name,
        kind: registration.kind,
        settings: registration.settings,
        updated_at: cx.now(),
        ..stored.clone()
    };
    // Whoever let it in looked at another one.
    changed.settings.quarantined |= waits && is_another_app(&stored, &changed);
    let same = (&changed.name, changed.kind, &changed.settings) == (&stored.name, stored.kind, &stored.settings);
    if !same {
        // An administrator, or another node, was here meanwhile: the next request looks again.
        if !client::update(tx, &changed)? {
            return Err(Abort::Undo(Written::Conflict));
        }
        Draft::new(EventKind::ClientUpdated)
            .client(&changed.client_id)
            .fact("fetched", true)
            .fact("quarantined", changed.settings.quarantined)
            .append(cx, tx)?;
    }
    registration::note_document(tx, &changed.client_id, cx.now(), believed_until)?;
    Ok(())
}
