//! Putting the process together: from settings to services that are ready to answer.

pub mod conformance;
pub mod dev;
pub mod dev_seed;
pub mod instance;
pub mod migrations;
pub mod serve;

mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod master_key;
mod policy;
#[cfg(test)]
mod tests;

use std::{num::NonZero, path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use tokio::task::{JoinError, spawn_blocking};

use dev_seed::DemoPassword;
pub use error::StartError;
pub use instance::Purpose;
pub use policy::policy_of;

use crate::{
    config::{Database, DatabaseUrl, Outbound, Settings},
    crypto::{Keyring, PairwiseKey, PasswordHasher, PasswordSettings, Sealer, SystemRandom, random::random_bytes},
    domain::{
        mcp::ServerAddress,
        trace::{StartCode, Transaction},
    },
    net::fetcher::{DangerExceptions, Fetcher, Reach},
    service::{
        Cx, Services, SystemClock,
        apis::RegistryCache,
        client_keys::FetchedKeys,
        clients::ClientCache,
        discovery::DocumentCache,
        keys::{self, FirstKeys},
        recorder::Recorder,
        registration::Registrations,
        remembered::Remembered,
        setup, subjects,
    },
    store::{Location, Schema, Store, StoreOptions},
    tls,
};

/// Units of work that may wait for the database.
const QUEUE: usize = 2048;

/// Everything that a server needs: the database is open, migrated and ours, signing keys are there.
///
/// # Errors
/// [`StartError`], with what to do about it.
pub async fn build_services(settings: &Settings, purpose: Purpose) -> Result<Arc<Services>, StartError> {
    let (services, first) = open(settings, purpose, |_| FirstKeys::begin()).await?;
    with_keys(services, first).await
}

/// As [`build_services`], for a throw-away server: with the password of its people.
///
/// # Errors
/// [`StartError`], with what to do about it.
pub async fn build_dev_services(settings: &Settings) -> Result<(Arc<Services>, DemoPassword), StartError> {
    let begin = |passwords: &PasswordHasher| (FirstKeys::begin(), DemoPassword::begin(passwords));
    let (services, (keys, password)) = open(settings, Purpose::Dev, begin).await?;
    Ok((with_keys(services, keys).await?, password))
}

async fn with_keys(services: Arc<Services>, first: FirstKeys) -> Result<Arc<Services>, StartError> {
    let cx = Cx::local(services.clone(), Transaction::Admin, "system");
    keys::maintain_with(&cx, first).await.map_err(|failure| error::keys(&failure))?;
    Ok(services)
}

/// Everything that a command needs: as [`build_services`], but no signing key is made or rotated.
///
/// # Errors
/// [`StartError`], with what to do about it.
pub async fn open_services(settings: &Settings, purpose: Purpose) -> Result<Arc<Services>, StartError> {
    open(settings, purpose, |_| ()).await.map(|(services, ())| services)
}

/// Opens, migrates and claims the database. `ahead` begins what a new database will need and takes computing
/// only: that is done while the database makes the schema.
async fn open<A: Default>(
    settings: &Settings,
    purpose: Purpose,
    ahead: impl FnOnce(&PasswordHasher) -> A,
) -> Result<(Arc<Services>, A), StartError> {
    // The first random bytes wait for the generator to be seeded, which takes as long as a few commits.
    drop(spawn_blocking(|| random_bytes::<1>(&SystemRandom)));
    let location = location(&settings.database)?;
    let mut schema = Schema::open(&location).map_err(|error| error::database(&error))?;
    let options = store_options(&settings.database, purpose);
    let opened = spawn_blocking(move || Store::open(&location, options));
    let fresh = schema.status().map_err(|error| error::database(&error))?.applied.is_empty();
    let store = opened.await.map_err(no_thread)?.map_err(|error| error::database(&error))?;
    let passwords = password_hasher(settings)?;
    // A wrong key, or a database that is not for this, is found before anything is written to it.
    let (key, ahead) = if fresh {
        (None, ahead(&passwords))
    } else {
        instance::check_purpose(&store, purpose).await?;
        (Some(master_key::of_known_database(&store, &settings.master_key).await?), A::default())
    };
    let migrated = spawn_blocking(move || schema.migrate());
    let fetcher = fetcher(settings, purpose)?;
    migrated.await.map_err(no_thread)?.map_err(|error| error::migration(&error))?;
    let key = match key {
        Some(key) => key,
        None => master_key::of_new_database(&store, &settings.master_key).await?,
    };
    instance::claim(&store, purpose).await?;
    let sealer = Sealer::new(&key);
    let pairwise = subjects::load_pairwise_key(&store, &sealer, &SystemRandom).await;
    let pairwise = pairwise.map_err(|broken| error::keys(&broken.into()))?;
    let services = assemble(settings, purpose, store, (passwords, fetcher), (sealer, pairwise))?;
    let cx = Cx::local(services.clone(), Transaction::Setup, "system");
    setup::ensure_system_roles(&cx).await.map_err(|failure| error::roles(&failure))?;
    keys::reload(&services).await.map_err(|failure| error::keys(&failure))?;
    Ok((services, ahead))
}

fn no_thread(error: JoinError) -> StartError {
    StartError::new(StartCode::Resources, error.to_string())
}

/// Where the database is. Makes the file of an embedded one.
fn location(database: &Database) -> Result<Location, StartError> {
    Ok(match &database.url {
        DatabaseUrl::Sqlite(path) => {
            master_key::create_private_directory(path)?;
            master_key::create_private_file(path)?;
            Location::Sqlite(path.clone())
        }
        DatabaseUrl::Postgres(url) => Location::Postgres(url.clone()),
    })
}

fn store_options(database: &Database, purpose: Purpose) -> StoreOptions {
    let connections = usize::try_from(database.connections).unwrap_or(1);
    let connections = if purpose == Purpose::Command { connections.min(2) } else { connections };
    StoreOptions { connections, queue: QUEUE }
}

/// Reaches what the server may fetch, and the host of `server`, which somebody at this machine has named.
///
/// # Errors
/// [`StartError`]: the file with further certificates cannot be read, or holds none.
pub fn fetcher_to(outbound: &Outbound, server: &ServerAddress) -> Result<Fetcher, StartError> {
    let mut exceptions = exceptions(outbound)?;
    exceptions.hosts.extend(server.host_name().map(str::to_owned));
    open_fetcher(outbound.danger_loopback || server.is_loopback(), exceptions)
}

fn open_fetcher(local: bool, exceptions: DangerExceptions) -> Result<Fetcher, StartError> {
    // What is fetched and what is served share one cryptographic provider; a second call finds it there.
    tls::install_crypto_provider();
    let reach = if local { Reach::DangerLoopback } else { Reach::Public };
    Fetcher::danger_with(reach, exceptions)
        .map_err(|error| StartError::new(StartCode::Resources, format!("outbound TLS cannot be set up: {error}")))
}

/// What is fetched beyond what is public, as configured.
fn exceptions(outbound: &Outbound) -> Result<DangerExceptions, StartError> {
    let read = |file: &PathBuf| {
        let unreadable = |cause| format!("outbound.danger_ca_file {} cannot be read: {cause}", file.display());
        std::fs::read(file).map_err(|cause| StartError::new(StartCode::Resources, unreadable(cause)))
    };
    let authorities = outbound.danger_ca_file.as_ref().map(read).transpose()?;
    Ok(DangerExceptions { hosts: outbound.danger_allowed_hosts.clone(), authorities })
}

fn password_hasher(settings: &Settings) -> Result<PasswordHasher, StartError> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    PasswordHasher::new(PasswordSettings {
        threads: settings.passwords.threads(cores),
        queue: settings.passwords.queue(cores),
        ..PasswordSettings::default()
    })
    .map_err(|error| StartError::new(StartCode::Resources, error.to_string()))
}

fn fetcher(settings: &Settings, purpose: Purpose) -> Result<Fetcher, StartError> {
    let local = purpose == Purpose::Dev || settings.outbound.danger_loopback;
    open_fetcher(local, exceptions(&settings.outbound)?)
}

fn assemble(
    settings: &Settings,
    purpose: Purpose,
    store: Store,
    (passwords, fetcher): (PasswordHasher, Fetcher),
    (sealer, pairwise): (Sealer, PairwiseKey),
) -> Result<Arc<Services>, StartError> {
    let keyring = Keyring::new("", Vec::new(), Vec::new())
        .map_err(|error| StartError::new(StartCode::Resources, error.to_string()))?;
    Ok(Arc::new(Services {
        store,
        passwords,
        sealer,
        pairwise,
        keyring: ArcSwap::from_pointee(keyring),
        clients: ClientCache::default(),
        registry: RegistryCache::default(),
        documents: DocumentCache::default(),
        fetched_keys: FetchedKeys::default(),
        registrations: Registrations::default(),
        seen_values: std::sync::Mutex::default(),
        sign_up: Remembered::default(),
        fetcher,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        issuer: settings.issuer.clone(),
        policy: policy_of(settings, purpose),
        recorder: Recorder::default(),
    }))
}
