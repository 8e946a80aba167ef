//! JSON Web Tokens and keys of strangers.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::crypto::{
    CompactJws, EncryptionKeySet, PublicKeySet, UnsecuredJwt,
    jwe::{Content, encrypt},
    random::SeededRandom,
    secret_jwt,
};
use symbolon_domain::{
    Secret, Timestamp,
    jose::{ContentEncryption, EncryptionChoice, KeyManagementAlgorithm, SigningAlgorithm},
    oauth::{
        Params, check_own_access_token, check_request_object, check_request_object_type, request_object_parameters,
    },
    oidc::id_token::check_own_id_token_hint,
};

use crate::oauth::client;

/// RFC 7515 appendix A.3.
static KEYS: LazyLock<Option<PublicKeySet>> = LazyLock::new(|| {
    let set = json!({ "keys": [{
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }] });
    PublicKeySet::parse(&set).ok()
});

/// Some other secret, and that of RFC 7515 appendix A.1.
static SECRETS: LazyLock<[Secret<Vec<u8>>; 2]> = LazyLock::new(|| {
    let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    [vec![1; 32], URL_SAFE_NO_PAD.decode(key).unwrap_or_default()].map(Secret::new)
});

/// A compact JWS: parsed, and verified with a key that is not its own.
pub fn compact_jws(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(jws) = CompactJws::parse(text) {
        drop((jws.key_id().map(str::to_owned), jws.danger_unverified_claims()));
    }
    if let Some(keys) = KEYS.as_ref() {
        drop(keys.verify_compact(text, &SigningAlgorithm::ALL));
    }
    // What a shared secret signs is nothing that a key signs.
    if let Ok((_, position)) = secret_jwt::verify(text, SECRETS.as_slice()) {
        assert_eq!(position, 1);
        assert!(CompactJws::parse(text).is_err() && UnsecuredJwt::parse(text) == Ok(None));
    }
}

/// A request object: unsecured ones are told from signed ones, and its parameters meet the rules of any others.
pub fn request_object(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let unsecured = UnsecuredJwt::parse(text);
        assert!(!(matches!(unsecured, Ok(Some(_))) && CompactJws::parse(text).is_ok()));
    }
    let Ok(Value::Object(claims)) = serde_json::from_slice(data) else { return };
    if check_request_object_type(&claims).is_ok() {
        let told = claims.get("typ").map(|typ| typ.as_str().unwrap_or_default().to_ascii_lowercase());
        assert!(told.is_none_or(|typ| typ == "jwt" || typ.ends_with("/jwt") || typ.ends_with("oauth-authz-req+jwt")));
    }
    let client = client(vec!["https://web.example/callback".to_owned()]);
    let Ok(outside) = Params::parse(b"client_id=web&state=outside&request=a.b.c") else { return };
    let now = Timestamp::from_seconds(1_700_000_000);
    let _ = check_request_object(&claims, &outside, &client, "https://id.example", now);
    if let Ok(params) = request_object_parameters(&claims, &outside, &client) {
        assert!(Params::parse(params.encoded().as_bytes()).is_ok());
        assert!(params.find("request") != Some("a.b.c") || claims.contains_key("request"));
        assert!(params.find("state") != Some("outside") || claims.get("state").is_none_or(|state| state == "outside"));
    }
}

/// A JWK set: no private or symmetric key is ever taken, and for a key that is, something can be encrypted.
pub fn jwk_set(data: &[u8]) {
    let Ok(set) = serde_json::from_slice::<Value>(data) else { return };
    let encryption = EncryptionKeySet::parse(&set);
    if PublicKeySet::parse(&set).is_ok() || encryption.is_ok() {
        let keys = set["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(keys.iter().all(|key| key.get("d").is_none() && key.get("k").is_none()));
    }
    let Ok(keys) = encryption else { return };
    for alg in KeyManagementAlgorithm::ALL {
        let Some(key) = keys.find(alg) else { continue };
        let choice = EncryptionChoice { alg, enc: ContentEncryption::A128Gcm };
        let random = SeededRandom::danger_from_seed(1);
        let encrypted = encrypt(b"{}", Content::Claims, key, choice, &random).is_ok();
        // Whether an RSA modulus is the product of two primes, nobody can tell.
        assert!(key.serves(alg) && (encrypted || alg == KeyManagementAlgorithm::RsaOaep256));
    }
}

/// The claims of an access token of ours, after its signature.
pub fn own_access_token(data: &[u8]) {
    let Ok(Value::Object(claims)) = serde_json::from_slice(data) else { return };
    drop(check_own_access_token(&claims, "https://id.example", Timestamp::from_seconds(1_700_000_000)));
}

/// The claims of an ID token that came back as a hint.
pub fn id_token_hint(data: &[u8]) {
    let Ok(Value::Object(claims)) = serde_json::from_slice(data) else { return };
    if let Ok(hint) = check_own_id_token_hint(&claims, "https://id.example") {
        assert!(!hint.client_ids.is_empty());
    }
}
