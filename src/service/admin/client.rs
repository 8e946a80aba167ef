//! Clients: created, looked at, changed, deleted. Their secrets are in [`secret`].

pub mod secret;

use super::{AdminFailure, Change, change, check_version, noted, or_taken, page_size, text};
use crate::{
    crypto::random::random_bytes,
    domain::{
        Secret,
        entity::{AccessTokenFormat, Client, ClientKind, ClientSecret, ClientSettings, ConsentMode, EventKind, Owner},
        ids::ClientId,
        oauth::{check_certificates, check_settings},
        trace::Reason,
    },
    service::{Cx, events::Draft, keys, subjects},
    store::{Read, Write, client, role},
};

/// A client to be created.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// The kind of program.
    pub kind: ClientKind,
    /// What people see.
    pub name: String,
    /// The `client_id`; made up if not given.
    pub client_id: Option<String>,
    /// Everything else.
    pub settings: ClientSettings,
    /// A secret chosen outside; minted if not given and the method needs one.
    pub secret: Option<Secret<String>>,
    /// Who owns the definition.
    pub owner: Owner,
}

impl NewClient {
    /// A client of this kind with its defaults.
    pub fn of_kind(kind: ClientKind, name: impl Into<String>, owner: Owner) -> Self {
        Self { kind, name: name.into(), client_id: None, settings: ClientSettings::of_kind(kind), secret: None, owner }
    }
}

/// A client after it was written, with the secret that was minted for it. It is shown this once.
#[derive(Clone, Debug)]
pub struct Written {
    /// The client.
    pub client: Client,
    /// The minted secret, if one was.
    pub secret: Option<Secret<String>>,
}

/// What is to be changed about a client. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ClientChanges {
    /// What people see.
    pub name: Option<String>,
    /// A disabled client is unknown to the outside.
    pub enabled: Option<bool>,
    /// All settings, as they are to be.
    pub settings: Option<ClientSettings>,
    /// Every token issued to the client until now is dead.
    pub revoke_tokens: bool,
    /// The version that the caller has read.
    pub version: Option<i64>,
}

/// A client with what belongs to it.
#[derive(Clone, Debug)]
pub struct ClientDetail {
    /// The client.
    pub client: Client,
    /// Its secrets, expired ones included, oldest first.
    pub secrets: Vec<ClientSecret>,
    /// The roles that its own tokens carry.
    pub roles: Vec<String>,
}

/// Creates a client.
///
/// # Errors
/// `AS-3001`, `AS-3003`; broken.
pub async fn create(cx: &Cx, new: NewClient) -> Result<Written, AdminFailure> {
    if let Some(given) = &new.secret {
        noted(cx, "client.secret", secret::check_given(given))?;
    }
    create_unchecked_secret(cx, new).await
}

/// Creates a client whose given secret may be weak: for the throw-away server only.
///
/// # Errors
/// As [`create`], but for the secret.
pub async fn danger_create_with_any_secret(cx: &Cx, new: NewClient) -> Result<Written, AdminFailure> {
    create_unchecked_secret(cx, new).await
}

async fn create_unchecked_secret(cx: &Cx, new: NewClient) -> Result<Written, AdminFailure> {
    let client_id = match &new.client_id {
        Some(given) => noted(cx, "client.client_id", check_client_id(given).map(|()| given.clone()))?,
        None => generated_id(cx),
    };
    let client = Client {
        client_id: ClientId::new(client_id),
        name: new.name,
        kind: new.kind,
        enabled: true,
        settings: new.settings,
        not_before: None,
        owner: new.owner,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    noted(cx, "client.values", check(&client))?;
    noted(cx, "client.certificates", check_seen(cx, &client.settings))?;
    if new.secret.is_some() && !needs_secret(&client.settings) {
        let method = client.settings.token_endpoint_auth_method.name();
        let refused = AdminFailure::value("client_secret", format!("a client with {method} has no secret"));
        return noted(cx, "client.secret", Err(refused));
    }
    noted(cx, "client.sector", check_sector(cx, &client.settings).await)?;
    ensure_keys(cx, &client.settings).await?;
    let given = new.secret;
    change(cx, "client.create", move |cx, tx| {
        client::insert(tx, &client)
            .map_err(|error| or_taken(error, |_| AdminFailure::taken("client_id", client.client_id.as_str())))?;
        Draft::new(EventKind::ClientCreated)
            .client(&client.client_id)
            .fact("kind", client.kind.name())
            .fact("owner", client.owner.name())
            .append(cx, tx)?;
        let minted = match (needs_secret(&client.settings), &given) {
            (false, _) => None,
            (true, Some(given)) => {
                secret::insert(cx, tx, &client, Some(given), secret::FIRST_LABEL)?;
                None
            }
            (true, None) => Some(secret::insert(cx, tx, &client, None, secret::FIRST_LABEL)?),
        };
        Ok(Written { client, secret: minted })
    })
    .await
}

/// Whether the client authenticates with a secret.
pub(super) const fn needs_secret(settings: &ClientSettings) -> bool {
    settings.token_endpoint_auth_method.needs_secret()
}

/// `app-` and eight characters that nobody confuses.
pub(in crate::service) fn generated_id(cx: &Cx) -> String {
    const ALPHABET: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
    let bytes: [u8; 8] = random_bytes(cx.random());
    let letters =
        bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|letter| char::from(*letter));
    "app-".chars().chain(letters).collect()
}

