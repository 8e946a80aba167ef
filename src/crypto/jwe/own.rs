//! Our own keys, with which clients encrypt to us (request objects): made, loaded, and tried.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey},
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::{KeyPair, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{
    CompactJwe, Decrypted, JweError,
    key_agreement::{PartyInfo, Point, agreed_key, unwrap},
};
use crate::{
    crypto::{jwk, random::Random, signer::rsa_public_members},
    domain::{
        Secret,
        jose::{EncryptionChoice, KeyManagementAlgorithm},
    },
};

/// A new key pair, to be sealed and published.
#[derive(Debug)]
pub struct GeneratedEncryptionKey {
    /// The `kid`: the RFC 7638 thumbprint.
    pub key_id: String,
    /// The private key, PKCS #8 DER.
    pub private_pkcs8: Secret<Vec<u8>>,
    /// The public key as it is published, with `use: enc`.
    pub public_jwk: Map<String, Value>,
}

/// Generates a key pair for the family of `alg`: RSA (2048 bits), or P-256 for all of ECDH-ES.
///
/// # Errors
/// [`JweError::NotEncrypted`] when the engine fails.
pub fn generate(alg: KeyManagementAlgorithm) -> Result<GeneratedEncryptionKey, JweError> {
    let generated = if alg == KeyManagementAlgorithm::RsaOaep256 { generate_rsa() } else { generate_p256() };
    let (private, mut public_jwk) = generated.ok_or(JweError::NotEncrypted)?;
    let key_id = jwk::thumbprint(&public_jwk).map_err(|_| JweError::NotEncrypted)?;
    public_jwk.insert("use".to_owned(), "enc".into());
    public_jwk.insert("kid".to_owned(), key_id.as_str().into());
    // An elliptic curve key serves the whole family, so it names no single algorithm.
    if alg == KeyManagementAlgorithm::RsaOaep256 {
        public_jwk.insert("alg".to_owned(), alg.name().into());
    }
    Ok(GeneratedEncryptionKey { key_id, private_pkcs8: Secret::new(private), public_jwk })
}

fn generate_rsa() -> Option<(Vec<u8>, Map<String, Value>)> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let (n, e) = rsa_public_members(pair.public_key().as_ref())?;
    let encode = |bytes: &[u8]| Value::from(URL_SAFE_NO_PAD.encode(bytes));
    let members = [("kty", Value::from("RSA")), ("n", encode(n)), ("e", encode(e))];
    let jwk = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Some((pair.as_der().ok()?.as_ref().to_vec(), jwk))
}

fn generate_p256() -> Option<(Vec<u8>, Map<String, Value>)> {
    let pair = PrivateKey::generate(&ECDH_P256).ok()?;
    let pkcs8: Pkcs8V1Der<'static> = pair.as_der().ok()?;
    Some((pkcs8.as_ref().to_vec(), Point::of(&pair)?.jwk()?))
}

/// A private key in memory. Cloning shares it.
#[derive(Clone)]
pub struct DecryptionKey(Arc<Loaded>);

struct Loaded {
    key_id: String,
    private: Private,
}

enum Private {
    Rsa(OaepPrivateDecryptingKey),
    Curve(PrivateKey),
}

impl DecryptionKey {
    /// Loads the private key of the family of `alg`.
    ///
    /// # Errors
    /// [`JweError::Malformed`] if the bytes are not such a key.
    pub fn load(alg: KeyManagementAlgorithm, kid: &str, pkcs8: &[u8]) -> Result<Self, JweError> {
        let private = if alg == KeyManagementAlgorithm::RsaOaep256 {
            let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| JweError::Malformed)?;
            Private::Rsa(OaepPrivateDecryptingKey::new(key).map_err(|_| JweError::Malformed)?)
        } else {
            let key = PrivateKey::from_private_key_der(&ECDH_P256, pkcs8).map_err(|_| JweError::Malformed)?;
            Private::Curve(key)
        };
        Ok(Self(Arc::new(Loaded { key_id: kid.to_owned(), private })))
    }

    /// The `kid` under which the public key is published.
    pub fn key_id(&self) -> &str {
        &self.0.key_id
    }

    fn serves(&self, alg: KeyManagementAlgorithm) -> bool {
        matches!(self.0.private, Private::Rsa(_)) == (alg == KeyManagementAlgorithm::RsaOaep256)
    }

    /// The content key of a JWE for this key.
    pub(super) fn content_key(&self, jwe: &CompactJwe<'_>) -> Option<Secret<Vec<u8>>> {
        match &self.0.private {
            Private::Rsa(key) => {
                let mut output = vec![0; key.min_output_size()];
                let length = key.decrypt(&OAEP_SHA256_MGF1SHA256, &jwe.encrypted_key, &mut output, None).ok()?.len();
                output.truncate(length);
                Some(Secret::new(output))
            }
            Private::Curve(key) => self.agreed(key, jwe),
        }
    }

    fn agreed(&self, key: &PrivateKey, jwe: &CompactJwe<'_>) -> Option<Secret<Vec<u8>>> {
        let ephemeral = Point::parse(jwe.header.get("epk")?.as_object()?)?;
        let party = |name: &str| match jwe.header.get(name) {
            None => Some(Vec::new()),
            Some(value) => URL_SAFE_NO_PAD.decode(value.as_str()?).ok(),
        };
        let (producer, recipient) = (party("apu")?, party("apv")?);
        let parties = PartyInfo { producer: &producer, recipient: &recipient };
        let agreed = agreed_key(key, &ephemeral, jwe.choice(), parties)?;
        match jwe.alg {
            KeyManagementAlgorithm::EcdhEs => jwe.encrypted_key.is_empty().then_some(agreed),
            _ => unwrap(agreed.expose(), &jwe.encrypted_key),
        }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptionKey({})", self.0.key_id)
    }
}

/// Every key of our own that clients may have encrypted to.
#[derive(Clone, Debug, Default)]
pub struct DecryptionKeys {
    keys: Vec<DecryptionKey>,
}

impl DecryptionKeys {
    /// These keys.
    pub const fn new(keys: Vec<DecryptionKey>) -> Self {
        Self { keys }
    }

    /// Decrypts what was encrypted to one of the keys, with `alg` and `enc` as `allowed`.
    ///
    /// # Errors
    /// [`JweError`]; everything that depends on a key is [`JweError::Undecipherable`].
    pub fn decrypt(
        &self,
        compact: &str,
        allowed: impl Fn(EncryptionChoice) -> bool,
        random: &dyn Random,
    ) -> Result<Decrypted, JweError> {
        let jwe = CompactJwe::parse(compact)?;
        if !allowed(jwe.choice()) {
            return Err(JweError::AlgorithmNotAllowed);
        }
        let named = |key: &&DecryptionKey| jwe.key_id().is_none_or(|kid| kid == key.key_id());
        let mut candidates = self.keys.iter().filter(|key| key.serves(jwe.alg)).filter(named);
        let plaintext = candidates.find_map(|key| jwe.open(key, random)).ok_or(JweError::Undecipherable)?;
        Ok(Decrypted { header: jwe.header, plaintext })
    }
}
