//! Published vectors (RFC 7516 A, RFC 7518 B and C), josekit's opinion, round trips, and what is
//! refused.

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey, X25519},
    cipher::{AES_128, AES_256},
    hmac::{HMAC_SHA256, HMAC_SHA512},
};
use josekit::{
    jwe::{JweHeader, deserialize_compact, serialize_compact},
    jwk::Jwk,
};
use proptest::prelude::*;
use serde_json::json;

use super::{
    content::{open, seal_cbc, seal_gcm},
    key_agreement::{PartyInfo, Point, agreed_key, unwrap},
    *,
};
use crate::crypto::{jwk::JwkError, random::SeededRandom};

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn random() -> SeededRandom {
    SeededRandom::danger_from_seed(7)
}

/// A key pair of our own, and the same as a client would use it to encrypt to us.
struct Pair {
    own: DecryptionKeys,
    public: EncryptionKey,
    pkcs8: Vec<u8>,
    jwk: Map<String, Value>,
}

fn pair(alg: KeyManagementAlgorithm) -> Pair {
    let made = generate(alg).unwrap();
    let own = DecryptionKey::load(alg, &made.key_id, made.private_pkcs8.expose()).unwrap();
    Pair {
        own: DecryptionKeys::new(vec![own]),
        public: EncryptionKey::parse(&made.public_jwk).unwrap().unwrap(),
        pkcs8: made.private_pkcs8.expose().clone(),
        jwk: made.public_jwk,
    }
}

fn every_choice() -> impl Iterator<Item = EncryptionChoice> {
    KeyManagementAlgorithm::ALL
        .into_iter()
        .flat_map(|alg| ContentEncryption::ALL.into_iter().map(move |enc| EncryptionChoice { alg, enc }))
}

fn opened(pair: &Pair, token: &str) -> Result<Vec<u8>, JweError> {
    // Not the sequence that encrypted: a key that is made up must not be the right one.
    let made_up = SeededRandom::danger_from_seed(99);
    pair.own.decrypt(token, |_| true, &made_up).map(|found| found.plaintext.expose().clone())
}

const KERCKHOFFS: &str = "A cipher system must not be required to be secret, and it must be able to fall into the \
                          hands of the enemy without inconvenience";

#[test]
fn the_gcm_content_of_rfc_7516_a1_is_reproduced_and_opened() {
    let key = [
        177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112, 46, 34, 105,
        47, 130, 203, 46, 122, 234, 64, 252,
    ];
    let associated = b"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ";
    let plaintext = b"The true sign of intelligence is not knowledge but imagination.";
    let nonce = bytes("48V1_ALb6US04U3b");
    let sealed =
        seal_gcm(&aws_lc_rs::aead::AES_256_GCM, &key, nonce.clone().try_into().unwrap(), associated, plaintext)
            .unwrap();
    assert_eq!(sealed.tag, bytes("XFBoMYUZodetZdvTiFvSkQ"));
    let told = open(ContentEncryption::A256Gcm, &key, associated, &nonce, &sealed.ciphertext, &sealed.tag).unwrap();
    assert_eq!(told.expose().as_slice(), plaintext);
}

#[test]
fn the_key_wrap_and_cbc_content_of_rfc_7516_a3_open() {
    let token = "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2Ilr\
                 T1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ";
    let parts: Vec<&str> = token.split('.').collect();
    let key = unwrap(&bytes("GawgguFyGrWKav7AX4VKUg"), &bytes(parts[1])).unwrap();
    let told = open(
        ContentEncryption::A128CbcHs256,
        key.expose(),
        parts[0].as_bytes(),
        &bytes(parts[2]),
        &bytes(parts[3]),
        &bytes(parts[4]),
    );
    assert_eq!(told.unwrap().expose().as_slice(), b"Live long and prosper.");
    assert_eq!(CompactJwe::parse(token).unwrap_err(), JweError::AlgorithmNotAllowed, "but A128KW is not offered");
}

