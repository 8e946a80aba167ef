//! Keys of our own, that sign or that clients encrypt to: made, published ahead, used, retired, removed; by schedule and by command.

use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};

use super::{Broken, Cx, Failure, Services, events::Draft};
use crate::{
    crypto::{
        jwe::{self, Decrypted, DecryptionKey, DecryptionKeys, JweError},
        keyring::Keyring,
        signer,
    },
    domain::{
        Secret, Timestamp,
        entity::{EventKind, KeyAction, KeyAlgorithm, KeyState, RotationSchedule, SigningKeyRecord, plan_rotation},
        ids::KeyId,
        jose::{EncryptionChoice, SigningAlgorithm},
    },
    store::{Abort, StoreError, Write, signing_key},
};

/// The purpose under which private keys are sealed.
const SEAL_PURPOSE: &str = "signing-key";
/// Keys of these algorithms exist from the first start; others are made when a client asks.
const FROM_THE_START: [SigningAlgorithm; 2] = [SigningAlgorithm::RS256, SigningAlgorithm::ES256];

/// Every key, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(services: &Services) -> Result<Vec<SigningKeyRecord>, Failure> {
    Ok(services.store.read(signing_key::list).await.map_err(Broken::from)?)
}

/// Reads the keys again, if they are not the ones in use.
///
/// # Errors
/// When the database fails, or a key was sealed under another key-encryption key.
pub async fn reload(services: &Services) -> Result<(), Failure> {
    let records = list(services).await?;
    let fingerprint = fingerprint(&records);
    if services.keyring.load().instance() == fingerprint {
        return Ok(());
    }
    services.keyring.store(Arc::new(keyring(services, &records, &fingerprint)?));
    Ok(())
}

fn fingerprint(records: &[SigningKeyRecord]) -> String {
    records.iter().map(|key| format!("{}={} ", key.id, key.state.name())).collect()
}

fn keyring(services: &Services, records: &[SigningKeyRecord], fingerprint: &str) -> Result<Keyring, Failure> {
    let mut active = Vec::new();
    let mut published = Vec::new();
    let (mut decryption, mut encrypted_to) = (Vec::new(), Vec::new());
    let private = |record: &SigningKeyRecord| {
        let opened = services.sealer.open(SEAL_PURPOSE, record.id.as_str(), &record.sealed_private_key);
        opened.map_err(|error| Failure::internal(format!("key {}: {error}", record.id)))
    };
    for record in records {
        let public = serde_json::from_str(&record.public_jwk).map_err(Failure::internal)?;
        match record.algorithm {
            KeyAlgorithm::Signing(algorithm) => {
                published.push(public);
                if record.state == KeyState::Active {
                    let key = signer::load(algorithm, record.id.as_str(), private(record)?.expose());
                    active.push(key.map_err(Failure::internal)?);
                }
            }
            // Whichever a client has read, it decrypts; new readers are shown the active one alone.
            KeyAlgorithm::Encryption(algorithm) => {
                let key = DecryptionKey::load(algorithm, record.id.as_str(), private(record)?.expose());
                decryption.push(key.map_err(Failure::internal)?);
                if record.state == KeyState::Active {
                    encrypted_to.push(public);
                }
            }
        }
    }
    Keyring::new(fingerprint, active, published)
        .and_then(|ring| ring.with_encryption(DecryptionKeys::new(decryption), encrypted_to))
        .map_err(Failure::internal)
}

/// Decrypts what a client encrypted to this server (request objects, five parts). `allowed`: what the
/// client may have encrypted it with.
///
/// # Errors
/// [`JweError`]; which step of the decryption failed is not told.
pub fn decrypt_own(cx: &Cx, compact: &str, allowed: impl Fn(EncryptionChoice) -> bool) -> Result<Decrypted, JweError> {
    cx.services.keyring.load().decryption_keys().decrypt(compact, allowed, cx.random())
}

/// Does what the schedule wants for every algorithm in use, and reads the result.
///
/// # Errors
/// When the database fails, or no key can be made.
pub async fn maintain(cx: &Cx) -> Result<(), Failure> {
    maintain_with(cx, FirstKeys::default()).await
}

