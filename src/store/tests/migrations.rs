//! Migrations: the same names on both databases, run once, by one, and down again.

use std::collections::BTreeSet;

use super::support::{TestDb, execute};
use crate::store::{Schema, StoreOptions};

fn both() -> [TestDb; 2] {
    [TestDb::empty_sqlite(StoreOptions::default()), TestDb::empty_postgres()]
}

fn folder(backend: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(backend)
}

fn names(backend: &str) -> BTreeSet<String> {
    std::fs::read_dir(folder(backend)).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

/// Every migration as the database numbers it, in order.
fn versions() -> Vec<String> {
    names("sqlite").iter().map(|name| name.split('_').next().unwrap().replace('-', "")).collect()
}

/// Everything that makes a schema of this version.
pub(super) fn texts(backend: &str) -> Vec<String> {
    let up = |name| std::fs::read_to_string(folder(backend).join(name).join("up.sql")).unwrap();
    names(backend).iter().map(up).collect()
}

/// All `down.sql`, newest first.
fn down(db: &TestDb) {
    let backend = db.store.backend_name();
    let mut conn = db.connect();
    for name in names(backend).into_iter().rev() {
        let sql = std::fs::read_to_string(folder(backend).join(&name).join("down.sql")).unwrap();
        execute(&mut conn, &sql).unwrap();
    }
    execute(&mut conn, "DELETE FROM __diesel_schema_migrations").unwrap();
}

fn tables(db: &TestDb) -> i64 {
    if db.is_sqlite() {
        db.count("sqlite_master WHERE name NOT LIKE 'sqlite_%' AND tbl_name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'")
    } else {
        db.count("pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '\\_\\_diesel%'")
    }
}

#[test]
fn both_databases_have_the_same_migrations_each_up_and_down() {
    assert_eq!(names("sqlite"), names("postgres"));
    for backend in ["sqlite", "postgres"] {
        for name in names(backend) {
            for file in ["up.sql", "down.sql"] {
                let sql = std::fs::read_to_string(folder(backend).join(&name).join(file)).unwrap();
                assert!(!sql.trim().is_empty(), "{backend}/{name}/{file}");
            }
        }
    }
}

#[test]
fn the_status_tells_what_is_pending_and_what_is_applied() {
    for db in both() {
        let fresh = db.schema().status().unwrap();
        assert_eq!((fresh.applied.len(), fresh.pending.as_slice()), (0, versions().as_slice()));
        let catalogue = if db.is_sqlite() { "sqlite_master WHERE name" } else { "pg_class WHERE relname" };
        assert_eq!(db.count(&format!("{catalogue} LIKE '%diesel%'")), 0, "who asks writes nothing");
        db.schema().migrate().unwrap();
        let done = db.schema().status().unwrap();
        assert_eq!((done.applied.as_slice(), done.pending.len()), (versions().as_slice(), 0));
        assert!(done.unknown.is_empty());
    }
}

#[test]
fn migrating_twice_does_nothing_the_second_time() {
    for db in both() {
        assert_eq!(db.schema().migrate().unwrap(), versions());
        assert!(db.schema().migrate().unwrap().is_empty());
    }
}

#[test]
fn of_several_nodes_that_start_together_one_migrates() {
    for db in both() {
        let gate = std::sync::Arc::new(std::sync::Barrier::new(6));
        let nodes: Vec<_> = (0..6)
            .map(|_| {
                let (location, gate) = (db.location.clone(), gate.clone());
                std::thread::spawn(move || {
                    gate.wait();
                    Schema::open(&location).unwrap().migrate().unwrap()
                })
            })
            .collect();
        let ran: Vec<String> = nodes.into_iter().flat_map(|node| node.join().unwrap()).collect();
        assert_eq!(ran, versions(), "{}", db.store.backend_name());
    }
}

#[test]
fn going_down_leaves_nothing_and_up_again_works() {
    for db in both() {
        db.schema().migrate().unwrap();
        let all = tables(&db);
        assert!(all >= 50, "{all} tables and indexes");
        down(&db);
        assert_eq!(tables(&db), 0, "{}", db.store.backend_name());
        assert_eq!(db.schema().migrate().unwrap(), versions());
        assert_eq!(tables(&db), all);
    }
}

#[test]
fn a_schema_of_a_newer_version_is_told_and_used() {
    for db in both() {
        db.schema().migrate().unwrap();
        db.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')");
        assert!(db.schema().migrate().unwrap().is_empty());
        assert_eq!(db.schema().status().unwrap().unknown, ["29991231000000"]);
    }
}

#[test]
fn a_migration_that_fails_leaves_nothing_and_runs_once_the_cause_is_gone() {
    for db in both() {
        db.sql("CREATE TABLE events (in_the_way INTEGER)");
        db.schema().migrate().unwrap_err();
        assert_eq!(tables(&db), 1, "{}", db.store.backend_name());
        db.sql("DROP TABLE events");
        assert_eq!(db.schema().migrate().unwrap(), versions());
    }
}

#[test]
fn of_apis_that_shared_a_place_for_their_metadata_the_first_keeps_it() {
    const NAME: &str = "2026-11-28-110000_api_metadata_paths";
    for db in both() {
        db.schema().migrate().unwrap();
        let file = |name| std::fs::read_to_string(folder(db.store.backend_name()).join(NAME).join(name)).unwrap();
        execute(&mut db.connect(), &file("down.sql")).unwrap();
        for (resource, path) in
            [("a", r#""metadata_path":"x""#), ("b", r#""metadata_path":"x""#), ("c", r#""public":true"#)]
        {
            db.sql(&format!(
                "INSERT INTO apis (resource, resource_key, name, description, settings, owner, version, created_at, \
                 updated_at) VALUES ('{resource}', '{resource}', 'n', '', '{{{path}}}', 'cli', 1, 0, 0)"
            ));
        }
        execute(&mut db.connect(), &file("up.sql")).unwrap();
        assert_eq!(db.count("apis WHERE metadata_path = 'x'"), 1);
        assert_eq!(db.count("apis WHERE metadata_path = 'x' AND resource = 'a'"), 1);
        assert_eq!(db.count("apis WHERE metadata_path IS NULL"), 2);
    }
}
