//! Requests that a person answers elsewhere: what a device asks for (RFC 8628 §3.1), and what the
//! client hears when it asks again (§3.5; CIBA Core 1.0 §11 has the same rules).

use std::net::IpAddr;

use super::{
    AuthorizationRequest, ErrorCode, GrantType, OAuthError, Params, Prompt,
    authorization_request::parse_deferred_request, params::check_restrictions_absent,
};
use crate::{
    Secret, Timestamp,
    authn::throttle::network_key,
    entity::{Client, Deferred, DeferredKind, DeferredState},
    ids::ClientId,
    oidc::claims::ClaimsRequest,
    trace::Reason,
};

/// How long a person has to answer a device's request, in seconds.
pub const DEVICE_LIFETIME: i64 = 600;
/// The client waits so many seconds between two requests, at first and at least.
pub const POLL_INTERVAL: i64 = 5;
/// What asking too often costs, in seconds (RFC 8628 §3.5).
const SLOW_DOWN: i64 = 5;
/// A client that does not listen is not put off for ever.
const LONGEST_INTERVAL: i64 = 60;

/// So many requests over the back channel may wait for one person, whoever asks: who is asked again and
/// again in the end says yes.
pub const MOST_WAITING: usize = 20;
/// So many of them may be of one client.
pub const MOST_WAITING_OF_CLIENT: usize = 10;

/// Whether one more request may wait for a person, for whom those of these clients wait already.
///
/// # Errors
/// `access_denied` (CIBA Core 1.0 §13: a decision before anybody is asked).
pub fn check_waiting(waiting: &[ClientId], client: &ClientId) -> Result<(), OAuthError> {
    let of_client = waiting.iter().filter(|other| *other == client).count();
    if waiting.len() < MOST_WAITING && of_client < MOST_WAITING_OF_CLIENT {
        Ok(())
    } else {
        Err(OAuthError::new(ErrorCode::AccessDenied, Reason::BackchannelTooMany))
    }
}

/// Whether a device's request visibly came from another network than the browser that is asked about it. An
/// address of IPv4 tells nothing beside one of IPv6, as one home has both. That they are the same reassures
/// nobody: behind an undeclared proxy all have its address.
pub fn came_from_elsewhere(device: IpAddr, browser: IpAddr) -> bool {
    device.to_canonical().is_ipv4() == browser.to_canonical().is_ipv4() && network_key(device) != network_key(browser)
}

/// What restricts an authorization request through the browser, and no request that is answered elsewhere.
const OF_THE_BROWSER: [&str; 2] = ["request_uri", "code_challenge"];
/// The same at a device. Over the back channel they mean something (CIBA Core 1.0 §7.1).
const NOT_OF_DEVICES: [&str; 2] = ["request", "id_token_hint"];

/// Parameters that are not known are ignored (RFC 6749 §3.1), and so are wishes; but what a client knows as
/// a restriction it would take for one that holds. `prompt=consent` is what happens anyway.
///
/// # Errors
/// `invalid_request`.
pub(super) fn check_restrictions_honoured(params: &Params, kind: DeferredKind) -> Result<(), OAuthError> {
    check_restrictions_absent(params)?;
    let of_kind = match kind {
        DeferredKind::Device => NOT_OF_DEVICES.as_slice(),
        DeferredKind::Backchannel => &[],
    };
    let sent = |name: &&str| params.find(name).is_some();
    let prompt = params.find("prompt").unwrap_or_default();
    let claims = params.find("claims").map(ClaimsRequest::parse).transpose()?;
    if OF_THE_BROWSER.iter().chain(of_kind).any(sent)
        || prompt.split(' ').any(|word| !word.is_empty() && word != Prompt::Consent.name())
        || claims.is_some_and(|claims| claims.is_demanding())
    {
        return Err(OAuthError::invalid_request(Reason::DeferredRestriction));
    }
    Ok(())
}

/// What a device asks for.
///
/// # Errors
/// `unauthorized_client` without the grant, `invalid_request`, `invalid_scope`, `invalid_target`,
/// `invalid_authorization_details`.
pub fn parse_device_request(params: &Params, client: &Client) -> Result<AuthorizationRequest, OAuthError> {
    check_grant(client, GrantType::DeviceCode)?;
    check_restrictions_honoured(params, DeferredKind::Device)?;
    parse_deferred_request(params, client)
}

/// Whether the client may use a grant.
///
/// # Errors
/// `unauthorized_client`.
pub fn check_grant(client: &Client, grant: GrantType) -> Result<(), OAuthError> {
    if client.allows_grant(grant) {
        Ok(())
    } else {
        Err(OAuthError::new(ErrorCode::UnauthorizedClient, Reason::GrantTypeNotAllowed))
    }
}

/// What the client holds, from a token request.
///
/// # Errors
/// `invalid_request` without it.
pub fn parse_deferred_code(params: &Params, kind: DeferredKind) -> Result<Secret<String>, OAuthError> {
    check_restrictions_absent(params)?;
    let name = match kind {
        DeferredKind::Device => "device_code",
        DeferredKind::Backchannel => "auth_req_id",
    };
    Ok(Secret::from(params.require(name, Reason::DeferredCodeMissing)?))
}

/// What a client hears that asks about its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Tokens. The write whose condition is "approved" wins.
    Issue,
    /// To ask again: the time and the interval are remembered.
    Wait {
        /// The seconds between two requests from now on.
        interval: i64,
        /// `authorization_pending` or `slow_down`.
        error: OAuthError,
    },
    /// Nothing, ever.
    Refused(OAuthError),
}

/// Decides by the stored row. Another client learns nothing and changes nothing. Whether the client
/// asks too often matters only while it waits: an answer is handed out at once.
pub fn decide_poll(deferred: &Deferred, kind: DeferredKind, client: &Client, now: Timestamp) -> Poll {
    let grant = |reason| Poll::Refused(OAuthError::invalid_grant(reason));
    if deferred.kind != kind {
        return grant(Reason::DeferredCodeUnknown);
    }
    if deferred.client_id != client.client_id {
        return grant(Reason::DeferredCodeOfAnotherClient);
    }
    match deferred.state {
        DeferredState::Redeemed => grant(Reason::DeferredCodeRedeemed),
        DeferredState::Denied => Poll::Refused(OAuthError::new(ErrorCode::AccessDenied, Reason::PersonDeclined)),
        _ if now >= deferred.expires_at => {
            Poll::Refused(OAuthError::new(ErrorCode::ExpiredToken, Reason::DeferredCodeExpired))
        }
        DeferredState::Approved => Poll::Issue,
        DeferredState::Pending => {
            // The first request may come at once.
            let early = deferred.polled_at.is_some_and(|last| now < last.plus_seconds(deferred.interval));
            let (interval, code, reason) = if early {
                let longer = deferred.interval.saturating_add(SLOW_DOWN).min(LONGEST_INTERVAL.max(deferred.interval));
                (longer, ErrorCode::SlowDown, Reason::PollingTooFast)
            } else {
                (deferred.interval, ErrorCode::AuthorizationPending, Reason::AuthorizationPending)
            };
            Poll::Wait { interval, error: OAuthError::new(code, reason) }
        }
    }
}

#[cfg(test)]
mod tests;
