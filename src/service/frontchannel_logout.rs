//! Front-channel logout (OIDC Front-Channel Logout 1.0): what the signed-out page loads in frames, one
//! for each client that met an ended session and asks for it.

use url::Url;

use super::Cx;
use crate::{
    domain::entity::{Client, Session},
    store::{Read, StoreError, client, session_client},
};

/// An app that met a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetApp {
    /// Its name.
    pub name: String,
    /// What the browser loads to sign out there as well, if it asks for that.
    pub frame: Option<Frame>,
}

/// A page of an app, in a frame of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The whole address.
    pub address: String,
    /// Its scheme, host and port: what the content security policy lets in.
    pub origin: String,
}

/// The enabled apps that met this session, by name, each once.
///
/// # Errors
/// When the database fails.
pub(super) fn apps_of(cx: &Cx, tx: &mut Read<'_>, session: &Session) -> Result<Vec<MetApp>, StoreError> {
    let mut apps = Vec::new();
    for id in session_client::of_session(tx, &session.id)? {
        let Some(client) = client::find(tx, &id)?.filter(|client| client.enabled) else { continue };
        apps.push(MetApp { frame: frame(cx, &client, session), name: client.name });
    }
    apps.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(apps)
}

/// `iss` and `sid` are always added (§3): an app that does not need them ignores them.
fn frame(cx: &Cx, client: &Client, session: &Session) -> Option<Frame> {
    let mut address = Url::parse(client.settings.frontchannel_logout_uri.as_deref()?).ok()?;
    let origin = address.origin();
    if !origin.is_tuple() || !matches!(address.scheme(), "https" | "http") {
        return None;
    }
    address.query_pairs_mut().append_pair("iss", cx.services.issuer.as_str()).append_pair("sid", session.id.as_str());
    Some(Frame { address: address.into(), origin: origin.ascii_serialization() })
}
