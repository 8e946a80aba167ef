//! What was allowed, and the artefacts that come from it: code and refresh token.

use serde::{Deserialize, Serialize};

use super::AuthenticationContext;
use crate::{
    Timestamp,
    ids::{AuthorizationId, ClientId, SessionId, UserId},
    oauth::Confirmation,
};

/// What narrows an authorization beyond its scopes. Every token that comes from it keeps within.
/// Stored as one document: a bound that this version does not know is an error, never ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// No session brought it, but an assertion of a trusted issuer: it stands without one, and only
    /// until then (RFC 7523 §2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_session_until: Option<Timestamp>,
    /// The thumbprint of the key that redeems the code (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// The resources that tokens may be for; none: the client's own audience, or an API whose scopes
    /// were granted (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// What was granted in detail (RFC 9396).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<serde_json::Value>,
}

/// One person's (or one service's) permission to one client, from one dialogue: the parent of
/// every code, refresh token and access token that comes from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Authorization {
    /// The identifier that lineage follows.
    pub id: AuthorizationId,
    /// To whom.
    pub client_id: ClientId,
    /// By whom.
    pub user_id: UserId,
    /// In which session.
    pub session_id: SessionId,
    /// What was granted.
    pub scope: Vec<String>,
    /// How the person had authenticated.
    pub context: AuthenticationContext,
    /// The claims parameter, as sent (OIDC Core 5.5).
    pub claims: Option<String>,
    /// What narrows it further.
    pub bounds: Bounds,
    /// When it was granted.
    pub created_at: Timestamp,
    /// When it was revoked, with all that came from it.
    pub revoked_at: Option<Timestamp>,
}

impl Authorization {
    /// The session that it came from, if one brought it.
    pub const fn session(&self) -> Option<&SessionId> {
        match self.bounds.without_session_until {
            Some(_) => None,
            None => Some(&self.session_id),
        }
    }

    /// The claims parameter, for the client that sent it. Whoever has a token in exchange did not ask, and is
    /// told what the token's scope names: its narrowing would be none otherwise (RFC 8693 §2.1).
    pub fn claims_told_to(&self, client: &ClientId) -> Option<&str> {
        self.claims.as_deref().filter(|_| self.client_id == *client)
    }

    /// With `offline_access`, tokens outlive the session (OIDC Core 11).
    pub fn is_offline(&self) -> bool {
        self.scope.iter().any(|scope| scope == "offline_access")
    }
}

/// A code, as stored: never the code itself, only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// SHA-256 of the code.
    pub code_hash: Vec<u8>,
    /// What it redeems.
    pub authorization_id: AuthorizationId,
    /// Who may redeem it.
    pub client_id: ClientId,
    /// The redirect_uri of the authorization request, exactly.
    pub redirect_uri: String,
    /// The S256 challenge, if one was sent.
    pub code_challenge: Option<String>,
    /// The nonce, if one was sent.
    pub nonce: Option<String>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it stops being redeemable.
    pub expires_at: Timestamp,
    /// When it was redeemed.
    pub consumed_at: Option<Timestamp>,
}

/// A refresh token, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// The family: all refresh tokens of one authorization.
    pub authorization_id: AuthorizationId,
    /// Who may use it.
    pub client_id: ClientId,
    /// When it was issued.
    pub created_at: Timestamp,
    /// Idle limit.
    pub expires_at: Timestamp,
    /// Absolute limit of the family.
    pub family_expires_at: Timestamp,
    /// When it was first rotated.
    pub rotated_at: Option<Timestamp>,
    /// The keys that its user must prove to hold: of public clients.
    pub confirmation: Confirmation,
}

/// What a person agreed to for a client, remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// Who agreed.
    pub user_id: UserId,
    /// To which client.
    pub client_id: ClientId,
    /// To which scopes and resources, all together so far.
    pub scope: Vec<String>,
    /// When it was last given.
    pub granted_at: Timestamp,
}
