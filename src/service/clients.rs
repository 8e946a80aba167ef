//! Clients as the hot paths see them: parsed once, kept for a moment, and checked by version in
//! whatever transaction relies on them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Broken, Cx, Failure, client_documents};
use crate::{
    crypto::verifier::PublicKeySet,
    domain::{
        Timestamp,
        entity::{Client, ClientSecret},
        ids::ClientId,
        oauth::is_document_id,
    },
    store::{Read, StoreError, client, role},
};

/// A client with what its requests need.
#[derive(Debug)]
pub struct ClientView {
    /// The client.
    pub client: Client,
    /// Its secrets, expired ones included.
    pub secrets: Vec<ClientSecret>,
    /// Its registered keys, parsed; none if it has none by value, or they do not parse.
    pub keys: Option<PublicKeySet>,
    /// The roles that its own tokens carry.
    pub roles: Vec<String>,
}

/// A view is reused for this long. What must be exact is checked by version where it is used.
const FRESH_MILLIS: i64 = 2000;
/// More clients than this are not kept.
const CAPACITY: usize = 4096;

/// The views read lately.
#[derive(Debug, Default)]
pub struct ClientCache {
    views: Mutex<HashMap<ClientId, (Timestamp, Arc<ClientView>)>>,
}

impl ClientCache {
    fn recent(&self, id: &ClientId, now: Timestamp) -> Option<Arc<ClientView>> {
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, view) = views.get(id)?;
        let age = now.millis().saturating_sub(read_at.millis());
        (0..FRESH_MILLIS).contains(&age).then(|| view.clone())
    }

    fn kept(&self, id: &ClientId) -> Option<Arc<ClientView>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).get(id).map(|(_, view)| view.clone())
    }

    fn keep(&self, view: &Arc<ClientView>, now: Timestamp) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if views.len() >= CAPACITY {
            views.clear();
        }
        views.insert(view.client.client_id.clone(), (now, view.clone()));
    }

    /// Forgets a view, because what relied on it found another version.
    pub fn forget(&self, id: &ClientId) {
        self.views.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// The client, perhaps a moment old. Only for paths that check its version before they answer.
///
/// # Errors
/// As [`find`].
pub async fn find_recent(cx: &Cx, id: &ClientId) -> Result<Option<Arc<ClientView>>, Failure> {
    match cx.services.clients.recent(id, cx.now()) {
        Some(view) => Ok(Some(view)),
        None => find(cx, id).await,
    }
}

/// The client as the database has it now. One whose name is the address of its own metadata is
/// fetched first, if what is stored is no longer believed: on whichever road it comes.
///
/// # Errors
/// `invalid_client` for a metadata document that is not acceptable, or not accepted here; broken.
pub async fn find(cx: &Cx, id: &ClientId) -> Result<Option<Arc<ClientView>>, Failure> {
    if is_document_id(id) {
        client_documents::refresh(cx, id).await?;
    }
    let wanted = id.clone();
    let view = cx.services.store.read(move |tx| read(tx, &wanted)).await.map_err(Broken::from)?;
    let Some(view) = view.map(Arc::new) else {
        cx.services.clients.forget(id);
        return Ok(None);
    };
    cx.services.clients.keep(&view, cx.now());
    Ok(Some(view))
}

/// The enabled client as it stands in the caller's unit of work. The view that is kept serves as long
/// as it has the stored version.
///
/// # Errors
/// When the database fails.
pub fn standing(cx: &Cx, tx: &mut Read<'_>, id: &ClientId) -> Result<Option<Arc<ClientView>>, StoreError> {
    let Some(version) = client::enabled_version(tx, id)? else { return Ok(None) };
    if let Some(view) = cx.services.clients.kept(id).filter(|view| view.client.version == version) {
        return Ok(Some(view));
    }
    let view = read(tx, id)?.filter(|view| view.client.enabled).map(Arc::new);
    if let Some(view) = &view {
        cx.services.clients.keep(view, cx.now());
    }
    Ok(view)
}

/// The client with all that its requests need.
///
/// # Errors
/// When the database fails.
pub(super) fn read(tx: &mut Read<'_>, id: &ClientId) -> Result<Option<ClientView>, StoreError> {
    let Some(client) = client::find(tx, id)? else { return Ok(None) };
    let secrets = client::secrets(tx, id)?;
    let roles = role::names_of_client(tx, id)?;
    let keys = client.settings.jwks.as_ref().and_then(|jwks| PublicKeySet::parse(jwks).ok());
    Ok(Some(ClientView { client, secrets, keys, roles }))
}
