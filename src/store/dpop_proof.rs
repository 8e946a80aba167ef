//! The identifiers of DPoP proofs already used, shared by every node (RFC 9449 §11.1).

use diesel::prelude::*;

use super::{StoreError, Write, schema::dpop_proofs};
use crate::domain::Timestamp;

/// Uses a proof. `false`: it was used before.
///
/// # Errors
/// When the database fails.
pub fn consume(tx: &mut Write<'_>, proof_hash: &[u8], expires_at: Timestamp) -> Result<bool, StoreError> {
    let values = (dpop_proofs::proof_hash.eq(proof_hash), dpop_proofs::expires_at.eq(expires_at.millis()));
    Ok(super::dialect::insert_unless_present!(tx, dpop_proofs::table, values)? == 1)
}
