//! Certificates of TLS clients. At the handshake a client proves that it holds the key of whatever
//! certificate it shows, and any certificate will do: whose it is, is compared afterwards (RFC 8705
//! §2.2). Whether an authority vouches for it is a question of its own.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use rustls::{
    DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::{TlsError, chain, provider, told};

/// Asks for a certificate, and takes none for an answer.
#[derive(Debug)]
pub(super) struct AnyCertificate(pub(super) Arc<CryptoProvider>);

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The authorities that vouch for the certificates of clients, replaceable while they do.
#[derive(Debug)]
pub struct ClientAuthorities {
    file: PathBuf,
    current: ArcSwap<Vouching>,
}

/// What the present ones vouch by.
#[derive(Debug)]
struct Vouching(Arc<dyn ClientCertVerifier>);

impl ClientAuthorities {
    /// Reads their certificates.
    ///
    /// # Errors
    /// What is wrong with the file, and the fix.
    pub fn load(file: &Path) -> Result<Self, TlsError> {
        Ok(Self { file: file.to_owned(), current: ArcSwap::from_pointee(vouching(file)?) })
    }

    /// Reads the file again, for every request from now on, on whichever connection. On an error the old
    /// authorities stay, and the error is logged.
    ///
    /// # Errors
    /// As [`ClientAuthorities::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        let read = vouching(&self.file);
        told(read.map(|vouching| self.current.store(Arc::new(vouching))), "list of client authorities")
    }

    /// Whether one of them vouches for a certificate at this time, in seconds.
    pub fn vouch(&self, certificate: &[u8], intermediates: &[Vec<u8>], now: i64) -> bool {
        let end = CertificateDer::from(certificate);
        let between: Vec<CertificateDer<'_>> =
            intermediates.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        let Ok(seconds) = u64::try_from(now) else { return false };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        self.current.load().0.verify_client_cert(&end, &between, now).is_ok()
    }
}

/// The authorities in a PEM file.
fn vouching(file: &Path) -> Result<Vouching, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(file, "mtls.ca_file")? {
        roots.add(certificate).map_err(|why| TlsError(format!("mtls.ca_file {}: {why}.", file.display())))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider())).build();
    verifier.map(Vouching).map_err(|why| TlsError(format!("mtls.ca_file {}: {why}.", file.display())))
}
