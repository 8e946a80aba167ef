//! Whether an access or refresh token of ours is alive now: its own row or signature, and
//! everything that it stands on. Introspection, UserInfo and revocation all ask here.

use std::sync::Arc;

use super::{
    Cx,
    clients::{self, ClientView},
    token::issue,
};
use crate::{
    crypto::token::{SecretHash, SecretKind, parse},
    domain::{
        entity::{Authorization, Client, User},
        ids::{AuthorizationId, ClientId},
        oauth::{
            VerifiedAccessToken, check_own_access_token, check_released, check_standing, check_stored_access_token,
        },
    },
    store::{self, Read, StoreError, access_token::FoundAccessToken, authorization::Lineage},
};

/// A token as it was presented, recognized by its form.
pub enum Recognized {
    /// An opaque access token.
    Opaque(SecretHash),
    /// A self-contained access token, signed by us and not expired.
    SelfContained(Box<VerifiedAccessToken>),
    /// A refresh token.
    Refresh(SecretHash),
    /// Nothing of ours, or no longer.
    Unknown,
}

/// Recognizes a token without asking the database.
pub fn recognize(cx: &Cx, text: &str) -> Recognized {
    if let Some(hash) = parse(SecretKind::AccessToken, text) {
        return Recognized::Opaque(hash);
    }
    if let Some(hash) = parse(SecretKind::RefreshToken, text) {
        return Recognized::Refresh(hash);
    }
    let Ok((_, claims)) = cx.services.keyring.load().verify_own(text, &[issue::ACCESS_TOKEN_TYPE]) else {
        return Recognized::Unknown;
    };
    match check_own_access_token(&claims, cx.services.issuer.as_str(), cx.now()) {
        Ok(token) => Recognized::SelfContained(Box::new(token)),
        Err(_) => Recognized::Unknown,
    }
}

/// A live access token.
#[derive(Debug)]
pub struct Live {
    /// What the token says.
    pub token: VerifiedAccessToken,
    /// The person and the authorization it stands on; none for a client's own token.
    pub person: Option<(User, Authorization)>,
    /// The client it was issued to.
    pub client: Arc<ClientView>,
}

/// A live refresh token.
#[derive(Debug)]
pub struct LiveRefresh {
    /// The token.
    pub found: store::refresh_token::Found,
    /// The person and the authorization it stands on.
    pub person: (User, Authorization),
    /// The client it was issued to.
    pub client: Arc<ClientView>,
}

/// The access token, if it is alive. `known`: a client whose version the caller has checked in this
/// unit of work.
///
/// # Errors
/// When the database fails.
pub fn find_access(
    cx: &Cx,
    tx: &mut Read<'_>,
    recognized: &Recognized,
    known: Option<&Arc<ClientView>>,
) -> Result<Option<Live>, StoreError> {
    match recognized {
        Recognized::Opaque(hash) => match store::access_token::find(tx, hash.as_bytes())? {
            Some(found) => check_opaque(cx, tx, &found, known),
            None => Ok(None),
        },
        Recognized::SelfContained(token) => {
            if store::access_token::is_revoked(tx, &token.jti)? {
                return Ok(None);
            }
            let authorization = issue::authorization_of_jti(&token.jti);
            check_standing_of(cx, tx, (**token).clone(), authorization, known)
        }
        Recognized::Refresh(_) | Recognized::Unknown => Ok(None),
    }
}

/// The access token of this row, if it is alive. `known`: as for [`find_access`].
///
/// # Errors
/// When the database fails.
pub fn check_opaque(
    cx: &Cx,
    tx: &mut Read<'_>,
    found: &FoundAccessToken,
    known: Option<&Arc<ClientView>>,
) -> Result<Option<Live>, StoreError> {
    if found.revoked_at.is_some() || cx.now() >= found.token.expires_at {
        return Ok(None);
    }
    match check_stored_access_token(&found.token.claims, cx.services.issuer.as_str(), cx.now()) {
        Ok(token) => check_standing_of(cx, tx, token, found.token.authorization_id.clone(), known),
        Err(_) => Ok(None),
    }
}

fn check_standing_of(
    cx: &Cx,
    tx: &mut Read<'_>,
    token: VerifiedAccessToken,
    authorization_id: Option<AuthorizationId>,
    known: Option<&Arc<ClientView>>,
) -> Result<Option<Live>, StoreError> {
    let known = known.filter(|view| view.client.client_id == token.client_id).cloned();
    let client = match known {
        Some(view) => view,
        None => match clients::standing(cx, tx, &token.client_id)? {
            Some(view) => view,
            None => return Ok(None),
        },
    };
    // Of every token it was given, also of those that hang on nothing, or on what another client was allowed.
    if check_released(&client.client).is_err() {
        return Ok(None);
    }
    // A token's `iat` has whole seconds; the limit is rounded down with it.
    if client.client.not_before.is_some_and(|limit| token.issued_at.seconds() < limit.seconds()) {
        return Ok(None);
    }
    let Some(id) = authorization_id else { return Ok(Some(Live { token, person: None, client })) };
    Ok(standing(cx, tx, &client.client, &id, true)?.map(|person| Live { token, person: Some(person), client }))
}

/// The refresh token, if it could be used now.
///
/// # Errors
/// When the database fails.
pub fn find_refresh(cx: &Cx, tx: &mut Read<'_>, hash: &SecretHash) -> Result<Option<LiveRefresh>, StoreError> {
    let Some(found) = store::refresh_token::find(tx, hash.as_bytes())? else { return Ok(None) };
    let token = &found.token;
    if token.rotated_at.is_some() || cx.now() >= token.expires_at || cx.now() >= token.family_expires_at {
        return Ok(None);
    }
    let Some(view) = clients::standing(cx, tx, &token.client_id)? else { return Ok(None) };
    let id = token.authorization_id.clone();
    Ok(standing(cx, tx, &view.client, &id, false)?.map(|person| LiveRefresh { found, person, client: view }))
}

/// Whether what a client was allowed still stands.
///
/// # Errors
/// When the database fails.
pub fn authorization_stands(
    cx: &Cx,
    tx: &mut Read<'_>,
    client: &ClientId,
    id: &AuthorizationId,
) -> Result<bool, StoreError> {
    let Some(view) = clients::standing(cx, tx, client)? else { return Ok(false) };
    Ok(standing(cx, tx, &view.client, id, false)?.is_some())
}

/// `exchanged`: the client may have the token in exchange for one of the client that the
/// authorization is for, and then that client must stand too (RFC 8693).
fn standing(
    cx: &Cx,
    tx: &mut Read<'_>,
    client: &Client,
    id: &AuthorizationId,
    exchanged: bool,
) -> Result<Option<(User, Authorization)>, StoreError> {
    let Some(Lineage { authorization, user, session }) = store::authorization::find_lineage(tx, id)? else {
        return Ok(None);
    };
    let grantor = if exchanged && authorization.client_id != client.client_id {
        let Some(view) = clients::standing(cx, tx, &authorization.client_id)? else { return Ok(None) };
        Some(view)
    } else {
        None
    };
    let client = grantor.as_ref().map_or(client, |view| &view.client);
    // A withdrawn consent revokes its authorizations; here the authorization tells.
    let stands = check_standing(user.as_ref(), client, &authorization, session.as_ref(), true, cx.now()).is_ok();
    Ok(user.filter(|_| stands).map(|user| (user, authorization)))
}
