//! What a client shows of itself beside the form: certificates, proofs, encrypted objects, assertions of others,
//! and the documents that it publishes or registers.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use symbolon::{
    crypto::{
        CompactJws, DecryptionKey, EncryptionKey, KeyEncryptionKey, PublicKeySet, Sealer,
        certificate::{ClientCertificate, canonical_name},
        jwe::{self, CompactJwe, Content, DecryptionKeys},
        jwk,
        random::SeededRandom,
        verifier::verify_possession,
    },
    service::possession::{is_fresh, nonce_of},
};
use symbolon_domain::{
    Timestamp,
    entity::{SubjectMapping, TrustedIssuer},
    ids::ClientId,
    jose::{
        ContentEncryption, EncryptionChoice, KeyManagementAlgorithm, SigningAlgorithm,
        dpop::{self, Demand, Nonce},
    },
    mcp::parse_challenges,
    oauth::{
        Caching, DocumentAddress, RegistrationPolicy, cache_seconds, check_bearer_assertion, check_registrable,
        parse_document, parse_metadata, unverified_issuer,
    },
};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn object(data: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice::<Value>(data).ok().and_then(|value| value.as_object().cloned())
}

/// A certificate, in DER: what was taken apart is the whole of it, and its own key alone fits it.
pub fn certificate(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Some(name) = canonical_name(text)
    {
        assert!(!name.is_empty());
    }
    let Some(shown) = ClientCertificate::parse(data) else { return };
    assert_eq!(shown.thumbprint().len(), 43);
    let _ = (shown.has_dns_name("a.example"), shown.has_uri("https://a.example/"), shown.has_email("a@a.example"));
    let _ = (shown.has_subject("cn=a"), shown.has_address(std::net::Ipv6Addr::LOCALHOST.into()), shown.is_valid_at(0));
    if let Some(key) = shown.jwk() {
        assert!(shown.is_of(&serde_json::json!({ "keys": [key] })));
    }
}

/// An encrypted object, while nobody has opened it.
pub fn encrypted(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(jwe) = CompactJwe::parse(text) {
        drop((jwe.choice(), jwe.key_id().map(str::to_owned)));
        assert_eq!(text.split('.').count(), 5);
    }
}

/// A key of RFC 7518 appendix C, in the form in which keys of our own are kept.
fn curve_key() -> Option<(DecryptionKey, EncryptionKey)> {
    let (x, y) = ("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck");
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let mut pkcs8 = part("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg")?;
    pkcs8.extend(part("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw")?);
    pkcs8.extend([0xa1, 0x44, 0x03, 0x42, 0x00, 0x04]);
    pkcs8.extend([part(x)?, part(y)?].concat());
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "curve" });
    let public = EncryptionKey::parse(jwk.as_object()?).ok()??;
    Some((DecryptionKey::load(KeyManagementAlgorithm::EcdhEs, "curve", &pkcs8).ok()?, public))
}

fn rsa_key() -> Option<(DecryptionKey, EncryptionKey)> {
    let alg = KeyManagementAlgorithm::RsaOaep256;
    let made = jwe::generate(alg).ok()?;
    let public = EncryptionKey::parse(&made.public_jwk).ok()??;
    Some((DecryptionKey::load(alg, &made.key_id, made.private_pkcs8.expose()).ok()?, public))
}

/// Keys of our own: on the curve, and RSA.
static OWN_KEYS: LazyLock<Vec<(DecryptionKey, EncryptionKey)>> = LazyLock::new(|| {
    let keys: Vec<_> = [curve_key(), rsa_key()].into_iter().flatten().collect();
    assert_eq!(keys.len(), 2);
    keys
});

/// An encrypted object that is opened. The first byte says how it comes: whole, with its header as JSON, or made
/// here for one of the keys, and then with one character of it changed.
pub fn decrypted(data: &[u8]) {
    let Some((how, rest)) = data.split_first() else { return };
    match how & 3 {
        0 => open(std::str::from_utf8(rest).unwrap_or_default()),
        1 => {
            let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            let (header, parts) = rest.split_at(end);
            let parts = std::str::from_utf8(parts.get(1..).unwrap_or_default()).unwrap_or_default();
            open(&format!("{}.{parts}", URL_SAFE_NO_PAD.encode(header)));
        }
        which => made_and_changed(usize::from(which == 3), rest),
    }
}

fn open(text: &str) {
    let random = SeededRandom::danger_from_seed(1);
    let keys = DecryptionKeys::new(OWN_KEYS.iter().map(|(key, _)| key.clone()).collect());
    assert!(keys.decrypt(text, |_| false, &random).is_err());
    if let Ok(opened) = keys.decrypt(text, |_| true, &random) {
        assert!(jwe::is_encrypted(text) && opened.plaintext.expose().len() < text.len());
        assert!(["crit", "zip"].iter().all(|name| !opened.header.contains_key(*name)));
    }
}

