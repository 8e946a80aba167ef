//! Pairwise subject identifiers (OIDC Core 8.1): a keyed hash of sector and person, so that nobody
//! without the key can compare the people of two sectors, or guess who somebody is.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    random::{Random, random_bytes},
    seal::{SealError, Sealer},
};
use crate::domain::{Secret, ids::UserId};

/// The purpose and the row under which the key is sealed: there is one for an installation.
const SEAL_PURPOSE: &str = "pairwise-subjects";
const SEAL_ROW: &str = "instance";

/// The key of an installation. It is made once: with another, every pairwise `sub` would change.
pub struct PairwiseKey(Secret<[u8; 32]>);

impl PairwiseKey {
    /// A new random key.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Secret::new(random_bytes(random)))
    }

    /// This key, sealed, as text.
    pub fn sealed(&self, sealer: &Sealer, random: &dyn Random) -> String {
        URL_SAFE_NO_PAD.encode(sealer.seal(SEAL_PURPOSE, SEAL_ROW, self.0.expose(), random))
    }

    /// The key that [`Self::sealed`] made.
    ///
    /// # Errors
    /// As [`Sealer::open`].
    pub fn unseal(sealer: &Sealer, sealed: &str) -> Result<Self, SealError> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Corrupt)?;
        let bytes = sealer.open(SEAL_PURPOSE, SEAL_ROW, &sealed)?;
        bytes.expose().as_slice().try_into().map(|key| Self(Secret::new(key))).map_err(|_| SealError::Corrupt)
    }

    /// What clients of this sector know the person by.
    pub fn subject(&self, sector: &str, user: &UserId) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.expose()));
        // The length comes first, so that no two pairs give the same bytes.
        context.update(&(sector.len() as u64).to_be_bytes());
        context.update(sector.as_bytes());
        context.update(user.as_str().as_bytes());
        URL_SAFE_NO_PAD.encode(context.sign())
    }
}

impl fmt::Debug for PairwiseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairwiseKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{random::SeededRandom, seal::KeyEncryptionKey};

    #[test]
    fn a_subject_is_stable_in_a_sector_and_different_in_another() {
        let random = SeededRandom::danger_from_seed(1);
        let (key, other) = (PairwiseKey::generate(&random), PairwiseKey::generate(&random));
        let (alice, bob) = (UserId::new("alice"), UserId::new("bob"));
        let subject = key.subject("a.example", &alice);
        assert_eq!(subject.len(), 43);
        assert_eq!(key.subject("a.example", &alice), subject);
        for different in [
            key.subject("b.example", &alice),
            key.subject("a.example", &bob),
            other.subject("a.example", &alice),
            key.subject("a.exampl", &UserId::new("ealice")),
        ] {
            assert_ne!(different, subject);
        }
    }

    #[test]
    fn the_key_opens_only_under_the_key_that_sealed_it() {
        let random = SeededRandom::danger_from_seed(2);
        let sealer = |key: &KeyEncryptionKey| Sealer::new(key);
        let (mine, strange) = (KeyEncryptionKey::generate(&random), KeyEncryptionKey::generate(&random));
        let key = PairwiseKey::generate(&random);
        let sealed = key.sealed(&sealer(&mine), &random);
        let user = UserId::new("alice");
        let again = PairwiseKey::unseal(&sealer(&mine), &sealed).unwrap();
        assert_eq!(again.subject("a.example", &user), key.subject("a.example", &user));
        assert!(PairwiseKey::unseal(&sealer(&strange), &sealed).is_err());
        assert!(PairwiseKey::unseal(&sealer(&mine), "nonsense").is_err());
    }
}
