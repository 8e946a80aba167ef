//! Tests of `signer`.

use josekit::{
    jwk::Jwk,
    jws::{JwsHeader, JwsVerifier},
    jwt::{self, JwtPayload},
};

use super::*;
use crate::crypto::verifier::PublicKeySet;

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    let made = generate(algorithm).unwrap();
    load(algorithm, &made.key_id, made.private_pkcs8.expose()).unwrap()
}

/// josekit's own verifier, on OpenSSL.
fn openssl_verifier(algorithm: SigningAlgorithm, jwk: &Map<String, Value>) -> Box<dyn JwsVerifier> {
    let jwk = Jwk::from_map(jwk.clone()).unwrap();
    match algorithm {
        SigningAlgorithm::RS256 => Box::new(josekit::jws::RS256.verifier_from_jwk(&jwk).unwrap()),
        SigningAlgorithm::PS256 => Box::new(josekit::jws::PS256.verifier_from_jwk(&jwk).unwrap()),
        SigningAlgorithm::ES256 => Box::new(josekit::jws::ES256.verifier_from_jwk(&jwk).unwrap()),
        SigningAlgorithm::EdDSA => Box::new(josekit::jws::EdDSA.verifier_from_jwk(&jwk).unwrap()),
    }
}

/// josekit's own key and signer, on OpenSSL, with the public JWK.
fn openssl_signer(algorithm: SigningAlgorithm) -> (Box<dyn JwsSigner>, Value) {
    use josekit::jwk::alg::{ec::EcCurve, ed::EdCurve};
    let jwk = match algorithm {
        SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => Jwk::generate_rsa_key(2048),
        SigningAlgorithm::ES256 => Jwk::generate_ec_key(EcCurve::P256),
        SigningAlgorithm::EdDSA => Jwk::generate_ed_key(EdCurve::Ed25519),
    }
    .unwrap();
    let signer: Box<dyn JwsSigner> = match algorithm {
        SigningAlgorithm::RS256 => Box::new(josekit::jws::RS256.signer_from_jwk(&jwk).unwrap()),
        SigningAlgorithm::PS256 => Box::new(josekit::jws::PS256.signer_from_jwk(&jwk).unwrap()),
        SigningAlgorithm::ES256 => Box::new(josekit::jws::ES256.signer_from_jwk(&jwk).unwrap()),
        SigningAlgorithm::EdDSA => Box::new(josekit::jws::EdDSA.signer_from_jwk(&jwk).unwrap()),
    };
    let public = Value::Object(jwk.to_public_key().unwrap().as_ref().clone());
    (signer, json!({ "keys": [public] }))
}

#[test]
fn openssl_verifies_what_we_sign_and_refuses_what_was_changed() {
    for algorithm in SigningAlgorithm::ALL {
        let key = key(algorithm);
        let token = sign_compact(&key, "at+jwt", &json!({ "sub": "alice" })).unwrap();
        let verifier = openssl_verifier(algorithm, key.public_jwk());
        let (payload, header) = jwt::decode_with_verifier(&token, verifier.as_ref()).unwrap();
        assert_eq!(payload.subject(), Some("alice"));
        assert_eq!(header.token_type(), Some("at+jwt"));
        let (input, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let changed = input.replace("eyJhbGciOi", "eyJhbGciOj");
        assert!(verifier.verify(changed.as_bytes(), &signature).is_err(), "{algorithm}");
    }
}

#[test]
fn we_verify_what_openssl_signs() {
    for algorithm in SigningAlgorithm::ALL {
        let (signer, set) = openssl_signer(algorithm);
        let mut payload = JwtPayload::new();
        payload.set_subject("alice");
        let token = jwt::encode_with_signer(&payload, &JwsHeader::new(), signer.as_ref()).unwrap();
        let verified = PublicKeySet::parse(&set).unwrap().verify_compact(&token, &[algorithm]).unwrap();
        assert_eq!(verified.claims["sub"], "alice", "{algorithm}");
    }
}

#[test]
fn josekit_signs_through_our_key() {
    for algorithm in SigningAlgorithm::ALL {
        let key = key(algorithm);
        let token = jwt::encode_with_signer(&JwtPayload::new(), &JwsHeader::new(), &key).unwrap();
        let set = PublicKeySet::parse(&json!({ "keys": [key.public_jwk()] })).unwrap();
        let verified = set.verify_compact(&token, &[algorithm]).unwrap();
        assert_eq!(verified.header["kid"].as_str(), Some(Signer::key_id(&key)));
        let signature = token.rsplit_once('.').unwrap().1;
        assert_eq!(URL_SAFE_NO_PAD.decode(signature).unwrap().len(), key.signature_len());
    }
}

#[test]
fn the_header_is_exactly_alg_typ_and_kid_for_known_and_unknown_types() {
    let key = key(SigningAlgorithm::ES256);
    for typ in KNOWN_TYPES.into_iter().chain(["dpop+jwt", "we\"ird\\"]) {
        let token = sign_compact(&key, typ, &json!({})).unwrap();
        let header = URL_SAFE_NO_PAD.decode(token.split_once('.').unwrap().0).unwrap();
        let header: Map<String, Value> = serde_json::from_slice(&header).unwrap();
        assert_eq!(Value::Object(header), json!({ "alg": "ES256", "typ": typ, "kid": Signer::key_id(&key) }));
    }
}

#[test]
fn a_published_jwk_has_the_key_members_and_names_and_nothing_private() {
    for (algorithm, members) in [
        (SigningAlgorithm::RS256, vec!["alg", "e", "kid", "kty", "n", "use"]),
        (SigningAlgorithm::PS256, vec!["alg", "e", "kid", "kty", "n", "use"]),
        (SigningAlgorithm::ES256, vec!["alg", "crv", "kid", "kty", "use", "x", "y"]),
        (SigningAlgorithm::EdDSA, vec!["alg", "crv", "kid", "kty", "use", "x"]),
    ] {
        let made = generate(algorithm).unwrap();
        let mut names: Vec<_> = made.public_jwk.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, members, "{algorithm}");
        assert_eq!(made.public_jwk["alg"], algorithm.name());
        assert_eq!(made.public_jwk["use"], "sig");
        assert_eq!(jwk::thumbprint(&made.public_jwk).unwrap(), made.key_id);
        let loaded = load(algorithm, &made.key_id, made.private_pkcs8.expose()).unwrap();
        assert_eq!(loaded.public_jwk(), &made.public_jwk);
    }
}

