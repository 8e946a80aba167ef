//! Tests of `verifier`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;
use crate::crypto::{
    jwk,
    signer::{Signer, SigningKey, generate, load, sign_compact},
};

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    named(algorithm, None)
}

fn named(algorithm: SigningAlgorithm, kid: Option<&str>) -> SigningKey {
    let made = generate(algorithm).unwrap();
    load(algorithm, kid.unwrap_or(&made.key_id), made.private_pkcs8.expose()).unwrap()
}

fn set(keys: &[&SigningKey]) -> PublicKeySet {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    PublicKeySet::parse(&json!({ "keys": keys })).unwrap()
}

/// The set of `keys` with the member `name` left out of each.
fn set_without(name: &str, keys: &[&SigningKey]) -> PublicKeySet {
    let keys: Vec<_> = keys.iter().map(|key| without(key, name)).collect();
    PublicKeySet::parse(&json!({ "keys": keys })).unwrap()
}

fn without(key: &SigningKey, name: &str) -> Map<String, Value> {
    let mut jwk = key.public_jwk().clone();
    jwk.remove(name);
    jwk
}

/// Signs with a header of our choice.
fn sign_with_header(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = Signer::sign(key, input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

const ALL: &[SigningAlgorithm] = &SigningAlgorithm::ALL;

#[test]
fn rfc_7515_a2_rs256_verifies() {
    let set = PublicKeySet::parse(&json!({ "keys": [{
        "kty": "RSA",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR\
              T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB\
              dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia\
              GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "e": "AQAB",
    }] }))
    .unwrap();
    let token = "eyJhbGciOiJSUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb\
        F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383\
        LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWy\
        wlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let verified = set.verify_compact(token, &[SigningAlgorithm::RS256]).unwrap();
    assert_eq!(verified.claims["iss"], "joe");
    assert_eq!(set.verify_compact(token, &[SigningAlgorithm::PS256]), Err(VerifyError::AlgorithmNotAllowed));
}

#[test]
fn rfc_7515_a3_es256_verifies() {
    let set = PublicKeySet::parse(&json!({ "keys": [{
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }] }))
    .unwrap();
    let token = "eyJhbGciOiJFUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert_eq!(set.verify_compact(token, ALL).unwrap().claims["exp"], 1_300_819_380);
}

#[test]
fn rfc_8037_a4_ed25519_signature_verifies_although_its_payload_is_no_claims() {
    let set = PublicKeySet::parse(&json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }] }))
    .unwrap();
    // The payload is the text "Example of Ed25519 signing": the signature holds, the JSON does not.
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
        hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(set.verify_compact(token, ALL), Err(VerifyError::Malformed));
    let changed = token.replace("hgyY0il", "hgyY0im");
    assert_eq!(set.verify_compact(&changed, ALL), Err(VerifyError::BadSignature));
}

#[test]
fn every_algorithm_round_trips_and_notices_any_change() {
    for algorithm in SigningAlgorithm::ALL {
        let key = key(algorithm);
        let token = sign_compact(&key, "JWT", &json!({ "sub": "a" })).unwrap();
        let verified = set(&[&key]).verify_compact(&token, &[algorithm]).unwrap();
        assert_eq!(verified.claims["sub"], "a");
        let (input, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = input.split_once('.').unwrap();
        let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"sub":"b"}"#));
        assert_eq!(set(&[&key]).verify_compact(&forged, ALL), Err(VerifyError::BadSignature), "{algorithm}");
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        for position in [0, bytes.len() / 2, bytes.len() - 1] {
            bytes[position] ^= 1;
            let forged = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(set(&[&key]).verify_compact(&forged, ALL), Err(VerifyError::BadSignature), "{algorithm}");
            bytes[position] ^= 1;
        }
        for bytes in [&bytes[1..], &bytes[..bytes.len() - 1], &[bytes.as_slice(), &[0]].concat(), &vec![0; bytes.len()]]
        {
            let forged = format!("{input}.{}", URL_SAFE_NO_PAD.encode(bytes));
            assert_eq!(set(&[&key]).verify_compact(&forged, ALL), Err(VerifyError::BadSignature), "{algorithm}");
        }
    }
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
    let made = generate(SigningAlgorithm::ES256).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, made.private_pkcs8.expose()).unwrap();
    let input = format!("{}.e30", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#));
    let der = pair.sign(&aws_lc_rs::rand::SystemRandom::new(), input.as_bytes()).unwrap();
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(der));
    let set = PublicKeySet::parse(&json!({ "keys": [made.public_jwk] })).unwrap();
    assert_eq!(set.verify_compact(&token, ALL), Err(VerifyError::BadSignature));
}

#[test]
fn none_and_the_public_key_as_hmac_secret_are_refused() {
    let key = key(SigningAlgorithm::RS256);
    let set = set(&[&key]);
    let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"a"}"#);
    for algorithm in ["none", "None", "NONE", "HS256", "HS512"] {
        let input = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{algorithm}"}}"#)));
        let secret = serde_json::to_vec(key.public_jwk()).unwrap();
        let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
        let signature = URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&hmac, input.as_bytes()));
        for token in [format!("{input}."), format!("{input}.{signature}")] {
            assert_eq!(set.verify_compact(&token, ALL), Err(VerifyError::AlgorithmNotAllowed), "{token}");
        }
    }
}

