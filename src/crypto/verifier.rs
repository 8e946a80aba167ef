//! Signatures of strangers: a client's key set and what it signed (RFC 7517 §5, RFC 7523 §3,
//! OIDC Core 10.1). Keys come from the registration, never from the token; but for a proof of
//! possession, which is about the very key that it brings along (RFC 9449 §4.3).

use serde_json::{Map, Value};

use super::{
    compact::{CompactJws, VerifyError},
    jwk::{self, JwkError, PublicKey},
};
use crate::domain::jose::SigningAlgorithm;

/// Most keys that a set may have.
pub const MAX_KEYS: usize = 20;

/// The public keys of a client, parsed once.
#[derive(Clone, Debug)]
pub struct PublicKeySet {
    keys: Vec<PublicKey>,
}

/// A JWS whose signature holds. Its claims are authentic, not yet checked: time, audience and
/// issuer are rules of the domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// The protected header.
    pub header: Map<String, Value>,
    /// The payload.
    pub claims: Map<String, Value>,
}

impl PublicKeySet {
    /// Parses `{"keys": [...]}`. Keys of other types, curves, algorithms and uses are left out; a
    /// private or broken one refuses the whole set.
    ///
    /// # Errors
    /// [`JwkError`]; [`JwkError::NothingUsable`] if no key is left.
    pub fn parse(set: &Value) -> Result<Self, JwkError> {
        let listed = set.get("keys").and_then(Value::as_array).ok_or(JwkError::NotAKeySet)?;
        if listed.len() > MAX_KEYS {
            return Err(JwkError::TooManyKeys);
        }
        let mut keys = Vec::new();
        for jwk in listed {
            keys.extend(PublicKey::parse(jwk.as_object().ok_or(JwkError::NotAKeySet)?)?);
        }
        if keys.is_empty() { Err(JwkError::NothingUsable) } else { Ok(Self { keys }) }
    }

    /// Parses a compact JWS and checks its signature with one of `allowed`.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_compact(&self, compact: &str, allowed: &[SigningAlgorithm]) -> Result<Verified, VerifyError> {
        self.verify(CompactJws::parse(compact)?, allowed)
    }

    /// As [`Self::verify_compact`], for what was parsed already to find the client.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self, jws: CompactJws<'_>, allowed: &[SigningAlgorithm]) -> Result<Verified, VerifyError> {
        if !allowed.contains(&jws.algorithm()) {
            return Err(VerifyError::AlgorithmNotAllowed);
        }
        let key = self.find(jws.algorithm(), jws.key_id())?;
        if !key.verifies(jws.algorithm(), jws.signing_input().as_bytes(), jws.signature()) {
            return Err(VerifyError::BadSignature);
        }
        let claims = jws.danger_unverified_claims()?;
        Ok(Verified { header: jws.into_header(), claims })
    }

    /// The one key that the header can mean. A set without any `kid` and with one candidate serves
    /// a header with a `kid` too (OIDC Registration lets clients leave it out of the set).
    fn find(&self, algorithm: SigningAlgorithm, key_id: Option<&str>) -> Result<&PublicKey, VerifyError> {
        let nameless = self.keys.iter().all(|key| key.key_id().is_none());
        let named = |key: &&PublicKey| key_id.is_none() || nameless || key.key_id() == key_id;
        let mut candidates = self.keys.iter().filter(|key| key.serves(algorithm)).filter(named);
        let key = candidates.next().ok_or(VerifyError::KeyNotFound)?;
        if candidates.next().is_some() { Err(VerifyError::KeyAmbiguous) } else { Ok(key) }
    }
}

/// Why a token does not prove the possession of the key that it brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PossessionError {
    /// The key is private, broken, of an unknown type, or for another use.
    Key,
    /// The signature is not the key's, or of another algorithm.
    Signature,
}

/// Checks a signature with `jwk`, the public key that came with it. Gives the claims, and the
/// thumbprint that names the key (RFC 7638).
///
/// # Errors
/// [`PossessionError`].
pub fn verify_possession(
    jws: &CompactJws<'_>,
    jwk: &Map<String, Value>,
) -> Result<(Map<String, Value>, String), PossessionError> {
    let key = PublicKey::parse(jwk).ok().flatten().ok_or(PossessionError::Key)?;
    let thumbprint = jwk::thumbprint(jwk).map_err(|_| PossessionError::Key)?;
    if !key.verifies(jws.algorithm(), jws.signing_input().as_bytes(), jws.signature()) {
        return Err(PossessionError::Signature);
    }
    let claims = jws.danger_unverified_claims().map_err(|_| PossessionError::Signature)?;
    Ok((claims, thumbprint))
}

#[cfg(test)]
mod tests;
