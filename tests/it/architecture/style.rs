//! What keeps a file readable: its size, its first line, its names, and no exception without a reason.

use syn::{
    Attribute, Expr, Meta,
    visit::{self, Visit},
};

use super::{
    references::attributes,
    source::{files, is_for_tests, orphans, sources, text},
};

const HARD_LIMIT: usize = 600;
const SOFT_LIMIT: usize = 500;

/// One style sheet for every page; it is read by its headings.
const LONGER: &[&str] = &["static/app.css"];

/// Words that say nothing about what a thing does.
const EMPTY_WORDS: &[&str] = &["manager", "managers", "util", "utils", "utility", "helper", "helpers"];
const EMPTY_VERBS: &[&str] = &["get", "do", "handle"];

fn written() -> Vec<String> {
    let mut all = Vec::new();
    for folder in ["src", "tests", "benches", "static", "migrations"] {
        all.extend(files(folder, &[".rs", ".mjs", ".js", ".py", ".html", ".css", ".sql", ".sh", "/run"]));
    }
    all
}

fn none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn every_file_can_be_read_in_one_sitting() {
    let mut violations = Vec::new();
    for path in written() {
        let lines = text(&path).lines().count();
        if lines > HARD_LIMIT && !LONGER.contains(&path.as_str()) {
            violations.push(format!("{path}: {lines} lines"));
        } else if lines > SOFT_LIMIT {
            println!("{path}: {lines} lines, and {HARD_LIMIT} are the limit");
        }
    }
    none(&violations);
}

#[test]
fn every_file_begins_by_saying_what_it_decides() {
    let bare = |source: &&super::source::Source| !source.text.starts_with("//! ");
    none(&sources().iter().filter(bare).map(|source| source.path.clone()).collect::<Vec<_>>());
}

#[test]
fn every_file_belongs_to_a_module() {
    none(&orphans());
}