/// What was made is opened as it was, and only as it was.
fn made_and_changed(which: usize, data: &[u8]) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let Some(([algorithms, letter, high, low], plaintext)) = data.split_first_chunk::<4>() else { return };
    let Some((own, public)) = OWN_KEYS.get(which) else { return };
    let algorithms = usize::from(*algorithms);
    let alg = KeyManagementAlgorithm::ALL[if which == 1 { 0 } else { 1 + algorithms % 3 }];
    let choice = EncryptionChoice { alg, enc: ContentEncryption::ALL[(algorithms >> 4) % 4] };
    let random = SeededRandom::danger_from_seed(2);
    let keys = DecryptionKeys::new(vec![own.clone()]);
    let Ok(made) = jwe::encrypt(plaintext, Content::NestedJwt, public, choice, &random) else {
        panic!("nothing was encrypted with {choice:?}")
    };
    let opened = keys.decrypt(&made, |one| one == choice, &random);
    assert!(opened.is_ok_and(|opened| opened.plaintext.expose() == plaintext && opened.header["cty"] == "JWT"));
    let mut changed = made.clone().into_bytes();
    let position = usize::from(u16::from_be_bytes([*high, *low])) % changed.len();
    changed[position] = LETTERS[usize::from(*letter) % 64];
    let changed = String::from_utf8(changed).unwrap_or_default();
    assert!(changed == made || keys.decrypt(&changed, |_| true, &random).is_err(), "{made} {changed}");
}

/// The key under which nonces are made, the same in every run.
static SEALER: LazyLock<Sealer> =
    LazyLock::new(|| Sealer::new(&KeyEncryptionKey::generate(&SeededRandom::danger_from_seed(1))));

/// A DPoP proof that holds is of the one public key in its header.
fn signed_proof(text: &str) {
    let Ok(jws) = CompactJws::parse(text) else { return };
    let Ok(jwk) = dpop::check_header(jws.header()) else { return };
    let Ok((claims, thumbprint)) = verify_possession(&jws, jwk) else { return };
    assert!(dpop::parse_thumbprint(&thumbprint).is_ok() && jwk::check_public(jwk).is_ok());
    let mut nameless = jwk.clone();
    nameless.remove("kid");
    nameless.insert("added".to_owned(), true.into());
    assert_eq!(jwk::thumbprint(&nameless).as_ref(), Ok(&thumbprint));
    let verified = PublicKeySet::parse(&json!({ "keys": [nameless] }))
        .ok()
        .and_then(|keys| keys.verify_compact(text, &SigningAlgorithm::ALL).ok());
    assert!(verified.is_some_and(|verified| verified.claims == claims));
}

/// A DPoP proof: whole, as a header of its JWT, and as its claims; and the nonce in it.
pub fn dpop_proof(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = (dpop::only_proof(&[text.to_owned()]), dpop::parse_thumbprint(text));
        signed_proof(text);
        if is_fresh(&SEALER, text, NOW) {
            assert!((-300..=300).any(|age| nonce_of(&SEALER, NOW.plus_seconds(age)) == text));
        }
    }
    let Some(members) = object(data) else { return };
    let _ = (dpop::check_header(&members), dpop::nonce(&members));
    let targets = ["https://id.example/oauth2/token".to_owned()];
    let demand = Demand { method: "POST", targets: &targets, access_token: Some("token"), nonce_required: false };
    for nonce in [Nonce::Absent, Nonce::Fresh] {
        if let Ok(jti) = dpop::check_claims(&members, &demand, nonce, NOW) {
            assert!(!jti.is_empty() && members.get("htm").is_some_and(|method| method == "POST"));
        }
    }
}

/// An assertion of another issuer: before its signature, and its claims after it.
pub fn bearer_assertion(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        drop(unverified_issuer(text));
    }
    let Some(claims) = object(data) else { return };
    let issuer = TrustedIssuer {
        issuer: "https://idp.example".to_owned(),
        jwks: None,
        jwks_uri: None,
        audience: None,
        subject: SubjectMapping::Username,
        clients: Vec::new(),
        scope: Vec::new(),
        created_at: NOW,
    };
    if let Ok(facts) = check_bearer_assertion(&issuer, &claims, &["https://id.example".to_owned()], NOW) {
        assert!(facts.expires_at > NOW && !facts.subject.is_empty());
    }
}

/// The metadata that a client registers, or publishes at its own address: what is taken may be registered.
pub fn client_metadata(data: &[u8]) {
    let Some(members) = object(data) else { return };
    let policy = RegistrationPolicy::default();
    if let Ok(registration) = parse_metadata(&members, None, &policy) {
        for uri in &registration.settings.redirect_uris {
            assert!(check_registrable(registration.kind, uri).is_ok());
        }
    }
    let named = members.get("client_id").and_then(Value::as_str).unwrap_or_default();
    let Ok(address) = DocumentAddress::parse(&ClientId::new(named), false) else { return };
    if let Ok(registration) = parse_document(&address, &members, None, &policy) {
        assert!(registration.settings.require_pkce);
    }
}

/// The address of a document on the first line, then what the answer says of its life: within our bounds.
pub fn caching(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    drop(DocumentAddress::parse(&ClientId::new(lines.next().unwrap_or_default()), false));
    let told = Caching { cache_control: lines.next(), expires: lines.next(), date: lines.next() };
    assert!((300..=86_400).contains(&cache_seconds(told, NOW)));
}

/// `WWW-Authenticate` of a server that is looked at: every challenge has a scheme, and says nothing twice.
pub fn challenge(data: &[u8]) {
    let Ok(header) = std::str::from_utf8(data) else { return };
    for challenge in parse_challenges(header).unwrap_or_default() {
        assert!(!challenge.scheme.is_empty());
        for (name, value) in &challenge.parameters {
            assert_eq!(challenge.find(name), Some(value.as_str()));
        }
    }
}
