//! The algorithm that a client has registered for its request objects: here, and nowhere else, may
//! it be `none` (OIDC Dynamic Registration 2 `request_object_signing_alg`).

use serde::{Deserialize, Serialize};

use super::{SigningAlgorithm, UnknownAlgorithm};

/// A `request_object_signing_alg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RequestObjectAlgorithm {
    /// Not signed at all (RFC 7519 §6).
    Unsigned,
    /// Signed with this one.
    Signed(SigningAlgorithm),
}

impl RequestObjectAlgorithm {
    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsigned => "none",
            Self::Signed(algorithm) => algorithm.name(),
        }
    }
}

impl std::str::FromStr for RequestObjectAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "none" => Ok(Self::Unsigned),
            other => other.parse().map(Self::Signed),
        }
    }
}

impl TryFrom<String> for RequestObjectAlgorithm {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse().map_err(|_| format!("{name} is no algorithm of request objects"))
    }
}

impl From<RequestObjectAlgorithm> for String {
    fn from(algorithm: RequestObjectAlgorithm) -> Self {
        algorithm.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_an_algorithm_here_and_symmetric_ones_are_not() {
        for name in ["none", "RS256", "PS256", "ES256", "EdDSA"] {
            let read: RequestObjectAlgorithm = serde_json::from_value(name.into()).expect(name);
            assert_eq!((read.name(), serde_json::to_value(read).expect("a text")), (name, name.into()));
        }
        for name in ["None", "NONE", "HS256", "", "none "] {
            assert!(serde_json::from_value::<RequestObjectAlgorithm>(name.into()).is_err(), "{name}");
        }
    }
}
