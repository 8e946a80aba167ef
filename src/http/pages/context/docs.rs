//! The documentation of the codes: of reasons, at the addresses that `error_uri` names, and of what keeps a
//! server from starting.

use serde::Serialize;

use crate::http::pages::{Page, PageKind};

/// One code.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorEntry {
    /// `AS-NNNN`.
    pub code: String,
    /// The rule that was broken, in a sentence.
    pub summary: String,
    /// What to do about it.
    pub next_step: String,
    /// Whom the next step addresses, such as "the developer of the application".
    pub audience: String,
    /// Whether a program that did not start said it, instead of an answer.
    pub at_start: bool,
    /// The OAuth error code that travels with it, if any.
    pub oauth_error: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct Group {
    id: String,
    title: &'static str,
    entries: Vec<ErrorEntry>,
}

/// `/docs/errors`.
#[derive(Debug, Clone, Serialize)]
pub struct DocsErrors {
    index_url: String,
    groups: Vec<Group>,
}

impl DocsErrors {
    /// `index_url` is the address of this page without a trailing slash; codes stay in order
    /// inside their family.
    pub fn new(index_url: &str, entries: Vec<ErrorEntry>) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for entry in entries {
            let title = family(&entry.code);
            match groups.iter_mut().find(|group| group.title == title) {
                Some(group) => group.entries.push(entry),
                None => groups.push(Group { id: format!("family-{}", groups.len()), title, entries: vec![entry] }),
            }
        }
        Self { index_url: index_url.to_owned(), groups }
    }
}

impl Page for DocsErrors {
    const TEMPLATE: &'static str = "docs_errors.html";
    const KIND: PageKind = PageKind::SameOrigin;
}

/// `/docs/errors/{code}`.
#[derive(Debug, Clone, Serialize)]
pub struct DocsError {
    index_url: String,
    group: &'static str,
    entry: ErrorEntry,
}

impl DocsError {
    /// `index_url` is the address of the list without a trailing slash.
    pub fn new(index_url: &str, entry: ErrorEntry) -> Self {
        Self { index_url: index_url.to_owned(), group: family(&entry.code), entry }
    }
}

impl Page for DocsError {
    const TEMPLATE: &'static str = "docs_error.html";
    const KIND: PageKind = PageKind::SameOrigin;
}

/// The family that the first two digits name.
fn family(code: &str) -> &'static str {
    match code.get(..5) {
        Some("AS-10") => "Authorization requests",
        Some("AS-11") => "Token requests",
        Some("AS-12") => "Client authentication",
        Some("AS-13") => "Proof Key for Code Exchange",
        Some("AS-14") => "Client registration",
        Some("AS-15") => "Signing out",
        Some("AS-16") => "Device authorization",
        Some("AS-20") => "Signing in",
        Some("AS-30") => "Administration",
        Some("AS-40") => "Configuration and start",
        _ => "Everything else",
    }
}
