//! JSON Web Tokens and keys of strangers.

use std::sync::LazyLock;

use serde_json::{Value, json};
use symbolon::crypto::{CompactJws, PublicKeySet, UnsecuredJwt};
use symbolon_domain::{
    Timestamp,
    jose::SigningAlgorithm,
    oauth::{Params, check_own_access_token, check_request_object, request_object_parameters},
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

/// A compact JWS: parsed, and verified with a key that is not its own.
pub fn compact_jws(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(jws) = CompactJws::parse(text) {
        drop((jws.key_id().map(str::to_owned), jws.danger_unverified_claims()));
    }
    if let Some(keys) = KEYS.as_ref() {
        drop(keys.verify_compact(text, &SigningAlgorithm::ALL));
    }
}

/// A request object: unsecured ones are told from signed ones, and its parameters meet the rules of any others.
pub fn request_object(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let unsecured = UnsecuredJwt::parse(text);
        assert!(!(matches!(unsecured, Ok(Some(_))) && CompactJws::parse(text).is_ok()));
    }
    let Ok(Value::Object(claims)) = serde_json::from_slice(data) else { return };
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

/// A JWK set: no private or symmetric key is ever taken.
pub fn jwk_set(data: &[u8]) {
    let Ok(set) = serde_json::from_slice::<Value>(data) else { return };
    if PublicKeySet::parse(&set).is_ok() {
        let keys = set["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(keys.iter().all(|key| key.get("d").is_none() && key.get("k").is_none()));
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
