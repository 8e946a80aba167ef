//! What a log line must look like whatever is put into it.

use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::domain::Secret;

use super::{Style, TelemetryError, subscriber};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged(level: &str, style: Style, work: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    tracing::subscriber::with_default(subscriber(level, style, move || writer.clone()).unwrap(), work);
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn json(work: impl FnOnce()) -> serde_json::Value {
    let text = logged("info", Style::Json, work);
    assert_eq!(text.matches('\n').count(), 1, "{text:?}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_json_line_has_the_names_of_opentelemetry() {
    let line = json(|| {
        let span = tracing::info_span!("request", trace_id = "4bf92f35", client.address = tracing::field::Empty);
        let _entered = span.enter();
        span.record("client.address", "192.0.2.7");
        tracing::warn!(event.name = "sign_in.failed", attempts = 3, ok = false, "sign-in refused");
    });
    assert_eq!(line["severity_text"], "WARN");
    assert_eq!(line["body"], "sign-in refused");
    assert_eq!(line["trace_id"], "4bf92f35");
    assert_eq!(line["client.address"], "192.0.2.7");
    assert_eq!(line["event.name"], "sign_in.failed");
    assert_eq!(line["attempts"], 3);
    assert_eq!(line["ok"], false);
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.parse::<jiff::Timestamp>().is_ok() && timestamp.ends_with('Z'), "{timestamp}");
}

#[test]
fn the_innermost_value_of_a_name_wins_and_appears_once() {
    let text = logged("info", Style::Json, || {
        let _outer = tracing::info_span!("outer", trace_id = "outer", user.id = "u1").entered();
        let _inner = tracing::info_span!("inner", trace_id = "inner").entered();
        tracing::info!("done");
    });
    assert_eq!(text.matches("\"trace_id\"").count(), 1, "{text}");
    assert!(text.contains("\"trace_id\":\"inner\"") && text.contains("\"user.id\":\"u1\""), "{text}");
}

#[test]
fn no_value_can_begin_a_line_or_drive_a_terminal() {
    let hostile = "a\n{\"body\":\"forged\"}\r\u{1b}[2J\u{0}\u{7f}\u{85}\u{9b}31m\u{2028}\u{202e}\u{feff}\u{e0041}b";
    for style in [Style::Json, Style::Plain] {
        let text = logged("info", style, || tracing::info!(user_agent = hostile, "sent {hostile}"));
        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        let stray = text
            .trim_end_matches('\n')
            .chars()
            .find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}' | '\u{feff}' | '\u{e0041}'));
        assert_eq!(stray, None, "{text:?}");
    }
}

#[test]
fn json_encoding_loses_nothing() {
    let hostile = "a\n\r\u{1b}\u{7f}\u{85}\u{202e}\u{e0041}\"\\ü";
    let line = json(|| tracing::info!(value = hostile, "x"));
    assert_eq!(line["value"], hostile);
}

#[test]
fn a_value_cannot_pretend_to_be_another_field() {
    let text = logged("info", Style::Plain, || {
        tracing::info!(name = "x trace_id=forged", path = "C:\\x", quoted = "\" user=root", "sent");
    });
    assert!(text.contains(r#"name="x trace_id=forged""#), "{text}");
    assert!(text.contains(r#"quoted="\" user=root""#), "{text}");
    assert!(text.contains(r#"path="C:\\x""#), "{text}");
}

#[test]
fn a_field_cannot_replace_what_the_line_itself_says() {
    let line = json(|| tracing::info!(timestamp = "1970", severity_text = "DEBUG", body = "forged", "true"));
    assert_eq!(line["body"], "true");
    assert_eq!(line["severity_text"], "INFO");
    assert_eq!(line["field.body"], "forged");
    assert_ne!(line["timestamp"], "1970");
}

#[test]
fn an_endless_value_is_cut() {
    let text = logged("info", Style::Json, || tracing::info!(value = "x".repeat(1_000_000), "y"));
    assert!(text.len() < 5000, "{}", text.len());
}

#[test]
fn a_secret_is_not_logged() {
    let secret = Secret::from("hunter2");
    let text = logged("info", Style::Json, || tracing::info!(?secret, "x"));
    assert!(!text.contains("hunter2") && text.contains("Secret"), "{text}");
}

#[test]
fn an_error_is_logged_with_what_caused_it() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the store is away")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let error = Outer(std::io::Error::other("disk full"));
    let line = json(|| tracing::error!(error = &error as &(dyn std::error::Error + 'static), "broken"));
    assert_eq!(line["error"], "the store is away: disk full");
}

#[test]
fn the_level_decides_by_target() {
    let work = || {
        tracing::info!("quiet");
        tracing::debug!(target: "symbolon::store", "loud");
    };
    let text = logged("warn,symbolon::store=debug", Style::Plain, work);
    assert!(text.contains("loud") && !text.contains("quiet"), "{text}");
    assert_eq!(logged("off", Style::Plain, work), "");
}

#[test]
fn the_web_server_is_quiet_unless_it_is_named() {
    let work = || tracing::info!(target: "actix_server::builder", "starting 2 workers");
    assert_eq!(logged("info", Style::Plain, work), "");
    assert!(logged("info,actix_server=info", Style::Plain, work).contains("starting 2 workers"));
}

#[test]
fn a_malformed_filter_is_refused() {
    assert!(matches!(subscriber("a=b=c", Style::Plain, std::io::stderr).err(), Some(TelemetryError::Filter(_))));
}
