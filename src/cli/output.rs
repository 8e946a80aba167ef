//! How answers look: aligned tables for people, JSON for programs.

use serde_json::Value;

use super::{CliFailure, Global, Io};

/// Prints the JSON or the text, as asked.
pub(super) fn print(global: &Global, io: &mut Io<'_>, json: &Value, text: &str) -> Result<(), CliFailure> {
    let text = if global.json { format!("{json:#}") } else { text.trim_end().to_owned() };
    if text.is_empty() {
        return Ok(());
    }
    writeln!(io.stdout, "{text}").map_err(|error| CliFailure::failed(format!("the output cannot be written: {error}")))
}

/// Prints what a person may want to know, unless asked to be quiet or for JSON.
pub(super) fn hint(global: &Global, io: &mut Io<'_>, text: &str) {
    if !global.quiet && !global.json {
        // A hint that nobody can read is no failure.
        let _ = writeln!(io.stderr, "{text}");
    }
}

/// Whoever deletes says so: with --yes.
pub(super) fn confirm(global: &Global, what: &str) -> Result<(), CliFailure> {
    if global.yes {
        return Ok(());
    }
    Err(CliFailure::usage(format!("this deletes {what} for good. Repeat it with --yes")))
}

/// Rows under headings, aligned.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let headings: Vec<String> = headings.iter().map(|heading| heading.to_uppercase()).collect();
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(visible(cell).chars().count());
        }
    }
    std::iter::once(&headings).chain(rows).map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{:<width$}", visible(cell))).collect();
    format!("{}\n", cells.join("  ").trim_end())
}

/// Names and values, one a line, aligned. Empty values are left out.
pub(super) fn fields(pairs: &[(&str, String)]) -> String {
    let shown: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    shown.iter().map(|(name, value)| format!("{name:<width$}  {}\n", visible(value))).collect()
}

/// Text that cannot drive a terminal or begin a line of its own.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_reordering(c) { '\u{fffd}' } else { c }).collect()
}

/// Characters that reorder or hide what a terminal shows.
const fn is_reordering(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `yes` or `no`.
pub(super) fn yes(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}
