//! What a command reads from and writes to, so that tests can look at it.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Read, Write},
};

use super::CliFailure;
use crate::domain::Secret;

/// Standard input, output and error, and the environment.
pub struct Io<'a> {
    /// Where secrets come from.
    pub stdin: &'a mut dyn Read,
    /// Where answers go.
    pub stdout: &'a mut dyn Write,
    /// Where failures and hints go.
    pub stderr: &'a mut dyn Write,
    /// As [`std::env::vars_os`] gives it.
    pub environment: Vec<(OsString, OsString)>,
}

/// A secret on a line is at most this long.
const LONGEST: u64 = 4096;

impl Io<'_> {
    /// The first line of standard input, without its line end.
    pub(super) fn secret_line(&mut self, what: &str) -> Result<Secret<String>, CliFailure> {
        let mut text = String::new();
        let read = BufReader::new((&mut *self.stdin).take(LONGEST)).read_line(&mut text);
        let line = Secret::new(text);
        read.map_err(|error| CliFailure::usage(format!("the {what} cannot be read from standard input: {error}")))?;
        let text = line.expose();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.is_empty() {
            return Err(CliFailure::usage(format!("standard input has no {what}: pipe it in, on one line")));
        }
        Ok(Secret::from(text))
    }
}
