//! Client assertions (RFC 7523), good and bad.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use symbolon::{
    crypto::signer::{Signer, SigningKey, generate, load},
    domain::jose::SigningAlgorithm,
};

/// A key pair of a client.
#[derive(Clone)]
pub struct ClientKey {
    key: SigningKey,
}

impl ClientKey {
    /// A fresh one.
    pub fn generate(algorithm: SigningAlgorithm) -> Self {
        let made = generate(algorithm).expect("a key");
        Self { key: load(algorithm, &made.key_id, made.private_pkcs8.expose()).expect("its own key") }
    }

    /// The public half.
    pub fn jwk(&self) -> Map<String, Value> {
        self.key.public_jwk().clone()
    }

    /// A JWK set of this key alone.
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    fn header(&self) -> Value {
        json!({ "alg": Signer::algorithm(&self.key).name(), "typ": "JWT", "kid": Signer::key_id(&self.key) })
    }

    /// Signs these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with_header(&self.header(), claims)
    }

    /// Signs these claims under any header.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        let input = unsigned(header, claims);
        let signature = self.key.sign(input.as_bytes()).expect("a signature");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Header and claims, without a signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// Header and claims under a secret.
pub fn signed_with_secret(header: &Value, claims: &Value, secret: &str) -> String {
    let input = unsigned(header, claims);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

/// The header of a compact JWS, unverified.
pub fn header_of(compact: &str) -> Value {
    let part = compact.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

/// The claims of an assertion; good until changed.
#[derive(Clone, Debug)]
pub struct Assertion(pub Value);

impl Assertion {
    /// What a well-behaved client sends at `now`, in seconds.
    pub fn new(client_id: &str, audience: &str, now: i64, jti: &str) -> Self {
        Self(json!({ "iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + 60, "jti": jti }))
    }

    /// With this claim instead; null removes it.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        let claims = self.0.as_object_mut().expect("an object");
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.to_owned(), value);
        }
        self
    }
}
