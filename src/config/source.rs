//! Where values come from: the configuration file, the environment, systemd credentials and flags,
//! each a layer over the one before. Unknown names and values given twice are found here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::environment;
use super::error::{ConfigError, Origin};
use super::setting::{self, Form, Setting};
use super::suggest::nearest;
use super::toml_file;
use crate::domain::trace::StartCode;

/// Reads files, so that tests need none.
pub trait Files {
    /// The text of the file at `path`.
    ///
    /// # Errors
    /// As [`std::fs::read_to_string`].
    fn read(&self, path: &Path) -> io::Result<String>;
}

/// The files of this machine; nothing larger than 1 MiB.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> io::Result<String> {
        use io::Read as _;
        const LIMIT: u64 = 1024 * 1024;
        let mut text = String::new();
        std::fs::File::open(path)?.take(LIMIT + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LIMIT {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 1 MiB"));
        }
        Ok(text)
    }
}

/// Everything that the loader may look at.
pub struct Sources<'a> {
    /// The file named by `--config`; otherwise `SYMBOLON_CONFIG` and the two usual places are tried.
    pub config_file: Option<PathBuf>,
    /// The environment, as [`std::env::vars_os`] gives it.
    pub environment: Vec<(OsString, OsString)>,
    /// Settings by flag: dotted key and text, `("database.url", "sqlite://…")`.
    pub flags: Vec<(String, String)>,
    /// Access to files.
    pub files: &'a dyn Files,
}

/// The places that are tried when no file is named; the first that exists is the only one read.
pub const USUAL_FILES: [&str; 2] = ["/etc/symbolon/symbolon.toml", "./symbolon.toml"];

/// A value as it was given.
#[derive(Clone)]
pub enum Raw {
    /// As text outside TOML, still to be parsed by the setting's kind.
    Written(String),
    /// A TOML string.
    Text(String),
    /// A TOML integer.
    Integer(i64),
    /// A TOML boolean.
    Boolean(bool),
    /// A TOML array of strings.
    List(Vec<String>),
    /// Something that no setting takes, by what it is.
    Other(&'static str),
}

/// A value with its origin.
pub struct Given {
    /// What was given.
    pub raw: Raw,
    /// Whether it is the value or names a file with it.
    pub form: Form,
    /// Where it was given.
    pub origin: Origin,
}

/// The values of one layer, or of all of them merged, by setting name.
pub type Layer = BTreeMap<&'static str, Given>;

/// Collects one layer and what is wrong with it.
#[derive(Default)]
pub struct LayerBuilder {
    /// The values so far.
    pub layer: Layer,
    /// The refusals so far.
    pub errors: Vec<ConfigError>,
}

impl LayerBuilder {
    /// Adds a value; a second one for the same setting is refused (value and file, usually).
    pub fn add(&mut self, setting: &'static Setting, form: Form, raw: Raw, origin: Origin) {
        match self.layer.get(setting.name) {
            Some(first) => {
                let message = format!("{} is given twice, also by {}. Keep one of them", setting.name, first.origin);
                self.errors.push(ConfigError { code: StartCode::GivenTwice, message, origin });
            }
            None => {
                self.layer.insert(setting.name, Given { raw, form, origin });
            }
        }
    }

    /// Adds a value by dotted name, or the refusal of an unknown name. `spelled` is the name as the
    /// source writes it, and `spell` writes a suggestion the same way.
    pub fn add_named(&mut self, name: &str, spelled: &str, spell: fn(&str) -> String, raw: Raw, origin: Origin) {
        if let Some((setting, form)) = setting::find(name) {
            self.add(setting, form, raw, origin);
            return;
        }
        self.refuse_name(name, spelled, spell, origin);
    }

    /// Refuses an unknown name, with the nearest known one.
    pub fn refuse_name(&mut self, name: &str, spelled: &str, spell: fn(&str) -> String, origin: Origin) {
        let known = setting::all().flat_map(|setting| [Some(setting.name.to_owned()), setting.file_name()]).flatten();
        let hint = match nearest(name, known) {
            Some(near) => format!("Did you mean {}?", spell(&near)),
            None => "`symbolon config reference` lists them all".to_owned(),
        };
        let message = format!("there is no setting {spelled}. {hint}");
        self.errors.push(ConfigError { code: StartCode::UnknownKey, message, origin });
    }
}

/// All layers merged, the later over the earlier, with every refusal on the way.
pub fn gather(sources: &Sources<'_>) -> (Layer, Vec<ConfigError>) {
    let mut merged = Layer::new();
    let mut errors = Vec::new();
    let layers =
        [toml_file::layer(sources), environment::layer(&sources.environment, sources.files), flags(&sources.flags)];
    for builder in layers {
        merged.extend(builder.layer);
        errors.extend(builder.errors);
    }
    (merged, errors)
}

/// The layer of command-line flags.
fn flags(flags: &[(String, String)]) -> LayerBuilder {
    let mut builder = LayerBuilder::default();
    for (key, value) in flags {
        let origin = Origin::Flag(key.clone());
        builder.add_named(key, key, str::to_owned, Raw::Written(value.clone()), origin);
    }
    builder
}