/// As [`maintain`], with keys that are being made already.
///
/// # Errors
/// When the database fails, or no key can be made.
pub async fn maintain_with(cx: &Cx, mut first: FirstKeys) -> Result<(), Failure> {
    let records = list(&cx.services).await?;
    let mut algorithms: Vec<KeyAlgorithm> = FROM_THE_START.map(KeyAlgorithm::from).to_vec();
    algorithms.extend(records.iter().map(|key| key.algorithm));
    algorithms.sort_unstable();
    algorithms.dedup();
    let schedule = schedule(&cx.services);
    for algorithm in algorithms {
        for action in plan_rotation(&records, algorithm, schedule, cx.now()) {
            perform(cx, algorithm, action, &mut first).await?;
        }
    }
    reload(&cx.services).await
}

/// The keys of a first start: made on threads of their own, while the database makes the schema.
#[derive(Default)]
pub struct FirstKeys(Vec<(KeyAlgorithm, Making)>);

impl FirstKeys {
    /// Begins to make them. Must be called inside a runtime.
    pub fn begin() -> Self {
        Self(FROM_THE_START.map(|algorithm| (algorithm.into(), make(algorithm.into()))).into())
    }

    /// The one that was begun, once, or else one that is begun now.
    fn take(&mut self, algorithm: KeyAlgorithm) -> Making {
        match self.0.iter().position(|(of, _)| *of == algorithm) {
            Some(at) => self.0.swap_remove(at).1,
            None => make(algorithm),
        }
    }
}

fn schedule(services: &Services) -> RotationSchedule {
    let policy = &services.policy;
    let longest = policy.access_token_seconds.max(policy.id_token_seconds).max(policy.session_absolute_seconds);
    // An ID token may come back as id_token_hint for as long as the session it names.
    RotationSchedule {
        rotation: policy.key_rotation_seconds,
        lead: policy.key_overlap_seconds,
        tail: policy.key_overlap_seconds.saturating_add(longest),
    }
}

async fn perform(cx: &Cx, algorithm: KeyAlgorithm, action: KeyAction, first: &mut FirstKeys) -> Result<(), Failure> {
    match action {
        KeyAction::CreateActive => create(cx, algorithm, KeyState::Active, first.take(algorithm)).await.map(drop),
        KeyAction::CreateNext => create(cx, algorithm, KeyState::Next, make(algorithm)).await.map(drop),
        KeyAction::Promote(next) => promote(cx, algorithm, next).await,
        KeyAction::Delete(id) => delete(cx, &id).await.map(drop),
    }
}

/// Makes sure that a key of this algorithm signs, or can be encrypted to: a client asks for it.
///
/// # Errors
/// When the database fails, or no key can be made.
pub async fn ensure(cx: &Cx, algorithm: impl Into<KeyAlgorithm>) -> Result<(), Failure> {
    let algorithm = algorithm.into();
    let exists =
        list(&cx.services).await?.iter().any(|key| key.algorithm == algorithm && key.state == KeyState::Active);
    if !exists {
        create(cx, algorithm, KeyState::Active, make(algorithm)).await?;
        reload(&cx.services).await?;
    }
    Ok(())
}

/// By command: a new key signs from now on; the old one is retired, and published until all that
/// it signed has expired. Gives the new `kid`.
///
/// # Errors
/// When the database fails, or no key can be made.
pub async fn rotate(cx: &Cx, algorithm: impl Into<KeyAlgorithm>) -> Result<KeyId, Failure> {
    let algorithm = algorithm.into();
    let created = create(cx, algorithm, KeyState::Next, make(algorithm)).await?;
    promote(cx, algorithm, created.clone()).await?;
    reload(&cx.services).await?;
    Ok(created)
}

