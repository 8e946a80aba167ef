//! The token requests and what decides them (RFC 6749 §4.1.3, §4.4.2 and §6, RFC 9700 §4.14.2).

use super::{
    ErrorCode, GrantType, OAuthError, Params,
    authorization_details::parse_details,
    params::check_restrictions_absent,
    pkce::check_verifier,
    resource::parse_resources,
    scope::{OFFLINE_ACCESS, OPENID, check_allowed, parse_scope},
    security_profile::RefreshTokens,
};
use crate::{
    Secret, Timestamp,
    entity::{AuthorizationCode, Client, RefreshToken},
    trace::Reason,
};

/// The grant that is asked for, if this client may use it.
///
/// # Errors
/// `invalid_request` if absent, `unsupported_grant_type`, or `unauthorized_client`.
pub fn parse_grant_type(params: &Params, client: &Client) -> Result<GrantType, OAuthError> {
    let name = params.require("grant_type", Reason::GrantTypeMissing)?;
    let grant = GrantType::from_name(name)
        .filter(|grant| grant.is_for_token_endpoint())
        .ok_or(OAuthError::new(ErrorCode::UnsupportedGrantType, Reason::GrantTypeUnsupported))?;
    if client.allows_grant(grant) { Ok(grant) } else { Err(not_allowed()) }
}

/// A code to redeem.
#[derive(Debug)]
pub struct CodeExchange {
    /// The code.
    pub code: Secret<String>,
    /// The address of the authorization request, repeated.
    pub redirect_uri: Option<String>,
    /// The PKCE verifier.
    pub code_verifier: Option<Secret<String>>,
}

impl CodeExchange {
    /// Reads the request.
    ///
    /// # Errors
    /// `invalid_request` without a code.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        check_restrictions_absent(params)?;
        Ok(Self {
            code: params.require("code", Reason::CodeMissing)?.into(),
            redirect_uri: params.find("redirect_uri").map(str::to_owned),
            code_verifier: params.find("code_verifier").map(Secret::from),
        })
    }
}

/// A refresh token to use.
#[derive(Debug)]
pub struct RefreshRequest {
    /// The token.
    pub refresh_token: Secret<String>,
    /// Fewer scopes than granted, if sent.
    pub scope: Option<String>,
}

impl RefreshRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// `invalid_request` without a token.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        check_restrictions_absent(params)?;
        Ok(Self {
            refresh_token: params.require("refresh_token", Reason::RefreshTokenMissing)?.into(),
            scope: params.find("scope").map(str::to_owned),
        })
    }
}

/// A service asking for itself.
#[derive(Debug)]
pub struct ClientCredentialsRequest {
    /// The scopes, if sent.
    pub scope: Option<String>,
}

impl ClientCredentialsRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// `invalid_request` for a restriction that is not offered.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        check_restrictions_absent(params)?;
        Ok(Self { scope: params.find("scope").map(str::to_owned) })
    }
}

/// How a token request narrows what was granted, beside its scope: every grant may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// The resources it names, as sent (RFC 8707 §2.2).
    pub resource: Vec<String>,
    /// The authorization details it repeats (RFC 9396 §6.1).
    pub authorization_details: Vec<serde_json::Value>,
}

impl Narrowing {
    /// Reads the request.
    ///
    /// # Errors
    /// `invalid_target`, `invalid_authorization_details`.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        Ok(Self { resource: parse_resources(params)?, authorization_details: parse_details(params)? })
    }
}

/// Why a code is not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was redeemed before: all that came from it is to be revoked (RFC 6749 §4.1.2).
    Replayed,
    /// Anything else; nothing is to be revoked.
    Refused(OAuthError),
}

impl Refusal {
    /// What the client hears.
    pub const fn error(self) -> OAuthError {
        match self {
            Self::Replayed => OAuthError::invalid_grant(Reason::CodeReplayed),
            Self::Refused(error) => error,
        }
    }
}

impl From<Refusal> for OAuthError {
    fn from(refusal: Refusal) -> Self {
        refusal.error()
    }
}

