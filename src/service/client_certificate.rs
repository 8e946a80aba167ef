//! Clients that authenticate by the certificate of their TLS connection (RFC 8705 §2).

use super::{Cx, client_keys, clients::ClientView, possession::Possession};
use crate::{
    crypto::certificate::ClientCertificate,
    domain::{
        entity::{AuthMethod, ClientSettings},
        oauth::OAuthError,
        trace::Reason,
    },
};

/// Whether the certificate of the request is the client's.
///
/// # Errors
/// `invalid_client`.
pub(super) async fn check(cx: &Cx, view: &ClientView, possession: &Possession) -> Result<(), OAuthError> {
    let shown = possession.certificate.as_ref().ok_or(refused(Reason::CertificateMissing))?;
    let certificate = &shown.certificate;
    let settings = &view.client.settings;
    let known = match settings.token_endpoint_auth_method {
        AuthMethod::TlsClientAuth => {
            // Without an authority that vouches for it anybody could make a certificate of that name.
            if !shown.vouched_for {
                return Err(refused(Reason::CertificateUntrusted));
            }
            is_named(certificate, settings)
        }
        AuthMethod::SelfSignedTlsClientAuth => {
            certificate.is_valid_at(cx.now().seconds())
                && client_keys::has_published(cx, view, |jwks| certificate.is_of(jwks))
                    .await
                    .map_err(|_| refused(Reason::ClientKeysUnavailable))?
        }
        _ => false,
    };
    if known { Ok(()) } else { Err(refused(Reason::CertificateMismatch)) }
}

/// The one name that is registered (RFC 8705 §2.1.2).
fn is_named(certificate: &ClientCertificate, settings: &ClientSettings) -> bool {
    if let Some(name) = &settings.tls_client_auth_subject_dn {
        return certificate.has_subject(name);
    }
    if let Some(name) = &settings.tls_client_auth_san_dns {
        return certificate.has_dns_name(name);
    }
    if let Some(uri) = &settings.tls_client_auth_san_uri {
        return certificate.has_uri(uri);
    }
    if let Some(address) = &settings.tls_client_auth_san_ip {
        return address.parse().is_ok_and(|address| certificate.has_address(address));
    }
    settings.tls_client_auth_san_email.as_ref().is_some_and(|email| certificate.has_email(email))
}

const fn refused(reason: Reason) -> OAuthError {
    OAuthError::invalid_client(reason)
}