#[test]
fn the_cbc_contents_of_rfc_7518_b1_and_b3_are_reproduced() {
    let iv: [u8; 16] = hex("1af38c2dc2b96ffdd86694092341bc04").try_into().unwrap();
    let associated = b"The second principle of Auguste Kerckhoffs";
    let key: Vec<u8> = (0..64).collect();
    let short = seal_cbc((&AES_128, HMAC_SHA256), &key[..32], iv, associated, KERCKHOFFS.as_bytes()).unwrap();
    assert_eq!(short.ciphertext[..16], hex("c80edfa32ddf39d5ef00c0b468834279"));
    assert_eq!(short.ciphertext[128..], hex("e54b8851ffb598f7f80074b9473c82e2db")[1..]);
    assert_eq!(short.tag, hex("652c3fa36b0a7c5b3219fab3a30bc1c4"));
    let long = seal_cbc((&AES_256, HMAC_SHA512), &key, iv, associated, KERCKHOFFS.as_bytes()).unwrap();
    assert_eq!(long.ciphertext[..16], hex("4affaaadb78c31c5da4b1b590d10ffbd"));
    assert_eq!(long.tag, hex("4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5"));
}

#[test]
fn the_agreement_of_rfc_7518_c_is_reproduced_from_both_sides() {
    let alice = json!({ "kty": "EC", "crv": "P-256", "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
        "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps" });
    let bob = json!({ "kty": "EC", "crv": "P-256", "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck" });
    let secret = |text: &str| PrivateKey::from_private_key(&ECDH_P256, &bytes(text)).unwrap();
    let parties = PartyInfo { producer: b"Alice", recipient: b"Bob" };
    let choice = EncryptionChoice { alg: KeyManagementAlgorithm::EcdhEs, enc: ContentEncryption::A128Gcm };
    for (mine, theirs) in
        [("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo", bob), ("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw", alice)]
    {
        let theirs = Point::parse(&object(theirs)).unwrap();
        let agreed = agreed_key(&secret(mine), &theirs, choice, parties).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.encode(agreed.expose()), "VqqN6vgjbSBcIijNcacQGg");
    }
}

#[test]
fn what_is_encrypted_for_a_key_opens_with_it_alone_in_every_combination() {
    let (rsa, curve) = (pair(KeyManagementAlgorithm::RsaOaep256), pair(KeyManagementAlgorithm::EcdhEs));
    let (other_rsa, other_curve) = (pair(KeyManagementAlgorithm::RsaOaep256), pair(KeyManagementAlgorithm::EcdhEs));
    for choice in every_choice() {
        let is_rsa = choice.alg == KeyManagementAlgorithm::RsaOaep256;
        let (mine, stranger, mismatched) =
            if is_rsa { (&rsa, &other_rsa, &curve) } else { (&curve, &other_curve, &rsa) };
        let token = encrypt(b"content", Content::NestedJwt, &mine.public, choice, &random()).unwrap();
        let found = mine.own.decrypt(&token, |seen| seen == choice, &random()).unwrap();
        assert_eq!(found.plaintext.expose().as_slice(), b"content", "{choice:?}");
        assert_eq!(found.header["cty"], "JWT");
        assert_eq!(found.header["kid"], mine.jwk["kid"]);
        assert_eq!(opened(stranger, &token), Err(JweError::Undecipherable), "another key, {choice:?}");
        assert_eq!(opened(mismatched, &token), Err(JweError::Undecipherable), "another type, {choice:?}");
        let unwanted = mine.own.decrypt(&token, |_| false, &random());
        assert_eq!(unwanted.unwrap_err(), JweError::AlgorithmNotAllowed);
        assert_eq!(
            encrypt(b"content", Content::Claims, &mismatched.public, choice, &random()).unwrap_err(),
            JweError::NotEncrypted
        );
    }
}

#[test]
fn x25519_agrees_like_p256() {
    let mine = PrivateKey::generate(&X25519).unwrap();
    let jwk = Point::of(&mine).unwrap().jwk().unwrap();
    let public = EncryptionKey::parse(&jwk).unwrap().unwrap();
    for alg in [KeyManagementAlgorithm::EcdhEs, KeyManagementAlgorithm::EcdhEsA256Kw] {
        let choice = EncryptionChoice { alg, enc: ContentEncryption::A256CbcHs512 };
        let token = encrypt(b"content", Content::Claims, &public, choice, &random()).unwrap();
        let jwe = CompactJwe::parse(&token).unwrap();
        let ephemeral = Point::parse(jwe.header["epk"].as_object().unwrap()).unwrap();
        let agreed = agreed_key(&mine, &ephemeral, choice, PartyInfo::default()).unwrap();
        let key = if alg == KeyManagementAlgorithm::EcdhEs {
            agreed
        } else {
            unwrap(agreed.expose(), &jwe.encrypted_key).unwrap()
        };
        let associated = jwe.encoded_header.as_bytes();
        let told = open(choice.enc, key.expose(), associated, &jwe.nonce, &jwe.ciphertext, &jwe.tag);
        assert_eq!(told.unwrap().expose().as_slice(), b"content");
    }
}