#[test]
fn rsa_keys_have_2048_bits_and_the_usual_exponent() {
    let made = generate(SigningAlgorithm::RS256).unwrap();
    let n = URL_SAFE_NO_PAD.decode(made.public_jwk["n"].as_str().unwrap()).unwrap();
    assert_eq!((n.len(), n[0] >> 7), (256, 1));
    assert_eq!(made.public_jwk["e"], "AQAB");
}

#[test]
fn a_key_does_not_load_for_another_type_or_when_damaged() {
    let ec = generate(SigningAlgorithm::ES256).unwrap();
    let bytes = ec.private_pkcs8.expose();
    for algorithm in [SigningAlgorithm::RS256, SigningAlgorithm::PS256, SigningAlgorithm::EdDSA] {
        assert_eq!(load(algorithm, "k", bytes).err(), Some(KeyError::Rejected(algorithm)));
    }
    let ed = generate(SigningAlgorithm::EdDSA).unwrap();
    let rejected = Some(KeyError::Rejected(SigningAlgorithm::ES256));
    assert_eq!(load(SigningAlgorithm::ES256, "k", ed.private_pkcs8.expose()).err(), rejected);
    for damaged in [&bytes[..bytes.len() - 1], &bytes[1..], b"", b"not a key"] {
        assert_eq!(load(SigningAlgorithm::ES256, "k", damaged).err(), rejected);
    }
}

#[test]
fn a_p384_key_does_not_load_as_es256_nor_a_1024_bit_rsa_key_as_rs256() {
    use aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED_SIGNING;
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
    assert!(load(SigningAlgorithm::ES256, "k", p384.as_ref()).is_err());
    let small = josekit::jwk::alg::rsa::RsaKeyPair::generate(1024).unwrap();
    let small = josekit::jwk::KeyPair::to_der_private_key(&small);
    assert!(load(SigningAlgorithm::RS256, "k", &small).is_err());
}

#[test]
fn claims_that_do_not_serialize_are_an_error_and_not_a_token() {
    let key = key(SigningAlgorithm::ES256);
    let claims = std::collections::BTreeMap::from([((1, 2), "a map with such keys is no JSON")]);
    assert_eq!(sign_compact(&key, "JWT", &claims), Err(SignError::Claims));
}

#[test]
fn a_key_does_not_print_itself() {
    let made = generate(SigningAlgorithm::EdDSA).unwrap();
    let key = load(SigningAlgorithm::EdDSA, "the-kid", made.private_pkcs8.expose()).unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey(EdDSA, the-kid)");
    assert!(format!("{made:?}").contains("private_pkcs8: Secret(…)"));
}

#[test]
fn damaged_der_of_a_public_key_gives_nothing() {
    let good = [0x30, 6, 2, 1, 7, 2, 1, 3];
    assert_eq!(rsa_public_members(&good), Some(([7].as_slice(), [3].as_slice())));
    for length in 0..good.len() {
        assert_eq!(rsa_public_members(&good[..length]), None, "{length}");
    }
    for bad in [
        [0x31, 6, 2, 1, 7, 2, 1, 3].as_slice(),
        &[0x30, 6, 3, 1, 7, 2, 1, 3],
        &[0x30, 7, 2, 1, 7, 2, 1, 3, 0],
        &[0x30, 6, 2, 1, 7, 2, 1, 3, 0],
        &[0x30, 0x80, 2, 1, 7, 2, 1, 3],
        &[0x30, 0x83, 0, 0, 6, 2, 1, 7, 2, 1, 3],
    ] {
        assert_eq!(rsa_public_members(bad), None, "{bad:?}");
    }
}
