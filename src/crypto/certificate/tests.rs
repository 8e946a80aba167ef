//! Tests of `certificate`. The certificates are those of the tests over HTTP.

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::json;

use super::*;

fn der(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mtls/fixtures").join(name);
    CertificateDer::from_pem_file(path).expect("a certificate").to_vec()
}

fn parsed(name: &str) -> ClientCertificate {
    ClientCertificate::parse(&der(name)).expect(name)
}

fn jwk_of(name: &str) -> Value {
    let key = parsed(name).public_key;
    let bits = key.subject_public_key.raw_bytes();
    match key.algorithm.oid {
        EC => json!({
            "kty": "EC", "crv": "P-256",
            "x": URL_SAFE_NO_PAD.encode(&bits[1..33]), "y": URL_SAFE_NO_PAD.encode(&bits[33..]),
        }),
        ED25519 => json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(bits) }),
        _ => {
            let numbers = Vec::<x509_cert::der::asn1::Uint>::from_der(bits).expect("two numbers");
            let [n, e] = numbers.as_slice() else { panic!("two numbers") };
            json!({
                "kty": "RSA",
                "n": URL_SAFE_NO_PAD.encode(n.as_bytes()), "e": URL_SAFE_NO_PAD.encode(e.as_bytes()),
            })
        }
    }
}

#[test]
fn a_key_is_registered_together_with_its_certificate_if_it_is_for_p_256() {
    let (own, other) = (parsed("self.pem"), parsed("client.pem"));
    let jwks = json!({ "keys": [own.jwk().expect("a key for P-256")] });
    assert!(own.is_of(&jwks) && !other.is_of(&jwks));
    for name in ["self-rsa.pem", "self-ed25519.pem"] {
        assert_eq!(parsed(name).jwk(), None, "{name}");
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let good = der("client.pem");
    let longer = [good.as_slice(), &[0]].concat();
    let huge = vec![0x30; MAX_LENGTH + 1];
    for bad in [&[][..], &[0x30, 0], b"-----BEGIN CERTIFICATE-----", &good[..good.len() - 1], &longer, &huge] {
        assert!(ClientCertificate::parse(bad).is_none(), "{} bytes", bad.len());
    }
    assert_eq!(parsed("client.pem").thumbprint(), URL_SAFE_NO_PAD.encode(digest(&good)));
}

/// Behaviour 163.
#[test]
fn a_subject_is_compared_by_its_meaning() {
    let certificate = parsed("client.pem");
    for same in [
        "CN=service,O=Example GmbH,C=DE",
        "cn=Service,o=EXAMPLE gmbh,c=de",
        "2.5.4.3=service,2.5.4.10=Example GmbH,2.5.4.6=DE",
        "CN=service, O=Example GmbH, C=DE",
        "CN=servic\\65,O=Example GmbH,C=DE",
    ] {
        assert!(certificate.has_subject(same), "{same}: {}", certificate.subject);
    }
    for other in [
        "",
        "service",
        "CN=service",
        "CN=service,O=Example GmbH",
        "C=DE,O=Example GmbH,CN=service",
        "CN=service+O=Example GmbH,C=DE",
        "CN=service\\,O=Example GmbH,C=DE",
        "CN=other,O=Example GmbH,C=DE",
        "CN=service,O=Example  GmbH,C=DE",
        "CN=service,O=Example GmbH,C=DE,ST=x",
        "CN=service,O=\\ Example GmbH,C=DE",
        "CN=service,O=#0c0c4578616d706c6520476d4249,C=DE",
        "OU=service,O=Example GmbH,C=DE",
    ] {
        assert!(!certificate.has_subject(other), "{other}");
    }
}

#[test]
fn a_name_with_a_type_that_nobody_has_is_none() {
    for name in ["11111111111111111111=x", " 111111111111111111   =", "CN=a,2.5.4.99999999999=x", "CN=a+4294967296.1=b"]
    {
        assert_eq!(canonical_name(name), None, "{name}");
    }
    for name in ["CN=service,2.5.4.5=12345678901234567890", "CN=12345678901\\, 12345678901"] {
        assert!(canonical_name(name).is_some(), "{name}");
    }
}

#[test]
fn other_names_are_compared_one_by_one() {
    let certificate = parsed("client.pem");
    assert!(certificate.has_dns_name("SERVICE.example"));
    assert!(certificate.has_uri("https://service.example/id"));
    assert!(certificate.has_email("ops@service.example"));
    assert!(certificate.has_address([192, 0, 2, 7].into()));
    for other in ["service", "example", "*.example", "service.example.", "other.example", ""] {
        assert!(!certificate.has_dns_name(other), "{other}");
    }
    for other in ["https://service.example/", "https://service.example/ID", "service.example", ""] {
        assert!(!certificate.has_uri(other), "{other}");
    }
    assert!(!certificate.has_email("service.example") && !certificate.has_email("OPS@service.example"));
    assert!(!certificate.has_address([192, 0, 2, 8].into()));
    assert!(!certificate.has_address("::ffff:192.0.2.7".parse().expect("an address")));
    assert!(!parsed("self.pem").has_dns_name("self"));
}

#[test]
fn a_key_or_the_certificate_itself_is_registered() {
    let names = ["self.pem", "self-rsa.pem", "self-ed25519.pem"];
    for name in names {
        let set = json!({ "keys": [jwk_of(name)] });
        for other in names.into_iter().chain(["client.pem"]) {
            assert_eq!(parsed(other).is_of(&set), other == name, "{other} against {name}");
        }
    }
    let mut with_chain = jwk_of("self.pem");
    with_chain["x5c"] = json!([STANDARD.encode(der("self.pem"))]);
    assert!(parsed("self.pem").is_of(&json!({ "keys": [jwk_of("client.pem"), with_chain] })));
    // Not the certificate that was registered with this key.
    with_chain["x5c"] = json!([STANDARD.encode(der("client.pem"))]);
    assert!(!parsed("self.pem").is_of(&json!({ "keys": [with_chain] })));
    let changed = |member: &str, value: Value| {
        let mut jwk = jwk_of("self.pem");
        jwk[member] = value;
        json!({ "keys": [jwk] })
    };
    let nothing = [
        json!({}),
        json!({ "keys": [] }),
        json!({ "keys": ["x", 1, null, {}] }),
        changed("kty", json!("OKP")),
        changed("crv", json!("P-384")),
        changed("x", json!("")),
        changed("y", json!("AA")),
    ];
    for keys in nothing {
        assert!(!parsed("self.pem").is_of(&keys), "{keys}");
    }
}

#[test]
fn a_certificate_has_its_time() {
    let certificate = parsed("expired.pem");
    let (first, last) = (certificate.not_before, certificate.not_after);
    assert!(certificate.is_valid_at(first) && certificate.is_valid_at(last));
    assert!(!certificate.is_valid_at(first - 1) && !certificate.is_valid_at(last + 1));
}