/// A chosen `client_id` must survive every encoding, and must not pass for a person's `sub`
/// (RFC 9700 §4.15).
fn check_client_id(text: &str) -> Result<(), AdminFailure> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let well_formed = (1..=128).contains(&text.len())
        && text.bytes().all(allowed)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !well_formed {
        return Err(AdminFailure::value("client_id", "use 1 to 128 letters, digits, dots, dashes and underscores"));
    }
    if uuid::Uuid::parse_str(text).is_ok() {
        return Err(AdminFailure::value("client_id", "it would look like the id of a user; choose a name"));
    }
    Ok(())
}

fn check(client: &Client) -> Result<(), AdminFailure> {
    text::check_line("name", &client.name, true)?;
    if client.owner.is_self_registered() && client.settings.consent == ConsentMode::Skip {
        return Err(AdminFailure::value("consent", "people are always asked about an app that registered itself"));
    }
    check_settings(client.kind, &client.settings).map_err(|broken| AdminFailure::value(&broken.field, broken.rule))
}

/// Whether a certificate that the client needs could ever be seen here.
fn check_seen(cx: &Cx, settings: &ClientSettings) -> Result<(), AdminFailure> {
    check_certificates(settings, cx.services.policy.certificates())
        .map_err(|broken| AdminFailure::refused(Reason::RegistrationProtection, broken.to_string()))
}

/// Keys exist for what the client will be issued. RSA keys take a moment, so before the transaction.
pub(in crate::service) async fn ensure_keys(cx: &Cx, settings: &ClientSettings) -> Result<(), AdminFailure> {
    keys::ensure(cx, settings.id_token_signed_response_alg).await?;
    if !settings.response_types.is_empty() {
        keys::ensure(cx, settings.authorization_signed_response_alg).await?;
    }
    if settings.access_token_format == AccessTokenFormat::Jwt {
        keys::ensure(cx, settings.access_token_signed_response_alg).await?;
    }
    let answers = [settings.userinfo_signed_response_alg, settings.introspection_signed_response_alg];
    for algorithm in answers.into_iter().flatten() {
        keys::ensure(cx, algorithm).await?;
    }
    if let Some(algorithm) = settings.request_object_encryption_alg {
        keys::ensure(cx, algorithm).await?;
    }
    Ok(())
}

/// Whether the sector of a pairwise client agrees: it is asked when its address or the client's
/// addresses change.
async fn check_sector(cx: &Cx, settings: &ClientSettings) -> Result<(), AdminFailure> {
    let checked = subjects::check_sector(cx, settings).await;
    checked.map_err(|broken| AdminFailure::value(&broken.field, broken.rule))
}

/// A page of clients, ordered by `client_id`, after the given one.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Cx, after: Option<String>, limit: i64) -> Result<Vec<Client>, AdminFailure> {
    cx.services.store.read(move |tx| Ok(client::list(tx, after.as_deref(), page_size(limit))?)).await
}

/// The client with this `client_id`.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn find(cx: &Cx, client_id: &str) -> Result<ClientDetail, AdminFailure> {
    let client_id = client_id.to_owned();
    let found = cx
        .services
        .store
        .read(move |tx| {
            let client = wanted(tx, &client_id)?;
            let secrets = client::secrets(tx, &client.client_id)?;
            let roles = role::names_of_client(tx, &client.client_id)?;
            Ok(ClientDetail { client, secrets, roles })
        })
        .await;
    noted(cx, "client.find", found)
}