/// Removes a retired key at once: what it signed no longer verifies. `false`: there is no such
/// retired key.
///
/// # Errors
/// When the database fails.
pub async fn delete(cx: &Cx, id: &KeyId) -> Result<bool, Failure> {
    let (context, id) = (cx.clone(), id.clone());
    cx.services
        .store
        .write(move |tx| {
            let deleted = signing_key::delete_retired(tx, &id)?;
            if deleted {
                tell(&context, tx, EventKind::KeyStateChanged, &id, "deleted")?;
            }
            Ok(deleted)
        })
        .await
}

/// The private key (PKCS #8), the public one, and the `kid` of a new key.
type Generated = (Secret<Vec<u8>>, serde_json::Map<String, serde_json::Value>, String);
/// A new key, on its way.
type Making = JoinHandle<Result<Generated, Failure>>;

/// An RSA key takes about a tenth of a second of pure computation.
fn make(algorithm: KeyAlgorithm) -> Making {
    spawn_blocking(move || generate(algorithm))
}

fn generate(algorithm: KeyAlgorithm) -> Result<Generated, Failure> {
    match algorithm {
        KeyAlgorithm::Signing(algorithm) => {
            let made = signer::generate(algorithm).map_err(Failure::internal)?;
            Ok((made.private_pkcs8, made.public_jwk, made.key_id))
        }
        KeyAlgorithm::Encryption(algorithm) => {
            let made = jwe::generate(algorithm).map_err(Failure::internal)?;
            Ok((made.private_pkcs8, made.public_jwk, made.key_id))
        }
    }
}

async fn create(cx: &Cx, algorithm: KeyAlgorithm, state: KeyState, key: Making) -> Result<KeyId, Failure> {
    let (private, public, kid) = key.await.map_err(Failure::internal)??;
    let record = SigningKeyRecord {
        id: KeyId::new(kid.clone()),
        algorithm,
        state,
        public_jwk: serde_json::Value::Object(public).to_string(),
        sealed_private_key: cx.services.sealer.seal(SEAL_PURPOSE, &kid, private.expose(), cx.random()),
        created_at: cx.now(),
        activated_at: (state == KeyState::Active).then_some(cx.now()),
        retired_at: None,
    };
    let (context, id) = (cx.clone(), record.id.clone());
    cx.services
        .store
        .write(move |tx| {
            // Several nodes that start together: the first one's key is everybody's.
            let taken = record.state == KeyState::Active && !active_of(tx, record.algorithm)?.is_empty();
            if !taken {
                signing_key::insert(tx, &record)?;
                tell(&context, tx, EventKind::KeyCreated, &record.id, record.state.name())?;
            }
            Ok::<(), Abort<Failure>>(())
        })
        .await?;
    Ok(id)
}

/// The keys of an algorithm that are active, which nobody else changes before the caller's transaction ends: if
/// two were left, no node could start any more.
fn active_of(tx: &mut Write<'_>, algorithm: KeyAlgorithm) -> Result<Vec<KeyId>, StoreError> {
    signing_key::lock_all(tx)?;
    let active = |key: &SigningKeyRecord| key.algorithm == algorithm && key.state == KeyState::Active;
    Ok(signing_key::list(tx)?.into_iter().filter(active).map(|key| key.id).collect())
}

async fn promote(cx: &Cx, algorithm: KeyAlgorithm, next: KeyId) -> Result<(), Failure> {
    let context = cx.clone();
    cx.services
        .store
        .write(move |tx| {
            let now: Timestamp = context.now();
            let retire = active_of(tx, algorithm)?;
            if signing_key::advance(tx, &next, KeyState::Next, KeyState::Active, now)? {
                tell(&context, tx, EventKind::KeyStateChanged, &next, "active")?;
                for id in &retire {
                    if signing_key::advance(tx, id, KeyState::Active, KeyState::Retired, now)? {
                        tell(&context, tx, EventKind::KeyStateChanged, id, "retired")?;
                    }
                }
            }
            Ok::<(), Abort<Failure>>(())
        })
        .await
}

fn tell(cx: &Cx, tx: &mut Write<'_>, kind: EventKind, id: &KeyId, state: &str) -> Result<(), Abort<Failure>> {
    Draft::new(kind).object(id.as_str()).fact("state", state).append(cx, tx).map(drop).map_err(Abort::from)
}
