//! A client's public keys for encryption (RFC 7517, OIDC Core 10.2): which of them an answer is
//! encrypted for, and how the content key reaches it.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    agreement::PrivateKey,
    rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey},
};
use serde_json::{Map, Value};

use super::{
    JweError, content,
    key_agreement::{PartyInfo, Point, agreed_key, wrap},
};
use crate::{
    crypto::{
        jwk::{self, JwkError},
        random::Random,
        verifier::MAX_KEYS,
    },
    domain::{
        Secret,
        jose::{EncryptionChoice, KeyManagementAlgorithm},
    },
};

/// A public key that something can be encrypted for. Cloning shares it.
#[derive(Clone)]
pub struct EncryptionKey(Arc<Parsed>);

struct Parsed {
    key_id: Option<String>,
    named: Option<KeyManagementAlgorithm>,
    /// `use: enc` was stated.
    stated: bool,
    public: Public,
}

enum Public {
    Rsa(OaepPublicEncryptingKey),
    Curve(Point),
}

/// A content key on its way.
pub(super) struct Established {
    pub content_key: Secret<Vec<u8>>,
    pub encrypted_key: Vec<u8>,
    pub ephemeral: Option<Map<String, Value>>,
}

impl EncryptionKey {
    /// Parses a JWK. `None` is a key that is none of our business: for signatures, of another type or
    /// curve, or for an algorithm that we do not have.
    ///
    /// # Errors
    /// Private members, RSA sizes, and members that contradict the key's own type.
    pub fn parse(jwk: &Map<String, Value>) -> Result<Option<Self>, JwkError> {
        jwk::check_public(jwk)?;
        let kind = jwk::text(jwk, "kty")?.ok_or(JwkError::Malformed("kty"))?;
        let key_id = jwk::text(jwk, "kid")?.map(str::to_owned);
        let purpose = jwk::text(jwk, "use")?;
        if purpose.is_some_and(|purpose| purpose != "enc") || !permits_encryption(jwk)? {
            return Ok(None);
        }
        let named = match jwk::text(jwk, "alg")?.map(str::parse::<KeyManagementAlgorithm>) {
            None => None,
            Some(Ok(named)) => Some(named),
            Some(Err(_)) => return Ok(None),
        };
        let public = match (kind, jwk::text(jwk, "crv")?) {
            ("RSA", _) => {
                let key: PublicEncryptingKey =
                    jwk::rsa_components(jwk)?.try_into().map_err(|_| JwkError::Malformed("n"))?;
                Public::Rsa(OaepPublicEncryptingKey::new(key).map_err(|_| JwkError::Malformed("n"))?)
            }
            ("EC", Some("P-256")) | ("OKP", Some("X25519")) => {
                let point = Point::parse(jwk).ok_or(JwkError::Malformed("x"))?;
                // A point that nobody can agree with is found now, not when a token is due.
                if !point.agrees() {
                    return Err(JwkError::Malformed("x"));
                }
                Public::Curve(point)
            }
            _ => return Ok(None),
        };
        let key = Self(Arc::new(Parsed { key_id, named, stated: purpose.is_some(), public }));
        match named {
            Some(named) if !key.serves(named) => Err(JwkError::Malformed("alg")),
            _ => Ok(Some(key)),
        }
    }

    /// The key's `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.0.key_id.as_deref()
    }

    /// Whether something can be encrypted for the key with `alg`.
    pub fn serves(&self, alg: KeyManagementAlgorithm) -> bool {
        let fits = match (&self.0.public, alg) {
            (Public::Rsa(_), KeyManagementAlgorithm::RsaOaep256) => true,
            (Public::Rsa(_), _) | (Public::Curve(_), KeyManagementAlgorithm::RsaOaep256) => false,
            (Public::Curve(_), _) => true,
        };
        fits && self.0.named.is_none_or(|named| named == alg)
    }

    pub(super) fn establish(&self, choice: EncryptionChoice, random: &dyn Random) -> Result<Established, JweError> {
        if !self.serves(choice.alg) {
            return Err(JweError::NotEncrypted);
        }
        match &self.0.public {
            Public::Rsa(key) => to_rsa(key, choice, random),
            Public::Curve(point) => to_curve(point, choice, random),
        }
        .ok_or(JweError::NotEncrypted)
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionKey({:?})", self.0.key_id)
    }
}

fn to_rsa(key: &OaepPublicEncryptingKey, choice: EncryptionChoice, random: &dyn Random) -> Option<Established> {
    let content_key = content::random_key(choice.enc, random);
    let mut encrypted_key = vec![0; key.ciphertext_size()];
    let length = key.encrypt(&OAEP_SHA256_MGF1SHA256, content_key.expose(), &mut encrypted_key, None).ok()?.len();
    encrypted_key.truncate(length);
    Some(Established { content_key, encrypted_key, ephemeral: None })
}

fn to_curve(point: &Point, choice: EncryptionChoice, random: &dyn Random) -> Option<Established> {
    let ephemeral = PrivateKey::generate(point.algorithm()).ok()?;
    let agreed = agreed_key(&ephemeral, point, choice, PartyInfo::default())?;
    let (content_key, encrypted_key) = if choice.alg == KeyManagementAlgorithm::EcdhEs {
        (agreed, Vec::new())
    } else {
        let content_key = content::random_key(choice.enc, random);
        let wrapped = wrap(agreed.expose(), content_key.expose())?;
        (content_key, wrapped)
    };
    Some(Established { content_key, encrypted_key, ephemeral: Some(Point::of(&ephemeral)?.jwk()?) })
}

fn permits_encryption(jwk: &Map<String, Value>) -> Result<bool, JwkError> {
    const OPERATIONS: [&str; 4] = ["encrypt", "wrapKey", "deriveKey", "deriveBits"];
    match jwk.get("key_ops") {
        None => Ok(true),
        Some(Value::Array(listed)) => {
            Ok(listed.iter().filter_map(Value::as_str).any(|operation| OPERATIONS.contains(&operation)))
        }
        Some(_) => Err(JwkError::Malformed("key_ops")),
    }
}

/// The keys of a client that something can be encrypted for.
#[derive(Clone, Debug, Default)]
pub struct EncryptionKeySet {
    keys: Vec<EncryptionKey>,
}

impl EncryptionKeySet {
    /// Parses `{"keys": [...]}`. Keys for other purposes are left out; a private or broken one
    /// refuses the whole set. No key at all is for the caller to judge.
    ///
    /// # Errors
    /// [`JwkError`].
    pub fn parse(set: &Value) -> Result<Self, JwkError> {
        let listed = set.get("keys").and_then(Value::as_array).ok_or(JwkError::NotAKeySet)?;
        if listed.len() > MAX_KEYS {
            return Err(JwkError::TooManyKeys);
        }
        let mut keys = Vec::new();
        for jwk in listed {
            keys.extend(EncryptionKey::parse(jwk.as_object().ok_or(JwkError::NotAKeySet)?)?);
        }
        Ok(Self { keys })
    }

    /// The key to encrypt for with `alg`: the first that says `use: enc`, else the first that does
    /// not say what it is for.
    pub fn find(&self, alg: KeyManagementAlgorithm) -> Option<&EncryptionKey> {
        let serving = || self.keys.iter().filter(|key| key.serves(alg));
        serving().find(|key| key.0.stated).or_else(|| serving().next())
    }
}
