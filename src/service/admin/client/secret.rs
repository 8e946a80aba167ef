//! A client's secrets: minted, rotated with overlap, removed. A secret is told once, to whoever
//! asked for it; the database holds its hash, and the sealed secret where the client signs with it.

use super::{super::page_size, needs_secret, wanted};
use crate::{
    crypto::{
        SecretKind,
        token::{hash_of, mint},
    },
    domain::{
        Secret,
        entity::{AuthMethod, Client, ClientSecret, EventKind},
        ids::ClientId,
        trace::Reason,
    },
    service::{
        Cx,
        admin::{AdminFailure, Change, change, noted, text},
        events::Draft,
    },
    store::{self, Write, client},
};

/// The purpose under which secrets are sealed that a client signs with.
pub const SEALED_PURPOSE: &str = "client-secret";
/// The label of the secret that a client is created with.
pub(super) const FIRST_LABEL: &str = "first";
/// How long the old secrets go on after a rotation, unless asked otherwise.
pub const OVERLAP_SECONDS: i64 = 86_400;
/// The longest overlap: 90 days.
const LONGEST_OVERLAP: i64 = 90 * 86_400;
/// A secret that somebody chose has at least this many characters: its hash is a fast one.
const SHORTEST: usize = 32;
const LONGEST: usize = 256;
/// Expired secrets are kept this long, so that their use can be explained.
const EXPLAINED_SECONDS: i64 = 30 * 86_400;

/// How secrets are rotated.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// A secret chosen outside; minted if not given.
    pub secret: Option<Secret<String>>,
    /// The old secrets go on for this long; 0: they end now.
    pub overlap_seconds: i64,
    /// What to call the new one.
    pub label: String,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { secret: None, overlap_seconds: OVERLAP_SECONDS, label: "rotated".to_owned() }
    }
}

/// Whether a secret that somebody chose may be used (RFC 6749 appendix A.2: VSCHAR).
pub(super) fn check_given(secret: &Secret<String>) -> Result<(), AdminFailure> {
    let text = secret.expose();
    let different = text.bytes().collect::<std::collections::HashSet<_>>().len();
    let visible = text.bytes().all(|b| (0x21..=0x7e).contains(&b));
    if !(SHORTEST..=LONGEST).contains(&text.len()) || !visible || different < 10 {
        return Err(AdminFailure::value(
            "client_secret",
            "give 32 to 256 visible ASCII characters of chance, or none, and one is minted",
        ));
    }
    Ok(())
}

/// Writes a secret with its event, and gives it back.
pub(super) fn insert(
    cx: &Cx,
    tx: &mut Write<'_>,
    client: &Client,
    given: Option<&Secret<String>>,
    label: &str,
) -> Change<Secret<String>> {
    let (text, hash) = match given {
        Some(given) => (given.clone(), hash_of(given.expose())),
        None => {
            let minted = mint(SecretKind::ClientSecret, cx.random());
            (minted.text, minted.hash)
        }
    };
    let (id, row_id) = (&client.client_id, cx.fresh_id());
    let sealed_secret = (client.settings.token_endpoint_auth_method == AuthMethod::ClientSecretJwt)
        .then(|| cx.services.sealer.seal(SEALED_PURPOSE, &row_id, text.expose().as_bytes(), cx.random()));
    let row = ClientSecret {
        id: row_id,
        client_id: id.clone(),
        label: label.to_owned(),
        secret_hash: hash.as_bytes().to_vec(),
        sealed_secret,
        created_at: cx.now(),
        expires_at: None,
    };
    store::client::insert_secret(tx, &row)?;
    Draft::new(EventKind::ClientSecretCreated)
        .client(id)
        .object(&row.id)
        .fact("label", label)
        .fact("minted", given.is_none())
        .append(cx, tx)?;
    Ok(text)
}

