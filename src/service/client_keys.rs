//! A client's public keys: by value, or by reference with a short memory and one more look when a
//! key is missing (OIDC Core 10.1.1, behaviour of rotated relying-party keys).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Cx, clients::ClientView};
use crate::{
    crypto::{
        compact::VerifyError,
        verifier::{PublicKeySet, Verified},
    },
    domain::{Timestamp, jose::SigningAlgorithm},
};

/// Fetched keys are believed for so many seconds.
const FRESH_SECONDS: i64 = 60;
/// A missing key makes us look again, but not more often than this.
const PATIENCE_SECONDS: i64 = 5;
/// More addresses than this are not remembered.
const CAPACITY: usize = 1024;

/// What was fetched lately, by address.
#[derive(Debug, Default)]
pub struct FetchedKeys {
    by_uri: Mutex<HashMap<String, (Timestamp, Arc<PublicKeySet>)>>,
}

impl FetchedKeys {
    fn recall(&self, uri: &str) -> Option<(Timestamp, Arc<PublicKeySet>)> {
        self.by_uri.lock().unwrap_or_else(PoisonError::into_inner).get(uri).cloned()
    }

    fn remember(&self, uri: &str, at: Timestamp, keys: Arc<PublicKeySet>) {
        let mut by_uri = self.by_uri.lock().unwrap_or_else(PoisonError::into_inner);
        if by_uri.len() >= CAPACITY {
            by_uri.clear();
        }
        by_uri.insert(uri.to_owned(), (at, keys));
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
    if let Some(keys) = &view.keys {
        return Ok(keys.verify_compact(compact, allowed)?);
    }
    let Some(uri) = view.client.settings.jwks_uri.as_deref() else {
        return Err(NotVerified::KeysUnavailable);
    };
    let known = cx.services.fetched_keys.recall(uri);
    let age = known.as_ref().map_or(i64::MAX, |(at, _)| cx.now().seconds_since(*at));
    if let Some((_, keys)) = known.filter(|_| age < FRESH_SECONDS) {
        match keys.verify_compact(compact, allowed) {
            Err(VerifyError::KeyNotFound) if age >= PATIENCE_SECONDS => {}
            Err(error) => return Err(error.into()),
            Ok(verified) => return Ok(verified),
        }
    }
    let keys = Arc::new(fetch(cx, uri).await?);
    cx.services.fetched_keys.remember(uri, cx.now(), keys.clone());
    Ok(keys.verify_compact(compact, allowed)?)
}

async fn fetch(cx: &Cx, uri: &str) -> Result<PublicKeySet, NotVerified> {
    let unavailable = |why: String| {
        tracing::info!(trace_id = %cx.trace_id(), why, "a client's jwks_uri gave no keys");
        NotVerified::KeysUnavailable
    };
    let set = cx.services.fetcher.json(uri).await.map_err(|error| unavailable(error.to_string()))?;
    PublicKeySet::parse(&set).map_err(|error| unavailable(error.to_string()))
}
