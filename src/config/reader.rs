//! Turns given values into typed ones, section by section, and remembers for `config show` what
//! holds and where it came from. It never stops at an error: the default stands in and the next
//! check runs.

use std::path::{Path, PathBuf};

use crate::domain::{Secret, trace::StartCode};

use super::error::{ConfigError, Origin};
use super::setting::{Form, Kind, Setting};
use super::source::{Files, Layer, Raw};
use super::suggest::nearest;

/// What `config show` prints for one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The dotted name.
    pub key: &'static str,
    /// The effective value; a secret is replaced by a word.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// A setting that works but should be thought about, named at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The dotted name.
    pub key: &'static str,
    /// What is lost or surprising, and what to do.
    pub message: String,
}

/// Reads typed values out of the merged layers.
pub struct Reader<'a> {
    given: Layer,
    files: &'a dyn Files,
    /// What is wrong so far.
    pub errors: Vec<ConfigError>,
    /// What to warn of so far.
    pub warnings: Vec<Warning>,
    /// What holds so far.
    pub shown: Vec<Shown>,
}

impl<'a> Reader<'a> {
    /// Over the merged layers, with the refusals from merging.
    pub fn new(given: Layer, errors: Vec<ConfigError>, files: &'a dyn Files) -> Self {
        Self { given, files, errors, warnings: Vec::new(), shown: Vec::new() }
    }

    /// Whether someone gave a value.
    pub fn is_given(&self, setting: &Setting) -> bool {
        self.given.contains_key(setting.name)
    }

    /// Where the value comes from.
    pub fn origin(&self, setting: &Setting) -> Origin {
        self.given.get(setting.name).map_or(Origin::BuiltIn, |given| given.origin.clone())
    }

    /// Refuses the value of `setting`. `message` says what is wrong and how to mend it.
    pub fn refuse(&mut self, code: StartCode, setting: &Setting, message: impl Into<String>) {
        let origin = self.origin(setting);
        self.errors.push(ConfigError { code, message: message.into(), origin });
    }

    /// Warns of the value of `setting`.
    pub fn warn(&mut self, setting: &Setting, message: impl Into<String>) {
        self.warnings.push(Warning { key: setting.name, message: message.into() });
    }

    /// Records the effective value of `setting` for `config show`.
    pub fn show(&mut self, setting: &Setting, value: impl Into<String>) {
        let origin = self.origin(setting);
        self.show_from(setting, value, origin);
    }

    /// Records an effective value that was computed.
    pub fn show_from(&mut self, setting: &Setting, value: impl Into<String>, origin: Origin) {
        self.shown.retain(|shown| shown.key != setting.name);
        self.shown.push(Shown { key: setting.name, value: value.into(), origin });
    }

    /// The text of a `Text` or `Choice` setting, or its default; `None` when neither is there.
    pub fn text(&mut self, setting: &'static Setting) -> Option<String> {
        let text = match self.given.get(setting.name).map(|given| given.raw.clone()) {
            None => setting.default.map(str::to_owned),
            Some(Raw::Written(text) | Raw::Text(text)) => Some(text),
            Some(other) => {
                self.refuse_form(setting, &other, &format!("text, such as \"{}\"", shown_example(setting)));
                setting.default.map(str::to_owned)
            }
        };
        self.show(setting, text.clone().unwrap_or_default());
        let text = text?;
        if let Kind::Choice(words) = setting.kind
            && !words.contains(&text.as_str())
        {
            let near = nearest(&text, words).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
            let message = format!("{} is \"{text}\": write one of {}.{near}", setting.name, words.join(", "));
            self.refuse(StartCode::InvalidValue, setting, message);
            return setting.default.map(str::to_owned);
        }
        Some(text)
    }

    /// The number of an `Integer` setting, within its bounds.
    pub fn integer(&mut self, setting: &'static Setting) -> i64 {
        let (min, max) = match setting.kind {
            Kind::Integer { min, max } => (min, max),
            _ => (i64::MIN, i64::MAX),
        };
        let default = setting.default.and_then(|text| text.parse().ok()).unwrap_or(min);
        let wanted = format!("a whole number between {min} and {max}");
        let number = match self.given.get(setting.name).map(|given| given.raw.clone()) {
            None => default,
            Some(Raw::Integer(number)) if (min..=max).contains(&number) => number,
            Some(Raw::Written(text)) => match text.parse() {
                Ok(number) if (min..=max).contains(&number) => number,
                _ => {
                    self.refuse_form(setting, &Raw::Written(text), &wanted);
                    default
                }
            },
            Some(other) => {
                self.refuse_form(setting, &other, &wanted);
                default
            }
        };
        self.show(setting, number.to_string());
        number
    }

