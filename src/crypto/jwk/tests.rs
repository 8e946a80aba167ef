//! Tests of `jwk`.

use serde_json::json;

use super::*;

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// RFC 7638 §3.1
fn rfc7638() -> Map<String, Value> {
    object(json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
              FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnY\
              b9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0\
              Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }))
}

/// RFC 7515 A.3.1, public part.
fn p256() -> Map<String, Value> {
    object(json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }))
}

/// RFC 8037 A.2
fn ed25519() -> Map<String, Value> {
    object(json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }))
}

fn with(mut jwk: Map<String, Value>, name: &str, value: impl Into<Value>) -> Map<String, Value> {
    jwk.insert(name.to_owned(), value.into());
    jwk
}

fn without(mut jwk: Map<String, Value>, name: &str) -> Map<String, Value> {
    jwk.remove(name);
    jwk
}

fn refusal(jwk: &Map<String, Value>) -> JwkError {
    PublicKey::parse(jwk).expect_err(&Value::Object(jwk.clone()).to_string())
}

#[test]
fn thumbprints_are_those_of_the_rfcs() {
    assert_eq!(thumbprint(&rfc7638()).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    // RFC 8037 A.3
    assert_eq!(thumbprint(&ed25519()).unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_thumbprint_ignores_names_and_needs_every_key_member() {
    let named = with(with(p256(), "kid", "a"), "use", "sig");
    assert_eq!(thumbprint(&named), thumbprint(&p256()));
    assert_ne!(thumbprint(&with(p256(), "y", "AAAA")), thumbprint(&p256()));
    assert_eq!(thumbprint(&without(p256(), "y")), Err(JwkError::Malformed("y")));
    assert_eq!(thumbprint(&with(p256(), "kty", "oct")), Err(JwkError::Malformed("kty")));
    assert_eq!(thumbprint(&Map::new()), Err(JwkError::Malformed("kty")));
}

#[test]
fn a_key_serves_the_algorithms_of_its_type_or_the_one_it_names() {
    let served = |jwk: &Map<String, Value>| {
        let key = PublicKey::parse(jwk).unwrap().unwrap();
        SigningAlgorithm::ALL.into_iter().filter(|algorithm| key.serves(*algorithm)).collect::<Vec<_>>()
    };
    assert_eq!(served(&without(rfc7638(), "alg")), [SigningAlgorithm::RS256, SigningAlgorithm::PS256]);
    assert_eq!(served(&rfc7638()), [SigningAlgorithm::RS256]);
    assert_eq!(served(&with(rfc7638(), "alg", "PS256")), [SigningAlgorithm::PS256]);
    assert_eq!(served(&p256()), [SigningAlgorithm::ES256]);
    assert_eq!(served(&ed25519()), [SigningAlgorithm::EdDSA]);
}

#[test]
fn keys_that_cannot_verify_our_algorithms_are_passed_over() {
    for jwk in [
        with(p256(), "crv", "P-384"),
        with(p256(), "crv", "secp256k1"),
        with(ed25519(), "crv", "X25519"),
        with(ed25519(), "crv", "Ed448"),
        with(p256(), "kty", "AKP"),
        with(p256(), "use", "enc"),
        with(p256(), "alg", "ECDH-ES"),
        with(rfc7638(), "alg", "RS512"),
        with(rfc7638(), "alg", "none"),
        with(p256(), "key_ops", json!(["encrypt"])),
    ] {
        assert!(PublicKey::parse(&jwk).unwrap().is_none(), "{jwk:?}");
    }
    assert!(PublicKey::parse(&with(p256(), "key_ops", json!(["verify"]))).unwrap().is_some());
}

#[test]
fn a_private_or_symmetric_member_is_refused_whatever_the_key_is_for() {
    for name in PRIVATE_MEMBERS {
        for jwk in [rfc7638(), p256(), ed25519(), with(p256(), "use", "enc"), with(p256(), "kty", "AKP")] {
            assert_eq!(refusal(&with(jwk.clone(), name, "AA")), JwkError::PrivateMember(name));
            assert_eq!(refusal(&with(jwk, name, Value::Null)), JwkError::PrivateMember(name));
        }
    }
    assert_eq!(refusal(&object(json!({ "kty": "oct" }))), JwkError::PrivateMember("k"));
    assert!(JwkError::PrivateMember("d").to_string().contains("replace this key"));
}

#[test]
fn an_algorithm_of_another_key_type_is_a_contradiction() {
    for jwk in [with(p256(), "alg", "RS256"), with(rfc7638(), "alg", "ES256"), with(ed25519(), "alg", "PS256")] {
        assert_eq!(refusal(&jwk), JwkError::Malformed("alg"), "{jwk:?}");
    }
}

#[test]
fn rsa_keys_of_other_sizes_are_refused() {
    let sized = |bytes: usize, first: u8| {
        let mut n = vec![0xFF; bytes];
        n[0] = first;
        with(rfc7638(), "n", URL_SAFE_NO_PAD.encode(n))
    };
    for jwk in [sized(128, 0xFF), sized(256, 0x7F), sized(1, 3), sized(1025, 1), sized(4000, 0xFF)] {
        assert_eq!(refusal(&jwk), JwkError::RsaSize);
    }
    assert_eq!(refusal(&sized(257, 0)), JwkError::Malformed("n"), "a leading zero octet");
    let mut even = vec![0xFF; 256];
    even[255] = 0xFE;
    let even = with(rfc7638(), "n", URL_SAFE_NO_PAD.encode(even));
    assert_eq!(refusal(&even), JwkError::Malformed("n"), "an even modulus");
    assert_eq!(refusal(&with(rfc7638(), "n", "")), JwkError::Malformed("n"));
}

#[test]
fn weak_and_oversized_rsa_exponents_are_refused() {
    for (exponent, why) in [("", "none"), ("AQ", "one"), ("Ag", "even"), ("AAEAAQ", "padded"), ("AQAAAAE", "long")] {
        assert_eq!(refusal(&with(rfc7638(), "e", exponent)), JwkError::Malformed("e"), "{why}");
    }
    assert!(PublicKey::parse(&with(rfc7638(), "e", "Aw")).unwrap().is_some(), "three is allowed");
}

#[test]
fn points_off_the_curve_and_coordinates_of_other_lengths_are_refused() {
    let flipped = with(p256(), "y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4");
    assert!(matches!(refusal(&flipped), JwkError::Malformed("x" | "y")));
    let zero = URL_SAFE_NO_PAD.encode([0; 32]);
    assert!(matches!(refusal(&with(with(p256(), "x", zero.clone()), "y", zero)), JwkError::Malformed(_)));
    for length in [0, 31, 33, 48, 64, 65] {
        let text = URL_SAFE_NO_PAD.encode(vec![1; length]);
        assert_eq!(refusal(&with(p256(), "y", text.clone())), JwkError::Malformed("y"), "{length}");
        assert_eq!(refusal(&with(ed25519(), "x", text)), JwkError::Malformed("x"), "{length}");
    }
}

#[test]
fn members_of_the_wrong_type_or_spelling_are_refused() {
    for (name, value) in [
        ("kty", json!(1)),
        ("kid", json!(7)),
        ("use", json!(["sig"])),
        ("alg", json!(null)),
        ("crv", json!(256)),
        ("x", json!([1, 2])),
        ("key_ops", json!("verify")),
    ] {
        assert!(matches!(refusal(&with(p256(), name, value)), JwkError::Malformed(found) if found == name), "{name}");
    }
    assert_eq!(refusal(&without(p256(), "kty")), JwkError::Malformed("kty"));
    assert_eq!(refusal(&without(p256(), "x")), JwkError::Malformed("x"));
    let padded = format!("{}=", p256()["x"].as_str().unwrap());
    assert_eq!(refusal(&with(p256(), "x", padded)), JwkError::Malformed("x"));
    // The last character carries two stray bits.
    assert_eq!(refusal(&with(p256(), "x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV")), JwkError::Malformed("x"));
}
