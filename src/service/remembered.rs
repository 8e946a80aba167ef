//! What an administrator decides at run time, remembered for a moment where nothing is granted by it.
//! The database decides.

use std::sync::{Arc, Mutex, PoisonError};

use super::Services;
use crate::{
    domain::Timestamp,
    store::{Read, StoreError},
};

/// What was read is believed for this long.
const FRESH_MILLIS: i64 = 2000;

/// A policy as last read.
#[derive(Debug)]
pub struct Remembered<T>(Mutex<Option<(Timestamp, Arc<T>)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Default + Send + 'static> Remembered<T> {
    /// The policy, perhaps a moment old. While the database is away, the one that was read last.
    pub(super) async fn current(
        &self,
        services: &Services,
        read: fn(&mut Read<'_>) -> Result<T, StoreError>,
    ) -> Arc<T> {
        let now = services.clock.now();
        if let Some((read_at, policy)) = self.last()
            && (0..FRESH_MILLIS).contains(&now.millis().saturating_sub(read_at.millis()))
        {
            return policy;
        }
        match services.store.read(read).await {
            Ok(policy) => {
                let policy = Arc::new(policy);
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, policy.clone()));
                policy
            }
            Err(error) => {
                tracing::error!(%error, "a policy cannot be read");
                self.known()
            }
        }
    }

    /// The policy that was read last; the default if none was.
    pub(super) fn known(&self) -> Arc<T> {
        self.last().map(|(_, policy)| policy).unwrap_or_default()
    }

    /// Reads it again at the next question.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn last(&self) -> Option<(Timestamp, Arc<T>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
