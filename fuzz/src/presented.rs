//! What a client shows of itself beside the form: certificates, proofs, encrypted objects, assertions of others,
//! and the documents that it publishes or registers.

use serde_json::{Map, Value};
use symbolon::crypto::{
    certificate::{ClientCertificate, canonical_name},
    jwe::CompactJwe,
};
use symbolon_domain::{
    Timestamp,
    entity::{SubjectMapping, TrustedIssuer},
    ids::ClientId,
    jose::dpop::{self, Demand, Nonce},
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

/// A DPoP proof: as a header of its JWT, and as its claims.
pub fn dpop_proof(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = (dpop::only_proof(&[text.to_owned()]), dpop::parse_thumbprint(text));
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
