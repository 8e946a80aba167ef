//! The algorithms of client assertions: the signatures of everything else, and one more, under the
//! client's secret, that is known nowhere but here (OIDC Core 9, RFC 7591 §2).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{entity::AuthMethod, jose::SigningAlgorithm};

/// A `token_endpoint_auth_signing_alg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionAlgorithm {
    /// A signature with the client's key: `private_key_jwt`.
    Signature(SigningAlgorithm),
    /// HMAC with SHA-256 under the client's secret: `client_secret_jwt`.
    Secret,
}

impl AssertionAlgorithm {
    /// Every algorithm, as metadata lists them.
    pub const ALL: [Self; 5] = [
        Self::Signature(SigningAlgorithm::RS256),
        Self::Signature(SigningAlgorithm::PS256),
        Self::Signature(SigningAlgorithm::ES256),
        Self::Signature(SigningAlgorithm::EdDSA),
        Self::Secret,
    ];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature(algorithm) => algorithm.name(),
            Self::Secret => "HS256",
        }
    }

    /// The algorithm of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The one method that it can be used with.
    pub const fn method(self) -> AuthMethod {
        match self {
            Self::Signature(_) => AuthMethod::PrivateKeyJwt,
            Self::Secret => AuthMethod::ClientSecretJwt,
        }
    }
}

impl Serialize for AssertionAlgorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for AssertionAlgorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom("unknown algorithm"))
    }
}

#[cfg(test)]
mod tests {
    use super::AssertionAlgorithm;
    use crate::entity::AuthMethod;

    #[test]
    fn every_algorithm_is_found_again_and_none_other() {
        for algorithm in AssertionAlgorithm::ALL {
            assert_eq!(AssertionAlgorithm::from_name(algorithm.name()), Some(algorithm));
            let json = serde_json::to_string(&algorithm).expect("JSON");
            assert_eq!(serde_json::from_str::<AssertionAlgorithm>(&json).ok(), Some(algorithm));
        }
        for name in ["none", "HS384", "HS512", "ES384", "hs256", ""] {
            assert_eq!(AssertionAlgorithm::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn the_secret_belongs_to_its_own_method() {
        assert_eq!(AssertionAlgorithm::Secret.method(), AuthMethod::ClientSecretJwt);
        let keyed = AssertionAlgorithm::ALL.into_iter().filter(|one| one.method() == AuthMethod::PrivateKeyJwt);
        assert_eq!(keyed.count(), 4);
    }
}
