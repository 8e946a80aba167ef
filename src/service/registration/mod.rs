//! Clients that register themselves (RFC 7591 §3): who may, what becomes of what they say, and what
//! they are told. Closed until an administrator opens it.

pub mod management;
pub mod policy;
mod usage;

pub use usage::{delete_unused, note_use};

use std::{collections::HashMap, sync::Mutex};

use super::{
    Broken, Cx, Failure,
    admin::{AdminFailure, client as clients},
    events::Draft,
    network_limit,
    remembered::Remembered,
    single_flight::SingleFlight,
    subjects,
};
use crate::{
    crypto::{
        token::{self, SecretHash, SecretKind, mint},
        verifier::PublicKeySet,
    },
    domain::{
        Secret, Timestamp,
        entity::{AuthMethod, Client, ClientSettings, EventKind, Owner},
        ids::ClientId,
        oauth::{
            ErrorCode, OAuthError, Registration, RegistrationMode, RegistrationPolicy, RegistrationRefusal,
            check_certificates, parse_metadata,
        },
        strict_json::parse_object,
        trace::{Reason, Transaction},
    },
    store::{
        Abort, StoreError, Write, client,
        registration::{self, Registered},
    },
};

/// What the process remembers of clients that register themselves. The database decides.
#[derive(Debug, Default)]
pub struct Registrations {
    /// The policy as last read.
    pub(super) policy: Remembered<RegistrationPolicy>,
    /// When a use was last noted.
    pub(super) used: Mutex<HashMap<ClientId, Timestamp>>,
    /// Metadata documents that could not be had lately.
    pub(super) failed: Mutex<HashMap<ClientId, (Timestamp, Reason)>>,
    /// Metadata documents that are being fetched now.
    pub(super) fetching: SingleFlight<ClientId, Result<bool, Failure>>,
}

/// Why nothing was registered.
#[derive(Debug)]
pub struct Refused {
    /// The refusal, or what broke.
    pub failure: Failure,
    /// The member of the metadata that is wrong.
    pub field: Option<String>,
    /// When it may be tried again, in seconds.
    pub retry_after: Option<i64>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { failure, field: None, retry_after: None }
    }
}

impl From<OAuthError> for Refused {
    fn from(error: OAuthError) -> Self {
        Failure::Refused(error).into()
    }
}

