//! How a client proves who it is (RFC 7591 §2, OIDC Core 9, RFC 8705 §2).

use serde::{Deserialize, Serialize};

/// `token_endpoint_auth_method` (RFC 7591 §2, OIDC Core 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A secret in the Authorization header.
    ClientSecretBasic,
    /// A secret in the form.
    ClientSecretPost,
    /// An assertion under the secret (OIDC Core 9).
    ClientSecretJwt,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
    /// A certificate that an authority vouches for (RFC 8705 §2.1).
    TlsClientAuth,
    /// A certificate whose key is registered (RFC 8705 §2.2).
    SelfSignedTlsClientAuth,
    /// A public client.
    None,
}

/// What a server can learn of the certificates of clients (RFC 8705).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    /// Nothing: there is no address at which they are asked for.
    Unseen,
    /// Which ones clients hold; nobody vouches for them.
    Shown,
    /// Also whether a named authority vouches for them.
    VouchedFor,
}

impl AuthMethod {
    /// Every method, as metadata lists them.
    pub const ALL: [Self; 7] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::None,
    ];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::None => "none",
        }
    }

    /// The method of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether the client proves who it is.
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::None)
    }

    /// Whether the proof is an assertion, which is accepted once.
    pub const fn is_assertion(self) -> bool {
        matches!(self, Self::ClientSecretJwt | Self::PrivateKeyJwt)
    }

    /// Whether the proof is the certificate of the connection.
    pub const fn needs_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }

    /// Whether a client can authenticate so where certificates are seen like this.
    pub fn works_with(self, certificates: Certificates) -> bool {
        match self {
            Self::TlsClientAuth => certificates == Certificates::VouchedFor,
            Self::SelfSignedTlsClientAuth => certificates != Certificates::Unseen,
            _ => true,
        }
    }

    /// Whether the proof needs a secret that this server knows too.
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }
}
