//! Certificates, and applications that may be shown them.

use std::{path::PathBuf, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use symbolon::{
    domain::{Issuer, entity::AuthMethod, entity::ClientSettings},
    tls::ClientAuthorities,
};

use crate::support::{ClientSpec, Database, Options, RelyingParty, Request, TestApp};

/// Where the other name of the application is, for clients with certificates.
pub const ALIAS: &str = "https://mtls.id.example";

/// A file next to this one.
pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/mtls/fixtures").join(name)
}

/// A certificate in DER. `client.pem`, `other.pem` and `expired.pem` are of the authority `ca.pem`,
/// `self*.pem` of nobody.
pub fn certificate(name: &str) -> Vec<u8> {
    CertificateDer::from_pem_file(fixture(name)).expect("a certificate").to_vec()
}

/// Settings of an application that knows the authority, and has another name.
pub fn with_authority(options: &mut Options) {
    let authorities = Arc::new(ClientAuthorities::load(&fixture("ca.pem")).expect("an authority"));
    options.policy.mtls_authority = true;
    options.policy.mtls = Some(Issuer::parse(ALIAS).expect("an address"));
    options.vouches = Arc::new(move |der, between, now| authorities.vouch(der, between, now));
}

/// The same behind a proxy that tells certificates.
pub fn with_proxy(options: &mut Options) {
    with_authority(options);
    options.trusted = true;
    options.client_cert_header = true;
}

/// An application behind a proxy that tells certificates, which knows the authority of `client.pem`.
pub async fn behind_proxy(database: Database) -> TestApp {
    TestApp::with(database, with_proxy).await
}

/// The header by which a proxy tells a certificate.
pub fn told(request: Request, name: &str) -> Request {
    request.header("Client-Cert", format!(":{}:", STANDARD.encode(certificate(name))))
}

/// A service that is known by a name in its certificate.
pub fn named(id: &str, name: impl FnOnce(&mut ClientSettings)) -> ClientSpec {
    ClientSpec::machine(id).set(|settings| settings.token_endpoint_auth_method = AuthMethod::TlsClientAuth).set(name)
}

/// A service that is known by the key of its certificate.
pub fn self_signed(jwk: &Value) -> ClientSpec {
    ClientSpec::machine("self").set(|settings| {
        settings.token_endpoint_auth_method = AuthMethod::SelfSignedTlsClientAuth;
        settings.jwks = Some(json!({ "keys": [jwk] }));
    })
}

/// A request of a token for the client itself.
pub fn request(rp: &RelyingParty) -> Request {
    rp.request("/oauth2/token", &[("grant_type", "client_credentials")])
}

/// The key of a certificate for P-256: the point is in its SubjectPublicKeyInfo.
pub fn key_of(name: &str) -> Value {
    let der = certificate(name);
    let at = der.windows(4).position(|window| window == [0x03, 0x42, 0x00, 0x04]).expect("a point") + 4;
    let (x, y) = (&der[at..at + 32], &der[at + 32..at + 64]);
    json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
}