impl From<Broken> for Refused {
    fn from(broken: Broken) -> Self {
        Failure::Broken(broken).into()
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

impl From<RegistrationRefusal> for Refused {
    fn from(refusal: RegistrationRefusal) -> Self {
        Self { failure: Failure::Refused(refusal.error), field: Some(refusal.field), retry_after: None }
    }
}

impl From<AdminFailure> for Refused {
    fn from(failure: AdminFailure) -> Self {
        match failure {
            AdminFailure::Broken(broken) => broken.into(),
            AdminFailure::Refused { message, .. } => Broken::Internal(message).into(),
        }
    }
}

impl From<OAuthError> for Abort<Refused> {
    fn from(error: OAuthError) -> Self {
        Self::Undo(error.into())
    }
}

impl From<Broken> for Abort<Refused> {
    fn from(broken: Broken) -> Self {
        Self::Undo(broken.into())
    }
}

/// A client that was registered, with what it is told this once.
pub struct Issued {
    /// The client.
    pub client: Client,
    /// Its secret, if it has one and it is new.
    pub secret: Option<Secret<String>>,
    /// Its registration access token.
    pub management: Secret<String>,
}

/// Notes how a registration ended, with the member that was wrong.
fn noted<T>(cx: &Cx, result: Result<T, Refused>) -> Result<T, Refused> {
    match &result {
        Ok(_) => cx.passed("registration", &[]),
        Err(Refused { failure: Failure::Refused(error), field, .. }) => {
            let facts: Vec<(&str, &str)> = field.as_deref().map(|field| ("member", field)).into_iter().collect();
            cx.refused("registration", &facts, error.reason);
        }
        Err(_) => {}
    }
    result
}

/// Registers a client. `token`: the bearer token of the request, `body`: its JSON.
///
/// # Errors
/// `access_denied`, `invalid_token`, or what is wrong with the metadata.
pub async fn register(cx: &Cx, token: Option<&Secret<String>>, body: &[u8]) -> Result<Issued, Refused> {
    cx.note_transaction(Transaction::Registration);
    let issued = try_register(cx, token, body).await;
    noted(cx, issued)
}

async fn try_register(cx: &Cx, token: Option<&Secret<String>>, body: &[u8]) -> Result<Issued, Refused> {
    let (policy, hash) = admit(cx, token).await?;
    cx.note_security_profile(policy.profile);
    let mut registration = understand(cx, body, |members| parse_metadata(members, None, &policy))?;
    // Whoever was given a token is vouched for by the administrator who made it.
    registration.settings.quarantined = policy.quarantine && hash.is_none();
    if hash.is_none() {
        admit_stranger(cx, &policy).await?;
    }
    make_ready(cx, &registration.settings).await?;
    let client = Client {
        client_id: ClientId::new(clients::generated_id(cx)),
        name: registration.name,
        kind: registration.kind,
        enabled: true,
        settings: registration.settings,
        not_before: None,
        owner: Owner::Dcr,
        version: 1,
        created_at: cx.now(),
        updated_at: cx.now(),
    };
    cx.note_client(client.client_id.as_str());
    let context = cx.clone();
    cx.services.store.write(move |tx| issue(&context, tx, client, hash.as_ref())).await
}

/// What the settings need before they can be stored: keys that sign for them, and a sector that lists
/// their addresses (OIDC Dynamic Client Registration 5).
async fn make_ready(cx: &Cx, settings: &ClientSettings) -> Result<(), Refused> {
    subjects::check_sector(cx, settings).await.map_err(|broken| {
        let (code, reason) = (ErrorCode::InvalidClientMetadata, Reason::RegistrationMetadata);
        let error = OAuthError { code, description: broken.rule, reason };
        Refused { failure: error.into(), field: Some(broken.field), retry_after: None }
    })?;
    Ok(clients::ensure_keys(cx, settings).await?)
}

/// Whether the request may register at all, before anything costly is done for it.
async fn admit(cx: &Cx, token: Option<&Secret<String>>) -> Result<(RegistrationPolicy, Option<SecretHash>), Refused> {
    let invalid = OAuthError::new(ErrorCode::InvalidToken, Reason::RegistrationTokenInvalid);
    let hash = token.map(|token| token::parse(SecretKind::InitialAccess, token.expose()));
    let now = cx.now();
    let (policy, stands) = cx
        .services
        .store
        .read(move |tx| {
            let policy = policy::read(tx)?;
            let stands = match &hash {
                Some(Some(hash)) => registration::token_stands(tx, hash.as_bytes(), now)?,
                _ => false,
            };
            Ok::<_, Refused>((policy, stands))
        })
        .await?;
    match (policy.registration, hash) {
        (RegistrationMode::Off, _) => Err(registration_off().into()),
        (_, Some(hash)) if stands => Ok((policy, hash)),
        (_, Some(_)) => Err(invalid.into()),
        (RegistrationMode::Token, None) => {
            Err(OAuthError::new(ErrorCode::InvalidToken, Reason::RegistrationTokenMissing).into())
        }
        (RegistrationMode::Open, None) => Ok((policy, None)),
    }
}

const fn registration_off() -> OAuthError {
    OAuthError::new(ErrorCode::AccessDenied, Reason::RegistrationOff)
}

/// Reads the body as strictly as every other, then asks the rules; keys must be usable where the
/// client will be known by them, and certificates must have a way here.
fn understand(
    cx: &Cx,
    body: &[u8],
    rules: impl FnOnce(&serde_json::Map<String, serde_json::Value>) -> Result<Registration, RegistrationRefusal>,
) -> Result<Registration, Refused> {
    let malformed = OAuthError::new(ErrorCode::InvalidClientMetadata, Reason::RegistrationMalformed);
    let registration = rules(&parse_object(body).ok_or(malformed)?)?;
    let settings = &registration.settings;
    let unusable = |keys: &serde_json::Value| PublicKeySet::parse(keys).is_err();
    if settings.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt && settings.jwks.as_ref().is_some_and(unusable)
    {
        return Err(RegistrationRefusal::metadata("jwks").into());
    }
    check_certificates(settings, cx.services.policy.certificates()).map_err(RegistrationRefusal::protection)?;
    Ok(registration)
}

/// One transaction: the policy still stands, the token is used, the bounds hold, the client exists.
fn issue(cx: &Cx, tx: &mut Write<'_>, client: Client, token: Option<&SecretHash>) -> Result<Issued, Abort<Refused>> {
    // Whoever registers waits here for whoever registers: the bound is exact.
    let policy = policy::lock(tx)?;
    if !policy.offers_registration() {
        return Err(registration_off().into());
    }
    let vouched = match token {
        Some(hash) => Some(
            registration::consume_token(tx, hash.as_bytes(), cx.now())?
                .ok_or(OAuthError::new(ErrorCode::InvalidToken, Reason::RegistrationTokenInvalid))?,
        ),
        None => None,
    };
    if registration::count(tx)? >= policy.max_clients {
        return Err(OAuthError::new(ErrorCode::AccessDenied, Reason::RegistrationFull).into());
    }
    client::insert(tx, &client)?;
    let management = mint(SecretKind::RegistrationAccess, cx.random());
    let row = Registered {
        client_id: client.client_id.clone(),
        management_hash: Some(management.hash.as_bytes().to_vec()),
        initial_access_token_id: vouched.clone(),
        created_at: cx.now(),
        last_used_at: None,
        expires_at: policy.first_expiry(cx.now()),
        document_fetched_at: None,
        document_expires_at: None,
    };
    registration::insert(tx, &row)?;
    let cx = &cx.clone().acting_as(format!("client:{}", client.client_id));
    let mut event = Draft::new(EventKind::ClientCreated)
        .client(&client.client_id)
        .fact("kind", client.kind.name())
        .fact("owner", client.owner.name())
        .fact("quarantined", client.settings.quarantined);
    if let Some(id) = &vouched {
        event = event.object(id);
    }
    event.append(cx, tx)?;
    let secret = clients::secret::settle(cx, tx, &client).map_err(broken)?;
    Ok(Issued { client, secret, management: management.text })
}

/// A network may register so many clients in an hour without a token. Counted before anything is fetched
/// that the metadata names, so that nobody makes us fetch without end; what then fails has been counted.
async fn admit_stranger(cx: &Cx, policy: &RegistrationPolicy) -> Result<(), Refused> {
    if cx.peer.address.is_none() || policy.per_network <= 0 {
        return Ok(());
    }
    let (context, policy) = (cx.clone(), policy.clone());
    cx.services.store.write(move |tx| count_stranger(&context, tx, &policy)).await
}

fn count_stranger(cx: &Cx, tx: &mut Write<'_>, policy: &RegistrationPolicy) -> Result<(), Abort<Refused>> {
    network_limit::count(cx, tx, "registration", policy.per_network)?.map_err(|too_many| {
        let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, Reason::RegistrationTooMany);
        Abort::Undo(Refused { retry_after: Some(too_many.retry_after), ..Refused::from(error) })
    })
}

/// What an administrator's change can only break at here: its rules were asked before.
fn broken(abort: Abort<AdminFailure>) -> Abort<Refused> {
    match abort {
        Abort::Keep(failure) | Abort::Undo(failure) => Abort::Undo(failure.into()),
    }
}
