//! A client's public keys: by value, or by reference with a short memory and one more look when a
//! key is missing (OIDC Core 10.1.1, behaviour of rotated relying-party keys).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Map, Value};

use super::{Cx, Failure, clients::ClientView};
use crate::{
    crypto::{compact::VerifyError, verifier::PublicKeySet},
    domain::{Timestamp, jose::SigningAlgorithm, oauth::OAuthError, trace::Reason},
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

/// Verifies a JWT that a client signed, and gives its claims.
///
/// # Errors
/// `invalid_client` when it does not verify, or the keys cannot be had.
pub async fn verify(
    cx: &Cx,
    view: &ClientView,
    compact: &str,
    allowed: &[SigningAlgorithm],
) -> Result<Map<String, Value>, Failure> {
    if let Some(keys) = &view.keys {
        return check(keys, compact, allowed).map_err(|error| refusal(&error).into());
    }
    let Some(uri) = view.client.settings.jwks_uri.as_deref() else {
        return Err(OAuthError::invalid_client(Reason::ClientKeysUnavailable).into());
    };
    let known = cx.services.fetched_keys.recall(uri);
    let age = known.as_ref().map_or(i64::MAX, |(at, _)| cx.now().seconds_since(*at));
    if let Some((_, keys)) = known.filter(|_| age < FRESH_SECONDS) {
        match check(&keys, compact, allowed) {
            Err(VerifyError::KeyNotFound) if age >= PATIENCE_SECONDS => {}
            Err(error) => return Err(refusal(&error).into()),
            Ok(claims) => return Ok(claims),
        }
    }
    let keys = Arc::new(fetch(cx, uri).await?);
    cx.services.fetched_keys.remember(uri, cx.now(), keys.clone());
    check(&keys, compact, allowed).map_err(|error| refusal(&error).into())
}

async fn fetch(cx: &Cx, uri: &str) -> Result<PublicKeySet, Failure> {
    let unavailable = |why: String| {
        tracing::info!(trace_id = %cx.trace_id(), why, "a client's jwks_uri gave no keys");
        Failure::Refused(OAuthError::invalid_client(Reason::ClientKeysUnavailable))
    };
    let set = cx.services.fetcher.json(uri).await.map_err(|error| unavailable(error.to_string()))?;
    PublicKeySet::parse(&set).map_err(|error| unavailable(error.to_string()))
}

fn check(keys: &PublicKeySet, compact: &str, allowed: &[SigningAlgorithm]) -> Result<Map<String, Value>, VerifyError> {
    keys.verify_compact(compact, allowed).map(|verified| verified.claims)
}

fn refusal(error: &VerifyError) -> OAuthError {
    OAuthError::invalid_client(reason(error))
}

/// Why an assertion does not verify.
pub(super) const fn reason(error: &VerifyError) -> Reason {
    match error {
        VerifyError::BadSignature | VerifyError::KeyNotFound | VerifyError::KeyAmbiguous => Reason::AssertionSignature,
        _ => Reason::AssertionMalformed,
    }
}
