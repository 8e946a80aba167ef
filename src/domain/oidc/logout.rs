//! RP-initiated logout (OIDC RP-Initiated Logout 1.0 §2, §3): who may end a session without asking,
//! where the browser may go afterwards, and what else ends with a session.

use crate::{
    entity::{Authorization, Client, Session},
    ids::ClientId,
    oauth::{OAuthError, check_released},
    oidc::{id_token::Hint, logout_effects::Effect},
    trace::Reason,
};

/// The `id_token_hint` as it came.
#[derive(Clone, Copy, Debug)]
pub enum SentHint<'a> {
    /// None was sent.
    Absent,
    /// One was sent that this server did not issue, or that was altered.
    Invalid,
    /// One of this server's ID tokens.
    Valid(&'a Hint),
}

/// A logout request, with its hint verified.
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    /// `id_token_hint`.
    pub hint: SentHint<'a>,
    /// `client_id`.
    pub client_id: Option<&'a ClientId>,
    /// `post_logout_redirect_uri`.
    pub post_logout_redirect_uri: Option<&'a str>,
}

impl<'a> LogoutRequest<'a> {
    /// The client that asks: the one named, else the only one the hint was issued to. The caller looks
    /// it up and hands it to [`decide`].
    pub fn asking_client(&self) -> Option<&'a ClientId> {
        match (self.client_id, self.hint) {
            (Some(named), _) => Some(named),
            (None, SentHint::Valid(hint)) => match hint.client_ids.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            (None, _) => None,
        }
    }
}

/// What to do with a logout request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogoutDecision {
    /// Ask the person; if they agree, sign out and go there, else to the signed-out page.
    Confirm(Option<PostLogoutRedirect>),
    /// End the session, if any, and go there.
    SignOutAndRedirect(PostLogoutRedirect),
    /// End the session, if any, and show the signed-out page.
    SignOut,
    /// An error page; nothing ends and nothing redirects.
    Refuse(OAuthError),
}

/// An address after logout that the client registered. There is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostLogoutRedirect(String);

impl PostLogoutRedirect {
    /// Compares character by character with what the client registered (§3.1), and an administrator let
    /// in where that is needed: nobody is sent to a place that a stranger just wrote down.
    ///
    /// # Errors
    /// `invalid_request` with `Reason::LogoutRedirectNotRegistered`; `unauthorized_client`.
    pub fn registered(uri: &str, client: &Client) -> Result<Self, OAuthError> {
        if client.enabled && client.settings.post_logout_redirect_uris.iter().any(|registered| registered == uri) {
            check_released(client)?;
            return Ok(Self(uri.to_owned()));
        }
        Err(OAuthError::invalid_request(Reason::LogoutRedirectNotRegistered))
    }

    /// The registered address, as it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with `state`, if one was sent, and nothing else.
    pub fn location(&self, state: Option<&str>) -> String {
        let Some(state) = state.filter(|state| !state.is_empty()) else {
            return self.0.clone();
        };
        let (address, fragment) = match self.0.split_once('#') {
            Some((address, fragment)) => (address, Some(fragment)),
            None => (self.0.as_str(), None),
        };
        let join = match address.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let mut location = format!("{address}{join}state=");
        for byte in state.bytes() {
            // Only unreserved characters stand for themselves (RFC 3986 §2.3).
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                location.push(char::from(byte));
            } else {
                location.push_str(&format!("%{byte:02X}"));
            }
        }
        if let Some(fragment) = fragment {
            location.push('#');
            location.push_str(fragment);
        }
        location
    }
}

/// Decides. `client` is the one that [`LogoutRequest::asking_client`] names, if it exists; `session`
/// is the browser's, if it is live.
///
/// Only a hint that came from the browser's very session ends it without asking: anybody can make a
/// browser send the ID token of another session, or of another person.
pub fn decide(request: &LogoutRequest<'_>, client: Option<&Client>, session: Option<&Session>) -> LogoutDecision {
    match destination(request, client) {
        Err(error) => LogoutDecision::Refuse(error),
        Ok(redirect) if must_ask(request, session, redirect.is_some()) => LogoutDecision::Confirm(redirect),
        Ok(Some(redirect)) => LogoutDecision::SignOutAndRedirect(redirect),
        Ok(None) => LogoutDecision::SignOut,
    }
}

fn destination(request: &LogoutRequest<'_>, client: Option<&Client>) -> Result<Option<PostLogoutRedirect>, OAuthError> {
    match (request.hint, request.client_id) {
        (SentHint::Invalid, _) => return Err(OAuthError::invalid_request(Reason::LogoutHintInvalid)),
        (SentHint::Valid(hint), Some(named)) if !hint.client_ids.contains(named) => {
            return Err(OAuthError::invalid_request(Reason::LogoutClientMismatch));
        }
        _ => {}
    }
    // A parameter sent without a value is treated as not sent (RFC 6749 §3.1).
    let Some(uri) = request.post_logout_redirect_uri.filter(|uri| !uri.is_empty()) else {
        return Ok(None);
    };
    let Some(asking) = request.asking_client() else {
        return Err(OAuthError::invalid_request(Reason::LogoutHintMissing));
    };
    match client.filter(|client| client.client_id == *asking) {
        Some(client) => PostLogoutRedirect::registered(uri, client).map(Some),
        None => Err(OAuthError::invalid_request(Reason::LogoutRedirectNotRegistered)),
    }
}

fn must_ask(request: &LogoutRequest<'_>, session: Option<&Session>, redirects: bool) -> bool {
    match (request.hint, session) {
        (SentHint::Valid(hint), Some(session)) => {
            hint.subject != session.user_id || hint.sid.as_ref() != Some(&session.id)
        }
        (SentHint::Valid(_), None) => false,
        // Without a hint nothing proves who asks: never a silent redirect, session or not.
        (_, session) => session.is_some() || redirects,
    }
}

/// What the end of a session does to an authorization of it. The whole table is
/// [`LOGOUT_EFFECTS`](super::logout_effects::LOGOUT_EFFECTS).
pub fn effect_on(authorization: &Authorization) -> Effect {
    if authorization.is_offline() { Effect::Survives } else { Effect::Ends }
}

#[cfg(test)]
mod tests;
