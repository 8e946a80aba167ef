//! Tests of `keyring`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;
use crate::crypto::{
    signer::{generate, load, sign_compact},
    verifier::PublicKeySet,
};

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    let made = generate(algorithm).unwrap();
    load(algorithm, &made.key_id, made.private_pkcs8.expose()).unwrap()
}

fn ring(active: &[&SigningKey], published: &[&SigningKey]) -> Result<Keyring, KeyringError> {
    let published = published.iter().map(|key| key.public_jwk().clone()).collect();
    Keyring::new("main", active.iter().map(|key| (*key).clone()).collect(), published)
}

fn token(key: &SigningKey, typ: &str) -> String {
    sign_compact(key, typ, &json!({ "sub": "alice", "exp": 1 })).unwrap()
}

#[test]
fn what_an_active_key_signs_is_recognised_even_when_expired() {
    let keys = SigningAlgorithm::ALL.map(key);
    let all: Vec<_> = keys.iter().collect();
    let ring = ring(&all, &all).unwrap();
    assert_eq!(ring.instance(), "main");
    assert!(ring.algorithms().eq(SigningAlgorithm::ALL));
    for algorithm in SigningAlgorithm::ALL {
        let signer = ring.signer(algorithm).unwrap();
        let (header, claims) = ring.verify_own(&token(signer, "at+jwt"), &["at+jwt", "JWT"]).unwrap();
        assert_eq!(header["kid"].as_str(), Some(Signer::key_id(signer)));
        assert_eq!(claims["sub"], "alice");
    }
}

#[test]
fn retired_and_next_keys_verify_but_do_not_sign() {
    let [next, active, retired] = [0; 3].map(|_| key(SigningAlgorithm::ES256));
    let ring = ring(&[&active], &[&next, &active, &retired]).unwrap();
    assert_eq!(ring.signer(SigningAlgorithm::ES256).map(Signer::key_id), Some(Signer::key_id(&active)));
    assert!(ring.signer(SigningAlgorithm::RS256).is_none());
    for key in [&next, &active, &retired] {
        assert!(ring.verify_own(&token(key, "JWT"), &["JWT"]).is_ok());
    }
}

#[test]
fn the_published_document_is_in_order_and_readable_by_a_client() {
    let (ec, rsa) = (key(SigningAlgorithm::ES256), key(SigningAlgorithm::RS256));
    let ring = ring(&[&ec, &rsa], &[&rsa, &ec]).unwrap();
    let document = ring.public_jwks();
    assert_eq!(document, json!({ "keys": [rsa.public_jwk(), ec.public_jwk()] }));
    assert_eq!(serde_json::from_str::<Value>(ring.public_jwks_text()).unwrap(), document);
    let set = PublicKeySet::parse(&document).unwrap();
    assert!(set.verify_compact(&token(&ec, "JWT"), &SigningAlgorithm::ALL).is_ok());
}

#[test]
fn tokens_of_strangers_and_of_removed_keys_are_not_ours() {
    let (ours, removed) = (key(SigningAlgorithm::ES256), key(SigningAlgorithm::ES256));
    let ring = ring(&[&ours], &[&ours]).unwrap();
    assert_eq!(ring.verify_own(&token(&removed, "JWT"), &["JWT"]), Err(VerifyError::KeyNotFound));
    let made = generate(SigningAlgorithm::ES256).unwrap();
    let posing = load(SigningAlgorithm::ES256, Signer::key_id(&ours), made.private_pkcs8.expose()).unwrap();
    assert_eq!(ring.verify_own(&token(&posing, "JWT"), &["JWT"]), Err(VerifyError::BadSignature));
}

#[test]
fn a_token_without_kid_is_not_ours_although_the_signature_would_hold() {
    let key = key(SigningAlgorithm::ES256);
    let ring = ring(&[&key], &[&key]).unwrap();
    let input = format!("{}.e30", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"JWT"}"#));
    let signature = URL_SAFE_NO_PAD.encode(Signer::sign(&key, input.as_bytes()).unwrap());
    assert_eq!(ring.verify_own(&format!("{input}.{signature}"), &["JWT"]), Err(VerifyError::KeyNotFound));
}