#[test]
fn josekit_reads_what_we_write_and_we_read_what_it_writes() {
    use josekit::jwe::{ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A256KW, RSA_OAEP_256};
    let (rsa, curve) = (pair(KeyManagementAlgorithm::RsaOaep256), pair(KeyManagementAlgorithm::EcdhEs));
    for choice in every_choice() {
        let mine = if choice.alg == KeyManagementAlgorithm::RsaOaep256 { &rsa } else { &curve };
        let ours = encrypt(b"content", Content::NestedJwt, &mine.public, choice, &random()).unwrap();
        let mut header = JweHeader::new();
        header.set_content_encryption(choice.enc.name());
        let mut jwk = mine.jwk.clone();
        jwk.remove("alg");
        let jwk = Jwk::from_map(jwk).unwrap();
        let (read, theirs) = match choice.alg {
            KeyManagementAlgorithm::RsaOaep256 => (
                deserialize_compact(&ours, &RSA_OAEP_256.decrypter_from_der(&mine.pkcs8).unwrap()),
                serialize_compact(b"theirs", &header, &RSA_OAEP_256.encrypter_from_jwk(&jwk).unwrap()),
            ),
            family => {
                let algorithm = match family {
                    KeyManagementAlgorithm::EcdhEsA128Kw => ECDH_ES_A128KW,
                    KeyManagementAlgorithm::EcdhEsA256Kw => ECDH_ES_A256KW,
                    _ => ECDH_ES,
                };
                (
                    deserialize_compact(&ours, &algorithm.decrypter_from_der(&mine.pkcs8).unwrap()),
                    serialize_compact(b"theirs", &header, &algorithm.encrypter_from_jwk(&jwk).unwrap()),
                )
            }
        };
        assert_eq!(read.unwrap().0, b"content", "{choice:?}");
        assert_eq!(opened(mine, &theirs.unwrap()).unwrap(), b"theirs", "{choice:?}");
    }
}

fn with_header(token: &str, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let mut header = object(serde_json::from_slice(&bytes(header)).unwrap());
    change(&mut header);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(Value::Object(header).to_string()))
}

