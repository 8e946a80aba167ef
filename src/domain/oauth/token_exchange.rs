//! Token exchange: what may be asked, and what a policy makes of it (RFC 8693 §2.1, §2.2.2).
//! The new token never says more than the old one, and never lives longer.

use super::{
    Actor, ErrorCode, OAuthError, Params,
    params::{check_details_absent, check_restrictions_absent},
    resource::resource_key,
    scope::{OFFLINE_ACCESS, OPENID, check_allowed, narrow},
};
use crate::{
    Secret, Timestamp,
    entity::{Client, ExchangeMode, ExchangePolicy},
    trace::Reason,
};

/// The token type of access tokens (RFC 8693 §3).
pub const ACCESS_TOKEN_URN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What kind of token is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectType {
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
    /// An ID token.
    IdToken,
}

impl SubjectType {
    const ALL: [Self; 3] = [Self::AccessToken, Self::RefreshToken, Self::IdToken];

    /// The registered name (RFC 8693 §3).
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => ACCESS_TOKEN_URN,
            Self::RefreshToken => "urn:ietf:params:oauth:token-type:refresh_token",
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
        }
    }
}

/// A request.
#[derive(Debug)]
pub struct ExchangeRequest {
    /// The token to exchange.
    pub subject_token: Secret<String>,
    /// Its kind.
    pub subject_type: SubjectType,
    /// An access token of whoever acts.
    pub actor_token: Option<Secret<String>>,
    /// For whom the new token is to be.
    pub targets: Vec<String>,
    /// Fewer scopes, if sent.
    pub scope: Option<String>,
}

impl ExchangeRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// `invalid_request` for what is missing or not offered.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        check_restrictions_absent(params)?;
        check_details_absent(params)?;
        let refused = OAuthError::invalid_request;
        let subject_token = params.require("subject_token", Reason::SubjectTokenMissing)?;
        let named = params.find("subject_token_type");
        let subject_type = SubjectType::ALL.into_iter().find(|kind| named == Some(kind.name()));
        let subject_type = subject_type.ok_or(refused(Reason::SubjectTokenTypeUnsupported))?;
        if params.find("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN_URN) {
            return Err(refused(Reason::RequestedTokenTypeUnsupported));
        }
        let actor_token = match (params.find("actor_token"), params.find("actor_token_type")) {
            (None, None) => None,
            (Some(token), Some(ACCESS_TOKEN_URN)) => Some(Secret::from(token)),
            _ => return Err(refused(Reason::ActorTokenInvalid)),
        };
        let targets = ["audience", "resource"].into_iter().flat_map(|name| params.find_all(name)).map(str::to_owned);
        Ok(Self {
            subject_token: Secret::from(subject_token),
            subject_type,
            actor_token,
            targets: targets.collect(),
            scope: params.find("scope").map(str::to_owned),
        })
    }
}

/// What is known of the token that is exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeSubject {
    /// What it allows.
    pub scope: Vec<String>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Who acts in it already.
    pub actor: Option<Actor>,
}

/// What the new token may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// What it allows.
    pub scope: Vec<String>,
    /// For whom it is.
    pub audience: Vec<String>,
    /// Who acts.
    pub actor: Option<Actor>,
    /// It lives no longer than this.
    pub not_after: Timestamp,
}

/// Decides by the policy for this pair of clients. `acting`: the subject of a valid actor token that
/// was issued to the client; `issuer`: this server. What the registry of APIs says of an audience is for [`super::aim_exchanged`].
///
/// # Errors
/// `invalid_request` where no policy allows the pair (RFC 8693 §2.2.2), `invalid_target`,
/// `invalid_scope`.
pub fn decide_exchange(
    request: &ExchangeRequest,
    client: &Client,
    policy: Option<&ExchangePolicy>,
    subject: &ExchangeSubject,
    acting: Option<&str>,
    issuer: &str,
) -> Result<Exchanged, OAuthError> {
    let policy = policy.ok_or(OAuthError::invalid_request(Reason::ExchangeNotAllowed))?;
    let audience = match (request.targets.as_slice(), policy.audiences.as_slice()) {
        ([], [one]) => vec![one.clone()],
        ([], _) => return Err(OAuthError::new(ErrorCode::InvalidTarget, Reason::ExchangeTargetMissing)),
        (targets, allowed) if targets.iter().all(|target| names(allowed, target)) => {
            // In the order and the spelling of the policy, each once: whatever the request or the policy repeats.
            let mut audience: Vec<String> = Vec::with_capacity(targets.len());
            for known in allowed.iter().filter(|known| names(targets, known)) {
                if !names(&audience, known) {
                    audience.push(known.clone());
                }
            }
            audience
        }
        _ => return Err(OAuthError::new(ErrorCode::InvalidTarget, Reason::ExchangeTargetNotAllowed)),
    };
    let mut scope = narrow(request.scope.as_deref(), &subject.scope)?;
    // No refresh token comes of it.
    scope.retain(|scope| scope != OFFLINE_ACCESS);
    if request.scope.is_some() {
        check_allowed(client, &scope)?;
    } else {
        scope.retain(|scope| client.settings.scope.contains(scope));
    }
    // The new token is for those whom it names (RFC 8693 §2.1): UserInfo is the issuer's.
    if !audience.iter().any(|known| known == issuer) {
        scope.retain(|scope| scope != OPENID);
    }
    let present = match (acting, policy.mode) {
        (Some(actor), _) => Some(actor),
        (None, ExchangeMode::Delegation) => Some(client.client_id.as_str()),
        (None, ExchangeMode::Impersonation) => None,
    };
    let actor = match present {
        Some(actor) => {
            let longer = Actor::after(actor, subject.actor.as_ref());
            Some(longer.ok_or(OAuthError::invalid_request(Reason::ExchangeChainTooLong))?)
        }
        // Who acted before is not forgotten.
        None => subject.actor.clone(),
    };
    Ok(Exchanged { scope, audience, actor, not_after: subject.expires_at })
}

/// Whether one of them is this audience; addresses of APIs are compared as they are everywhere (RFC 8707 §2).
fn names(audiences: &[String], wanted: &str) -> bool {
    audiences.iter().any(|one| resource_key(one) == resource_key(wanted))
}

#[cfg(test)]
mod tests;
