//! Plan configurations from templates: JSON in which `{{name}}` stands for what the seed made.

use std::{
    collections::BTreeMap,
    fs::{DirBuilder, OpenOptions, create_dir_all},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::failed;
use crate::app::StartError;

/// A template whose members are values of the others: what a plan tells the suite's browser to do.
const BROWSER: &str = "browser.json";

/// What the names stand for.
pub(super) struct Values(BTreeMap<String, Value>);

impl Values {
    /// None yet.
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// What a name stands for.
    pub(super) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// A template with everything in its place. A text that is nothing but a name becomes its value, whatever that is.
    ///
    /// # Errors
    /// The name that stands for nothing, or for no text where there is more text around it.
    pub(super) fn fill(&self, template: &Value) -> Result<Value, String> {
        Ok(match template {
            Value::String(text) => self.fill_text(text)?,
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let filled = members.iter().map(|(name, value)| Ok((name.clone(), self.fill(value)?)));
                Value::Object(filled.collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    fn fill_text(&self, text: &str) -> Result<Value, String> {
        if let Some(name) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"))
            && !name.contains("{{")
        {
            return self.find(name).cloned();
        }
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or_else(|| format!("{text} has no end"))?;
            filled.push_str(before);
            filled.push_str(self.find(name)?.as_str().ok_or_else(|| format!("{name} is no text"))?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled.into())
    }

    fn find(&self, name: &str) -> Result<&Value, String> {
        self.0.get(name).ok_or_else(|| format!("{{{{{name}}}}} stands for nothing"))
    }
}

/// Fills every template of a folder, and writes it under its name. Only their owner reads the files: they hold keys.
pub(super) fn fill_all(templates: &Path, output: &Path, mut values: Values) -> Result<Vec<PathBuf>, StartError> {
    let at = |path: &Path, why: &dyn std::fmt::Display| failed(format!("{}: {why}", path.display()));
    if let Some(above) = output.parent() {
        create_dir_all(above).map_err(|error| at(above, &error))?;
    }
    if !output.is_dir() {
        DirBuilder::new().mode(0o700).create(output).map_err(|error| at(output, &error))?;
    }
    let browser = templates.join(BROWSER);
    let filled = read(&browser).and_then(|template| values.fill(&template)).map_err(|why| at(&browser, &why))?;
    for (name, value) in filled.as_object().into_iter().flatten() {
        values.put(name, value.clone());
    }
    let mut written = Vec::new();
    let mut found: Vec<PathBuf> = std::fs::read_dir(templates)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|error| at(templates, &error))?;
    found.sort();
    for template in found.iter().filter(|path| path.extension().is_some_and(|end| end == "json") && **path != browser) {
        let filled = read(template).and_then(|text| values.fill(&text)).map_err(|why| at(template, &why))?;
        let Some(name) = template.file_name() else { continue };
        let file = output.join(name);
        write(&file, &format!("{filled:#}\n")).map_err(|error| at(&file, &error))?;
        written.push(file);
    }
    Ok(written)
}

fn read(path: &Path) -> Result<Value, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}
