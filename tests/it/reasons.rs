//! Every reason code is asserted by literal in some test: a refusal that no test provokes may be one
//! that cannot happen, or one that nobody has looked at.

use std::{
    fs,
    path::{Path, PathBuf},
};

use symbolon::domain::trace::Reason;

/// Codes that no test of a refusal can name by literal, each with the reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("AS-2003", "the password pool's queue is full: src/crypto/password/tests.rs provokes it, without a code"),
    ("AS-5005", "the database is away: tests/e2e/kill9.mjs takes it away from a running server"),
    ("AS-5006", "a defect of ours; there is none to provoke"),
    ("AS-5007", "a listener off loopback without TLS: this suite binds loopback only"),
];

/// Test code: this suite, the end-to-end tests, and the test modules next to the sources.
fn test_sources(root: &Path) -> Vec<String> {
    let mut sources = Vec::new();
    let mut folders = vec![root.join("tests"), root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if !path.ends_with("node_modules") {
                    folders.push(path);
                }
            } else if let Some(text) = test_part(root, &path) {
                sources.push(text);
            }
        }
    }
    sources
}

/// The part of a file that is a test.
fn test_part(root: &Path, path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let relative = path.strip_prefix(root).ok()?;
    let code = [".rs", ".mjs", ".py"].iter().any(|end| name.ends_with(end));
    if !code || relative.ends_with("tests/it/reasons.rs") {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let in_tests = relative.starts_with("tests")
        || name == "tests.rs"
        || relative.components().any(|part| part.as_os_str() == "tests");
    if in_tests {
        return Some(text);
    }
    text.find("#[cfg(test)]\nmod tests {").and_then(|at| text.get(at..)).map(str::to_owned)
}

#[test]
fn every_reason_is_asserted_by_literal_in_some_test() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let sources = test_sources(&root);
    assert!(sources.len() > 50, "the sources were found");
    let asserted = |code: &str| {
        sources.iter().any(|text| text.contains(&format!("\"{code}\"")) || text.contains(&format!("'{code}'")))
    };
    let missing: Vec<&str> = Reason::ALL
        .iter()
        .map(|reason| reason.code())
        .filter(|code| !asserted(code) && !ELSEWHERE.iter().any(|(known, _)| known == code))
        .collect();
    assert!(missing.is_empty(), "no test asserts {missing:?}");
    for (code, why) in ELSEWHERE {
        assert!(Reason::from_code(code).is_some(), "{code} is no reason code any more");
        assert!(!asserted(code), "{code} is asserted by now; it needs no excuse ({why})");
    }
}
