//! The keys that a token is bound to, and those that a caller proved to hold (RFC 7800 §3.1,
//! RFC 8705 §3, RFC 9449 §6): what is bound to what, and who may use it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ErrorCode, OAuthError, SenderConstraint};
use crate::{Secret, entity::Client, trace::Reason};

/// Thumbprints of keys. Of a token: what it is bound to (`cnf`). Of a caller: what it proved to hold.
/// A member that this version does not know makes a token unusable: it would bind to something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Of the key of a DPoP proof (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// Of the certificate of the TLS client (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256", default, skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
}

/// How an access token was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenScheme {
    /// RFC 6750.
    Bearer,
    /// RFC 9449 §7.1.
    Dpop,
}

impl TokenScheme {
    /// The scheme of this name, in any case (RFC 9110 §11.1).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop].into_iter().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }

    /// The scheme and the token of an `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1).
    pub fn parse_authorization(header: &str) -> Option<(Self, Secret<String>)> {
        let (scheme, token) = header.split_once(' ')?;
        Some((Self::from_name(scheme)?, Secret::from(token.trim_start())))
    }

    /// The scheme's name, and the `token_type` of what is sent with it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

impl Confirmation {
    /// Whether this binds to nothing.
    pub const fn is_empty(&self) -> bool {
        self.jkt.is_none() && self.x5t_s256.is_none()
    }

    /// The `cnf` claim, if there is anything to confirm.
    pub fn claim(&self) -> Option<Value> {
        if self.is_empty() { None } else { serde_json::to_value(self).ok() }
    }

    /// What the claims of a token of ours bind it to. `None`: something that this version cannot check.
    pub fn of_claims(claims: &Map<String, Value>) -> Option<Self> {
        match claims.get("cnf") {
            None => Some(Self::default()),
            Some(cnf) => serde_json::from_value::<Self>(cnf.clone()).ok().filter(|cnf| !cnf.is_empty()),
        }
    }

    /// How a token bound like this is sent.
    pub const fn scheme(&self) -> TokenScheme {
        if self.jkt.is_some() { TokenScheme::Dpop } else { TokenScheme::Bearer }
    }

    /// What the tokens of this client are bound to, given what it proved. A proof always binds; a
    /// certificate does for clients that asked for it (RFC 8705 §3.4), or whose security profile does.
    ///
    /// # Errors
    /// `invalid_request` without the proof or the certificate that the client is registered to need.
    pub fn for_client(&self, client: &Client) -> Result<Self, OAuthError> {
        let settings = &client.settings;
        if settings.dpop_bound_access_tokens && self.jkt.is_none() {
            return Err(OAuthError::invalid_request(Reason::DpopProofMissing));
        }
        let constraint = client.profile_rules().map_or(SenderConstraint::Optional, |rules| rules.sender_constraint);
        let by_certificate =
            settings.tls_client_certificate_bound_access_tokens || constraint == SenderConstraint::Certificate;
        if !by_certificate {
            if constraint == SenderConstraint::KeyOrCertificate && self.jkt.is_none() {
                return Err(OAuthError::invalid_request(Reason::DpopProofMissing));
            }
            return Ok(Self { jkt: self.jkt.clone(), x5t_s256: None });
        }
        if self.x5t_s256.is_none() {
            return Err(OAuthError::invalid_request(Reason::CertificateMissing));
        }
        Ok(self.clone())
    }

    /// What a refresh token of this client is bound to: the keys of a public client, which has nothing
    /// else to show. A confidential one may change them, because it authenticates (RFC 9449 §5).
    #[must_use]
    pub fn for_refresh(&self, client: &Client) -> Self {
        if client.is_confidential() { Self::default() } else { self.clone() }
    }

    /// Whether a code bound to `jkt` may be redeemed with what was proved (RFC 9449 §10).
    ///
    /// # Errors
    /// `invalid_grant`.
    pub fn check_code(&self, jkt: Option<&str>) -> Result<(), OAuthError> {
        if jkt.is_none() || jkt == self.jkt.as_deref() { Ok(()) } else { Err(other_key()) }
    }

    /// Whether a refresh token bound to `bound` may be used with what was proved.
    ///
    /// # Errors
    /// `invalid_grant`.
    pub fn check_refresh(&self, bound: &Self) -> Result<(), OAuthError> {
        if bound.is_met_by(self) { Ok(()) } else { Err(other_key()) }
    }

    /// Whether an access token bound like this may be used by whoever sent it so and proved `proved`.
    ///
    /// # Errors
    /// `invalid_token`.
    pub fn check_use(&self, scheme: TokenScheme, proved: &Self) -> Result<(), OAuthError> {
        if scheme == self.scheme() && self.is_met_by(proved) {
            Ok(())
        } else {
            Err(OAuthError::new(ErrorCode::InvalidToken, Reason::TokenBoundElsewhere))
        }
    }

    /// Whether a token bound like this may be exchanged by whoever proved `proved`: a stolen one is not
    /// turned into one that is bound to nothing (RFC 8693 §2.2.2 for the code).
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn check_exchange(&self, proved: &Self) -> Result<(), OAuthError> {
        if self.is_met_by(proved) { Ok(()) } else { Err(OAuthError::invalid_request(Reason::TokenBoundElsewhere)) }
    }

    fn is_met_by(&self, proved: &Self) -> bool {
        let met = |bound: &Option<String>, proved: &Option<String>| bound.is_none() || bound == proved;
        met(&self.jkt, &proved.jkt) && met(&self.x5t_s256, &proved.x5t_s256)
    }
}

const fn other_key() -> OAuthError {
    OAuthError::invalid_grant(Reason::GrantBoundElsewhere)
}

#[cfg(test)]
mod tests;