/// Whether this client may redeem this code with this request. Another client learns nothing and
/// revokes nothing; a replay is one even after the code's expiry.
///
/// # Errors
/// `invalid_grant`, in this order: another client's code, replayed, expired, another or no
/// `redirect_uri`, PKCE.
pub fn check_redeemable(
    code: &AuthorizationCode,
    client: &Client,
    request: &CodeExchange,
    now: Timestamp,
) -> Result<(), Refusal> {
    let refused = |reason| Err(Refusal::Refused(OAuthError::invalid_grant(reason)));
    if code.client_id != client.client_id {
        return refused(Reason::CodeOfAnotherClient);
    }
    if code.consumed_at.is_some() {
        return Err(Refusal::Replayed);
    }
    if now >= code.expires_at {
        return refused(Reason::CodeExpired);
    }
    if request.redirect_uri.as_deref() != Some(code.redirect_uri.as_str()) {
        return refused(Reason::CodeRedirectUriMismatch);
    }
    let verifier = request.code_verifier.as_ref().map(|verifier| verifier.expose().as_str());
    check_verifier(code.code_challenge.as_deref(), verifier).map_err(Refusal::Refused)
}

/// What happens to a refresh token that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshDecision {
    /// Hand out the same token, which lives on: a thief could not use it.
    Keep,
    /// Mint a successor; the write whose condition is `rotated_at IS NULL` wins.
    Rotate,
    /// Hand out the successor again: the response was lost, or two requests raced.
    Redeliver,
    /// Revoke the whole family.
    Reuse,
    /// Refuse; nothing changes.
    Refused(OAuthError),
}

/// Decides by the stored row. `successor_rotated`: the token that replaced this one has itself
/// been used, so the client has it. `grace_seconds`: how long a replaced token is answered with
/// its successor.
///
/// A replaced token is reuse even after its own idle expiry, as long as its family could live. A
/// security profile may keep tokens that only their client can use (FAPI 2.0 Security Profile 5.3.2.1).
pub fn decide_refresh(
    token: &RefreshToken,
    successor_rotated: bool,
    client: &Client,
    grace_seconds: i64,
    now: Timestamp,
) -> RefreshDecision {
    let refused = |reason| RefreshDecision::Refused(OAuthError::invalid_grant(reason));
    if token.client_id != client.client_id {
        return refused(Reason::RefreshTokenOfAnotherClient);
    }
    if now >= token.family_expires_at {
        return refused(Reason::RefreshTokenExpired);
    }
    let expired = now >= token.expires_at;
    match token.rotated_at {
        Some(rotated_at) => {
            let in_grace = now < rotated_at.plus_seconds(grace_seconds.max(0));
            match (in_grace && !successor_rotated, expired) {
                (true, false) => RefreshDecision::Redeliver,
                (true, true) => refused(Reason::RefreshTokenExpired),
                (false, _) => RefreshDecision::Reuse,
            }
        }
        None if expired => refused(Reason::RefreshTokenExpired),
        None if is_kept(token, client) => RefreshDecision::Keep,
        None => RefreshDecision::Rotate,
    }
}

fn is_kept(token: &RefreshToken, client: &Client) -> bool {
    client.profile_rules().is_some_and(|rules| rules.refresh_tokens == RefreshTokens::Kept)
        && (client.is_confidential() || !token.confirmation.is_empty())
}

/// The scopes of a service's own token: what it asks for, or all it is registered for. The scopes
/// that are about a person are refused when asked for, and left out otherwise.
///
/// # Errors
/// `unauthorized_client` if the client cannot authenticate or lacks the grant; `invalid_scope`.
pub fn client_credentials_scope(client: &Client, requested: Option<&str>) -> Result<Vec<String>, OAuthError> {
    if !client.is_confidential() || !client.allows_grant(GrantType::ClientCredentials) {
        return Err(not_allowed());
    }
    let of_a_person = |scope: &String| scope == OPENID || scope == OFFLINE_ACCESS;
    let Some(requested) = requested else {
        return Ok(client.settings.scope.iter().filter(|scope| !of_a_person(scope)).cloned().collect());
    };
    let scopes = parse_scope(requested)?;
    if scopes.iter().any(of_a_person) {
        return Err(OAuthError::invalid_scope(Reason::OpenidScopeNotForMachines));
    }
    check_allowed(client, &scopes)?;
    Ok(scopes)
}

const fn not_allowed() -> OAuthError {
    OAuthError::new(ErrorCode::UnauthorizedClient, Reason::GrantTypeNotAllowed)
}

#[cfg(test)]
mod tests;
