//! One log line: names, order and the encoding that keeps it one line.

use std::fmt::Write as _;

use serde_json::Value;
use tracing::{Level, Metadata};

/// The longest value in characters; what a stranger sends must not fill the disk by one line.
const LONGEST: usize = 4096;

/// Names that the line itself uses; a field of such a name is moved aside.
const OWN: [&str; 4] = ["timestamp", "severity_text", "body", "scope.name"];

/// A line in the making.
pub struct Line {
    time: String,
    level: Level,
    target: String,
    body: String,
    fields: Vec<(String, Value)>,
}

impl Line {
    /// An empty line for an event.
    pub fn new(time: jiff::Timestamp, metadata: &Metadata<'_>) -> Self {
        Self {
            time: format!("{time:.3}"),
            level: *metadata.level(),
            target: metadata.target().to_owned(),
            body: String::new(),
            fields: Vec::new(),
        }
    }

    /// Adds fields; a later one replaces an earlier one of the same name. `message` is the body.
    pub fn extend(&mut self, fields: &[(&'static str, Value)]) {
        for (name, value) in fields {
            let value = shortened(value);
            if *name == "message" {
                self.body = text_of(&value);
                continue;
            }
            let name = if OWN.contains(name) { format!("field.{name}") } else { (*name).to_owned() };
            match self.fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => self.fields.push((name, value)),
            }
        }
    }

    /// As one JSON object and a line end.
    pub fn json(&self) -> String {
        let own = [
            ("timestamp", self.time.as_str()),
            ("severity_text", self.level.as_str()),
            ("body", self.body.as_str()),
            ("scope.name", self.target.as_str()),
        ];
        let mut text = String::from("{");
        for (index, (name, value)) in own.into_iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            put_json(&mut text, name, &Value::from(value));
        }
        for (name, value) in &self.fields {
            text.push(',');
            put_json(&mut text, name, value);
        }
        text.push_str("}\n");
        text
    }

    /// For people: time, level, body, then `name=value`.
    pub fn pretty(&self, coloured: bool) -> String {
        let (start, end) = if coloured { (colour(self.level), "\x1b[0m") } else { ("", "") };
        let mut text = format!("{} {start}{:>5}{end} ", self.time, self.level.as_str());
        put_encoded(&mut text, &self.body);
        for (name, value) in &self.fields {
            let value = text_of(value);
            let _ = write!(text, " {name}=");
            // Quoted where it could be taken for more than one value.
            if value.is_empty() || value.contains([' ', '=', '"', '\\']) {
                text.push('"');
                put_encoded(&mut text, &value.replace('\\', "\\\\").replace('"', "\\\""));
                text.push('"');
            } else {
                put_encoded(&mut text, &value);
            }
        }
        if self.level <= Level::WARN {
            let _ = write!(text, " ({})", self.target);
        }
        text.push('\n');
        text
    }
}

/// `"name":value` with everything unsafe as `\uXXXX`.
fn put_json(text: &mut String, name: &str, value: &Value) {
    // JSON itself escapes only what is below U+0020; the rest is inside string literals, where \u is allowed.
    let literal = format!("{}:{value}", Value::from(name));
    for character in literal.chars() {
        if is_unsafe(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(character);
        }
    }
}

/// `value` with everything unsafe as `\n` or `\u{XX}`.
fn put_encoded(text: &mut String, value: &str) {
    for character in value.chars() {
        if is_unsafe(character) {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
}

/// Control characters, other line ends, and characters that reorder or hide what is around them.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A value of bearable length.
fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) if text.chars().nth(LONGEST).is_some() => {
            let mut short: String = text.chars().take(LONGEST).collect();
            short.push('…');
            Value::String(short)
        }
        other => other.clone(),
    }
}

/// A value as text without quotes.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The terminal's colour of a level.
fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        _ => "\x1b[2m",
    }
}
