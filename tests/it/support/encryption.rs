//! A key that answers are encrypted for, and josekit as the reader who knows nothing of the server.

use josekit::jwe::{ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A256KW, JweDecrypter, RSA_OAEP_256, deserialize_compact};
use serde_json::{Map, Value, json};
use symbolon::{crypto::jwe::generate, domain::jose::KeyManagementAlgorithm};

/// A key pair of a client.
pub struct ReaderKey {
    algorithm: KeyManagementAlgorithm,
    jwk: Map<String, Value>,
    pkcs8: Vec<u8>,
}

impl ReaderKey {
    /// A fresh one.
    pub fn generate(algorithm: KeyManagementAlgorithm) -> Self {
        let made = generate(algorithm).expect("a key");
        Self { algorithm, jwk: made.public_jwk, pkcs8: made.private_pkcs8.expose().clone() }
    }

    /// The public half.
    pub fn jwk(&self) -> Value {
        Value::Object(self.jwk.clone())
    }

    /// A JWK set of this key alone.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk] })
    }

    /// Header and content of a JWE for this key.
    pub fn open(&self, token: &str) -> (Value, String) {
        let decrypter: Box<dyn JweDecrypter> = match self.algorithm {
            KeyManagementAlgorithm::RsaOaep256 => {
                Box::new(RSA_OAEP_256.decrypter_from_der(&self.pkcs8).expect("a key"))
            }
            KeyManagementAlgorithm::EcdhEs => Box::new(ECDH_ES.decrypter_from_der(&self.pkcs8).expect("a key")),
            KeyManagementAlgorithm::EcdhEsA128Kw => {
                Box::new(ECDH_ES_A128KW.decrypter_from_der(&self.pkcs8).expect("a key"))
            }
            KeyManagementAlgorithm::EcdhEsA256Kw => {
                Box::new(ECDH_ES_A256KW.decrypter_from_der(&self.pkcs8).expect("a key"))
            }
        };
        let (content, header) = deserialize_compact(token, decrypter.as_ref()).expect("it decrypts");
        (json!(header.claims_set()), String::from_utf8(content).expect("text"))
    }
}
