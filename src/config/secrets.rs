//! `[secrets]`: the key-encryption key, under which everything that we must read back is sealed.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::domain::{Secret, trace::StartCode};

use super::database::Database;
use super::error::Origin;
use super::reader::Reader;
use super::setting::{Kind, Setting};

static MASTER_KEY: Setting = Setting::new(
    "secrets.master_key",
    Kind::Secret,
    "The key that seals signing keys, TOTP seeds and upstream secrets in the database: 32 bytes in base64 \
     (`openssl rand -base64 32`). Keep it apart from the database, and back it up. With SQLite, the default is \
     the file master.key beside the database, created on the first start; with PostgreSQL on another host it \
     must be given, because every node needs the same one.",
)
.example("/run/secrets/symbolon_master_key");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&MASTER_KEY];

/// Where the key-encryption key is.
#[derive(Clone, Debug)]
pub enum MasterKey {
    /// It was given: 32 bytes in base64 or base64url (checked).
    Given(Secret<String>),
    /// It was not given: it is in this file, to be created (mode 0600) on the first start.
    DefaultFile(PathBuf),
}

/// Reads the section.
pub fn read(reader: &mut Reader<'_>, database: &Database) -> MasterKey {
    let default = database.data_directory().unwrap_or(Path::new("data")).join("master.key");
    if let Some(key) = reader.secret(&MASTER_KEY) {
        if !is_key(key.expose()) {
            let message = "secrets.master_key is not 32 bytes in base64. Make one with `openssl rand -base64 32`";
            reader.refuse(StartCode::InvalidValue, &MASTER_KEY, message);
        }
        return MasterKey::Given(key);
    }
    if !reader.is_given(&MASTER_KEY) {
        if database.is_remote() {
            let message = "secrets.master_key is not set, and every node of a shared PostgreSQL needs the same one. \
                           Set SYMBOLON_SECRETS__MASTER_KEY_FILE to a file made with `openssl rand -base64 32`";
            reader.refuse(StartCode::Missing, &MASTER_KEY, message);
        }
        let value = format!("(secret in {})", default.display());
        reader.show_from(&MASTER_KEY, value, Origin::Derived("database.url"));
    }
    MasterKey::DefaultFile(default)
}

/// Whether `text` is 32 bytes in base64 or base64url, padded or not.
fn is_key(text: &str) -> bool {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [alphabet::STANDARD, alphabet::URL_SAFE].iter().any(|alphabet| {
        let decoded = GeneralPurpose::new(alphabet, lenient).decode(text).map(Secret::new);
        decoded.is_ok_and(|bytes| bytes.expose().len() == 32)
    })
}
