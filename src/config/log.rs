//! `[log]`: form and detail of the log on standard error.

use tracing_subscriber::EnvFilter;

use super::reader::Reader;
use super::setting::{Kind, Setting};
use super::suggest::nearest;
use crate::domain::trace::StartCode;

static FORMAT: Setting = Setting::new(
    "log.format",
    Kind::Choice(&["pretty", "json"]),
    "pretty for people; json for machines: one object a line with OpenTelemetry's names.",
)
.default("pretty");

static LEVEL: Setting = Setting::new(
    "log.level",
    Kind::Text,
    "error, warn, info, debug, trace or off; finer by target: \"info,symbolon::store=debug\".",
)
.default("info");

/// The settings of this section.
pub static SETTINGS: &[&Setting] = &[&FORMAT, &LEVEL];

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people at a terminal.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Form and detail of the log.
#[derive(Clone, Debug)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// What is logged: directives of `tracing_subscriber::EnvFilter`, checked.
    pub level: String,
}

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// Reads the section.
pub fn read(reader: &mut Reader<'_>) -> Log {
    let format = match reader.text(&FORMAT).as_deref() {
        Some("json") => LogFormat::Json,
        _ => LogFormat::Pretty,
    };
    let level = reader.text(&LEVEL).unwrap_or_default();
    // The filter takes a bare word that is no level as the name of a target, and would log nothing.
    let stray = level.split(',').map(str::trim).find(|part| !part.contains('=') && !LEVELS.contains(part));
    if let Some(word) = stray {
        let near = nearest(word, LEVELS).map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
        let message = format!("log.level has \"{word}\": write one of {}.{near}", LEVELS.join(", "));
        reader.refuse(StartCode::InvalidValue, &LEVEL, message);
    } else if let Err(error) = EnvFilter::builder().parse(&level) {
        let message = format!("log.level is \"{level}\": {error}. Write it like info,symbolon::store=debug");
        reader.refuse(StartCode::InvalidValue, &LEVEL, message);
    }
    Log { format, level }
}
