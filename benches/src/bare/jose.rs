//! The cryptographic work of the bare handlers: JWT access tokens (RFC 9068) by aws-lc-rs, hashes, random secrets.

use std::{
    io,
    time::{Duration, UNIX_EPOCH},
};

use aws_lc_rs::{
    digest,
    rand::{self, SystemRandom},
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, ParsedPublicKey,
        RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde::{Deserialize, Serialize};

use super::store::Access;

/// The claim set of an access token of a machine client.
#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    scope: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
}

/// Keys made at start and kept nowhere.
pub struct Keys {
    ec: EcdsaKeyPair,
    ec_public: ParsedPublicKey,
    rsa: RsaKeyPair,
    random: SystemRandom,
}

impl Keys {
    /// A P-256 and an RSA-2048 key.
    ///
    /// # Errors
    /// The generator fails.
    pub fn generate() -> io::Result<Self> {
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| failed("P-256 key"))?;
        let ec_public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, ec.public_key().as_ref())
            .map_err(|_| failed("P-256 public key"))?;
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| failed("RSA key"))?;
        Ok(Self { ec, ec_public, rsa, random: SystemRandom::new() })
    }

    /// An access token signed with ES256.
    ///
    /// # Errors
    /// Random bytes or the signature fail.
    pub fn es256(&self) -> io::Result<String> {
        let input = signing_input("ES256")?;
        let signature = self.ec.sign(&self.random, input.as_bytes()).map_err(|_| failed("ES256 signature"))?;
        Ok(joined(input, signature.as_ref()))
    }

    /// An access token signed with RS256.
    ///
    /// # Errors
    /// Random bytes or the signature fail.
    pub fn rs256(&self) -> io::Result<String> {
        let input = signing_input("RS256")?;
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        self.rsa
            .sign(&RSA_PKCS1_SHA256, &self.random, input.as_bytes(), &mut signature)
            .map_err(|_| failed("RS256 signature"))?;
        Ok(joined(input, &signature))
    }

    /// Up to eight ES256 tokens, for the replies that hold more than one.
    ///
    /// # Errors
    /// As [`Keys::es256`].
    pub fn sign_many(&self, count: usize) -> io::Result<Vec<String>> {
        (0..count.min(8)).map(|_| self.es256()).collect()
    }

    /// The claims of a token of [`Keys::es256`] that has not expired; `None` for any other text.
    pub fn verify_es256(&self, jwt: &str) -> Option<Access> {
        let (input, signature) = jwt.rsplit_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        self.ec_public.verify_sig(input.as_bytes(), &signature).ok()?;
        let payload = BASE64.decode(input.split_once('.')?.1).ok()?;
        let claims: Claims<'_> = serde_json::from_slice(&payload).ok()?;
        (claims.exp > seconds()).then(|| Access {
            client_id: claims.client_id.to_owned(),
            sub: claims.sub.to_owned(),
            scope: claims.scope.to_owned(),
            iat: claims.iat,
            exp: claims.exp,
        })
    }
}

fn signing_input(algorithm: &str) -> io::Result<String> {
    let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}","kid":"bench-2026-01-{algorithm}"}}"#);
    let (now, jti) = (seconds(), random_text()?);
    let claims = Claims {
        iss: "http://127.0.0.1:8080",
        sub: "demo-m2m",
        aud: "http://127.0.0.1:8080",
        client_id: "demo-m2m",
        scope: "demo.read",
        iat: now,
        exp: now + 3600,
        jti: &jti,
    };
    let mut input = BASE64.encode(header);
    input.push('.');
    BASE64.encode_string(serde_json::to_vec(&claims)?, &mut input);
    Ok(input)
}

fn joined(mut input: String, signature: &[u8]) -> String {
    input.push('.');
    BASE64.encode_string(signature, &mut input);
    input
}

/// 256 random bits as base64url.
///
/// # Errors
/// The system's generator fails.
pub fn random_text() -> io::Result<String> {
    let mut bytes = [0u8; 32];
    rand::fill(&mut bytes).map_err(|_| failed("random bytes"))?;
    Ok(BASE64.encode(bytes))
}

/// SHA-256 of a secret, as rows keep it.
pub fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the bare handlers have no context that could carry a clock")]
pub fn seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn failed(what: &str) -> io::Error {
    io::Error::other(format!("{what} failed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_es256_token_of_the_same_keys_is_accepted() {
        let keys = Keys::generate().unwrap();
        let jwt = keys.es256().unwrap();
        assert_eq!(keys.verify_es256(&jwt).unwrap().client_id, "demo-m2m");
        assert!(keys.verify_es256(&jwt[..jwt.len() - 2]).is_none());
        assert!(keys.verify_es256(&keys.rs256().unwrap()).is_none());
        assert!(Keys::generate().unwrap().verify_es256(&jwt).is_none());
        assert!(keys.verify_es256("").is_none());
    }

    #[test]
    fn two_secrets_differ_and_so_do_their_hashes() {
        let (one, two) = (random_text().unwrap(), random_text().unwrap());
        assert_ne!(one, two);
        assert_ne!(hash(&one), hash(&two));
    }
}
