//! The binary: everything is in the library, so that tests can reach it.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use symbolon::cli::{self, Io};

fn main() -> ExitCode {
    let mut io = Io {
        stdin: &mut io::stdin(),
        prompts: io::stdin().is_terminal(),
        stdout: &mut io::stdout(),
        stderr: &mut io::stderr(),
        environment: std::env::vars_os().collect(),
    };
    ExitCode::from(cli::run(std::env::args_os(), &mut io))
}
