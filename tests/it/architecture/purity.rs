//! The core decides and does nothing else: no asynchrony, I/O, clock, randomness or framework.

use syn::visit::{self, Visit};

use super::{
    references::{Named, references},
    source::{Home, sources, text},
};

/// All that the core may depend on: data formats, and one hash.
const DEPENDENCIES: &[&str] = &["base64", "serde", "serde_json", "sha2", "subtle", "url", "uuid", "zeroize"];

/// Parts of the standard library that reach outside. Addresses are values; sockets are not.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::os",
    "std::time",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
    "Uuid::new_v4",
    "Uuid::now_v7",
];

const OUTPUT: &[&str] = &["print", "println", "eprint", "eprintln", "dbg", "thread_local"];

#[derive(Default)]
struct Asynchrony(usize);

impl<'ast> Visit<'ast> for Asynchrony {
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.0 += usize::from(signature.asyncness.is_some());
        visit::visit_signature(self, signature);
    }

    fn visit_expr(&mut self, expr: &'ast syn::Expr) {
        let asynchronous = match expr {
            syn::Expr::Async(_) | syn::Expr::Await(_) => true,
            syn::Expr::Closure(closure) => closure.asyncness.is_some(),
            _ => false,
        };
        self.0 += usize::from(asynchronous);
        visit::visit_expr(self, expr);
    }
}

#[test]
fn the_core_has_no_asynchrony_and_reaches_nothing_outside() {
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.home == Home::Domain) {
        let mut asynchrony = Asynchrony::default();
        asynchrony.visit_file(&source.syntax);
        if asynchrony.0 > 0 {
            violations.push(format!("{}: async", source.path));
        }
        for reference in references(source) {
            let Named::Other(path) = reference.named else { continue };
            let outside = |outside: &&str| {
                let wanted: Vec<&str> = outside.split("::").collect();
                path.len() >= wanted.len() && path.iter().zip(wanted).all(|(segment, wanted)| segment == wanted)
            };
            let prints = path.len() == 1 && OUTPUT.contains(&path[0].as_str());
            if OUTSIDE.iter().any(outside) || prints {
                violations.push(format!("{}: {}", source.path, path.join("::")));
            }
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn the_core_depends_on_nothing_that_could_do_more() {
    let manifest: toml::Table = text("src/domain/Cargo.toml").parse().unwrap();
    let dependencies: Vec<&String> = manifest["dependencies"].as_table().unwrap().keys().collect();
    assert_eq!(dependencies, DEPENDENCIES, "the core's dependencies");
    for section in ["build-dependencies", "target", "features"] {
        assert!(!manifest.contains_key(section), "the core needs no [{section}]");
    }
    let workspace: toml::Table = text("Cargo.toml").parse().unwrap();
    let uuid = workspace["workspace"]["dependencies"]["uuid"].to_string();
    assert!(!uuid.contains("v4") && !uuid.contains("v7"), "uuid must not make ids by itself: {uuid}");
}
