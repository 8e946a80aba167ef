//! Whether what a person once allowed still stands: asked again at every issuance, on every path
//! (RFC 6749 §5.2 `invalid_grant`, OIDC Core 11).

use super::{ErrorCode, OAuthError};
use crate::{
    Timestamp,
    entity::{Authorization, Client, Session, User},
    trace::Reason,
};

/// The person, the client, the authorization, the session and the consent, read in the
/// transaction that issues. `session` is the row that the authorization names;
/// `consent_stands` is false when the client needs a consent and it was withdrawn.
///
/// # Errors
/// `invalid_client` if the client is no longer in use, else `invalid_grant`.
pub fn check_standing(
    user: Option<&User>,
    client: &Client,
    authorization: &Authorization,
    session: Option<&Session>,
    consent_stands: bool,
    now: Timestamp,
) -> Result<(), OAuthError> {
    if !client.enabled {
        return Err(OAuthError::invalid_client(Reason::ClientUnknown));
    }
    check_released(client)?;
    let user = user
        .filter(|user| user.is_active() && user.id == authorization.user_id)
        .ok_or(OAuthError::invalid_grant(Reason::UserNotActive))?;

    // The sign-in is never later than the authorization; a limit between the two ends both.
    let began = authorization.created_at.min(authorization.context.auth_time);
    let too_old = |limit: Option<Timestamp>, since: Timestamp| limit.is_some_and(|limit| since < limit);
    if authorization.revoked_at.is_some()
        || authorization.client_id != client.client_id
        || too_old(user.not_before, began)
        || too_old(client.not_before, authorization.created_at)
    {
        return Err(OAuthError::invalid_grant(Reason::AuthorizationRevoked));
    }

    let in_session = session.is_some_and(|session| {
        session.id == authorization.session_id && session.user_id == user.id && session.is_live(now, user.not_before)
    });
    // What no session brought has an end of its own, and is never offline.
    let stands = match authorization.bounds.without_session_until {
        Some(end) => now < end,
        None => in_session || authorization.is_offline(),
    };
    if !stands {
        return Err(OAuthError::invalid_grant(Reason::SessionEnded));
    }
    if !consent_stands {
        return Err(OAuthError::invalid_grant(Reason::ConsentWithdrawn));
    }
    Ok(())
}

/// Whether the client may be given anything: one that registered itself may have to wait for an
/// administrator. Told to whoever has authenticated as the client, or stands in front of a page.
///
/// # Errors
/// `unauthorized_client`.
pub fn check_released(client: &Client) -> Result<(), OAuthError> {
    if client.settings.quarantined {
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, Reason::ClientQuarantined));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
