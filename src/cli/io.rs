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
    /// Whether a person types at `stdin` and has to be told what is waited for.
    pub prompts: bool,
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
        if self.prompts {
            // A lost prompt is no reason to fail.
            let _ = write!(self.stderr, "{what}, on one line (it shows as you type): ");
            let _ = self.stderr.flush();
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(prompts: bool) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io {
            stdin: &mut "a secret\r\n".as_bytes(),
            prompts,
            stdout: &mut out,
            stderr: &mut err,
            environment: Vec::new(),
        };
        let secret = io.secret_line("password").unwrap_or_else(|failure| panic!("{}", failure.message));
        (secret.expose().clone(), String::from_utf8(err).expect("text"))
    }

    #[test]
    fn a_person_is_told_what_is_waited_for_and_a_pipe_is_not() {
        let (secret, said) = asked(true);
        assert_eq!(secret, "a secret");
        assert!(said.starts_with("password"), "{said}");
        assert_eq!(asked(false), ("a secret".to_owned(), String::new()));
    }
}
