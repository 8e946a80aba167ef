//! Starting an app from here (OIDC Core 4): which app, and whether the browser is sent on at once.

use super::{
    Cx, Failure,
    authorization::{App, DialogueFailure},
    clients,
};
use crate::domain::{
    ids::ClientId,
    oauth::{OAuthError, Params},
    oidc::login_initiation::initiation_address,
    trace::Reason,
};

/// Where the browser goes.
pub struct Start {
    /// The app's own address, with our name.
    pub address: String,
    /// The app.
    pub app: App,
    /// Nobody here has vouched for the app: a person is asked before the browser leaves.
    pub ask: bool,
}

/// Where the app of the query is started.
///
/// # Errors
/// A page: the app is not known, has no such address, or waits for an administrator.
pub async fn start(cx: &Cx, encoded: &[u8]) -> Result<Start, DialogueFailure> {
    let refuse = |error: OAuthError| {
        cx.refused("login_initiation", &[], error.reason);
        DialogueFailure::from(error)
    };
    let params = Params::parse(encoded).map_err(refuse)?;
    let unknown = OAuthError::invalid_request(Reason::LoginInitiationUnknown);
    let id = ClientId::new(params.find("client_id").ok_or_else(|| refuse(unknown))?);
    cx.note_client(id.as_str());
    let view = match clients::find(cx, &id).await {
        Ok(view) => view,
        Err(Failure::Refused(_)) => None,
        Err(Failure::Broken(broken)) => return Err(broken.into()),
    };
    let client = view.as_ref().map(|view| &view.client);
    let (hint, target) = (params.find("login_hint"), params.find("target_link_uri"));
    let address = initiation_address(client, cx.services.issuer.as_str(), hint, target).map_err(refuse)?;
    let client = client.ok_or_else(|| refuse(unknown))?;
    cx.passed("login_initiation", &[]);
    Ok(Start { address, app: App::from(client), ask: client.owner.is_self_registered() })
}
