//! What people are known by: the `sub` that each client is told (OIDC Core 8), and the per-person
//! keys under which personal data in events is sealed.

use super::{Broken, Cx};
use crate::{
    crypto::{
        pairwise::PairwiseKey,
        random::Random,
        seal::{DataKey, Sealer},
    },
    domain::{
        entity::{Client, ClientSettings},
        ids::UserId,
        oauth::{SettingsRule, find_sector, sector_lists_all},
    },
    store::{Abort, Read, Store, StoreError, Write, credential, instance},
};

/// The fact that holds the sealed key of pairwise subjects.
const PAIRWISE_KEY: &str = "pairwise_key";

/// The key of pairwise subjects: made once, by whichever process starts first.
///
/// # Errors
/// When the database fails, or the key was sealed under another key-encryption key.
pub async fn load_pairwise_key(store: &Store, sealer: &Sealer, random: &dyn Random) -> Result<PairwiseKey, Broken> {
    let mut stored: Option<String> = store.read(|tx| instance::find(tx, PAIRWISE_KEY)).await.map_err(to_broken)?;
    if stored.is_none() {
        let sealed = PairwiseKey::generate(random).sealed(sealer, random);
        let written = move |tx: &mut Write<'_>| {
            instance::insert_once(tx, PAIRWISE_KEY, &sealed)?;
            instance::find(tx, PAIRWISE_KEY).map_err(Abort::<StoreError>::from)
        };
        stored = store.write(written).await.map_err(to_broken)?;
    }
    PairwiseKey::unseal(sealer, &stored.unwrap_or_default())
        .map_err(|error| Broken::Internal(format!("the key of pairwise subjects does not open: {error}")))
}

fn to_broken(error: StoreError) -> Broken {
    error.into()
}

/// The `sub` of a person for a client: every answer about a person passes here.
pub fn told(cx: &Cx, client: &Client, user: &UserId) -> String {
    if !client.settings.is_pairwise() {
        return user.as_str().to_owned();
    }
    // A sector that cannot be told any more narrows to the client itself; never to the public `sub`.
    let sector = find_sector(&client.settings).unwrap_or_else(|_| format!("client {}", client.client_id));
    cx.services.pairwise.subject(&sector, user)
}

/// Whom a client means by a `sub`, when this person is in question: them, or somebody else. A pairwise
/// client never hits upon anybody by the public `sub`.
pub fn meant(cx: &Cx, client: &Client, sub: &UserId, person: &UserId) -> UserId {
    if told(cx, client, person) == sub.as_str() {
        return person.clone();
    }
    if client.settings.is_pairwise() { UserId::new(format!("pairwise {}", sub.as_str())) } else { sub.clone() }
}

/// Fetches `sector_identifier_uri`, if one is registered, and compares (OIDC Dynamic Registration 5).
///
/// # Errors
/// The rule that does not hold: it does not answer with a list, or leaves a redirect address out.
pub async fn check_sector(cx: &Cx, settings: &ClientSettings) -> Result<(), SettingsRule> {
    let Some(uri) = settings.sector_identifier_uri.as_deref() else { return Ok(()) };
    let document = cx.services.fetcher.json(uri).await.map_err(|error| {
        tracing::info!(trace_id = %cx.trace_id(), why = %error, "a sector_identifier_uri gave no list");
        SettingsRule {
            field: "sector_identifier_uri".to_owned(),
            rule: "The document there could not be fetched: it must answer 200 with JSON, without a redirect.",
        }
    })?;
    sector_lists_all(&document, settings)
}

/// Makes the key of a new person.
///
/// # Errors
/// When the database fails.
pub fn create_key(cx: &Cx, tx: &mut Write<'_>, user: &UserId) -> Result<(), Broken> {
    let sealed = DataKey::generate(cx.random()).sealed(&cx.services.sealer, user.as_str(), cx.random());
    Ok(credential::insert_subject_key(tx, user, &sealed, cx.now())?)
}

/// The key of a person; none once destroyed.
///
/// # Errors
/// When the database fails, or the key was sealed under another key-encryption key.
pub fn find_key(cx: &Cx, tx: &mut Read<'_>, user: &UserId) -> Result<Option<DataKey>, Broken> {
    credential::find_subject_key(tx, user)?
        .map(|sealed| {
            DataKey::unseal(&cx.services.sealer, user.as_str(), &sealed)
                .map_err(|error| Broken::Internal(format!("the key of {user} does not open: {error}")))
        })
        .transpose()
}
