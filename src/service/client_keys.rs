//! A client's public keys: by value, or by reference with a short memory and one more look when a
//! key is missing (OIDC Core 10.1.1, behaviour of rotated relying-party keys). What the client signed
//! is verified with them, and what only the client may read is encrypted for them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Map, Value};

use super::{Cx, Failure, clients::ClientView, single_flight::SingleFlight};
use crate::{
    crypto::{
        compact::VerifyError,
        jwe::{Content, EncryptionKey, EncryptionKeySet, encrypt},
        jwk::JwkError,
        verifier::{PublicKeySet, Verified},
    },
    domain::{
        Timestamp,
        entity::Client,
        jose::{EncryptionChoice, SigningAlgorithm},
        oauth::OAuthError,
        trace::Reason,
    },
};

/// Fetched keys are believed for so many seconds.
const FRESH_SECONDS: i64 = 60;
/// What was prepared is at hand for so many seconds: the fresh ones, and the life of a request.
const AT_HAND_SECONDS: i64 = 2 * FRESH_SECONDS;
/// A missing key makes us look again, and so does an address that gave none, but not more often than this.
const PATIENCE_SECONDS: i64 = 5;
/// More addresses than this are not remembered.
const CAPACITY: usize = 1024;

/// One key set, read for every purpose.
#[derive(Debug)]
struct KeySet {
    published: Value,
    signing: Result<PublicKeySet, JwkError>,
    encryption: EncryptionKeySet,
}

/// What was fetched lately, by address.
#[derive(Debug, Default)]
pub struct FetchedKeys {
    by_uri: Mutex<HashMap<String, (Timestamp, Arc<KeySet>)>>,
    failed: Mutex<HashMap<String, Timestamp>>,
    fetching: SingleFlight<String, Result<Arc<KeySet>, NotVerified>>,
}

impl FetchedKeys {
    fn recall(&self, uri: &str) -> Option<(Timestamp, Arc<KeySet>)> {
        self.by_uri.lock().unwrap_or_else(PoisonError::into_inner).get(uri).cloned()
    }

    fn remember(&self, uri: &str, at: Timestamp, keys: Arc<KeySet>) {
        let mut by_uri = self.by_uri.lock().unwrap_or_else(PoisonError::into_inner);
        if by_uri.len() >= CAPACITY {
            by_uri.clear();
        }
        by_uri.insert(uri.to_owned(), (at, keys));
    }

    fn has_failed_lately(&self, uri: &str, now: Timestamp) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(uri).is_some_and(|at| (0..PATIENCE_SECONDS).contains(&now.seconds_since(*at)))
    }

    fn remember_failure(&self, uri: &str, at: Timestamp) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= CAPACITY {
            failed.clear();
        }
        failed.insert(uri.to_owned(), at);
    }
}

/// Why a JWT is not known to be the client's. What that means to the client is the caller's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotVerified {
    /// The client has no keys, or they cannot be had.
    KeysUnavailable,
    /// They have not signed this.
    Token(VerifyError),
}

impl From<VerifyError> for NotVerified {
    fn from(error: VerifyError) -> Self {
        Self::Token(error)
    }
}

/// Verifies a JWT that a client signed.
///
/// # Errors
/// When it does not verify, or the keys cannot be had.
pub async fn verify(
    cx: &Cx,
    view: &ClientView,
    compact: &str,
    allowed: &[SigningAlgorithm],
) -> Result<Verified, NotVerified> {
    verify_with(cx, view.keys.as_ref(), view.client.settings.jwks_uri.as_deref(), compact, allowed).await
}

/// Verifies a JWT with keys that are at hand, or else with those at an address.
///
/// # Errors
/// As [`verify`].
pub async fn verify_with(
    cx: &Cx,
    keys: Option<&PublicKeySet>,
    uri: Option<&str>,
    compact: &str,
    allowed: &[SigningAlgorithm],
) -> Result<Verified, NotVerified> {
    if let Some(keys) = keys {
        return Ok(keys.verify_compact(compact, allowed)?);
    }
    let Some(uri) = uri else {
        return Err(NotVerified::KeysUnavailable);
    };
    let known = cx.services.fetched_keys.recall(uri);
    let age = known.as_ref().map_or(i64::MAX, |(at, _)| cx.now().seconds_since(*at));
    if let Some((_, keys)) = known.as_ref().filter(|_| age < FRESH_SECONDS) {
        let patient = age < PATIENCE_SECONDS;
        match keys.signing.as_ref().map(|keys| keys.verify_compact(compact, allowed)) {
            Ok(Err(VerifyError::KeyNotFound)) | Err(_) if !patient => {}
            Ok(verified) => return Ok(verified?),
            Err(error) => return Err(unavailable(cx, &error.to_string())),
        }
    }
    match &fetch(cx, uri, known).await?.signing {
        Ok(keys) => Ok(keys.verify_compact(compact, allowed)?),
        Err(error) => Err(unavailable(cx, &error.to_string())),
    }
}