/// The client with this `client_id`, or the refusal.
pub(super) fn wanted(tx: &mut Read<'_>, client_id: &str) -> Result<Client, AdminFailure> {
    if client_id.contains('\0') {
        return Err(AdminFailure::not_found("client", client_id));
    }
    client::find(tx, &ClientId::new(client_id))?.ok_or_else(|| AdminFailure::not_found("client", client_id))
}

/// Changes a client. A secret is minted if its new method needs one and it has none in use; secrets
/// that its new method does not use expire at once.
///
/// # Errors
/// `AS-3002`, `AS-3003`, `AS-3005`; broken.
pub async fn update(cx: &Cx, client_id: &str, changes: ClientChanges) -> Result<Written, AdminFailure> {
    let stored = find(cx, client_id).await?.client;
    let mut changed = stored.clone();
    if let Some(name) = changes.name {
        changed.name = name;
    }
    if let Some(enabled) = changes.enabled {
        changed.enabled = enabled;
    }
    if let Some(settings) = changes.settings {
        changed.settings = settings;
    }
    noted(cx, "client.version", check_version("client", client_id, changes.version, stored.version))?;
    noted(cx, "client.values", check(&changed))?;
    let of_certificates = |settings: &ClientSettings| {
        (settings.token_endpoint_auth_method, settings.tls_client_certificate_bound_access_tokens)
    };
    // Where certificates are not asked for any more, a client can still be renamed and disabled.
    if of_certificates(&changed.settings) != of_certificates(&stored.settings) {
        noted(cx, "client.certificates", check_seen(cx, &changed.settings))?;
    }
    let fields = changed_fields(&stored, &changed);
    if fields.is_empty() && !changes.revoke_tokens {
        return Ok(Written { client: stored, secret: None });
    }
    if changed.settings.sector_identifier_uri != stored.settings.sector_identifier_uri
        || changed.settings.redirect_uris != stored.settings.redirect_uris
    {
        noted(cx, "client.sector", check_sector(cx, &changed.settings).await)?;
    }
    ensure_keys(cx, &changed.settings).await?;
    changed.updated_at = cx.now();
    if changes.revoke_tokens {
        changed.not_before = Some(cx.now());
    }
    let revoke_tokens = changes.revoke_tokens;
    let written = change(cx, "client.update", move |cx, tx| {
        // The version that was read above must still stand: it is what the checks were made on.
        if !client::update(tx, &changed)? {
            return Err(AdminFailure::changed("client", changed.client_id.as_str()).into());
        }
        changed.version += 1;
        Draft::new(EventKind::ClientUpdated)
            .client(&changed.client_id)
            .fact("fields", fields)
            .fact("enabled", changed.enabled)
            .fact("revoked_tokens", revoke_tokens)
            .append(cx, tx)?;
        let secret = secret::settle(cx, tx, &changed)?;
        Ok(Written { client: changed, secret })
    })
    .await;
    cx.services.clients.forget(&stored.client_id);
    written
}

/// The names of the settings that differ.
fn changed_fields(stored: &Client, changed: &Client) -> Vec<String> {
    let mut fields = Vec::new();
    if stored.name != changed.name {
        fields.push("name".to_owned());
    }
    if stored.enabled != changed.enabled {
        fields.push("enabled".to_owned());
    }
    let members = |settings: &ClientSettings| match serde_json::to_value(settings) {
        Ok(serde_json::Value::Object(members)) => members,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (members(&stored.settings), members(&changed.settings));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    fields.extend(names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned());
    fields
}

/// Deletes a client with everything issued to it.
///
/// # Errors
/// `AS-3002`; broken.
pub async fn delete(cx: &Cx, client_id: &str) -> Result<(), AdminFailure> {
    let id = ClientId::new(client_id);
    let wanted_id = client_id.to_owned();
    let deleted = change(cx, "client.delete", move |cx, tx| {
        let client = wanted(tx, &wanted_id)?;
        if !client::delete(tx, &client.client_id)? {
            return Err(AdminFailure::not_found("client", &wanted_id).into());
        }
        tell(cx, tx, EventKind::ClientDeleted, &client.client_id)
    })
    .await;
    cx.services.clients.forget(&id);
    deleted
}

fn tell(cx: &Cx, tx: &mut Write<'_>, kind: EventKind, id: &ClientId) -> Change<()> {
    Draft::new(kind).client(id).append(cx, tx)?;
    Ok(())
}
