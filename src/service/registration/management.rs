//! A client that registered itself looks at its registration, replaces or deletes it (RFC 7592 §2). Its
//! registration access token stays the same (§3 leaves that open): a client that lost the answer to which
//! another one came would never reach its registration again.

use super::{Issued, Refused, broken, noted, policy, registration_off, understand};
use crate::{
    crypto::token::{self, SecretHash, SecretKind, hash_of},
    domain::{
        Secret,
        entity::{Client, EventKind, Owner},
        ids::ClientId,
        oauth::{ErrorCode, OAuthError, RegistrationPolicy, RegistrationRefusal, is_another_app, parse_metadata},
        strict_json::parse_object,
        trace::{Reason, Transaction},
    },
    service::{Broken, Cx, admin::client as clients, clients::ClientView, events::Draft},
    store::{Abort, Read, StoreError, Write, client, consent, registration},
};

/// The registration as it is stored. The secret is not told again: only its hash is known here.
///
/// # Errors
/// `invalid_token`.
pub async fn find(cx: &Cx, id: &str, token: Option<&Secret<String>>) -> Result<Issued, Refused> {
    let found = authenticate(cx, id, token).await;
    noted(cx, found.map(|(view, management)| Issued { client: view.client, secret: None, management }))
}

/// Replaces what the client said of itself; what it leaves out is reset to its default. What an
/// administrator has set stays. Where that makes it another app, nothing stands any more that people allowed the
/// earlier one, and it waits as a new one does.
///
/// # Errors
/// `invalid_token`, `access_denied` while registration is off, or what is wrong with the metadata.
pub async fn replace(cx: &Cx, id: &str, token: Option<&Secret<String>>, body: &[u8]) -> Result<Issued, Refused> {
    let replaced = try_replace(cx, id, token, body).await;
    noted(cx, replaced)
}

async fn try_replace(cx: &Cx, id: &str, token: Option<&Secret<String>>, body: &[u8]) -> Result<Issued, Refused> {
    let (view, management) = authenticate(cx, id, token).await?;
    let policy = cx.services.store.read(policy::read).await.map_err(Broken::from)?;
    if !policy.offers_registration() {
        return Err(registration_off().into());
    }
    check_identity(&view, body)?;
    let stored = &view.client;
    cx.note_profile(stored);
    let registration = understand(cx, body, |members| parse_metadata(members, Some(&stored.settings), &policy))?;
    if registration.settings.sector_identifier_uri.is_some() {
        admit_fetch(cx, &stored.client_id, &policy).await?;
    }
    super::make_ready(cx, &registration.settings).await?;
    let changed = Client {
        name: registration.name,
        kind: registration.kind,
        settings: registration.settings,
        updated_at: cx.now(),
        ..stored.clone()
    };
    if (&changed.name, changed.kind, &changed.settings) == (&stored.name, stored.kind, &stored.settings) {
        return Ok(Issued { client: view.client, secret: None, management });
    }
    let another = is_another_app(stored, &changed);
    let context = cx.clone().acting_as(format!("client:{}", stored.client_id));
    let issued = cx
        .services
        .store
        .write(move |tx| {
            let mut changed = changed;
            if another {
                changed.not_before = Some(context.now());
                changed.settings.quarantined |= waits(tx, &changed.client_id)?;
            }
            // The version that was read above must still stand: an administrator may have been here.
            if !client::update(tx, &changed)? {
                let why = "the client was changed in the meantime".to_owned();
                return Err(Abort::from(Broken::Unavailable { retry_after: 1, why }));
            }
            changed.version += 1;
            Draft::new(EventKind::ClientUpdated)
                .client(&changed.client_id)
                .fact("quarantined", changed.settings.quarantined)
                .fact("revoked_tokens", another)
                .append(&context, tx)?;
            if another {
                withdraw_consents(&context, tx, &changed.client_id)?;
            }
            let secret = clients::secret::settle(&context, tx, &changed).map_err(broken)?;
            Ok(Issued { client: changed, secret, management })
        })
        .await;
    cx.services.clients.forget(&ClientId::new(id));
    issued
}

/// Whether a client that nobody vouched for has to be let in.
fn waits(tx: &mut Read<'_>, id: &ClientId) -> Result<bool, StoreError> {
    Ok(policy::read(tx)?.quarantine && !is_vouched(tx, id)?)
}

/// Whether the client registered with an initial access token.
fn is_vouched(tx: &mut Read<'_>, id: &ClientId) -> Result<bool, StoreError> {
    Ok(registration::find(tx, id)?.is_some_and(|row| row.initial_access_token_id.is_some()))
}

