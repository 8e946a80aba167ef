//! Signing keys of our own and the compact JWS they make (RFC 7515 §7.1). `sign_compact` is the
//! path of every token: a header encoded in advance, serde, base64 and one signature.

use std::{borrow::Cow, fmt, sync::Arc};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use josekit::{
    JoseError,
    jws::{JwsAlgorithm, JwsSigner},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::jwk;
use crate::domain::{Secret, jose::SigningAlgorithm};

/// Types whose header is encoded when the key is loaded: ID token, access token (RFC 9068),
/// logout token, introspection response (RFC 9701), security event token (RFC 8417).
const KNOWN_TYPES: [&str; 5] = ["JWT", "at+jwt", "logout+jwt", "token-introspection+jwt", "secevent+jwt"];

/// Something that signs: a key in memory today, a key-management service tomorrow.
pub trait Signer: Send + Sync {
    /// The algorithm of every signature it makes.
    fn algorithm(&self) -> SigningAlgorithm;

    /// The `kid` under which the public key is published.
    fn key_id(&self) -> &str;

    /// Signs the signing input (RFC 7515 §5.1). ECDSA signatures are `r || s`.
    ///
    /// # Errors
    /// The engine or the remote service failed.
    fn sign(&self, signing_input: &[u8]) -> Result<Vec<u8>, SignError>;

    /// The header `{"alg","typ","kid"}` in base64url.
    fn encoded_header(&self, typ: &str) -> Cow<'_, str> {
        Cow::Owned(encode_header(self.algorithm(), typ, self.key_id()))
    }
}

/// A signature could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// The engine failed.
    Engine,
    /// The claims do not serialize to JSON.
    Claims,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Engine => "the signature engine failed",
            Self::Claims => "the claims cannot be serialized",
        })
    }
}

impl std::error::Error for SignError {}

/// A key could not be made or loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The engine could not generate a key.
    Generation,
    /// The bytes are not a PKCS #8 private key for the algorithm.
    Rejected(SigningAlgorithm),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generation => f.write_str("the engine could not generate a key"),
            Self::Rejected(algorithm) => write!(f, "the bytes are not a PKCS #8 private key for {algorithm}"),
        }
    }
}

impl std::error::Error for KeyError {}

/// A new key pair, to be sealed and published.
#[derive(Debug)]
pub struct GeneratedKey {
    /// The algorithm that the key serves, and no other.
    pub algorithm: SigningAlgorithm,
    /// The `kid`: the RFC 7638 thumbprint, unique because a key serves one algorithm only.
    pub key_id: String,
    /// The private key, PKCS #8 DER.
    pub private_pkcs8: Secret<Vec<u8>>,
    /// The public key as it is published.
    pub public_jwk: Map<String, Value>,
}

impl GeneratedKey {
    /// The whole key as a JWK: for a program of which this server plays both sides.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] for a key of another kind than P-256 or RSA.
    pub fn danger_private_jwk(&self) -> Result<Map<String, Value>, KeyError> {
        use josekit::jwk::KeyPair as _;
        let pkcs8 = self.private_pkcs8.expose();
        let jwk = match self.algorithm {
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
                josekit::jwk::alg::rsa::RsaKeyPair::from_der(pkcs8).map(|pair| pair.to_jwk_private_key())
            }
            SigningAlgorithm::ES256 => {
                josekit::jwk::alg::ec::EcKeyPair::from_der(pkcs8, None).map(|pair| pair.to_jwk_private_key())
            }
            SigningAlgorithm::EdDSA => return Err(KeyError::Rejected(self.algorithm)),
        };
        let mut members: Map<String, Value> = jwk.map_err(|_| KeyError::Rejected(self.algorithm))?.as_ref().clone();
        members.extend(self.public_jwk.clone());
        Ok(members)
    }
}

