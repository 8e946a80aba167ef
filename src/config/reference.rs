//! `config reference` and the example file, printed from the table of settings.

use std::fmt::Write as _;

use super::setting::{Kind, SECTIONS, Setting};

const WIDTH: usize = 100;

/// The reference for people: every setting with its TOML, environment variable, default and meaning.
pub fn reference() -> String {
    let mut text = String::from(
        "Order: built-in < symbolon.toml (--config, SYMBOLON_CONFIG, /etc/symbolon/symbolon.toml, ./symbolon.toml) < \
         environment < flags.\nSettings that begin with danger_ weaken security and are named at every start.\n",
    );
    for setting in SECTIONS.iter().flat_map(|section| section.settings) {
        let (section, key) = setting.section_and_key();
        let heading = if section.is_empty() { String::new() } else { format!("[{section}] ") };
        let _ = writeln!(text, "\n{}", setting.name);
        let mut put = |label: &str, value: &str| {
            let _ = writeln!(text, "  {label:<8} {value}");
        };
        put("toml", &format!("{heading}{key} = {}", literal(setting.kind, shown_value(setting))));
        put("env", &setting.environment_name());
        if let Some(file) = setting.file_name() {
            put("file", &format!("{file}, {}_FILE, or credential {}", setting.environment_name(), setting.name));
        }
        put("default", setting.default.map_or("none", |default| if default.is_empty() { "empty" } else { default }));
        match setting.kind {
            Kind::Integer { min, max } => put("range", &format!("{min} to {max}")),
            Kind::Choice(words) => put("one of", &words.join(", ")),
            _ => {}
        }
        for line in wrap(setting.doc, WIDTH - 2) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

/// The example file: every setting with its default, commented out.
pub fn example_toml() -> String {
    let mut text = String::from(
        "# Symbolon's configuration. Every line is optional; what is commented out shows the default, or an example\n\
         # where there is none. The environment (SYMBOLON_SECTION__KEY) overrides this file, flags override both.\n\
         # Generated: `symbolon config reference` prints the same table.\n",
    );
    for section in SECTIONS {
        if !section.name.is_empty() {
            let _ = write!(text, "\n[{}]\n", section.name);
        }
        for setting in section.settings {
            text.push('\n');
            for line in wrap(setting.doc, WIDTH - 2) {
                let _ = writeln!(text, "# {line}");
            }
            let (_, key) = setting.section_and_key();
            match setting.kind {
                // The secret itself does not belong into a file that is shown around.
                Kind::Secret if setting.default.is_none() => {
                    let _ = writeln!(text, "#{key}_file = {}", literal(setting.kind, setting.example));
                }
                _ => {
                    let _ = writeln!(text, "#{key} = {}", literal(setting.kind, shown_value(setting)));
                }
            }
        }
    }
    text
}

/// The default, or the example where there is no default or an empty one.
fn shown_value(setting: &Setting) -> &'static str {
    setting.default.filter(|default| !default.is_empty() || setting.example.is_empty()).unwrap_or(setting.example)
}

/// `value` as TOML writes it.
fn literal(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Integer { .. } | Kind::Boolean => value.to_owned(),
        Kind::Text | Kind::Choice(_) | Kind::Secret => toml::Value::from(value).to_string(),
        Kind::List => {
            let items =
                value.split(',').filter(|item| !item.is_empty()).map(|item| toml::Value::from(item).to_string());
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
    }
}

/// `text` in lines of at most `width` characters, broken at spaces.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