#[test]
fn the_header_cannot_choose_an_algorithm_that_the_key_or_the_caller_does_not() {
    let rsa = key(SigningAlgorithm::RS256);
    let relabelled = sign_with_header(&rsa, r#"{"alg":"PS256"}"#, "{}");
    assert_eq!(set(&[&rsa]).verify_compact(&relabelled, ALL), Err(VerifyError::KeyNotFound), "the key names RS256");
    // A key without `alg` serves both, and the padding still has to be the header's.
    assert_eq!(set_without("alg", &[&rsa]).verify_compact(&relabelled, ALL), Err(VerifyError::BadSignature));
    let token = sign_compact(&rsa, "JWT", &json!({})).unwrap();
    assert!(set_without("alg", &[&rsa]).verify_compact(&token, ALL).is_ok());
    let only = [SigningAlgorithm::ES256, SigningAlgorithm::PS256];
    assert_eq!(set(&[&rsa]).verify_compact(&token, &only), Err(VerifyError::AlgorithmNotAllowed));
    assert_eq!(set(&[&rsa]).verify_compact(&token, &[]), Err(VerifyError::AlgorithmNotAllowed));
}

#[test]
fn keys_in_the_token_are_never_used() {
    let (registered, attacker) = (key(SigningAlgorithm::ES256), key(SigningAlgorithm::ES256));
    let jwk = Value::Object(attacker.public_jwk().clone());
    for extra in [
        json!({ "jwk": jwk }),
        json!({ "jku": "https://attacker.example/jwks" }),
        json!({ "x5u": "https://attacker.example/cert" }),
        json!({ "x5c": ["AAAA"] }),
    ] {
        let mut header = json!({ "alg": "ES256" });
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let forged = sign_with_header(&attacker, &header.to_string(), "{}");
        assert_eq!(set(&[&registered]).verify_compact(&forged, ALL), Err(VerifyError::BadSignature), "{header}");
        let honest = sign_with_header(&registered, &header.to_string(), "{}");
        assert!(set(&[&registered]).verify_compact(&honest, ALL).is_ok(), "ignored, not refused: {header}");
    }
}

#[test]
fn claims_under_a_good_signature_must_still_be_a_clean_object() {
    let key = key(SigningAlgorithm::EdDSA);
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    for payload in ["[]", "null", "\"a\"", "", r#"{"sub":"a","sub":"b"}"#, r#"{"a":1}x"#, r#"{"a":"\u0000"}"#, &deep] {
        let token = sign_with_header(&key, r#"{"alg":"EdDSA"}"#, payload);
        assert_eq!(set(&[&key]).verify_compact(&token, ALL), Err(VerifyError::Malformed), "{payload}");
    }
}

#[test]
fn the_kid_selects_and_a_wrong_kid_finds_nothing() {
    let (one, two) = (named(SigningAlgorithm::ES256, Some("1")), named(SigningAlgorithm::ES256, Some("2")));
    let both = set(&[&one, &two]);
    for key in [&one, &two] {
        assert!(both.verify_compact(&sign_compact(key, "JWT", &json!({})).unwrap(), ALL).is_ok());
    }
    let crossed = sign_with_header(&one, r#"{"alg":"ES256","kid":"2"}"#, "{}");
    assert_eq!(both.verify_compact(&crossed, ALL), Err(VerifyError::BadSignature));
    let unknown = sign_with_header(&one, r#"{"alg":"ES256","kid":"3"}"#, "{}");
    assert_eq!(both.verify_compact(&unknown, ALL), Err(VerifyError::KeyNotFound));
    assert_eq!(set(&[&one]).verify_compact(&unknown, ALL), Err(VerifyError::KeyNotFound), "the set has names");
}

#[test]
fn without_a_kid_only_a_single_candidate_is_used() {
    let (one, two) = (key(SigningAlgorithm::ES256), key(SigningAlgorithm::ES256));
    let other = key(SigningAlgorithm::EdDSA);
    let token = sign_with_header(&one, r#"{"alg":"ES256"}"#, "{}");
    assert!(set(&[&one, &other]).verify_compact(&token, ALL).is_ok(), "one key for ES256");
    assert_eq!(set(&[&one, &two]).verify_compact(&token, ALL), Err(VerifyError::KeyAmbiguous));
    assert_eq!(set(&[&other]).verify_compact(&token, ALL), Err(VerifyError::KeyNotFound));
}

#[test]
fn a_set_without_kids_serves_a_header_with_a_kid_if_one_key_matches() {
    let (one, two) = (key(SigningAlgorithm::ES256), key(SigningAlgorithm::ES256));
    let other = key(SigningAlgorithm::EdDSA);
    let token = sign_compact(&one, "JWT", &json!({})).unwrap();
    assert!(set_without("kid", &[&one, &other]).verify_compact(&token, ALL).is_ok());
    assert_eq!(set_without("kid", &[&one, &two]).verify_compact(&token, ALL), Err(VerifyError::KeyAmbiguous));
    let half = json!({ "keys": [without(&one, "kid"), two.public_jwk()] });
    let half = PublicKeySet::parse(&half).unwrap();
    assert_eq!(half.verify_compact(&token, ALL), Err(VerifyError::KeyNotFound), "a named set is not nameless");
}

#[test]
fn two_keys_of_one_kid_are_told_apart_by_algorithm_or_not_at_all() {
    let ec = named(SigningAlgorithm::ES256, Some("same"));
    let ed = named(SigningAlgorithm::EdDSA, Some("same"));
    let token = sign_compact(&ed, "JWT", &json!({})).unwrap();
    assert!(set(&[&ec, &ed]).verify_compact(&token, ALL).is_ok());
    let twin = named(SigningAlgorithm::EdDSA, Some("same"));
    assert_eq!(set(&[&twin, &ed]).verify_compact(&token, ALL), Err(VerifyError::KeyAmbiguous));
}

#[test]
fn key_sets_that_are_none_are_refused() {
    for value in
        [json!(null), json!([]), json!({}), json!({ "keys": {} }), json!({ "keys": [1] }), json!({ "keys": [[]] })]
    {
        assert_eq!(PublicKeySet::parse(&value).err(), Some(JwkError::NotAKeySet), "{value}");
    }
    assert_eq!(PublicKeySet::parse(&json!({ "keys": [] })).err(), Some(JwkError::NothingUsable));
}

#[test]
fn unusable_keys_are_passed_over_unless_nothing_is_left() {
    let p384 = json!({ "kty": "EC", "crv": "P-384", "x": "AAAA", "y": "AAAA" });
    let strange = json!({ "kty": "XYZ" });
    let mut encryption = key(SigningAlgorithm::ES256).public_jwk().clone();
    encryption.insert("use".to_owned(), json!("enc"));
    let useless = json!({ "keys": [p384, strange, encryption] });
    assert_eq!(PublicKeySet::parse(&useless).err(), Some(JwkError::NothingUsable));
    let key = key(SigningAlgorithm::ES256);
    let mixed = json!({ "keys": [p384, strange, encryption, key.public_jwk()] });
    let token = sign_compact(&key, "JWT", &json!({})).unwrap();
    assert!(PublicKeySet::parse(&mixed).unwrap().verify_compact(&token, ALL).is_ok());
}

#[test]
fn one_private_symmetric_or_short_key_refuses_the_whole_set() {
    let good = key(SigningAlgorithm::ES256);
    let mut private = key(SigningAlgorithm::EdDSA).public_jwk().clone();
    private.insert("d".to_owned(), json!("AAAA"));
    let short = json!({ "kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xFF; 128]) });
    for (bad, error) in [
        (Value::Object(private), JwkError::PrivateMember("d")),
        (json!({ "kty": "oct", "k": "AAAA" }), JwkError::PrivateMember("k")),
        (json!({ "kty": "AKP", "alg": "ML-DSA-65", "pub": "AAAA", "priv": "AAAA" }), JwkError::PrivateMember("priv")),
        (short, JwkError::RsaSize),
    ] {
        let set = json!({ "keys": [good.public_jwk(), bad] });
        assert_eq!(PublicKeySet::parse(&set).err(), Some(error), "{set}");
    }
}

#[test]
fn twenty_keys_are_accepted_and_twenty_one_are_not() {
    let jwk = key(SigningAlgorithm::EdDSA).public_jwk().clone();
    assert!(jwk::thumbprint(&jwk).is_ok());
    assert!(PublicKeySet::parse(&json!({ "keys": vec![jwk.clone(); MAX_KEYS] })).is_ok());
    let many = json!({ "keys": vec![jwk; MAX_KEYS + 1] });
    assert_eq!(PublicKeySet::parse(&many).err(), Some(JwkError::TooManyKeys));
}

#[test]
fn a_p384_key_cannot_be_passed_off_as_es256() {
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..49]), URL_SAFE_NO_PAD.encode(&point[49..]));
    let honest = json!({ "kty": "EC", "crv": "P-384", "alg": "ES256", "x": x, "y": y });
    let posing = json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "x": x, "y": y });
    assert_eq!(PublicKeySet::parse(&json!({ "keys": [honest] })).err(), Some(JwkError::NothingUsable));
    assert_eq!(PublicKeySet::parse(&json!({ "keys": [posing] })).err(), Some(JwkError::Malformed("x")));
    let key = key(SigningAlgorithm::ES256);
    let input = format!("{}.e30", URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256"}"#));
    let signature = pair.sign(&aws_lc_rs::rand::SystemRandom::new(), input.as_bytes()).unwrap();
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    assert_eq!(set(&[&key]).verify_compact(&token, ALL), Err(VerifyError::BadSignature));
}
