//! The signing keys of an instance at one moment: the active one of each algorithm, and every
//! public key that relying parties may still need (OIDC Core 10.1.1 rotation: next, active,
//! retired). Immutable: a rotation builds a new one.

use std::{collections::HashMap, fmt};

use serde_json::{Map, Value, json};

use super::{
    compact::{CompactJws, VerifyError},
    jwe::DecryptionKeys,
    jwk::{self, JwkError, PublicKey},
    signer::{Signer, SigningKey},
};
use crate::domain::jose::SigningAlgorithm;

/// A snapshot of the signing keys.
#[derive(Clone, Debug)]
pub struct Keyring {
    instance: String,
    active: Vec<SigningKey>,
    by_id: HashMap<String, PublicKey>,
    decryption: DecryptionKeys,
    published: Vec<Map<String, Value>>,
    jwks: Value,
    jwks_text: String,
}

/// The protected header and the payload of a JWS of our own.
pub type HeaderAndClaims = (Map<String, Value>, Map<String, Value>);

/// Why keys do not make a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyringError {
    /// A published key is not a usable public key.
    Unusable(JwkError),
    /// A published key lacks `kid` or `alg`.
    Unnamed,
    /// Two published keys share this `kid`.
    DuplicateKeyId(String),
    /// Two active keys share this algorithm.
    TwoActive(SigningAlgorithm),
    /// An active key with this `kid` is not published, or another key is under its name: nobody
    /// could verify what it signs.
    NotPublished(String),
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(error) => write!(f, "a published signing key is unusable: {error}"),
            Self::Unnamed => f.write_str("a published signing key has no kid or no alg"),
            Self::DuplicateKeyId(kid) => write!(f, "two published signing keys share the kid {kid}"),
            Self::TwoActive(algorithm) => write!(f, "two signing keys are active for {algorithm}"),
            Self::NotPublished(kid) => write!(f, "the active signing key {kid} is not the published key of that kid"),
        }
    }
}

impl std::error::Error for KeyringError {}

impl Keyring {
    /// A ring of `active` private keys, at most one an algorithm, and all `published` public keys,
    /// in the order in which they are published. `instance` names whose keys they are.
    ///
    /// # Errors
    /// [`KeyringError`]: a ring that would sign what nobody can verify is not built.
    pub fn new(
        instance: impl Into<String>,
        active: Vec<SigningKey>,
        published: Vec<Map<String, Value>>,
    ) -> Result<Self, KeyringError> {
        let mut by_id = HashMap::new();
        for jwk in &published {
            let key = PublicKey::parse(jwk).map_err(KeyringError::Unusable)?;
            let key = key.ok_or(KeyringError::Unusable(JwkError::NothingUsable))?;
            let kid = key.key_id().filter(|_| jwk.contains_key("alg")).ok_or(KeyringError::Unnamed)?.to_owned();
            if by_id.insert(kid.clone(), key).is_some() {
                return Err(KeyringError::DuplicateKeyId(kid));
            }
        }
        for (position, key) in active.iter().enumerate() {
            let algorithm = Signer::algorithm(key);
            if active.iter().skip(position + 1).any(|other| Signer::algorithm(other) == algorithm) {
                return Err(KeyringError::TwoActive(algorithm));
            }
            if !published.iter().any(|jwk| same_key(jwk, key.public_jwk())) {
                return Err(KeyringError::NotPublished(Signer::key_id(key).to_owned()));
            }
        }
        let jwks = json!({ "keys": published });
        let jwks_text = jwks.to_string();
        let decryption = DecryptionKeys::default();
        Ok(Self { instance: instance.into(), active, by_id, decryption, published, jwks, jwks_text })
    }

    /// The same ring, also with the keys that clients encrypt to: those that decrypt, and the
    /// published halves of those to be used now.
    ///
    /// # Errors
    /// [`KeyringError`] if a published key has no `kid`, or the `kid` of another.
    pub fn with_encryption(
        mut self,
        keys: DecryptionKeys,
        published: Vec<Map<String, Value>>,
    ) -> Result<Self, KeyringError> {
        for jwk in published {
            let kid = jwk.get("kid").and_then(Value::as_str).ok_or(KeyringError::Unnamed)?.to_owned();
            if self.published.iter().any(|other| other.get("kid").and_then(Value::as_str) == Some(&kid)) {
                return Err(KeyringError::DuplicateKeyId(kid));
            }
            self.published.push(jwk);
        }
        self.decryption = keys;
        self.jwks = json!({ "keys": self.published });
        self.jwks_text = self.jwks.to_string();
        Ok(self)
    }

    /// The keys that clients may have encrypted to.
    pub const fn decryption_keys(&self) -> &DecryptionKeys {
        &self.decryption
    }

    /// Whose keys these are.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The active key for `algorithm`.
    pub fn signer(&self, algorithm: SigningAlgorithm) -> Option<&SigningKey> {
        self.active.iter().find(|key| Signer::algorithm(*key) == algorithm)
    }

    /// The algorithms with an active key, in the order of [`SigningAlgorithm::ALL`].
    pub fn algorithms(&self) -> impl Iterator<Item = SigningAlgorithm> + '_ {
        SigningAlgorithm::ALL.into_iter().filter(|algorithm| self.signer(*algorithm).is_some())
    }

    /// The key set document (RFC 7517 §5).
    pub fn public_jwks(&self) -> Value {
        self.jwks.clone()
    }

    /// The key set document as it goes over the wire.
    pub fn public_jwks_text(&self) -> &str {
        &self.jwks_text
    }

    /// Checks that `compact` was signed by a key of this ring, active or not, for one of
    /// `expected_typ`. Returns header and claims. `exp` is not looked at: an expired
    /// `id_token_hint` is still ours (OIDC RP-Initiated Logout §2), and for others it is a rule of
    /// the domain.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_own(&self, compact: &str, expected_typ: &[&str]) -> Result<HeaderAndClaims, VerifyError> {
        let jws = CompactJws::parse(compact)?;
        let key = jws.key_id().and_then(|kid| self.by_id.get(kid)).ok_or(VerifyError::KeyNotFound)?;
        if !key.serves(jws.algorithm()) {
            return Err(VerifyError::AlgorithmNotAllowed);
        }
        let typ = jws.header().get("typ").and_then(Value::as_str);
        if !typ.is_some_and(|typ| expected_typ.contains(&typ)) {
            return Err(VerifyError::WrongType);
        }
        if !key.verifies(jws.algorithm(), jws.signing_input().as_bytes(), jws.signature()) {
            return Err(VerifyError::BadSignature);
        }
        let claims = jws.danger_unverified_claims()?;
        Ok((jws.into_header(), claims))
    }
}

fn same_key(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let named_alike = ["kid", "alg"].into_iter().all(|name| one.get(name) == other.get(name));
    named_alike && jwk::thumbprint(one).is_ok_and(|print| jwk::thumbprint(other) == Ok(print))
}

#[cfg(test)]
mod tests;