/// Brings a client's secrets in line with its method: one in use if it needs one, none if not.
pub(in crate::service) fn settle(cx: &Cx, tx: &mut Write<'_>, changed: &Client) -> Change<Option<Secret<String>>> {
    let id = &changed.client_id;
    if !needs_secret(&changed.settings) {
        client::expire_secrets(tx, id, cx.now())?;
        return Ok(None);
    }
    // One whose hash alone is kept cannot verify a signature.
    let sealed = changed.settings.token_endpoint_auth_method == AuthMethod::ClientSecretJwt;
    let in_use = |secret: &ClientSecret| {
        secret.expires_at.is_none_or(|at| cx.now() < at) && (!sealed || secret.sealed_secret.is_some())
    };
    if client::secrets(tx, id)?.iter().any(in_use) {
        return Ok(None);
    }
    insert(cx, tx, changed, None, FIRST_LABEL).map(Some)
}

/// Gives a client a new secret; the old ones expire after the overlap. Gives the new secret.
///
/// # Errors
/// `AS-3002`, `AS-3003` also for a client without secrets; broken.
pub async fn rotate(cx: &Cx, client_id: &str, rotation: Rotation) -> Result<Secret<String>, AdminFailure> {
    noted(cx, "client.secret", check(&rotation))?;
    let (id, wanted_id) = (ClientId::new(client_id), client_id.to_owned());
    let rotated = change(cx, "client.rotate_secret", move |cx, tx| {
        let stored = wanted(tx, &wanted_id)?;
        if !needs_secret(&stored.settings) {
            let method = stored.settings.token_endpoint_auth_method.name();
            let rule = format!("a client with {method} has no secret");
            return Err(AdminFailure::value("token_endpoint_auth_method", rule).into());
        }
        // Its row is locked first, so that two rotations at once do not both see the same old secrets.
        client::touch(tx, &stored.client_id, cx.now())?;
        for old in client::secrets(tx, &stored.client_id)? {
            if old.expires_at.is_some_and(|at| at < cx.now().plus_seconds(-EXPLAINED_SECONDS)) {
                client::delete_secret(tx, &stored.client_id, &old.id)?;
            }
        }
        client::expire_secrets(tx, &stored.client_id, cx.now().plus_seconds(rotation.overlap_seconds))?;
        insert(cx, tx, &stored, rotation.secret.as_ref(), &rotation.label)
    })
    .await;
    cx.services.clients.forget(&id);
    rotated
}

fn check(rotation: &Rotation) -> Result<(), AdminFailure> {
    if let Some(given) = &rotation.secret {
        check_given(given)?;
    }
    if !(0..=LONGEST_OVERLAP).contains(&rotation.overlap_seconds) {
        return Err(AdminFailure::value("overlap", "use 0 seconds to 90 days"));
    }
    text::check_line("label", &rotation.label, true)
}

/// A client's secrets, oldest first: when, and until when, never what.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn list(cx: &Cx, client_id: &str, limit: i64) -> Result<Vec<ClientSecret>, AdminFailure> {
    let mut secrets = super::find(cx, client_id).await?.secrets;
    secrets.truncate(usize::try_from(page_size(limit)).unwrap_or(usize::MAX));
    Ok(secrets)
}

/// Removes one secret at once.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn delete(cx: &Cx, client_id: &str, secret_id: &str) -> Result<(), AdminFailure> {
    let (id, wanted_id, secret_id) = (ClientId::new(client_id), client_id.to_owned(), secret_id.to_owned());
    let deleted = change(cx, "client.delete_secret", move |cx, tx| {
        let stored = wanted(tx, &wanted_id)?;
        let deleted = !secret_id.contains('\0') && client::delete_secret(tx, &stored.client_id, &secret_id)?;
        if !deleted {
            return Err(AdminFailure::refused(
                Reason::ObjectNotFound,
                format!("client {wanted_id} has no secret with this id"),
            )
            .into());
        }
        client::touch(tx, &stored.client_id, cx.now())?;
        Draft::new(EventKind::ClientSecretDeleted).client(&stored.client_id).object(&secret_id).append(cx, tx)?;
        Ok(())
    })
    .await;
    cx.services.clients.forget(&id);
    deleted
}
