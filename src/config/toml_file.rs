//! The layer of `symbolon.toml`: which file is read, its syntax errors with their lines, and its
//! keys flattened to dotted names.

use std::io;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::variable;
use super::error::{ConfigError, Origin};
use super::setting::SECTIONS;
use super::source::{LayerBuilder, Raw, Sources, USUAL_FILES};
use crate::domain::trace::StartCode;

/// The layer of the configuration file; empty when none was named and none of the usual ones exists.
pub fn layer(sources: &Sources<'_>) -> LayerBuilder {
    let mut builder = LayerBuilder::default();
    let named = sources.config_file.clone().or_else(|| {
        variable(&sources.environment, "SYMBOLON_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from)
    });
    let found = match &named {
        Some(path) => Some((path.clone(), sources.files.read(path))),
        None => USUAL_FILES.iter().map(PathBuf::from).find_map(|path| match sources.files.read(&path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
            read => Some((path, read)),
        }),
    };
    match found {
        None => {}
        Some((path, Ok(text))) => read(&mut builder, &path, &text),
        Some((path, Err(error))) => {
            let fix = if named.is_some() { "Correct --config or SYMBOLON_CONFIG" } else { "Make it readable" };
            let message = format!("the configuration file cannot be read: {error}. {fix}");
            builder.errors.push(ConfigError {
                code: StartCode::FileUnreadable,
                message,
                origin: Origin::File { path, line: 0 },
            });
        }
    }
    builder
}

/// Adds everything that `text` says, or every syntax error in it.
fn read(builder: &mut LayerBuilder, path: &Path, text: &str) {
    let at = |offset: usize| Origin::File { path: path.to_owned(), line: line_of(text, offset) };
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        // Only the parser's own words: its Display would quote the line, and the line may hold a secret.
        let message = format!("the configuration file is not TOML: {}. Correct this line", error.message());
        let origin = at(error.span().map_or(0, |span| span.start));
        builder.errors.push(ConfigError { code: StartCode::FileUnreadable, message, origin });
    }
    if !errors.is_empty() {
        return;
    }
    for (key, value) in root.get_ref() {
        let name: &str = key.get_ref();
        match value.get_ref() {
            DeValue::Table(section) if section.is_empty() && SECTIONS.iter().all(|known| known.name != name) => {
                builder.refuse_name(name, &format!("[{name}]"), str::to_owned, at(key.span().start));
            }
            DeValue::Table(section) => {
                for (key, value) in section {
                    let name = format!("{name}.{}", key.get_ref());
                    builder.add_named(&name, &name, str::to_owned, raw(value), at(key.span().start));
                }
            }
            _ if SECTIONS.iter().any(|section| section.name == name) => {
                let message = format!("{name} is a section. Write [{name}] and its keys below");
                let origin = at(key.span().start);
                builder.errors.push(ConfigError { code: StartCode::UnknownKey, message, origin });
            }
            _ => builder.add_named(name, name, str::to_owned, raw(value), at(key.span().start)),
        }
    }
}

/// The value without its place.
fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Raw::Integer(number),
            Err(_) => Raw::Other("a number too large"),
        },
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
            texts.map_or(Raw::Other("an array of something other than strings"), Raw::List)
        }
        DeValue::Float(_) => Raw::Other("a number with a fraction"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

/// The line of a byte offset, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