#[test]
fn a_token_of_another_type_is_refused() {
    let key = key(SigningAlgorithm::EdDSA);
    let ring = ring(&[&key], &[&key]).unwrap();
    for typ in ["JWT", "at+JWT", "at+jwt ", "", "logout+jwt"] {
        assert_eq!(ring.verify_own(&token(&key, typ), &["at+jwt"]), Err(VerifyError::WrongType), "{typ}");
    }
    assert_eq!(ring.verify_own(&token(&key, "at+jwt"), &[]), Err(VerifyError::WrongType));
    let header = format!(r#"{{"alg":"EdDSA","kid":"{}"}}"#, Signer::key_id(&key));
    let input = format!("{}.e30", URL_SAFE_NO_PAD.encode(header));
    let signature = URL_SAFE_NO_PAD.encode(Signer::sign(&key, input.as_bytes()).unwrap());
    assert_eq!(ring.verify_own(&format!("{input}.{signature}"), &["JWT"]), Err(VerifyError::WrongType));
}

#[test]
fn the_header_cannot_change_the_algorithm_of_the_named_key() {
    let rsa = key(SigningAlgorithm::RS256);
    let ring = ring(&[&rsa], &[&rsa]).unwrap();
    for algorithm in ["PS256", "ES256", "EdDSA", "none", "HS256"] {
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT","kid":"{}"}}"#, Signer::key_id(&rsa));
        let forged = format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(ring.verify_own(&forged, &["JWT"]), Err(VerifyError::AlgorithmNotAllowed), "{algorithm}");
    }
}

#[test]
fn changed_claims_and_stripped_signatures_are_refused() {
    let key = key(SigningAlgorithm::ES256);
    let ring = ring(&[&key], &[&key]).unwrap();
    let token = token(&key, "JWT");
    let parts: Vec<_> = token.split('.').collect();
    let forged = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(r#"{"sub":"bob"}"#), parts[2]);
    assert_eq!(ring.verify_own(&forged, &["JWT"]), Err(VerifyError::BadSignature));
    for text in
        [format!("{}.{}.", parts[0], parts[1]), format!("{token}."), format!("{token} "), token.replace('.', "..")]
    {
        assert_eq!(ring.verify_own(&text, &["JWT"]), Err(VerifyError::Malformed), "{text}");
    }
}

#[test]
fn a_ring_that_signs_what_nobody_can_verify_is_not_built() {
    let (one, two) = (key(SigningAlgorithm::ES256), key(SigningAlgorithm::ES256));
    let kid = Signer::key_id(&one).to_owned();
    assert_eq!(ring(&[&one], &[]).err(), Some(KeyringError::NotPublished(kid.clone())));
    assert_eq!(ring(&[&one], &[&two]).err(), Some(KeyringError::NotPublished(kid.clone())));
    assert_eq!(ring(&[&one, &two], &[&one, &two]).err(), Some(KeyringError::TwoActive(SigningAlgorithm::ES256)));
    assert_eq!(ring(&[&one], &[&one, &one]).err(), Some(KeyringError::DuplicateKeyId(kid.clone())));
    let made = generate(SigningAlgorithm::ES256).unwrap();
    let posing = load(SigningAlgorithm::ES256, &kid, made.private_pkcs8.expose()).unwrap();
    assert_eq!(ring(&[&one], &[&posing]).err(), Some(KeyringError::NotPublished(kid)));
}

#[test]
fn an_active_key_published_under_another_name_or_algorithm_is_not_published() {
    let made = generate(SigningAlgorithm::RS256).unwrap();
    let active = load(SigningAlgorithm::RS256, "a", made.private_pkcs8.expose()).unwrap();
    for (algorithm, kid) in [(SigningAlgorithm::RS256, "b"), (SigningAlgorithm::PS256, "a")] {
        let published = load(algorithm, kid, made.private_pkcs8.expose()).unwrap();
        assert_eq!(ring(&[&active], &[&published]).err(), Some(KeyringError::NotPublished("a".to_owned())));
    }
    assert!(ring(&[&active], &[&active]).is_ok());
}

#[test]
fn private_unnamed_and_unusable_keys_are_not_published() {
    let key = key(SigningAlgorithm::EdDSA);
    let with = |name: &str, value: Option<&str>| {
        let mut jwk = key.public_jwk().clone();
        match value {
            Some(value) => jwk.insert(name.to_owned(), Value::from(value)),
            None => jwk.remove(name),
        };
        Keyring::new("main", Vec::new(), vec![jwk]).err()
    };
    assert_eq!(with("d", Some("AAAA")), Some(KeyringError::Unusable(JwkError::PrivateMember("d"))));
    assert_eq!(with("kid", None), Some(KeyringError::Unnamed));
    assert_eq!(with("alg", None), Some(KeyringError::Unnamed));
    assert_eq!(with("use", Some("enc")), Some(KeyringError::Unusable(JwkError::NothingUsable)));
    assert_eq!(with("x", None), Some(KeyringError::Unusable(JwkError::Malformed("x"))));
}

#[test]
fn an_empty_ring_publishes_an_empty_set() {
    let ring = ring(&[], &[]).unwrap();
    assert_eq!(ring.public_jwks(), json!({ "keys": [] }));
    assert_eq!(ring.algorithms().next(), None);
}
