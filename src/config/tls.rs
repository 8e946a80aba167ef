//! `[tls]`: the certificate to serve HTTPS without a proxy.

use std::path::PathBuf;

use super::reader::Reader;
use super::setting::{Kind, Setting};
use crate::domain::trace::StartCode;

static CERTIFICATE_FILE: Setting = Setting::new(
    "tls.certificate_file",
    Kind::Text,
    "PEM file with the certificate and its intermediates, leaf first. With key_file, HTTPS is served directly \
     (TLS 1.2 and 1.3). SIGHUP reads both again.",
)
.example("/etc/symbolon/tls/fullchain.pem");

static KEY_FILE: Setting = Setting::new("tls.key_file", Kind::Text, "PEM file with the private key, unencrypted.")
    .example("/etc/symbolon/tls/privkey.pem");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&CERTIFICATE_FILE, &KEY_FILE];

/// Certificate and key for HTTPS; both are PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub certificate_file: PathBuf,
    /// The private key.
    pub key_file: PathBuf,
}

/// Reads the section: both files or none.
pub fn read(reader: &mut Reader<'_>) -> Option<TlsFiles> {
    match (reader.path(&CERTIFICATE_FILE), reader.path(&KEY_FILE)) {
        (Some(certificate_file), Some(key_file)) => Some(TlsFiles { certificate_file, key_file }),
        (Some(_), None) => incomplete(reader, &CERTIFICATE_FILE, "tls.key_file"),
        (None, Some(_)) => incomplete(reader, &KEY_FILE, "tls.certificate_file"),
        (None, None) => None,
    }
}

/// Refuses half a pair.
fn incomplete(reader: &mut Reader<'_>, given: &'static Setting, missing: &str) -> Option<TlsFiles> {
    let message = format!("{} is set without {missing}. Set both, or neither", given.name);
    reader.refuse(StartCode::Incomplete, given, message);
    None
}