/// Generates a key pair from the operating system's randomness (RSA: 2048 bits, about 0.1 s).
///
/// # Errors
/// [`KeyError::Generation`].
pub fn generate(algorithm: SigningAlgorithm) -> Result<GeneratedKey, KeyError> {
    let der = match algorithm {
        SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
            RsaKeyPair::generate(KeySize::Rsa2048).and_then(|pair| Ok(pair.as_der()?.as_ref().to_vec()))
        }
        SigningAlgorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| Ok(pair.to_pkcs8v1()?.as_ref().to_vec())),
        SigningAlgorithm::EdDSA => Ed25519KeyPair::generate().and_then(|pair| Ok(pair.to_pkcs8v1()?.as_ref().to_vec())),
    };
    let private_pkcs8 = Secret::new(der.map_err(|_| KeyError::Generation)?);
    let mut public_jwk = Private::parse(algorithm, private_pkcs8.expose())?.public_members(algorithm)?;
    let key_id = jwk::thumbprint(&public_jwk).map_err(|_| KeyError::Generation)?;
    publish(&mut public_jwk, algorithm, &key_id);
    Ok(GeneratedKey { algorithm, key_id, private_pkcs8, public_jwk })
}

/// Loads a private key for signing under `kid`.
///
/// # Errors
/// [`KeyError::Rejected`] if the bytes are not such a key.
pub fn load(algorithm: SigningAlgorithm, kid: &str, pkcs8: &[u8]) -> Result<SigningKey, KeyError> {
    let private = Private::parse(algorithm, pkcs8)?;
    let mut public_jwk = private.public_members(algorithm)?;
    publish(&mut public_jwk, algorithm, kid);
    let headers = KNOWN_TYPES.map(|typ| (typ, encode_header(algorithm, typ, kid)));
    Ok(SigningKey(Arc::new(Loaded { algorithm, key_id: kid.to_owned(), private, public_jwk, headers })))
}

/// A private key in memory. Cloning shares it.
#[derive(Clone)]
pub struct SigningKey(Arc<Loaded>);

struct Loaded {
    algorithm: SigningAlgorithm,
    key_id: String,
    private: Private,
    public_jwk: Map<String, Value>,
    headers: [(&'static str, String); KNOWN_TYPES.len()],
}

enum Private {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl SigningKey {
    /// The public key as it is published.
    pub fn public_jwk(&self) -> &Map<String, Value> {
        &self.0.public_jwk
    }
}

impl Signer for SigningKey {
    fn algorithm(&self) -> SigningAlgorithm {
        self.0.algorithm
    }

    fn key_id(&self) -> &str {
        &self.0.key_id
    }

    fn sign(&self, signing_input: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.0.private {
            Private::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), signing_input, &mut signature).map(|()| signature)
            }
            Private::Ec(pair) => {
                pair.sign(&SystemRandom::new(), signing_input).map(|signature| signature.as_ref().to_vec())
            }
            Private::Ed(pair) => pair.try_sign(signing_input).map(|signature| signature.as_ref().to_vec()),
        }
        .map_err(|_| SignError::Engine)
    }

    fn encoded_header(&self, typ: &str) -> Cow<'_, str> {
        match self.0.headers.iter().find(|(known, _)| *known == typ) {
            Some((_, header)) => Cow::Borrowed(header),
            None => Cow::Owned(encode_header(self.0.algorithm, typ, &self.0.key_id)),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {})", self.0.algorithm, self.0.key_id)
    }
}

/// josekit's JOSE over our engine: three times as fast as its own for Ed25519.
impl JwsSigner for SigningKey {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        match self.0.algorithm {
            SigningAlgorithm::RS256 => &josekit::jws::RS256,
            SigningAlgorithm::PS256 => &josekit::jws::PS256,
            SigningAlgorithm::ES256 => &josekit::jws::ES256,
            SigningAlgorithm::EdDSA => &josekit::jws::EdDSA,
        }
    }

    fn key_id(&self) -> Option<&str> {
        Some(&self.0.key_id)
    }

    fn signature_len(&self) -> usize {
        match &self.0.private {
            Private::Rsa(pair, _) => pair.public_modulus_len(),
            Private::Ec(_) | Private::Ed(_) => 64,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        Signer::sign(self, message).map_err(|error| JoseError::InvalidSignature(error.into()))
    }

    fn box_clone(&self) -> Box<dyn JwsSigner> {
        Box::new(self.clone())
    }
}

