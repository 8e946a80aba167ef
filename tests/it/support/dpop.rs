//! Proofs of possession (RFC 9449), good and bad.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::{
    crypto::{jwk, token::digest},
    domain::jose::SigningAlgorithm,
};

use super::{ClientKey, Request, TestApp};

/// The key of a client that binds its tokens.
#[derive(Clone)]
pub struct DpopKey {
    key: ClientKey,
    algorithm: SigningAlgorithm,
}

/// A proof to be signed; good until changed.
#[derive(Clone)]
pub struct Proof {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

impl DpopKey {
    /// A fresh one, of the algorithm that most clients use.
    pub fn new() -> Self {
        Self::of(SigningAlgorithm::ES256)
    }

    /// A fresh one.
    pub fn of(algorithm: SigningAlgorithm) -> Self {
        Self { key: ClientKey::generate(algorithm), algorithm }
    }

    /// What tokens are bound to.
    pub fn thumbprint(&self) -> String {
        jwk::thumbprint(&self.key.jwk()).expect("a public key")
    }

    /// What a well-behaved client sends with a POST to `path`.
    pub fn proof(&self, app: &TestApp, path: &str) -> Proof {
        self.proof_of(app, "POST", path)
    }

    /// With any method.
    pub fn proof_of(&self, app: &TestApp, method: &str, path: &str) -> Proof {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let mut jwk = self.key.jwk();
        jwk.retain(|name, _| ["kty", "crv", "x", "y", "n", "e"].contains(&name.as_str()));
        Proof {
            header: json!({ "typ": "dpop+jwt", "alg": self.algorithm.name(), "jwk": jwk }),
            claims: json!({
                "jti": format!("proof-{}", COUNTER.fetch_add(1, Ordering::Relaxed)),
                "htm": method,
                "htu": format!("{}{path}", app.issuer()),
                "iat": app.now().seconds(),
            }),
        }
    }

    /// Signs a proof.
    pub fn sign(&self, proof: &Proof) -> String {
        self.key.sign_with_header(&proof.header, &proof.claims)
    }

    /// A request for UserInfo with a bound token and its proof.
    pub fn userinfo(&self, app: &TestApp, token: &str) -> Request {
        let proof = self.proof_of(app, "GET", "/oauth2/userinfo").with_token(token);
        Request::get("/oauth2/userinfo")
            .header("Authorization", format!("DPoP {token}"))
            .header("DPoP", self.sign(&proof))
    }
}

impl Proof {
    /// With this claim instead; null removes it.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        put(&mut self.claims, name, value);
        self
    }

    /// With this header parameter instead; null removes it.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: Value) -> Self {
        put(&mut self.header, name, value);
        self
    }

    /// About an access token.
    #[must_use]
    pub fn with_token(self, token: &str) -> Self {
        self.claim("ath", json!(URL_SAFE_NO_PAD.encode(digest(token.as_bytes()))))
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
}
