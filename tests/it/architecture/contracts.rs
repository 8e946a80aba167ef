//! The written contracts: `openapi.yaml` names what the route table serves and nothing else; the
//! documents are short, numbered without gaps, and link to what exists.

use std::collections::{BTreeMap, BTreeSet};

use symbolon::http::routes::ROUTES;
use syn::{
    ItemFn, ItemMod, LitStr,
    visit::{self, Visit},
};

use super::source::{Home, files, is_for_tests, root, sources, text};

/// Served on the management port, which has no entry in the public table.
const MANAGEMENT: &[&str] = &["/livez", "/readyz"];

/// Path to methods, from the two levels below `paths:`. The file is ours, and indented by two.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    let contract = text("openapi.yaml");
    let lines = contract.lines().skip_while(|line| *line != "paths:").skip(1);
    for line in lines.take_while(|line| line.is_empty() || line.starts_with(' ')) {
        let key = line.trim().trim_end_matches(':');
        match line.len() - line.trim_start().len() {
            2 if line.ends_with(':') => {
                key.clone_into(&mut current);
                paths.entry(current.clone()).or_default();
            }
            4 if ["get", "post", "put", "patch", "delete"].contains(&key) => {
                paths.entry(current.clone()).or_default().insert(key.to_owned());
            }
            _ => {}
        }
    }
    paths
}

/// What programs call. Pages, their assets and the documentation are for people.
fn is_for_programs(path: &str) -> bool {
    ["/oauth2/", "/.well-known/", "/healthz", "/api/"].iter().any(|start| path.starts_with(start))
}

#[test]
fn the_contract_names_every_route_for_programs_and_no_other() {
    let served: BTreeMap<String, BTreeSet<String>> = ROUTES
        .iter()
        .filter(|route| is_for_programs(route.path))
        .map(|route| (route.path.to_owned(), route.methods.iter().map(|(method, _)| (*method).to_owned()).collect()))
        .collect();
    let mut documented = documented();
    for path in MANAGEMENT {
        assert!(documented.remove(*path).is_some(), "openapi.yaml must tell of {path}");
    }
    assert_eq!(documented, served);
}

#[test]
fn every_endpoint_of_the_contract_tells_of_its_refusals() {
    let contract = text("openapi.yaml");
    for (path, _) in documented().iter().filter(|(path, _)| path.starts_with("/oauth2/") && *path != "/oauth2/jwks") {
        let start = contract.find(&format!("\n  {path}:\n")).unwrap();
        let rest = &contract[start + 4..];
        let end = rest.find("\n  /").unwrap_or(rest.len());
        assert!(rest[..end].contains("\"400\"") || rest[..end].contains("\"401\""), "{path} tells of no refusal");
    }
}

#[test]
fn the_documents_stay_short_and_the_decisions_are_numbered_without_gaps() {
    assert!(text("ARCHITECTURE.md").lines().count() < 150);
    let decisions = files("docs/adr", &[".md"]);
    assert!(!decisions.is_empty());
    for (number, path) in (1..).zip(&decisions) {
        let name = path.trim_start_matches("docs/adr/");
        assert!(name.starts_with(&format!("{number:04}-")), "{path} should be number {number}");
        let body = text(path);
        assert!(body.lines().count() <= 60, "{path} is too long to be read");
        for heading in ["## Context", "## Decision", "## Consequences"] {
            assert!(body.contains(heading), "{path} has no {heading}");
        }
    }
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut broken = Vec::new();
    let mut documents = files("docs", &[".md"]);
    documents.extend(files("docker", &[".md"]));
    for name in ["README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY", "CHANGELOG"] {
        documents.push(format!("{name}.md"));
    }
    for path in documents {
        let folder = root().join(&path).parent().unwrap().to_path_buf();
        let body = text(&path);
        for (at, _) in body.match_indices("](") {
            let target: String = body[at + 2..].chars().take_while(|c| *c != ')').collect();
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !folder.join(file).exists() {
                broken.push(format!("{path}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The sentences in the code: what begins with a capital letter and ends with a full stop.
struct Sentences(Vec<String>);

impl<'ast> Visit<'ast> for Sentences {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_lit_str(&mut self, literal: &'ast LitStr) {
        let value = literal.value();
        if value.starts_with(|c: char| c.is_ascii_uppercase()) && value.ends_with('.') {
            self.0.push(value);
        }
    }
}

/// Behaviour 50: the rules of registration and of requests become an `error_description`.
#[test]
fn the_sentences_of_the_rules_are_printable_ascii_without_quote_and_backslash() {
    let mut found = Sentences(Vec::new());
    for source in sources().iter().filter(|source| source.home == Home::Domain && !source.test) {
        found.visit_file(&source.syntax);
    }
    assert!(found.0.len() > 100, "the rules of registration are among them: {}", found.0.len());
    assert!(found.0.iter().any(|text| text.starts_with("List each grant type once")));
    for text in &found.0 {
        assert!(text.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\'), "{text}");
    }
}
