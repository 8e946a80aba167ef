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

pub use error::StartError;
pub use instance::Purpose;
pub use policy::policy_of;

use crate::{
    config::{Database, DatabaseUrl, Outbound, Settings},
    crypto::{Keyring, PairwiseKey, PasswordHasher, PasswordSettings, Sealer, SystemRandom},
    domain::{mcp::ServerAddress, trace::Transaction},
    net::fetcher::{DangerExceptions, Fetcher, Reach},
    service::{
        Cx, Services, SystemClock, apis::RegistryCache, client_keys::FetchedKeys, clients::ClientCache,
        discovery::DocumentCache, keys, recorder::Recorder, registration::Registrations, remembered::Remembered, setup,
        subjects,
    },
    store::{Location, Store, StoreOptions},
    tls,
};

/// Units of work that may wait for the database.
const QUEUE: usize = 2048;

/// Everything that a server needs: the database is open, migrated and ours, signing keys are there.
///
/// # Errors
/// [`StartError`], with what to do about it.
pub async fn build_services(settings: &Settings, purpose: Purpose) -> Result<Arc<Services>, StartError> {
    let services = open_services(settings, purpose).await?;
    let cx = Cx::local(services.clone(), Transaction::Admin, "system");
    keys::maintain(&cx).await.map_err(|failure| error::keys(&failure))?;
    Ok(services)
}

/// Everything that a command needs: as [`build_services`], but no signing key is made or rotated.
///
/// # Errors
/// [`StartError`], with what to do about it.
pub async fn open_services(settings: &Settings, purpose: Purpose) -> Result<Arc<Services>, StartError> {
    let store = open_store(&settings.database, purpose)?;
    let status = store.migration_status().map_err(|error| error::database(&error))?;
    let fresh = status.applied.is_empty();
    // A wrong key, or a database that is not for this, is found before anything is written to it.
    let key = if fresh {
        None
    } else {
        instance::check_purpose(&store, purpose).await?;
        Some(master_key::of_known_database(&store, &settings.master_key).await?)
    };
    store.migrate().map_err(|error| error::migration(&error))?;
    let key = match key {
        Some(key) => key,
        None => master_key::of_new_database(&store, &settings.master_key).await?,
    };
    instance::claim(&store, purpose).await?;
    let sealer = Sealer::new(&key);
    let pairwise = subjects::load_pairwise_key(&store, &sealer, &SystemRandom).await;
    let pairwise = pairwise.map_err(|broken| error::keys(&broken.into()))?;
    let services = assemble(settings, purpose, store, (sealer, pairwise))?;
    let cx = Cx::local(services.clone(), Transaction::Setup, "system");
    setup::ensure_system_roles(&cx).await.map_err(|failure| error::roles(&failure))?;
    keys::reload(&services).await.map_err(|failure| error::keys(&failure))?;
    Ok(services)
}

/// The database, open. Does not migrate.
///
/// # Errors
/// [`StartError`] when it cannot be reached, or its directory cannot be made.
pub fn open_store(database: &Database, purpose: Purpose) -> Result<Store, StartError> {
    let location = match &database.url {
        DatabaseUrl::Sqlite(path) => {
            master_key::create_private_directory(path)?;
            master_key::create_private_file(path)?;
            Location::Sqlite(path.clone())
        }
        DatabaseUrl::Postgres(url) => Location::Postgres(url.clone()),
    };
    let connections = usize::try_from(database.connections).unwrap_or(1);
    let connections = if purpose == Purpose::Command { connections.min(2) } else { connections };
    Store::open(location, StoreOptions { connections, queue: QUEUE }).map_err(|error| error::database(&error))
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
        .map_err(|error| StartError::new(error::RESOURCES, format!("outbound TLS cannot be set up: {error}")))
}

/// What is fetched beyond what is public, as configured.
fn exceptions(outbound: &Outbound) -> Result<DangerExceptions, StartError> {
    let read = |file: &PathBuf| {
        let unreadable = |cause| format!("outbound.danger_ca_file {} cannot be read: {cause}", file.display());
        std::fs::read(file).map_err(|cause| StartError::new(error::RESOURCES, unreadable(cause)))
    };
    let authorities = outbound.danger_ca_file.as_ref().map(read).transpose()?;
    Ok(DangerExceptions { hosts: outbound.danger_allowed_hosts.clone(), authorities })
}

fn assemble(
    settings: &Settings,
    purpose: Purpose,
    store: Store,
    (sealer, pairwise): (Sealer, PairwiseKey),
) -> Result<Arc<Services>, StartError> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let passwords = PasswordHasher::new(PasswordSettings {
        threads: settings.passwords.threads(cores),
        queue: settings.passwords.queue(cores),
        ..PasswordSettings::default()
    })
    .map_err(|error| StartError::new(error::RESOURCES, error.to_string()))?;
    let local = purpose == Purpose::Dev || settings.outbound.danger_loopback;
    let fetcher = open_fetcher(local, exceptions(&settings.outbound)?)?;
    let keyring = Keyring::new("", Vec::new(), Vec::new())
        .map_err(|error| StartError::new(error::RESOURCES, error.to_string()))?;
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
        sign_up: Remembered::default(),
        fetcher,
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        issuer: settings.issuer.clone(),
        policy: policy_of(settings, purpose),
        recorder: Recorder::default(),
    }))
}
