//! HTTPS without a proxy: TLS 1.2 and 1.3 by aws-lc-rs, hybrid X25519MLKEM768 first (ASVS 12.1), and
//! a certificate and authorities of clients that are replaced while connections run. A bad new file changes
//! nothing.

mod clients;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};

use crate::domain::trace::StartCode;

use clients::AnyCertificate;
pub use clients::ClientAuthorities;

/// Makes our provider the one of the process, for servers and clients. Once is enough; a provider
/// that is already installed stays.
pub fn install_crypto_provider() {
    // The error says that one is installed, which is what we want.
    let _ = provider().install_default();
}

/// aws-lc-rs, which offers the hybrid key exchange X25519MLKEM768 first (`prefer-post-quantum`).
fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

/// The versions of HTTP that the server behind can speak, for ALPN (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersions {
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 preferred, and HTTP/1.1.
    Http2AndHttp1,
}

/// Why certificate and key cannot be used. Names the files, never their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsError(String);

impl TlsError {
    /// The stable code.
    pub const CODE: StartCode = StartCode::TlsFiles;

    /// What is wrong, and the fix, without the code.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Self::CODE, self.0)
    }
}

impl std::error::Error for TlsError {}

/// Certificate and key from two PEM files, replaceable while they serve.
#[derive(Debug)]
pub struct ServerTls {
    certificate_file: PathBuf,
    key_file: PathBuf,
    current: Arc<Current>,
}

/// What new handshakes are answered with.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl ServerTls {
    /// Reads both files.
    ///
    /// # Errors
    /// What is wrong with them, and the fix.
    pub fn load(certificate_file: &Path, key_file: &Path) -> Result<Self, TlsError> {
        let key = certified_key(certificate_file, key_file)?;
        Ok(Self {
            certificate_file: certificate_file.to_owned(),
            key_file: key_file.to_owned(),
            current: Arc::new(Current(ArcSwap::from_pointee(key))),
        })
    }

    /// The configuration for a listener. Every one made here follows [`ServerTls::reload`].
    ///
    /// # Errors
    /// None in practice: the versions and the provider are fixed.
    pub fn server_config(&self, http: HttpVersions) -> Result<ServerConfig, TlsError> {
        self.config(http, false)
    }

    /// As [`Self::server_config`], and clients are asked for a certificate, which they need not have.
    ///
    /// # Errors
    /// None in practice.
    pub fn mutual_config(&self, http: HttpVersions) -> Result<ServerConfig, TlsError> {
        self.config(http, true)
    }

    fn config(&self, http: HttpVersions, asks: bool) -> Result<ServerConfig, TlsError> {
        let versions = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| TlsError(format!("TLS cannot be set up: {error}.")))?;
        let authenticated = if asks {
            versions.with_client_cert_verifier(Arc::new(AnyCertificate(Arc::new(provider()))))
        } else {
            versions.with_no_client_auth()
        };
        let mut config = authenticated.with_cert_resolver(Arc::clone(&self.current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = match http {
            HttpVersions::Http1 => vec![b"http/1.1".to_vec()],
            HttpVersions::Http2AndHttp1 => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        Ok(config)
    }

    /// Reads both files again and serves them to new connections. On an error the old certificate
    /// stays, and the error is logged.
    ///
    /// # Errors
    /// As [`ServerTls::load`].
    pub fn reload(&self) -> Result<(), TlsError> {
        let read = certified_key(&self.certificate_file, &self.key_file);
        told(read.map(|key| self.current.0.store(Arc::new(key))), "certificate")
    }
}

/// Logs how a file was read again. What was in use stays after an error.
fn told(read: Result<(), TlsError>, what: &str) -> Result<(), TlsError> {
    match &read {
        Ok(()) => tracing::info!(event.name = "tls.reloaded", "the TLS {what} was read again"),
        Err(error) => tracing::error!(
            event.name = "tls.reload_failed",
            error.r#type = TlsError::CODE.as_str(),
            "{error} The old {what} stays in use."
        ),
    }
    read
}

/// Reads again what there is of the two at every SIGHUP, each by itself, for as long as the current tokio
/// runtime lives.
///
/// # Errors
/// When the signal cannot be listened to.
#[cfg(unix)]
pub fn spawn_reload_on_sighup(
    tls: Option<Arc<ServerTls>>,
    authorities: Option<Arc<ClientAuthorities>>,
) -> std::io::Result<tokio::task::JoinHandle<()>> {
    let mut hangups = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    Ok(tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let (tls, authorities) = (tls.clone(), authorities.clone());
            // Reading files blocks; the outcomes are logged by `reload`.
            let _ = tokio::task::spawn_blocking(move || {
                let _ = tls.map(|tls| tls.reload());
                let _ = authorities.map(|authorities| authorities.reload());
            })
            .await;
        }
    }))
}

/// Certificate chain and key, which must belong together.
fn certified_key(certificate_file: &Path, key_file: &Path) -> Result<CertifiedKey, TlsError> {
    let certificates = chain(certificate_file, "tls.certificate_file")?;
    let key = private_key(key_file)?;
    CertifiedKey::from_der(certificates, key, &provider()).map_err(|error| {
        let (certificate, key) = (certificate_file.display(), key_file.display());
        TlsError(match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => format!(
                "tls.key_file {key} does not belong to tls.certificate_file {certificate}: their public keys differ. \
                 Give the key that the first certificate of the file was issued for."
            ),
            rustls::Error::InvalidCertificate(why) => format!(
                "tls.certificate_file {certificate} has an invalid certificate: {why:?}. Give the file that the \
                 authority issued, leaf first."
            ),
            other => format!("tls.key_file {key} cannot be used: {other}. Give an RSA, ECDSA or Ed25519 key in PEM."),
        })
    })
}

/// The certificates of a PEM file, leaf first.
fn chain(file: &Path, setting: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(file, setting)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError(format!("{setting} {} is damaged PEM. Copy it anew.", file.display())))?;
    if certificates.is_empty() {
        return Err(TlsError(format!(
            "{setting} {} has no certificate. Give a PEM file with -----BEGIN CERTIFICATE-----.",
            file.display()
        )));
    }
    Ok(certificates)
}

/// The private key of a PEM file.
fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = crate::domain::Secret::new(read(file, "tls.key_file")?);
    PrivateKeyDer::from_pem_slice(pem.expose()).map_err(|_| {
        let encrypted = [&b"-----BEGIN ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"]
            .iter()
            .any(|mark| pem.expose().windows(mark.len()).any(|window| window == *mark));
        let why = if encrypted {
            "is encrypted. Decrypt it with `openssl pkey -in <file> -out <new file>` and protect it by its mode (0600)."
        } else {
            "has no private key. Give a PEM file with -----BEGIN PRIVATE KEY-----."
        };
        TlsError(format!("tls.key_file {} {why}", file.display()))
    })
}

/// The bytes of a file.
fn read(file: &Path, setting: &str) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|error| {
        let file = file.display();
        TlsError(format!("{setting} {file} cannot be read: {error}. Correct the path, or make it readable."))
    })
}
