//! The log on standard error: one line an event, for people or as JSON with OpenTelemetry's names
//! (`timestamp`, `severity_text`, `body`, `trace_id`, `event.name`, …). No value can begin a line of
//! its own or drive a terminal: control characters are encoded (ASVS 16.4.1).

mod line;
#[cfg(test)]
mod tests;

use std::io::{IsTerminal as _, Write};

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry};

use crate::config::{Log, LogFormat};
use line::Line;

/// Starts logging for the process, to standard error.
///
/// # Errors
/// When logging was already started, or `level` is not a filter.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let style = match log.format {
        LogFormat::Json => Style::Json,
        LogFormat::Pretty if std::io::stderr().is_terminal() => Style::Coloured,
        LogFormat::Pretty => Style::Plain,
    };
    subscriber(&log.level, style, std::io::stderr)?.try_init().map_err(|_| TelemetryError::AlreadyStarted)
}

/// Why logging did not start.
#[derive(Debug, PartialEq, Eq)]
pub enum TelemetryError {
    /// It was started before in this process.
    AlreadyStarted,
    /// The filter is malformed, as this says.
    Filter(String),
}

impl std::fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AlreadyStarted => f.write_str("logging was already started in this process"),
            Self::Filter(why) => write!(f, "log.level is not a filter: {why}"),
        }
    }
}

impl std::error::Error for TelemetryError {}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Json,
    Plain,
    Coloured,
}

/// The subscriber that writes lines of `style` to `writer`.
fn subscriber<W>(level: &str, style: Style, writer: W) -> Result<impl Subscriber + Send + Sync, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // What the web server says about its own start is of use to nobody; whoever writes a filter gets
    // exactly that.
    let filter = if level == "info" { "info,actix_server=warn" } else { level };
    let filter = EnvFilter::builder().parse(filter).map_err(|error| TelemetryError::Filter(error.to_string()))?;
    Ok(Registry::default().with(filter).with(Lines { style, writer }))
}

/// The layer that writes one line an event, with the fields of the spans around it.
struct Lines<W> {
    style: Style,
    writer: W,
}

/// The fields of one span, kept until it closes.
#[derive(Default)]
struct Fields(Vec<(&'static str, serde_json::Value)>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<serde_json::Value>) {
        let name = field.name();
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    /// An error with everything that caused it.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        self.set(field, text);
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        // The time of a log line is the wall clock's; no decision hangs on it, so it is not injected.
        let mut line = Line::new(jiff::Timestamp::now(), event.metadata());
        // The innermost wins: a span of a token request may repeat what its request span said.
        if let Some(scope) = context.event_scope(event) {
            for span in scope.from_root() {
                if let Some(fields) = span.extensions().get::<Fields>() {
                    line.extend(&fields.0);
                }
            }
        }
        line.extend(&own.0);
        let text = match self.style {
            Style::Json => line.json(),
            Style::Plain => line.pretty(false),
            Style::Coloured => line.pretty(true),
        };
        // One write a line, so that lines of several threads do not mix. Nothing is left to tell if it fails.
        let _ = self.writer.make_writer_for(event.metadata()).write_all(text.as_bytes());
    }
}
