//! The configuration as a whole, without touching the real environment or file system.

mod precedence;
mod reference;
mod refusals;
mod secrets;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{ConfigErrors, Files, Settings, Sources};

/// 32 bytes in base64.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What one start finds around it.
#[derive(Default)]
struct Surroundings {
    config_file: Option<PathBuf>,
    environment: Vec<(String, String)>,
    flags: Vec<(String, String)>,
    files: BTreeMap<PathBuf, String>,
}

impl Files for BTreeMap<PathBuf, String> {
    fn read(&self, path: &Path) -> io::Result<String> {
        match self.get(path) {
            Some(text) if text == "<forbidden>" => Err(io::ErrorKind::PermissionDenied.into()),
            Some(text) => Ok(text.clone()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Surroundings {
    fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    fn flag(mut self, key: &str, value: &str) -> Self {
        self.flags.push((key.into(), value.into()));
        self
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }

    fn config(mut self, path: &str) -> Self {
        self.config_file = Some(path.into());
        self
    }

    fn toml(self, text: &str) -> Self {
        self.file("./symbolon.toml", text)
    }

    fn load(&self) -> Result<Settings, ConfigErrors> {
        Settings::load(&Sources {
            config_file: self.config_file.clone(),
            environment: self.environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
            flags: self.flags.clone(),
            files: &self.files,
        })
    }

    fn ok(&self) -> Settings {
        self.load().unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// The one refusal, as it is printed.
    fn refused(&self) -> String {
        let errors = self.load().expect_err("it should be refused").0;
        let text = ConfigErrors(errors.clone()).to_string();
        assert_eq!(errors.len(), 1, "{text}");
        text
    }
}

fn start() -> Surroundings {
    Surroundings::default()
}

/// The refusal begins with `code` and has every one of `parts`.
#[track_caller]
fn assert_refused(surroundings: &Surroundings, code: &str, parts: &[&str]) {
    let text = surroundings.refused();
    assert!(text.starts_with(code), "{code}: {text}");
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// What `config show` prints for a key: value and origin.
#[track_caller]
fn shown(settings: &Settings, key: &str) -> (String, String) {
    let shown = settings.show().iter().find(|shown| shown.key == key).unwrap_or_else(|| panic!("{key} is not shown"));
    (shown.value.clone(), shown.origin.to_string())
}
