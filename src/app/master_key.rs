//! The key-encryption key at start: given, or in a file beside the database, made once. The database
//! remembers which key sealed it, so that a lost or mistaken key is told at start, with what hangs
//! on it, and never half-way.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::Path,
};

use super::error::{StartError, database};
use crate::{
    config::MasterKey,
    crypto::{KeyEncryptionKey, SystemRandom, uuid_v7},
    domain::{Secret, trace::StartCode},
    service::{Clock as _, SystemClock},
    store::{Abort, Read, Store, StoreError, instance, signing_key},
};

/// The fact that says which key sealed the database.
const KEK_ID: &str = "kek_id";
/// The fact that tells one installation from another.
const INSTANCE_ID: &str = "instance_id";
/// What cannot be read without the key.
const WHAT_IS_LOST: &str =
    "Without it the signing keys, and the personal data sealed in the event log, cannot be read.";

/// The key of a database that was opened before.
pub(super) async fn of_known_database(store: &Store, source: &MasterKey) -> Result<KeyEncryptionKey, StartError> {
    let (recorded, has_keys) = store.read(facts).await.map_err(|error| database(&error))?;
    let key = match source {
        MasterKey::Given(text) => parse_given(text)?,
        MasterKey::DefaultFile(path) => match read(path)? {
            Some(key) => key,
            None if recorded.is_some() || has_keys => {
                let id = recorded.map(|id| format!(" {id}")).unwrap_or_default();
                return Err(StartError::new(
                    StartCode::MasterKeyMissing,
                    format!(
                        "the database was sealed under the key-encryption key{id}, but {} is not there. {WHAT_IS_LOST} \
                         Restore the file from its backup, or set SYMBOLON_SECRETS__MASTER_KEY_FILE to where it is",
                        path.display()
                    ),
                ));
            }
            None => create(path)?,
        },
    };
    record(store, &key).await?;
    Ok(key)
}

/// The key of a database that was just made.
pub(super) async fn of_new_database(store: &Store, source: &MasterKey) -> Result<KeyEncryptionKey, StartError> {
    let key = match source {
        MasterKey::Given(text) => parse_given(text)?,
        MasterKey::DefaultFile(path) => {
            create_private_directory(path)?;
            match read(path)? {
                Some(key) => key,
                None => create(path)?,
            }
        }
    };
    record(store, &key).await?;
    Ok(key)
}

fn facts(tx: &mut Read<'_>) -> Result<(Option<String>, bool), StoreError> {
    Ok((instance::find(tx, KEK_ID)?, !signing_key::list(tx)?.is_empty()))
}

/// Remembers the key, unless one is remembered: then it must be this one.
async fn record(store: &Store, key: &KeyEncryptionKey) -> Result<(), StartError> {
    let id = key.id();
    let written = id.clone();
    let instance_id = uuid_v7(&SystemRandom, SystemClock.now()).to_string();
    let recorded = store
        .write(move |tx| {
            if instance::find(tx, KEK_ID)?.is_none() {
                instance::insert_once(tx, KEK_ID, &written)?;
                instance::insert_once(tx, INSTANCE_ID, &instance_id)?;
            }
            instance::find(tx, KEK_ID).map_err(Abort::<StoreError>::from)
        })
        .await
        .map_err(|error| database(&error))?;
    match recorded {
        Some(recorded) if recorded != id => Err(StartError::new(
            StartCode::MasterKeyWrong,
            format!(
                "the database was sealed under the key-encryption key {recorded}, but {id} is configured. \
                 {WHAT_IS_LOST} Restore the right key from its backup (master.key, or what \
                 SYMBOLON_SECRETS__MASTER_KEY named), or set database.url to the database that belongs to this key"
            ),
        )),
        _ => Ok(()),
    }
}

fn parse_given(text: &Secret<String>) -> Result<KeyEncryptionKey, StartError> {
    KeyEncryptionKey::parse(text.expose())
        .map_err(|error| StartError::new(StartCode::MasterKeyUnreadable, format!("secrets.master_key: {error}")))
}

/// The key in the file; none if there is no file.
fn read(path: &Path) -> Result<Option<KeyEncryptionKey>, StartError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => Secret::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let message = format!("{} cannot be read: {error}. Restore it, or its permissions", path.display());
            return Err(StartError::new(StartCode::MasterKeyUnreadable, message));
        }
    };
    warn_if_shared(path);
    KeyEncryptionKey::parse(text.expose()).map(Some).map_err(|error| {
        let message = format!("{} does not hold a key: {error}. Restore it from its backup", path.display());
        StartError::new(StartCode::MasterKeyUnreadable, message)
    })
}

/// Makes the file. Two processes that start at once: the second reads the first one's.
fn create(path: &Path) -> Result<KeyEncryptionKey, StartError> {
    let key = KeyEncryptionKey::generate(&SystemRandom);
    match write_new(path, key.text().expose()) {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match read(path)? {
            Some(key) => Ok(key),
            None => Err(unwritable(path, &error)),
        },
        Err(error) => Err(unwritable(path, &error)),
    }
}

/// The whole file or none: a half-written key would be worse than none.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = private_options().create_new(true).open(&draft)?;
    let linked = file
        .write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        // Unlike a rename, a link never replaces a key that is there.
        .and_then(|()| std::fs::hard_link(&draft, path));
    let removed = std::fs::remove_file(&draft);
    linked.and(removed)?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Makes the directory of `file`, for nobody else to look into, unless it is there.
pub(super) fn create_private_directory(file: &Path) -> Result<(), StartError> {
    let Some(directory) = file.parent().filter(|parent| !parent.as_os_str().is_empty()) else { return Ok(()) };
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|error| unwritable(directory, &error))
}

/// Makes an empty file that nobody else can read, unless it is there. SQLite gives its companions
/// the permissions of the database.
pub(super) fn create_private_file(path: &Path) -> Result<(), StartError> {
    match private_options().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(unwritable(path, &error)),
    }
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn warn_if_shared(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let shared = std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0);
    if shared {
        tracing::warn!(path = %path.display(), "others on this machine can read the key-encryption key; chmod 600 it");
    }
}

#[cfg(not(unix))]
fn warn_if_shared(_: &Path) {}

fn unwritable(path: &Path, error: &std::io::Error) -> StartError {
    let message = format!(
        "{} cannot be made: {error}. Choose another place with database.url, or mend the permissions",
        path.display()
    );
    StartError::new(StartCode::DataDirectory, message)
}