/// Whether the client's key set is one that is looked for: its own words, by value or by reference.
///
/// # Errors
/// When the client has no keys, or they cannot be had.
pub async fn has_published(cx: &Cx, view: &ClientView, wanted: impl Fn(&Value) -> bool) -> Result<bool, NotVerified> {
    let settings = &view.client.settings;
    if let Some(keys) = &settings.jwks {
        return Ok(wanted(keys));
    }
    let uri = settings.jwks_uri.as_deref().ok_or(NotVerified::KeysUnavailable)?;
    let known = cx.services.fetched_keys.recall(uri);
    if let Some((at, keys)) = &known {
        let age = cx.now().seconds_since(*at);
        let found = wanted(&keys.published);
        if (found && age < FRESH_SECONDS) || (!found && age < PATIENCE_SECONDS) {
            return Ok(found);
        }
    }
    Ok(wanted(&fetch(cx, uri, known).await?.published))
}

/// Fetches the keys and remembers them: once at a time, and not if somebody else did since the caller looked and
/// found that `known` will not do, or could not a moment ago.
async fn fetch(cx: &Cx, uri: &str, known: Option<(Timestamp, Arc<KeySet>)>) -> Result<Arc<KeySet>, NotVerified> {
    let known = known.map(|(_, keys)| keys);
    let asking = async {
        match cx.services.fetched_keys.recall(uri) {
            Some((_, newer)) if !known.is_some_and(|known| Arc::ptr_eq(&known, &newer)) => Ok(newer),
            _ if cx.services.fetched_keys.has_failed_lately(uri, cx.now()) => Err(NotVerified::KeysUnavailable),
            _ => ask(cx, uri).await.inspect_err(|_| cx.services.fetched_keys.remember_failure(uri, cx.now())),
        }
    };
    cx.services.fetched_keys.fetching.join(&uri.to_owned(), asking).await
}

async fn ask(cx: &Cx, uri: &str) -> Result<Arc<KeySet>, NotVerified> {
    let set = cx.services.fetcher.json(uri).await.map_err(|error| unavailable(cx, &error.to_string()))?;
    let encryption = EncryptionKeySet::parse(&set).map_err(|error| unavailable(cx, &error.to_string()))?;
    let keys = Arc::new(KeySet { signing: PublicKeySet::parse(&set), encryption, published: set });
    cx.services.fetched_keys.remember(uri, cx.now(), keys.clone());
    Ok(keys)
}

fn unavailable(cx: &Cx, why: &str) -> NotVerified {
    tracing::info!(trace_id = %cx.trace_id(), why, "a client's jwks_uri gave no keys");
    NotVerified::KeysUnavailable
}

/// A key of a client, and how to encrypt for it.
#[derive(Clone, Debug)]
pub struct Recipient {
    key: EncryptionKey,
    choice: EncryptionChoice,
}

impl Recipient {
    /// Encrypts a signed JWT (RFC 7519 §5.2).
    ///
    /// # Errors
    /// When the engine fails.
    pub fn nest(&self, cx: &Cx, jwt: &str) -> Result<String, Failure> {
        self.encrypt(cx, jwt.as_bytes(), Content::NestedJwt)
    }

    /// Encrypts a claims set that is not signed.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn enclose(&self, cx: &Cx, claims: &Map<String, Value>) -> Result<String, Failure> {
        self.encrypt(cx, &serde_json::to_vec(claims).map_err(Failure::internal)?, Content::Claims)
    }

    fn encrypt(&self, cx: &Cx, plaintext: &[u8], content: Content) -> Result<String, Failure> {
        encrypt(plaintext, content, &self.key, self.choice, cx.random()).map_err(Failure::internal)
    }
}

/// Sees to it that the key for an answer is at hand, before the transaction that decides on it. That
/// it cannot be had is told by [`recipient`], which undoes the transaction.
pub async fn prepare(cx: &Cx, client: &Client, choice: Option<EncryptionChoice>) {
    let (Some(choice), None, Some(uri)) = (choice, &client.settings.jwks, &client.settings.jwks_uri) else { return };
    let known = cx.services.fetched_keys.recall(uri);
    let age = known.as_ref().map_or(i64::MAX, |(at, _)| cx.now().seconds_since(*at));
    let found = known.as_ref().is_some_and(|(_, keys)| keys.encryption.find(choice.alg).is_some());
    if age < FRESH_SECONDS && (found || age < PATIENCE_SECONDS) {
        return;
    }
    // The failure is logged there.
    let _ = fetch(cx, uri, known).await;
}

/// The key that an answer is encrypted for, without asking anybody: may be called inside a
/// transaction. Nothing if the answer is not to be encrypted.
///
/// # Errors
/// `invalid_request` with `Reason::EncryptionKeyUnavailable`: rather no answer than a readable one.
pub fn recipient(cx: &Cx, client: &Client, choice: Option<EncryptionChoice>) -> Result<Option<Recipient>, Failure> {
    let Some(choice) = choice else { return Ok(None) };
    let settings = &client.settings;
    let key = match (&settings.jwks, &settings.jwks_uri) {
        (Some(jwks), _) => EncryptionKeySet::parse(jwks).ok().and_then(|keys| keys.find(choice.alg).cloned()),
        (None, Some(uri)) => cx
            .services
            .fetched_keys
            .recall(uri)
            .filter(|(at, _)| cx.now().seconds_since(*at) < AT_HAND_SECONDS)
            .and_then(|(_, keys)| keys.encryption.find(choice.alg).cloned()),
        (None, None) => None,
    };
    match key {
        Some(key) => Ok(Some(Recipient { key, choice })),
        None => Err(OAuthError::invalid_request(Reason::EncryptionKeyUnavailable).into()),
    }
}
