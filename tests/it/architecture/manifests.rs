//! The files that enforce the rest: lints, the ban on ambient clock and randomness, licences, and
//! migrations of the same names on both databases.

use std::collections::BTreeSet;

use super::source::{files, root, text};

/// Functions that only one named place may call, each with a reason in `clippy.toml`.
const BANNED: &[&str] = &[
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "reqwest::Client::new",
    "reqwest::Client::builder",
    "tokio::task::block_in_place",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
];

const LINTS: &[&str] = &[
    "unwrap_used",
    "expect_used",
    "panic",
    "indexing_slicing",
    "disallowed_methods",
    "todo",
    "unimplemented",
    "dbg_macro",
];

fn table(path: &str) -> toml::Table {
    text(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_ambient_clock_and_randomness_and_unchecked_requests_are_banned() {
    let clippy = table("clippy.toml");
    let bans = clippy["disallowed-methods"].as_array().unwrap();
    for wanted in BANNED {
        let ban = bans.iter().find(|ban| ban["path"].as_str() == Some(wanted));
        let reason = ban.and_then(|ban| ban["reason"].as_str()).unwrap_or_default();
        assert!(!reason.is_empty(), "clippy.toml must ban {wanted}, and say why");
    }
}

#[test]
fn the_lints_hold_in_every_crate_of_the_server() {
    let workspace = table("Cargo.toml");
    let lints = &workspace["workspace"]["lints"];
    assert_eq!(lints["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for lint in LINTS {
        let level = lints["clippy"][lint].as_str();
        assert!(matches!(level, Some("warn" | "deny" | "forbid")), "{lint} is {level:?}");
    }
    for manifest in ["Cargo.toml", "src/domain/Cargo.toml"] {
        assert_eq!(table(manifest)["lints"]["workspace"].as_bool(), Some(true), "{manifest}");
    }
}

#[test]
fn the_server_links_its_own_openssl_libpq_and_sqlite() {
    let manifest = table("Cargo.toml");
    for (name, feature) in [("josekit", "vendored"), ("pq-sys", "bundled"), ("libsqlite3-sys", "bundled")] {
        let features = manifest["dependencies"][name]["features"].to_string();
        assert!(features.contains(feature), "{name} needs {feature}: a fresh machine has no such library");
    }
}

#[test]
fn both_databases_have_the_same_migrations_each_with_a_way_back() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = format!("migrations/{database}/");
        files(&folder, &[".sql"]).iter().map(|path| path.trim_start_matches(&folder).to_owned()).collect()
    };
    let sqlite = names("sqlite");
    assert_eq!(sqlite, names("postgres"));
    assert!(!sqlite.is_empty());
    for path in &sqlite {
        let (folder, file) = path.split_once('/').unwrap_or_default();
        assert!(["up.sql", "down.sql"].contains(&file), "{path}");
        for file in ["up.sql", "down.sql"] {
            assert!(sqlite.contains(&format!("{folder}/{file}")), "{folder} has no {file}");
        }
        for database in ["sqlite", "postgres"] {
            assert!(!text(&format!("migrations/{database}/{path}")).trim().is_empty(), "{database}/{path} is empty");
        }
    }
}

#[test]
fn diesel_and_actix_are_wrapped_in_the_list_of_allowed_dependents() {
    let deny = table("deny.toml");
    let bans = deny["bans"]["deny"].as_array().unwrap();
    for name in ["diesel", "diesel_migrations", "actix-web"] {
        let ban = bans.iter().find(|ban| ban["crate"].as_str() == Some(name));
        let wrappers = ban.and_then(|ban| ban["wrappers"].as_array());
        let direct = |wrapper: &toml::Value| wrapper.as_str() == Some("symbolon");
        assert!(wrappers.is_some_and(|wrappers| wrappers.iter().any(direct)), "deny.toml must wrap {name}");
        let core = |wrapper: &toml::Value| wrapper.as_str() == Some("symbolon-domain");
        assert!(!wrappers.is_some_and(|wrappers| wrappers.iter().any(core)), "the core may not use {name}");
    }
    assert!(root().join("LICENSE").exists());
}