/// Signs `claims` as a compact JWS whose header is exactly `{"alg","typ","kid"}`.
///
/// # Errors
/// [`SignError`].
pub fn sign_compact<S: Signer + ?Sized>(signer: &S, typ: &str, claims: &impl Serialize) -> Result<String, SignError> {
    let payload = serde_json::to_vec(claims).map_err(|_| SignError::Claims)?;
    let header = signer.encoded_header(typ);
    // Room for the longest common signature (RSA 2048: 342 characters) without growing.
    let mut token = String::with_capacity(header.len() + payload.len() * 4 / 3 + 350);
    token.push_str(&header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

fn encode_header(algorithm: SigningAlgorithm, typ: &str, kid: &str) -> String {
    // Written out, so that the order does not hang on a feature of serde_json.
    let header = format!(r#"{{"alg":"{}","typ":{},"kid":{}}}"#, algorithm.name(), Value::from(typ), Value::from(kid));
    URL_SAFE_NO_PAD.encode(header)
}

fn publish(jwk: &mut Map<String, Value>, algorithm: SigningAlgorithm, kid: &str) {
    jwk.insert("use".to_owned(), Value::from("sig"));
    jwk.insert("alg".to_owned(), Value::from(algorithm.name()));
    jwk.insert("kid".to_owned(), Value::from(kid));
}

impl Private {
    fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let rsa = |encoding| Ok(Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8)?, encoding));
        match algorithm {
            SigningAlgorithm::RS256 => rsa(&RSA_PKCS1_SHA256 as &'static dyn RsaEncoding),
            SigningAlgorithm::PS256 => rsa(&RSA_PSS_SHA256),
            SigningAlgorithm::ES256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Self::Ec),
            SigningAlgorithm::EdDSA => Ed25519KeyPair::from_pkcs8(pkcs8).map(Self::Ed),
        }
        .map_err(|_: aws_lc_rs::error::KeyRejected| KeyError::Rejected(algorithm))
    }

    /// `kty` and the members of the public key.
    fn public_members(&self, algorithm: SigningAlgorithm) -> Result<Map<String, Value>, KeyError> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let members = match self {
            Self::Rsa(pair, _) => rsa_public_members(pair.public_key().as_ref())
                .map(|(n, e)| json!({ "kty": "RSA", "n": encode(n), "e": encode(e) })),
            // The uncompressed point: 4, x, y.
            Self::Ec(pair) => match pair.public_key().as_ref().split_first() {
                Some((4, point)) => point
                    .split_at_checked(32)
                    .map(|(x, y)| json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })),
                _ => None,
            },
            Self::Ed(pair) => Some(json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key().as_ref()) })),
        };
        match members {
            Some(Value::Object(members)) => Ok(members),
            _ => Err(KeyError::Rejected(algorithm)),
        }
    }
}

/// `n` and `e` of a DER `RSAPublicKey` (RFC 8017 A.1.1), without the sign octet.
pub(super) fn rsa_public_members(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, rest) = der_value(0x30, der)?;
    let (n, sequence) = der_value(0x02, sequence)?;
    let (e, sequence) = der_value(0x02, sequence)?;
    let complete = rest.is_empty() && sequence.is_empty();
    complete.then(|| (n.strip_prefix(&[0]).unwrap_or(n), e.strip_prefix(&[0]).unwrap_or(e)))
}

/// The content of the first element, which must have `tag`, and what follows it.
fn der_value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7F => (usize::from(*length), rest),
        0x81 => rest.split_first().map(|(low, rest)| (usize::from(*low), rest))?,
        0x82 => rest.split_first_chunk().map(|(both, rest)| (usize::from(u16::from_be_bytes(*both)), rest))?,
        _ => return None,
    };
    if *found == tag { rest.split_at_checked(length) } else { None }
}

#[cfg(test)]
mod tests;
