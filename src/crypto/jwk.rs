//! Public JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2), parsed once into the engine's form,
//! and their thumbprints (RFC 7638).

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaParameters, RsaPublicKeyComponents,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::domain::jose::{PRIVATE_MEMBERS, SigningAlgorithm};

/// Smallest RSA modulus in bits (RFC 7518 §3.3).
pub const MIN_RSA_BITS: usize = 2048;
const MAX_RSA_BITS: usize = 8192;

/// Why a key or a key set is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkError {
    /// Not an object with an array `keys` of objects.
    NotAKeySet,
    /// More keys than accepted.
    TooManyKeys,
    /// A private or symmetric key was given where only public ones belong. It must be considered
    /// leaked.
    PrivateMember(&'static str),
    /// An RSA modulus outside 2048 to 8192 bits.
    RsaSize,
    /// The named member is absent, not canonical base64url, of the wrong length, contradicts
    /// another, or is not a point of the curve.
    Malformed(&'static str),
    /// No key of the set can verify a signature of ours.
    NothingUsable,
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAKeySet => f.write_str("a key set is an object with an array of objects named keys"),
            Self::TooManyKeys => f.write_str("the key set has more than 20 keys"),
            Self::PrivateMember(name) => {
                write!(f, "the key has the private member {name}: give only the public part, and replace this key")
            }
            Self::RsaSize => f.write_str("an RSA key must have 2048 to 8192 bits"),
            Self::Malformed(name) => write!(f, "the key's member {name} is missing or wrong"),
            Self::NothingUsable => f.write_str("the key set has no key for RS256, PS256, ES256 or EdDSA"),
        }
    }
}

impl std::error::Error for JwkError {}

/// A public key with the signature algorithms that it may be used for.
#[derive(Clone)]
pub struct PublicKey {
    key_id: Option<String>,
    verifiers: Vec<(SigningAlgorithm, ParsedPublicKey)>,
}

impl PublicKey {
    /// Parses a JWK. `None` is a key that is none of our business: another type or curve, for
    /// encryption, or for an algorithm that we do not accept.
    ///
    /// # Errors
    /// Private members, RSA sizes, and members that contradict the key's own type.
    pub fn parse(jwk: &Map<String, Value>) -> Result<Option<Self>, JwkError> {
        check_public(jwk)?;
        let kind = text(jwk, "kty")?.ok_or(JwkError::Malformed("kty"))?;
        let key_id = text(jwk, "kid")?.map(str::to_owned);
        let named = text(jwk, "alg")?;
        if text(jwk, "use")?.is_some_and(|purpose| purpose != "sig") || !permits_verify(jwk)? {
            return Ok(None);
        }
        let verifiers = match kind {
            "RSA" => rsa(jwk)?,
            "EC" if text(jwk, "crv")? == Some("P-256") => ec(jwk)?,
            "OKP" if text(jwk, "crv")? == Some("Ed25519") => okp(jwk)?,
            _ => return Ok(None),
        };
        let Some(named) = named else { return Ok(Some(Self { key_id, verifiers })) };
        let Ok(algorithm) = named.parse::<SigningAlgorithm>() else { return Ok(None) };
        let verifiers: Vec<_> = verifiers.into_iter().filter(|(known, _)| *known == algorithm).collect();
        if verifiers.is_empty() {
            return Err(JwkError::Malformed("alg"));
        }
        Ok(Some(Self { key_id, verifiers }))
    }

    /// The key's `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Whether the key may be used for `algorithm`.
    pub fn serves(&self, algorithm: SigningAlgorithm) -> bool {
        self.verifiers.iter().any(|(known, _)| *known == algorithm)
    }

