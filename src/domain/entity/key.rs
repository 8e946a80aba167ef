//! A key of our own and its life: next, active, retired, gone. Most sign; some are there to be
//! encrypted to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::KeyId,
    jose::{KeyManagementAlgorithm, SigningAlgorithm, UnknownAlgorithm},
};

/// What a key is for: one signature algorithm, or a family of key management algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum KeyAlgorithm {
    /// It signs.
    Signing(SigningAlgorithm),
    /// Others encrypt to it.
    Encryption(KeyManagementAlgorithm),
}

impl KeyAlgorithm {
    /// The families of encryption keys.
    pub const ENCRYPTION: [Self; 2] =
        [Self::Encryption(KeyManagementAlgorithm::RsaOaep256), Self::Encryption(KeyManagementAlgorithm::EcdhEs)];

    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signing(algorithm) => algorithm.name(),
            Self::Encryption(algorithm) => algorithm.name(),
        }
    }
}

impl From<SigningAlgorithm> for KeyAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        Self::Signing(algorithm)
    }
}

impl From<KeyManagementAlgorithm> for KeyAlgorithm {
    /// The family's: one elliptic curve key serves every ECDH-ES.
    fn from(algorithm: KeyManagementAlgorithm) -> Self {
        Self::Encryption(algorithm.key_family())
    }
}

impl PartialEq<SigningAlgorithm> for KeyAlgorithm {
    fn eq(&self, other: &SigningAlgorithm) -> bool {
        *self == Self::Signing(*other)
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.parse() {
            Ok(signing) => Ok(Self::Signing(signing)),
            Err(UnknownAlgorithm) => {
                Self::ENCRYPTION.into_iter().find(|key| key.name() == name).ok_or(UnknownAlgorithm)
            }
        }
    }
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Published, not yet signing: relying parties may cache it ahead.
    Next,
    /// Signing.
    Active,
    /// Published for verification only.
    Retired,
}

impl KeyState {
    /// The stored name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// From the stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retired].into_iter().find(|state| state.name() == name)
    }
}

/// A signing key as stored; the private half is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SigningKeyRecord {
    /// The `kid`.
    pub id: KeyId,
    /// The one algorithm, or family, it is used for.
    pub algorithm: KeyAlgorithm,
    /// Where it is in its life.
    pub state: KeyState,
    /// The public JWK, as JSON text.
    pub public_jwk: String,
    /// PKCS#8, sealed under the key-encryption key.
    #[serde(skip)]
    pub sealed_private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
}

/// What the schedule wants done with the keys of one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// Make a key that signs at once: there is none.
    CreateActive,
    /// Make the next key and publish it ahead.
    CreateNext,
    /// Let this next key sign, and retire the one that signed.
    Promote(KeyId),
    /// Remove a retired key: nothing it signed is still valid.
    Delete(KeyId),
}

/// When keys move on. All in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationSchedule {
    /// A key signs for this long.
    pub rotation: i64,
    /// A key is published this long before it signs.
    pub lead: i64,
    /// A retired key is published this long: longer than anything it signed is valid.
    pub tail: i64,
}

/// What has to be done now for one algorithm. Doing it twice does nothing.
pub fn plan_rotation(
    keys: &[SigningKeyRecord],
    algorithm: impl Into<KeyAlgorithm>,
    schedule: RotationSchedule,
    now: Timestamp,
) -> Vec<KeyAction> {
    let algorithm = algorithm.into();
    let of_state = |state: KeyState| keys.iter().filter(move |key| key.algorithm == algorithm && key.state == state);
    let mut actions: Vec<KeyAction> = of_state(KeyState::Retired)
        .filter(|key| key.retired_at.is_some_and(|at| now >= at.plus_seconds(schedule.tail)))
        .map(|key| KeyAction::Delete(key.id.clone()))
        .collect();
    let signing_until = of_state(KeyState::Active)
        .map(|key| key.activated_at.unwrap_or(key.created_at).plus_seconds(schedule.rotation))
        .max();
    let next = of_state(KeyState::Next).min_by_key(|key| key.created_at);
    match (signing_until, next) {
        (None, None) => actions.push(KeyAction::CreateActive),
        (None, Some(next)) => actions.push(KeyAction::Promote(next.id.clone())),
        (Some(until), Some(next)) if now >= until && now >= next.created_at.plus_seconds(schedule.lead) => {
            actions.push(KeyAction::Promote(next.id.clone()));
        }
        (Some(until), None) if now >= until.plus_seconds(-schedule.lead) => {
            actions.push(KeyAction::CreateNext);
        }
        _ => {}
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;
    const SCHEDULE: RotationSchedule = RotationSchedule { rotation: 90 * DAY, lead: DAY, tail: 2 * DAY };

    fn key(id: &str, state: KeyState, day: i64) -> SigningKeyRecord {
        let at = Timestamp::from_seconds(day * DAY);
        SigningKeyRecord {
            id: KeyId::new(id),
            algorithm: SigningAlgorithm::ES256.into(),
            state,
            public_jwk: String::new(),
            sealed_private_key: Vec::new(),
            created_at: at,
            activated_at: (state != KeyState::Next).then_some(at),
            retired_at: (state == KeyState::Retired).then_some(at),
        }
    }

    fn plan(keys: &[SigningKeyRecord], day: i64) -> Vec<KeyAction> {
        plan_rotation(keys, SigningAlgorithm::ES256, SCHEDULE, Timestamp::from_seconds(day * DAY))
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_after_it_signed() {
        assert_eq!(plan(&[], 0), [KeyAction::CreateActive]);
        let a = key("a", KeyState::Active, 0);
        assert_eq!(plan(std::slice::from_ref(&a), 88), []);
        assert_eq!(plan(std::slice::from_ref(&a), 89), [KeyAction::CreateNext]);
        let b = key("b", KeyState::Next, 89);
        assert_eq!(plan(&[a.clone(), b.clone()], 89), []);
        assert_eq!(plan(&[a, b], 90), [KeyAction::Promote(KeyId::new("b"))]);
        let retired = key("a", KeyState::Retired, 90);
        let active = key("b", KeyState::Active, 90);
        assert_eq!(plan(&[retired.clone(), active.clone()], 91), []);
        assert_eq!(plan(&[retired, active], 92), [KeyAction::Delete(KeyId::new("a"))]);
    }

    #[test]
    fn a_late_next_key_is_still_published_for_its_lead_time() {
        let keys = [key("a", KeyState::Active, 0), key("b", KeyState::Next, 200)];
        assert_eq!(plan(&keys, 200), []);
        assert_eq!(plan(&keys, 201).len(), 1);
    }

    #[test]
    fn another_algorithms_keys_do_not_count() {
        let mut other = key("a", KeyState::Active, 0);
        other.algorithm = SigningAlgorithm::RS256.into();
        assert_eq!(plan(&[other], 1), [KeyAction::CreateActive]);
    }
}
