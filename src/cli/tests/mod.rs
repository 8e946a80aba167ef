//! The command line as a person or a script meets it: what is printed, and the exit code.

mod apis;
mod objects;
mod other;
mod registration;
mod sign_up;

use std::ffi::OsString;

use serde_json::Value;

use super::{Io, run};
use crate::app::fixture::TestDatabase;

/// What a command answered.
#[derive(Debug)]
struct Answer {
    exit: u8,
    out: String,
    err: String,
}

impl Answer {
    /// It was done; its standard output.
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!(self.exit, 0, "{self:?}");
        self.out
    }

    /// It was done; its standard output as JSON.
    #[track_caller]
    fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// It ended with this code, and said this on standard error and nothing on standard output.
    #[track_caller]
    fn fails(self, exit: u8, message: &str) {
        assert_eq!((self.exit, self.out.as_str()), (exit, ""), "{self:?}");
        assert!(self.err.contains(message), "{message}: {self:?}");
    }
}

/// One database and the commands on it.
struct Shell {
    database: TestDatabase,
}

impl Shell {
    fn each() -> Vec<Self> {
        TestDatabase::each().into_iter().map(|database| Self { database }).collect()
    }

    fn sqlite() -> Self {
        Self { database: TestDatabase::sqlite() }
    }

    fn call(&self, line: &str) -> Answer {
        self.pipe(line, "")
    }

    /// A command line, split at spaces, with this on its standard input.
    fn pipe(&self, line: &str, stdin: &str) -> Answer {
        let mut args: Vec<OsString> = vec!["symbolon".into()];
        for (key, value) in self.database.flags() {
            args.extend(["--set".into(), format!("{key}={value}").into()]);
        }
        args.extend(line.split(' ').map(|word| word.replace('~', " ").into()));
        call(args, stdin)
    }
}

fn call(args: Vec<OsString>, stdin: &str) -> Answer {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io {
        stdin: &mut stdin.as_bytes(),
        prompts: false,
        stdout: &mut out,
        stderr: &mut err,
        environment: Vec::new(),
    };
    let exit = run(args, &mut io);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Answer { exit, out: text(out), err: text(err) }
}