#[test]
fn headers_that_demand_what_is_not_offered_are_refused() {
    let mine = pair(KeyManagementAlgorithm::EcdhEs);
    let choice = EncryptionChoice { alg: KeyManagementAlgorithm::EcdhEs, enc: ContentEncryption::A128Gcm };
    let token = encrypt(b"content", Content::Claims, &mine.public, choice, &random()).unwrap();
    let with = |name: &str, value: Value| {
        opened(&mine, &with_header(&token, |header| drop(header.insert(name.to_owned(), value))))
    };
    assert_eq!(with("zip", json!("DEF")), Err(JweError::UnsupportedHeader));
    assert_eq!(with("crit", json!(["exp"])), Err(JweError::UnsupportedHeader));
    for alg in ["RSA1_5", "RSA-OAEP", "dir", "A128GCMKW", "none", ""] {
        assert_eq!(with("alg", json!(alg)), Err(JweError::AlgorithmNotAllowed), "{alg}");
    }
    assert_eq!(with("enc", json!("A192GCM")), Err(JweError::AlgorithmNotAllowed));
    assert_eq!(with("alg", json!(1)), Err(JweError::Malformed));
    assert_eq!(with("kid", json!(1)), Err(JweError::Malformed));
    // From here on every refusal sounds the same.
    for (name, value) in [
        ("alg", json!("RSA-OAEP-256")),
        ("alg", json!("ECDH-ES+A128KW")),
        ("enc", json!("A256GCM")),
        ("enc", json!("A128CBC-HS256")),
        ("kid", json!("another")),
        ("epk", json!(null)),
        ("epk", json!({ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA" })),
        ("epk", json!({ "kty": "OKP", "crv": "X25519", "x": URL_SAFE_NO_PAD.encode([9; 32]) })),
        ("apu", json!("QWxpY2U")),
        ("apv", json!(3)),
        ("extra", json!("changes what is authenticated")),
    ] {
        assert_eq!(with(name, value.clone()), Err(JweError::Undecipherable), "{name} {value}");
    }
}

#[test]
fn a_point_off_the_curve_agrees_with_nobody() {
    let mine = pair(KeyManagementAlgorithm::EcdhEs);
    let choice = EncryptionChoice { alg: KeyManagementAlgorithm::EcdhEs, enc: ContentEncryption::A128Gcm };
    let token = encrypt(b"content", Content::Claims, &mine.public, choice, &random()).unwrap();
    let moved = with_header(&token, |header| {
        header["epk"]["y"] = header["epk"]["x"].clone();
    });
    assert_eq!(opened(&mine, &moved), Err(JweError::Undecipherable));
    let mut jwk = mine.jwk.clone();
    jwk.insert("y".to_owned(), jwk["x"].clone());
    assert_eq!(EncryptionKey::parse(&jwk).unwrap_err(), JwkError::Malformed("x"));
}

/// RFC 7748 §6.1: with such a point the agreed secret is zero, whoever agrees.
#[test]
fn a_point_of_small_order_is_no_key_to_encrypt_for() {
    let key = |x: &[u8]| {
        let jwk = json!({ "kty": "OKP", "crv": "X25519", "x": URL_SAFE_NO_PAD.encode(x) });
        EncryptionKey::parse(jwk.as_object().unwrap())
    };
    let mut one = [0; 32];
    one[0] = 1;
    let of_order_eight = URL_SAFE_NO_PAD.decode("4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA").unwrap();
    for point in [&[0; 32][..], &one, &of_order_eight] {
        assert_eq!(key(point).unwrap_err(), JwkError::Malformed("x"), "{point:?}");
    }
    // RFC 7748 §6.1: Bob's.
    assert!(key(&URL_SAFE_NO_PAD.decode("3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08").unwrap()).unwrap().is_some());
}

#[test]
fn mangled_swapped_and_oversized_tokens_are_refused() {
    for choice in every_choice() {
        let mine = pair(choice.alg.key_family());
        let one = encrypt(b"first content", Content::Claims, &mine.public, choice, &random()).unwrap();
        let other =
            encrypt(b"other content", Content::Claims, &mine.public, choice, &SeededRandom::danger_from_seed(8));
        let other = other.unwrap();
        let (parts, others): (Vec<&str>, Vec<&str>) = (one.split('.').collect(), other.split('.').collect());
        for index in 2..5 {
            let mut swapped = parts.clone();
            swapped[index] = others[index];
            assert_eq!(opened(&mine, &swapped.join(".")), Err(JweError::Undecipherable), "part {index}, {choice:?}");
            let mut missing = parts.clone();
            missing[index] = "";
            assert_eq!(opened(&mine, &missing.join(".")), Err(JweError::Undecipherable), "no part {index}, {choice:?}");
            let mut shorter = parts.clone();
            let cut = URL_SAFE_NO_PAD.encode(&bytes(parts[index])[1..]);
            shorter[index] = &cut;
            assert_eq!(opened(&mine, &shorter.join(".")), Err(JweError::Undecipherable), "cut part {index}");
        }
        let mut keyed = parts.clone();
        keyed[1] = if parts[1].is_empty() { "AAAA" } else { "" };
        assert_eq!(opened(&mine, &keyed.join(".")), Err(JweError::Undecipherable), "encrypted key, {choice:?}");
        assert_eq!(opened(&mine, &parts[..4].join(".")), Err(JweError::Malformed));
        assert_eq!(opened(&mine, &format!("{one}.")), Err(JweError::Malformed));
        assert_eq!(opened(&mine, &format!("{one}=")), Err(JweError::Malformed));
        assert_eq!(opened(&mine, &one.repeat(200)), Err(JweError::TooLarge));
    }
    let mine = pair(KeyManagementAlgorithm::EcdhEs);
    let choice = EncryptionChoice { alg: KeyManagementAlgorithm::EcdhEs, enc: ContentEncryption::A128Gcm };
    let huge = vec![b'x'; MAX_PLAINTEXT_LENGTH + 1];
    assert_eq!(encrypt(&huge, Content::Claims, &mine.public, choice, &random()), Err(JweError::TooLarge));
    let header = format!("{{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\",\"x\":\"{}\"}}", "y".repeat(MAX_HEADER_LENGTH));
    let long = format!("{}..AAAA.AAAA.AAAA", URL_SAFE_NO_PAD.encode(header));
    assert_eq!(CompactJwe::parse(&long).unwrap_err(), JweError::TooLarge);
}

#[test]
fn only_public_keys_for_encryption_are_taken_and_a_stated_use_is_preferred() {
    let (rsa, curve) = (pair(KeyManagementAlgorithm::RsaOaep256), pair(KeyManagementAlgorithm::EcdhEs));
    let changed = |jwk: &Map<String, Value>, name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk.insert(name.to_owned(), value);
        jwk
    };
    assert!(EncryptionKey::parse(&changed(&rsa.jwk, "use", json!("sig"))).unwrap().is_none());
    assert!(EncryptionKey::parse(&changed(&rsa.jwk, "alg", json!("RSA1_5"))).unwrap().is_none());
    assert!(EncryptionKey::parse(&changed(&rsa.jwk, "key_ops", json!(["verify"]))).unwrap().is_none());
    assert!(EncryptionKey::parse(&changed(&curve.jwk, "crv", json!("P-384"))).unwrap().is_none());
    assert_eq!(
        EncryptionKey::parse(&changed(&curve.jwk, "alg", json!("RSA-OAEP-256"))).unwrap_err(),
        JwkError::Malformed("alg")
    );
    assert_eq!(
        EncryptionKey::parse(&changed(&curve.jwk, "d", json!("AAAA"))).unwrap_err(),
        JwkError::PrivateMember("d")
    );
    let mut nameless = pair(KeyManagementAlgorithm::EcdhEs).jwk;
    nameless.remove("use");
    nameless.insert("kid".to_owned(), json!("nameless"));
    let set = EncryptionKeySet::parse(&json!({ "keys": [nameless.clone(), curve.jwk, rsa.jwk] })).unwrap();
    let found = set.find(KeyManagementAlgorithm::EcdhEsA256Kw).unwrap();
    assert_eq!(found.key_id(), curve.jwk["kid"].as_str());
    assert_eq!(set.find(KeyManagementAlgorithm::RsaOaep256).unwrap().key_id(), rsa.jwk["kid"].as_str());
    let only = EncryptionKeySet::parse(&json!({ "keys": [nameless] })).unwrap();
    assert_eq!(only.find(KeyManagementAlgorithm::EcdhEs).unwrap().key_id(), Some("nameless"));
    assert!(only.find(KeyManagementAlgorithm::RsaOaep256).is_none());
    assert_eq!(EncryptionKeySet::parse(&json!({})).unwrap_err(), JwkError::NotAKeySet);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_content_comes_back_and_any_flipped_bit_is_noticed(
        content in proptest::collection::vec(any::<u8>(), 0..300),
        enc in 0_usize..4,
        flip in any::<(usize, u8)>(),
    ) {
        let mine = pair(KeyManagementAlgorithm::EcdhEs);
        let choice = EncryptionChoice { alg: KeyManagementAlgorithm::EcdhEs, enc: ContentEncryption::ALL[enc] };
        let token = encrypt(&content, Content::Claims, &mine.public, choice, &random()).unwrap();
        prop_assert_eq!(opened(&mine, &token).unwrap(), content);
        let mut altered = token.into_bytes();
        let at = flip.0 % altered.len();
        altered[at] ^= 1 << (flip.1 % 7);
        if let Ok(altered) = String::from_utf8(altered) {
            prop_assert!(opened(&mine, &altered).is_err());
        }
    }

    #[test]
    fn nothing_that_is_sent_panics(text in "[A-Za-z0-9_.=-]{0,200}") {
        prop_assert!(CompactJwe::parse(&text).is_err());
    }
}