/// What a stranger makes us fetch is counted at its network, as it is for a new client.
async fn admit_fetch(cx: &Cx, id: &ClientId, policy: &RegistrationPolicy) -> Result<(), Refused> {
    let known = id.clone();
    let vouched = cx.services.store.read(move |tx| is_vouched(tx, &known)).await.map_err(Broken::from)?;
    if vouched { Ok(()) } else { super::admit_stranger(cx, policy).await }
}

/// Takes back what people allowed the client. Its authorizations have ended by `not_before`.
fn withdraw_consents(cx: &Cx, tx: &mut Write<'_>, id: &ClientId) -> Result<(), Broken> {
    for person in consent::users_of_client(tx, id)? {
        if consent::delete(tx, &person, id)? {
            let event = Draft::new(EventKind::ConsentWithdrawn).user(&person).client(id);
            event.fact("cause", "client_changed").append(cx, tx)?;
        }
    }
    Ok(())
}

/// Deletes the client with everything issued to it.
///
/// # Errors
/// `invalid_token`.
pub async fn delete(cx: &Cx, id: &str, token: Option<&Secret<String>>) -> Result<(), Refused> {
    let deleted = try_delete(cx, id, token).await;
    cx.services.clients.forget(&ClientId::new(id));
    noted(cx, deleted)
}

async fn try_delete(cx: &Cx, id: &str, token: Option<&Secret<String>>) -> Result<(), Refused> {
    let (view, _) = authenticate(cx, id, token).await?;
    let context = cx.clone().acting_as(format!("client:{}", view.client.client_id));
    cx.services
        .store
        .write(move |tx| {
            let id = &view.client.client_id;
            if !client::delete(tx, id)? {
                return Err(invalid_token().into());
            }
            Draft::new(EventKind::ClientDeleted).client(id).append(&context, tx)?;
            Ok::<_, Abort<Refused>>(())
        })
        .await
}

const fn invalid_token() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidToken, Reason::ManagementTokenInvalid)
}

/// The client of this token, with the token. An unknown client, one of an administrator and a wrong
/// token read the same.
async fn authenticate(
    cx: &Cx,
    id: &str,
    token: Option<&Secret<String>>,
) -> Result<(ClientView, Secret<String>), Refused> {
    cx.note_transaction(Transaction::Registration);
    // One database refuses NUL in any text; none of our ids holds a control character.
    if id.contains(char::is_control) {
        return Err(invalid_token().into());
    }
    cx.note_client(id);
    let token = token.ok_or(invalid_token())?;
    let presented = token::parse(SecretKind::RegistrationAccess, token.expose()).ok_or(invalid_token())?;
    let wanted = ClientId::new(id);
    let view = cx.services.store.read(move |tx| read(tx, &wanted, &presented)).await?;
    Ok((view.ok_or(invalid_token())?, token.clone()))
}

fn read(tx: &mut Read<'_>, id: &ClientId, presented: &SecretHash) -> Result<Option<ClientView>, Refused> {
    let hash = registration::find(tx, id)?.and_then(|registered| registered.management_hash);
    let matches = hash.and_then(|hash| SecretHash::from_slice(&hash)).is_some_and(|hash| hash.matches(presented));
    if !matches {
        return Ok(None);
    }
    let view = crate::service::clients::read(tx, id)?;
    Ok(view.filter(|view| view.client.enabled && view.client.owner == Owner::Dcr))
}

/// The body names this very client, and its own secret if it names one (RFC 7592 §2.2).
fn check_identity(view: &ClientView, body: &[u8]) -> Result<(), Refused> {
    let mismatch = |field: &str| {
        let error = OAuthError::new(ErrorCode::InvalidClientMetadata, Reason::ManagementMismatch);
        Err(RegistrationRefusal { error, field: field.to_owned() }.into())
    };
    let Some(members) = parse_object(body) else { return Ok(()) };
    if members.get("client_id").and_then(serde_json::Value::as_str) != Some(view.client.client_id.as_str()) {
        return mismatch("client_id");
    }
    let known = |secret: &str| {
        let presented = hash_of(secret);
        let stored = view.secrets.iter().filter_map(|stored| SecretHash::from_slice(&stored.secret_hash));
        // Every one is compared.
        stored.map(|stored| stored.matches(&presented)).fold(false, std::ops::BitOr::bitor)
    };
    match members.get("client_secret") {
        None | Some(serde_json::Value::Null) => Ok(()),
        Some(serde_json::Value::String(secret)) if known(secret) => Ok(()),
        Some(_) => mismatch("client_secret"),
    }
}