    /// The value of a `Boolean` setting. A `danger_` switch that is on is warned of.
    pub fn boolean(&mut self, setting: &'static Setting) -> bool {
        let default = setting.default == Some("true");
        let value = match self.given.get(setting.name).map(|given| given.raw.clone()) {
            None => default,
            Some(Raw::Boolean(value)) => value,
            Some(Raw::Written(text)) if text == "true" => true,
            Some(Raw::Written(text)) if text == "false" => false,
            Some(other) => {
                self.refuse_form(setting, &other, "true or false");
                default
            }
        };
        self.warn_of_danger(setting, value);
        self.show(setting, value.to_string());
        value
    }

    /// The items of a `List` setting.
    pub fn list(&mut self, setting: &'static Setting) -> Vec<String> {
        let split = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        let default = setting.default.map(split).unwrap_or_default();
        let items = match self.given.get(setting.name).map(|given| given.raw.clone()) {
            None => default,
            Some(Raw::List(items)) => items,
            Some(Raw::Written(text)) => split(&text),
            Some(other) => {
                self.refuse_form(setting, &other, "a list of texts, such as [\"10.0.0.0/8\"]");
                default
            }
        };
        self.warn_of_danger(setting, !items.is_empty());
        self.show(setting, items.join(","));
        items
    }

    /// The value of a `Secret` setting, from where it was given or from the file that was named, or
    /// its default. Shown as "(secret)" unless the section shows something better.
    pub fn secret(&mut self, setting: &'static Setting) -> Option<Secret<String>> {
        let Some(given) = self.given.get(setting.name) else {
            return setting.default.map(Secret::from);
        };
        let form = given.form;
        let raw = given.raw.clone();
        self.show(setting, "(secret)");
        match (form, raw) {
            (_, Raw::Written(text) | Raw::Text(text)) if text.is_empty() => {
                let message = format!("{} is empty. Remove it or give it a value", setting.name);
                self.refuse(StartCode::InvalidValue, setting, message);
                None
            }
            (Form::Value, Raw::Written(text) | Raw::Text(text)) => Some(Secret::new(text)),
            (Form::File, Raw::Written(path) | Raw::Text(path)) => self.secret_file(setting, Path::new(&path)),
            (_, other) => {
                self.refuse_form(setting, &other, "text");
                None
            }
        }
    }

    /// The content of the file that carries a secret, without the line end that editors add.
    fn secret_file(&mut self, setting: &'static Setting, path: &Path) -> Option<Secret<String>> {
        let key = setting.file_name().unwrap_or_default();
        match self.files.read(path) {
            Ok(text) => {
                let secret = text.trim_end_matches(['\r', '\n']);
                if secret.is_empty() {
                    let message = format!("{key} names {}, which is empty. Put the secret into it", path.display());
                    self.refuse(StartCode::SecretFileUnreadable, setting, message);
                    return None;
                }
                self.show(setting, format!("(secret in {})", path.display()));
                Some(Secret::from(secret))
            }
            Err(error) => {
                let message = format!(
                    "{key} names {}, which cannot be read: {error}. Create it, or make it readable for this user",
                    path.display()
                );
                self.refuse(StartCode::SecretFileUnreadable, setting, message);
                None
            }
        }
    }

    /// A path, if one was given.
    pub fn path(&mut self, setting: &'static Setting) -> Option<PathBuf> {
        let text = self.text(setting)?;
        if text.is_empty() {
            self.refuse(
                StartCode::InvalidValue,
                setting,
                format!("{} is empty. Remove it or name a file", setting.name),
            );
            return None;
        }
        self.warn_of_danger(setting, true);
        Some(PathBuf::from(text))
    }

    /// What is lost is named at start, for as long as the setting is in use.
    fn warn_of_danger(&mut self, setting: &'static Setting, in_use: bool) {
        if let Some(consequence) = setting.danger.filter(|_| in_use) {
            self.warn(setting, consequence);
        }
    }

    /// Refuses a value of the wrong form. A secret is never quoted.
    fn refuse_form(&mut self, setting: &Setting, raw: &Raw, wanted: &str) {
        let is = match raw {
            _ if matches!(setting.kind, Kind::Secret) => "something else".to_owned(),
            Raw::Written(text) | Raw::Text(text) => format!("\"{text}\""),
            Raw::Integer(number) => number.to_string(),
            Raw::Boolean(value) => value.to_string(),
            Raw::List(_) => "a list".to_owned(),
            Raw::Other(what) => (*what).to_owned(),
        };
        self.refuse(StartCode::InvalidValue, setting, format!("{} is {is}: write {wanted}", setting.name));
    }
}

/// What to show as a value that would be right.
fn shown_example(setting: &Setting) -> &'static str {
    setting.default.filter(|default| !default.is_empty()).unwrap_or(setting.example)
}
