//! Many who want the same from elsewhere at once: one asks, and the others hear what came of it. So whoever makes
//! us ask, a stranger who knows a `client_id`, makes us ask once at a time.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OnceCell;

/// What is being asked for now, by its name.
#[derive(Debug)]
pub struct SingleFlight<K, T> {
    flights: Mutex<HashMap<K, Weak<OnceCell<T>>>>,
}

impl<K, T> Default for SingleFlight<K, T> {
    fn default() -> Self {
        Self { flights: Mutex::default() }
    }
}

impl<K: Clone + Eq + Hash, T: Clone> SingleFlight<K, T> {
    /// Asks, or hears what comes of a question that is on its way. Nothing is remembered: whoever comes after the
    /// answer asks anew. If whoever asks is gone, the next one who waits asks.
    pub(super) async fn join(&self, key: &K, ask: impl Future<Output = T>) -> T {
        let flight = self.flight(key);
        flight.get_or_init(|| ask).await.clone()
    }

    fn flight(&self, key: &K) -> Arc<OnceCell<T>> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key).and_then(Weak::upgrade).filter(|flight| !flight.initialized()) {
            return flight;
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::default();
        flights.insert(key.clone(), Arc::downgrade(&flight));
        flight
    }
}

#[cfg(test)]
mod tests;