    /// Whether `signature` is this key's over `signing_input`. False also if the key does not
    /// serve `algorithm`.
    pub fn verifies(&self, algorithm: SigningAlgorithm, signing_input: &[u8], signature: &[u8]) -> bool {
        let found = self.verifiers.iter().find(|(known, _)| *known == algorithm);
        found.is_some_and(|(_, key)| key.verify_sig(signing_input, signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.key_id)
    }
}

/// Refuses a JWK with private or symmetric members, whatever its type.
///
/// # Errors
/// [`JwkError::PrivateMember`].
pub fn check_public(jwk: &Map<String, Value>) -> Result<(), JwkError> {
    if let Some(name) = PRIVATE_MEMBERS.into_iter().find(|name| jwk.contains_key(*name)) {
        return Err(JwkError::PrivateMember(name));
    }
    if jwk.get("kty").and_then(Value::as_str) == Some("oct") {
        return Err(JwkError::PrivateMember("k"));
    }
    Ok(())
}

/// The SHA-256 thumbprint of a key (RFC 7638 §3; RFC 8037 §2 for OKP), base64url.
///
/// # Errors
/// [`JwkError::Malformed`] if a required member is absent or the type is not RSA, EC or OKP.
pub fn thumbprint(jwk: &Map<String, Value>) -> Result<String, JwkError> {
    let members: &[&'static str] = match text(jwk, "kty")? {
        Some("RSA") => &["e", "kty", "n"],
        Some("EC") => &["crv", "kty", "x", "y"],
        Some("OKP") => &["crv", "kty", "x"],
        _ => return Err(JwkError::Malformed("kty")),
    };
    // In the order of the list, which is the lexicographic one; values escaped by serde_json.
    let mut canonical = String::from("{");
    for name in members {
        let value = text(jwk, name)?.ok_or(JwkError::Malformed(name))?;
        if canonical.len() > 1 {
            canonical.push(',');
        }
        canonical.push_str(&format!("\"{name}\":{}", Value::from(value)));
    }
    canonical.push('}');
    Ok(URL_SAFE_NO_PAD.encode(super::sha256(&[canonical.as_bytes()])))
}

type Verifiers = Vec<(SigningAlgorithm, ParsedPublicKey)>;

/// Modulus and exponent of an RSA key, checked: neither weak nor slow.
pub(super) fn rsa_components(jwk: &Map<String, Value>) -> Result<RsaPublicKeyComponents<Vec<u8>>, JwkError> {
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let leading = *n.first().ok_or(JwkError::Malformed("n"))?;
    if leading == 0 || n.last().is_some_and(|last| last % 2 == 0) {
        // RFC 7518 §6.3.1.1: no extra zero octet. An even modulus is no product of two primes.
        return Err(JwkError::Malformed("n"));
    }
    let bits = n.len().saturating_mul(8) - leading.leading_zeros() as usize;
    if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
        return Err(JwkError::RsaSize);
    }
    // e = 1 makes every message its own signature; a long e makes verification slow.
    let odd = e.last().is_some_and(|last| last % 2 == 1);
    if !odd || e.as_slice() == [1] || e.first() == Some(&0) || e.len() > 4 {
        return Err(JwkError::Malformed("e"));
    }
    Ok(RsaPublicKeyComponents { n, e })
}

fn rsa(jwk: &Map<String, Value>) -> Result<Verifiers, JwkError> {
    let components = rsa_components(jwk)?;
    let parse = |parameters: &'static RsaParameters| {
        components.to_parsed_public_key(parameters).map_err(|_| JwkError::Malformed("n"))
    };
    Ok(vec![
        (SigningAlgorithm::RS256, parse(&RSA_PKCS1_2048_8192_SHA256)?),
        (SigningAlgorithm::PS256, parse(&RSA_PSS_2048_8192_SHA256)?),
    ])
}

fn ec(jwk: &Map<String, Value>) -> Result<Verifiers, JwkError> {
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, p256_point(jwk)?).map_err(|_| JwkError::Malformed("x"))?;
    Ok(vec![(SigningAlgorithm::ES256, key)])
}

/// The uncompressed point of a P-256 key: 4, x, y.
pub(super) fn p256_point(jwk: &Map<String, Value>) -> Result<Vec<u8>, JwkError> {
    // RFC 7518 §6.2.1.2: each coordinate has the full length of the curve.
    let (x, y) = (coordinate(jwk, "x")?, coordinate(jwk, "y")?);
    Ok([[4].as_slice(), &x, &y].concat())
}

fn okp(jwk: &Map<String, Value>) -> Result<Verifiers, JwkError> {
    let key = ParsedPublicKey::new(&ED25519, coordinate(jwk, "x")?).map_err(|_| JwkError::Malformed("x"))?;
    Ok(vec![(SigningAlgorithm::EdDSA, key)])
}

pub(super) fn coordinate(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    bytes(jwk, name).and_then(|bytes| if bytes.len() == 32 { Ok(bytes) } else { Err(JwkError::Malformed(name)) })
}

fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let text = text(jwk, name)?.ok_or(JwkError::Malformed(name))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JwkError::Malformed(name))
}

/// A member that must be a string if it is there.
pub(super) fn text<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JwkError> {
    jwk.get(name).map(|value| value.as_str().ok_or(JwkError::Malformed(name))).transpose()
}

fn permits_verify(jwk: &Map<String, Value>) -> Result<bool, JwkError> {
    match jwk.get("key_ops") {
        None => Ok(true),
        Some(Value::Array(operations)) => Ok(operations.iter().any(|operation| operation == "verify")),
        Some(_) => Err(JwkError::Malformed("key_ops")),
    }
}

#[cfg(test)]
mod tests;
