//! A sign-in that begins at this server and not at the app: where the browser is sent so that the
//! app begins it (OIDC Core 4).

use url::Url;

use crate::{
    entity::Client,
    oauth::{ErrorCode, OAuthError, check_released},
    trace::Reason,
};

/// The longest hint, in bytes.
const MAX_HINT: usize = 512;
/// The longest target, in bytes.
const MAX_TARGET: usize = 2048;

/// The app's `initiate_login_uri` with our name and what the link said.
///
/// # Errors
/// `invalid_request`: the app has no such address, or the target is not at the same place.
pub fn initiation_address(
    client: Option<&Client>,
    issuer: &str,
    login_hint: Option<&str>,
    target_link_uri: Option<&str>,
) -> Result<String, OAuthError> {
    let unknown = OAuthError::invalid_request(Reason::LoginInitiationUnknown);
    let client = client.filter(|client| client.enabled).ok_or(unknown)?;
    check_released(client)?;
    let stored = client.settings.initiate_login_uri.as_deref().ok_or(unknown)?;
    let mut address = Url::parse(stored).map_err(|_| unknown)?;
    // The app must check it too; that no other place is named in our name is ours to check.
    let is_own = |target: &str| Url::parse(target).is_ok_and(|target| target.origin() == address.origin());
    if target_link_uri.is_some_and(|target| target.len() > MAX_TARGET || !is_own(target)) {
        return Err(OAuthError::new(ErrorCode::InvalidRequest, Reason::LoginInitiationTarget));
    }
    let mut pairs = address.query_pairs_mut();
    pairs.append_pair("iss", issuer);
    if let Some(hint) = login_hint.filter(|hint| hint.len() <= MAX_HINT) {
        pairs.append_pair("login_hint", hint);
    }
    if let Some(target) = target_link_uri {
        pairs.append_pair("target_link_uri", target);
    }
    drop(pairs);
    Ok(address.into())
}

#[cfg(test)]
mod tests;
