//! The one table of settings. The loader, `config reference`, the example file and "did you mean"
//! all read it, so they cannot drift apart.

use super::{
    conformance, database, http, keys, log, management, mtls, outbound, passwords, secrets, server, sessions, tls,
    tokens, trusted_proxies,
};

/// What form a value has, in TOML and as text (environment, flag, file).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A TOML string.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number within these bounds, both included.
    Integer {
        /// The smallest value.
        min: i64,
        /// The largest value.
        max: i64,
    },
    /// `true` or `false`.
    Boolean,
    /// A TOML array of strings; as text separated by commas.
    List,
    /// Text that is never printed. `<key>_file` names a file that carries it.
    Secret,
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// The dotted name, `database.url`. At most one dot.
    pub name: &'static str,
    /// The form of the value.
    pub kind: Kind,
    /// The default as text; `None` when it is computed or absent, which `doc` then explains.
    pub default: Option<&'static str>,
    /// A sensible value as text, for the example file where there is no default.
    pub example: &'static str,
    /// What it decides, its unit, and why the default is what it is.
    pub doc: &'static str,
    /// What is lost when a `danger_` setting is `true` or given; `None` for every other setting.
    pub danger: Option<&'static str>,
}

impl Setting {
    /// A setting without default; the other fields are filled by struct update.
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self { name, kind, default: None, example: "", doc, danger: None }
    }

    /// With this default.
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// With this example.
    pub const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// A switch that weakens security: off by default, named at every start while it is on.
    pub const fn danger(name: &'static str, doc: &'static str, consequence: &'static str) -> Self {
        Self::new(name, Kind::Boolean, doc).default("false").dangerous(consequence)
    }

    /// With this consequence, named at every start while the setting is given.
    pub const fn dangerous(mut self, consequence: &'static str) -> Self {
        self.danger = Some(consequence);
        self
    }

    /// The environment variable, `SYMBOLON_DATABASE__URL`.
    pub fn environment_name(&self) -> String {
        format!("SYMBOLON_{}", self.name.replace('.', "__").to_uppercase())
    }

    /// The section (`""` for the top level) and the key within it.
    pub fn section_and_key(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }

    /// The name of the companion that names a file with the value; only secrets have one.
    pub fn file_name(&self) -> Option<String> {
        matches!(self.kind, Kind::Secret).then(|| format!("{}_file", self.name))
    }
}

/// A group of settings under one TOML heading.
#[derive(Debug)]
pub struct Section {
    /// The heading; empty for the top level.
    pub name: &'static str,
    /// Its settings, in the order in which people read them.
    pub settings: &'static [&'static Setting],
}

/// Every section, in the order of the example file.
pub static SECTIONS: &[Section] = &[
    Section { name: "", settings: &[&server::ISSUER, &server::BIND, &trusted_proxies::TRUSTED_PROXIES] },
    Section { name: "http", settings: http::SETTINGS },
    Section { name: "tls", settings: tls::SETTINGS },
    Section { name: "mtls", settings: mtls::SETTINGS },
    Section { name: "database", settings: database::SETTINGS },
    Section { name: "secrets", settings: secrets::SETTINGS },
    Section { name: "log", settings: log::SETTINGS },
    Section { name: "management", settings: management::SETTINGS },
    Section { name: "outbound", settings: outbound::SETTINGS },
    Section { name: "tokens", settings: tokens::SETTINGS },
    Section { name: "sessions", settings: sessions::SETTINGS },
    Section { name: "passwords", settings: passwords::SETTINGS },
    Section { name: "keys", settings: keys::SETTINGS },
    Section { name: "conformance", settings: conformance::SETTINGS },
];

/// Every setting.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings.iter().copied())
}

/// The setting that `name` gives a value to, and whether it names a file with the value.
pub fn find(name: &str) -> Option<(&'static Setting, Form)> {
    all().find_map(|setting| {
        if setting.name == name {
            Some((setting, Form::Value))
        } else if setting.file_name().is_some_and(|file| file == name) {
            Some((setting, Form::File))
        } else {
            None
        }
    })
}

/// How a setting is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The value itself.
    Value,
    /// The path of a file with the value.
    File,
}
