//! The layers: `main, cli -> app -> http, jobs -> service -> { store, crypto, net } -> domain`.
//! `telemetry` and `tls` are adapters of `app`: the log and the certificates of one process.

use std::collections::HashSet;

use super::{
    references::{Named, Reference, references},
    source::{Home, Source, sources},
};

/// What a layer may import of ours, besides itself. A path narrows it to that item.
struct Layer {
    name: &'static str,
    may_import: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer { name: "main", may_import: &["cli", "app"] },
    Layer { name: "cli", may_import: &["app", "config", "service", "domain"] },
    Layer {
        name: "app",
        may_import: &["http", "jobs", "service", "store", "crypto", "net", "config", "telemetry", "tls", "domain"],
    },
    Layer { name: "http", may_import: &["service", "domain"] },
    Layer { name: "jobs", may_import: &["service", "domain"] },
    Layer { name: "service", may_import: &["store", "crypto", "net", "domain"] },
    Layer { name: "store", may_import: &["domain"] },
    Layer { name: "crypto", may_import: &["domain"] },
    Layer { name: "net", may_import: &["domain"] },
    Layer { name: "config", may_import: &["domain"] },
    Layer { name: "telemetry", may_import: &["config::Log", "config::LogFormat", "domain"] },
    Layer { name: "tls", may_import: &["domain"] },
    Layer { name: "domain", may_import: &[] },
];

/// Where a dependency may be named. A name that ends in `_` stands for all that begin so.
const DEPENDENCIES: &[(&[&str], &[&str])] = &[
    (&["diesel", "diesel_", "libsqlite3_sys", "pq_sys"], &["store"]),
    (&["actix_"], &["http", "app"]),
    (&["minijinja"], &["http"]),
    (&["josekit", "argon2", "aws_lc_rs"], &["crypto", "tls"]),
    (&["reqwest"], &["net"]),
    (&["clap"], &["cli", "main"]),
    (&["toml"], &["config"]),
    // config asks the same parser whether log.level is a filter.
    (&["tracing_subscriber"], &["telemetry", "config"]),
    (&["openssl", "rusqlite", "rand", "getrandom"], &[]),
];

/// Adapters that `Services` holds. A handler that reached through it could open a transaction.
const ADAPTER_FIELDS: &[&str] = &["store", "sealer", "keyring", "passwords", "fetcher", "random"];

fn layer(source: &Source) -> &str {
    match source.home {
        Home::Binary => "main",
        Home::Domain => "domain",
        Home::Symbolon => source.module.first().map_or("lib", String::as_str),
    }
}

/// Something that a file of a layer names.
struct Naming {
    file: String,
    layer: String,
    reference: Reference,
}

/// What each file names, once; except the root of the library, which only lists the layers.
fn layered() -> Vec<Naming> {
    let mut all = Vec::new();
    for source in sources().iter().filter(|source| layer(source) != "lib") {
        let mut seen = HashSet::new();
        for reference in references(source) {
            if seen.insert(reference.clone()) {
                all.push(Naming { file: source.path.clone(), layer: layer(source).to_owned(), reference });
            }
        }
    }
    all
}

fn may_import(layer: &Layer, path: &[String]) -> bool {
    let allowed = |allowed: &str| {
        let wanted: Vec<&str> = allowed.split("::").collect();
        path.len() >= wanted.len() && path.iter().zip(&wanted).all(|(segment, wanted)| segment == wanted)
    };
    path.first().is_some_and(|first| first == layer.name) || layer.may_import.iter().any(|path| allowed(path))
}

fn none(violations: &[String]) {
    assert!(violations.is_empty(), "{} violations\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn each_layer_imports_only_what_is_below_it() {
    let mut violations = Vec::new();
    for Naming { file, layer: name, reference } in layered() {
        let Named::Ours(path) = &reference.named else { continue };
        let layer = LAYERS.iter().find(|layer| layer.name == name.as_str());
        if !layer.is_some_and(|layer| may_import(layer, path)) {
            let what = if layer.is_some() { "may not name" } else { "is in no layer, and names" };
            let place = if reference.test { " (in its tests)" } else { "" };
            violations.push(format!("{file}: {name} {what} {}{place}", path.join("::")));
        }
    }
    none(&violations);
}

#[test]
fn no_layer_hands_on_what_its_importers_may_not_import_themselves() {
    let mut violations = Vec::new();
    for Naming { file, layer: name, reference } in layered() {
        let Named::Ours(path) = &reference.named else { continue };
        if reference.handed_on && path.first().is_some_and(|first| *first != name && first != "domain") {
            violations.push(format!("{file}: pub use {}", path.join("::")));
        }
    }
    none(&violations);
}

#[test]
fn each_dependency_is_named_only_where_it_belongs() {
    let mut violations = Vec::new();
    for Naming { file, layer: name, reference } in layered() {
        let Named::Other(path) = &reference.named else { continue };
        let Some(first) = path.first() else { continue };
        let begins = |wanted: &&str| first == wanted || (wanted.ends_with('_') && first.starts_with(wanted));
        for (_, layers) in DEPENDENCIES.iter().filter(|(crates, _)| crates.iter().any(&begins)) {
            // One segment may be a local name; an attribute or an import of a crate has more.
            if path.len() > 1 && !layers.contains(&name.as_str()) {
                violations.push(format!("{file}: {name} names {}", path.join("::")));
            }
        }
    }
    none(&violations);
}

#[test]
fn no_handler_and_no_job_reaches_an_adapter_through_the_services() {
    let mut violations = Vec::new();
    for Naming { file, layer: name, reference } in layered() {
        let Named::Field(field) = &reference.named else { continue };
        if ["http", "jobs"].contains(&name.as_str()) && !reference.test && ADAPTER_FIELDS.contains(&field.as_str()) {
            violations.push(format!("{file}: .{field}"));
        }
    }
    none(&violations);
}

#[test]
fn the_table_lets_nothing_import_upwards_and_has_no_cycle() {
    for (place, layer) in LAYERS.iter().enumerate() {
        for import in layer.may_import {
            let below = import.split("::").next().unwrap_or_default();
            let lower = LAYERS.iter().position(|layer| layer.name == below);
            // telemetry and tls stand beside config, from which they read what app hands them.
            assert!(lower > Some(place) || ["telemetry", "tls"].contains(&layer.name), "{} -> {below}", layer.name);
        }
    }
}
