//! The throw-away server: where it listens, and a directory that goes away with it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{StartError, master_key};
use crate::{
    crypto::random::{Random, SystemRandom},
    domain::trace::{StartCode, TraceId},
};

/// Where a throw-away server listens if nothing is said.
const USUAL: &str = "127.0.0.1:8080";

/// A directory for one throw-away server; removed when dropped.
#[derive(Debug)]
pub struct DevDirectory(PathBuf);

impl DevDirectory {
    /// A new, empty, private directory among the system's temporary ones.
    ///
    /// # Errors
    /// [`StartError`] when it cannot be made.
    pub fn create() -> Result<Self, StartError> {
        let mut bytes = [0; 16];
        SystemRandom.fill(&mut bytes);
        let name = format!("symbolon-dev-{}", TraceId::from_bytes(bytes).short());
        let path = std::env::temp_dir().join(name);
        if path.exists() {
            return Err(StartError::new(StartCode::DataDirectory, format!("{} is there already", path.display())));
        }
        master_key::create_private_directory(&path.join("symbolon.db"))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for DevDirectory {
    fn drop(&mut self) {
        // What stays behind is in a private directory among temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What makes a server a throw-away one.
#[derive(Debug)]
pub struct DevStart {
    /// Settings by flag: to be put before those that a person gave.
    pub flags: Vec<(String, String)>,
    /// Must live as long as the server; none if a database was named.
    pub directory: Option<DevDirectory>,
}

/// How a throw-away server starts. `bind` is `--bind`; `given` are the settings that a person gave
/// by flag.
///
/// # Errors
/// [`StartError`] when the directory cannot be made.
pub fn prepare(
    bind: Option<&str>,
    given: &[(String, String)],
    environment: &[(OsString, OsString)],
) -> Result<DevStart, StartError> {
    let is_given = |key: &str, variable: &str| {
        let file = format!("{variable}_FILE");
        given.iter().any(|(name, _)| name == key)
            || environment.iter().any(|(name, _)| name == variable || *name == *file)
    };
    let mut flags = Vec::new();
    if let Some(bind) = bind {
        flags.push(("bind".to_owned(), bind.replacen("localhost:", "127.0.0.1:", 1)));
        // Whoever names an address will also open that address.
        if bind != USUAL && !is_given("issuer", "SYMBOLON_ISSUER") {
            flags.push(("issuer".to_owned(), format!("http://{bind}")));
        }
    }
    if is_given("database.url", "SYMBOLON_DATABASE__URL") {
        return Ok(DevStart { flags, directory: None });
    }
    let directory = DevDirectory::create()?;
    let database = directory.path().join("symbolon.db");
    flags.push(("database.url".to_owned(), format!("sqlite://{}", database.display())));
    Ok(DevStart { flags, directory: Some(directory) })
}