#[test]
fn nothing_is_left_for_later_without_an_owner() {
    // Written so that this file does not find itself.
    let marks =
        [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["unimple", "mented!"].concat(), ["to", "do!"].concat()];
    let mut violations = Vec::new();
    for path in written() {
        for (number, line) in text(&path).lines().enumerate() {
            let word = |mark: &String| {
                line.match_indices(mark.as_str()).any(|(at, _)| {
                    let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                    !letter(line[..at].chars().last()) && !letter(line[at + mark.len()..].chars().next())
                })
            };
            if marks.iter().any(word) {
                violations.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(&violations);
}

/// The words of a name in any case: `TokenManager` and `token_manager` alike.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if (c == '_' || c.is_uppercase()) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words
}

fn is_empty_name(name: &str, function: bool) -> bool {
    let words = words(name);
    let verb = function && words.len() > 1 && words.first().is_some_and(|word| EMPTY_VERBS.contains(&word.as_str()));
    verb || words.iter().any(|word| EMPTY_WORDS.contains(&word.as_str()))
}

#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn check(&mut self, ident: &syn::Ident, function: bool) {
        if is_empty_name(&ident.to_string(), function) {
            self.0.push(ident.to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.check(&signature.ident, true);
        visit::visit_signature(self, signature);
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        // The name of a test is a sentence.
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        // The names of somebody else's trait are not ours.
        if item.trait_.is_none() {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.check(&item.ident, false);
        visit::visit_item_mod(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.check(&item.ident, false);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.check(&item.ident, false);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.check(&item.ident, false);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.check(&item.ident, false);
    }
}

#[test]
fn every_name_says_what_the_thing_is() {
    let mut violations = Vec::new();
    for source in sources() {
        let mut names = Names::default();
        names.visit_file(&source.syntax);
        violations.extend(names.0.iter().map(|name| format!("{}: {name}", source.path)));
    }
    none(&violations);
}

#[test]
fn empty_names_are_told_from_names_that_contain_their_letters() {
    for (name, function) in [("get_user", true), ("handle_token", true), ("TokenManager", false), ("url_utils", false)]
    {
        assert!(is_empty_name(name, function), "{name}");
    }
    for (name, function) in [("get", true), ("domain", false), ("handles", true), ("Handle", false), ("docs", true)] {
        assert!(!is_empty_name(name, function), "{name}");
    }
}

/// Exceptions from lints, and calls that end the process, outside of tests.
#[derive(Default)]
struct Exceptions {
    /// What the surrounding `#[expect(…, reason = "…")]` name.
    expected: Vec<String>,
    found: Vec<String>,
}

impl Exceptions {
    fn attribute(&mut self, attribute: &Attribute) {
        let written = match &attribute.meta {
            Meta::List(list) => list.tokens.to_string(),
            Meta::Path(_) | Meta::NameValue(_) => String::new(),
        };
        let conditional = attribute.path().is_ident("cfg_attr");
        if attribute.path().is_ident("allow") || (conditional && written.contains("allow (")) {
            self.found.push(format!("allow({written})"));
        }
        let expects = attribute.path().is_ident("expect") || (conditional && written.contains("expect ("));
        if expects && !written.contains("reason =") {
            self.found.push(format!("expect({written}) without a reason"));
        }
    }

    fn inside(&mut self, attributes: &[Attribute], descend: impl FnOnce(&mut Self)) {
        attributes.iter().for_each(|attribute| self.attribute(attribute));
        if is_for_tests(attributes) {
            return;
        }
        let before = self.expected.len();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("expect")) {
            if let Meta::List(list) = &attribute.meta {
                self.expected.push(list.tokens.to_string());
            }
        }
        descend(self);
        self.expected.truncate(before);
    }

    fn call(&mut self, name: &str, lint: &str) {
        if !self.expected.iter().any(|expected| expected.contains(lint)) {
            self.found.push(name.to_owned());
        }
    }
}

impl<'ast> Visit<'ast> for Exceptions {
    fn visit_file(&mut self, file: &'ast syn::File) {
        self.inside(&file.attrs, |finder| file.items.iter().for_each(|item| finder.visit_item(item)));
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.inside(attributes(item), |finder| visit::visit_item(finder, item));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.inside(&function.attrs, |finder| visit::visit_impl_item_fn(finder, function));
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        self.inside(&local.attrs, |finder| visit::visit_local(finder, local));
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Expr::MethodCall(call) = expr {
            match call.method.to_string().as_str() {
                "unwrap" | "unwrap_err" => self.call(".unwrap()", "unwrap_used"),
                "expect" | "expect_err" => self.call(".expect()", "expect_used"),
                _ => {}
            }
        }
        visit::visit_expr(self, expr);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        for name in ["panic", "unreachable"] {
            if call.path.is_ident(name) {
                self.call(&format!("{name}!"), name);
            }
        }
        let tokens = call.tokens.to_string();
        if tokens.contains(". unwrap ()") || tokens.contains(". expect (\"") {
            self.call("unwrap or expect in a macro call", "unwrap_used");
        }
    }
}

#[test]
fn nothing_outside_of_tests_panics_and_no_lint_is_silenced_without_a_reason() {
    let mut violations = Vec::new();
    for source in sources() {
        let mut exceptions = Exceptions::default();
        if source.test {
            for line in source.text.lines().filter(|line| line.contains("#[allow(") || line.contains("#![allow(")) {
                exceptions.found.push(line.trim().to_owned());
            }
        } else {
            exceptions.visit_file(&source.syntax);
        }
        violations.extend(exceptions.found.iter().map(|what| format!("{}: {what}", source.path)));
    }
    none(&violations);
}

#[test]
fn an_exception_needs_its_reason_at_the_place() {
    let found = |code: &str| {
        let mut exceptions = Exceptions::default();
        exceptions.visit_file(&syn::parse_file(code).unwrap());
        exceptions.found.len()
    };
    assert_eq!(found("fn f() { a.unwrap(); b.expect(\"x\"); panic!(); }"), 3);
    assert_eq!(found("#[allow(dead_code)] fn f() {}"), 1);
    assert_eq!(found("#[expect(clippy::expect_used)] fn f() { a.expect(\"x\") }"), 1);
    assert_eq!(found("#[expect(clippy::expect_used, reason = \"never\")] fn f() { a.expect(\"x\") }"), 0);
    assert_eq!(found("#[expect(clippy::unwrap_used, reason = \"never\")] fn f() { a.expect(\"x\") }"), 1);
    assert_eq!(found("#[cfg(test)] mod tests { fn f() { a.unwrap() } }"), 0);
}
