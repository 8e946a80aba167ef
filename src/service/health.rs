//! Whether this node can serve.

use super::Services;
use crate::store::{StoreError, instance};

/// What keeps this node from serving; empty when it is ready.
pub async fn unready(services: &Services) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let database = services.store.read(|tx| instance::find(tx, "instance_id").map(drop)).await;
    if let Err::<(), StoreError>(error) = database {
        tracing::warn!(%error, "not ready");
        reasons.push("database");
    }
    if services.keyring.load().algorithms().next().is_none() {
        reasons.push("keys");
    }
    reasons
}
