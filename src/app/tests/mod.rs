//! Starting: keys, purposes, and what a throw-away server holds. Refusals by their literal codes.

mod admin;
mod jobs;
mod key_races;
mod seed;
mod setup;

use std::sync::Arc;

use super::{Purpose, StartError, build_services, fixture::TestDatabase, migrations, open_services};
use crate::{
    config::{DiskFiles, Settings, Sources},
    domain::entity::Owner,
    domain::trace::Transaction,
    service::{
        Cx, Services,
        admin::user::{self, NewUser},
        keys,
    },
};

fn refused(result: Result<Arc<Services>, StartError>) -> StartError {
    match result {
        Err(error) => error,
        Ok(_) => panic!("it started"),
    }
}

fn with_flag(database: &TestDatabase, key: &str, value: &str) -> Settings {
    let mut flags = database.flags();
    flags.retain(|(name, _)| !name.starts_with("secrets."));
    flags.retain(|(name, _)| name != key);
    flags.push((key.to_owned(), value.to_owned()));
    Settings::load(&Sources { config_file: None, environment: Vec::new(), flags, files: &DiskFiles }).expect("settings")
}

#[tokio::test]
async fn a_first_start_makes_private_files_and_both_usual_keys_and_a_second_start_keeps_them() {
    let database = TestDatabase::sqlite();
    let settings = database.settings();
    let first = build_services(&settings, Purpose::Serve).await.expect("started");
    let jwks = first.keyring.load().public_jwks_text().to_owned();
    assert_eq!(first.keyring.load().algorithms().count(), 2);
    let second = build_services(&settings, Purpose::Serve).await.expect("started again");
    assert_eq!(second.keyring.load().public_jwks_text(), jwks);
    #[cfg(unix)]
    for name in ["master.key", "symbolon.db", "symbolon.db-wal"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(database.path().join(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_data_directory_that_is_made_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = TestDatabase::sqlite();
    let directory = database.path().join("deep/data");
    let url = format!("sqlite://{}/symbolon.db", directory.display());
    let mut flags = database.flags();
    flags[0].1 = url;
    let sources = Sources { config_file: None, environment: Vec::new(), flags, files: &DiskFiles };
    let settings = Settings::load(&sources).expect("settings");
    open_services(&settings, Purpose::Command).await.expect("started");
    assert_eq!(std::fs::metadata(&directory).expect("made").permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_lost_key_is_told_with_what_is_lost_and_nothing_is_overwritten() {
    let database = TestDatabase::sqlite();
    let settings = database.settings();
    open_services(&settings, Purpose::Command).await.expect("started");
    let file = database.path().join("master.key");
    let key = std::fs::read(&file).expect("a key");
    std::fs::remove_file(&file).expect("removed");
    let error = refused(open_services(&settings, Purpose::Command).await);
    assert_eq!(error.code.as_str(), "AS-4021");
    for part in ["signing keys", "personal data", "master.key", "backup"] {
        assert!(error.message.contains(part), "{part}: {error}");
    }
    assert!(!file.exists(), "a new key would hide the loss");
    std::fs::write(&file, key).expect("restored");
    open_services(&settings, Purpose::Command).await.expect("the backup helps");
}

#[tokio::test]
async fn another_key_is_told_before_anything_is_written() {
    for database in TestDatabase::each() {
        open_services(&database.settings(), Purpose::Command).await.expect("started");
        let other = with_flag(&database, "secrets.master_key", "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=");
        let error = refused(build_services(&other, Purpose::Serve).await);
        assert_eq!(error.code.as_str(), "AS-4022");
        assert!(error.message.contains("signing keys") && error.message.contains("backup"), "{error}");
        let services = open_services(&database.settings(), Purpose::Command).await.expect("the right key still works");
        assert!(keys::list(&services).await.expect("keys").is_empty());
    }
}

#[tokio::test]
async fn a_damaged_key_file_is_refused_and_left_alone() {
    let database = TestDatabase::sqlite();
    let file = database.path().join("master.key");
    for text in ["", "not a key", "AAECAwQFBgcICQoLDA0ODw=="] {
        std::fs::write(&file, text).expect("written");
        let error = refused(open_services(&database.settings(), Purpose::Command).await);
        assert_eq!(error.code.as_str(), "AS-4023", "{text:?}");
        assert_eq!(std::fs::read_to_string(&file).expect("there"), text);
    }
}

#[tokio::test]
async fn a_throw_away_database_never_serves_and_a_real_one_is_never_seeded() {
    for database in TestDatabase::each() {
        open_services(&database.settings(), Purpose::Dev).await.expect("an empty database may be thrown away");
        open_services(&database.settings(), Purpose::Dev).await.expect("again");
        assert_eq!(refused(open_services(&database.settings(), Purpose::Serve).await).code.as_str(), "AS-4026");
    }
    for database in TestDatabase::each() {
        open_services(&database.settings(), Purpose::Serve).await.expect("served");
        assert_eq!(refused(open_services(&database.settings(), Purpose::Dev).await).code.as_str(), "AS-4026");
    }
    for database in TestDatabase::each() {
        let services = open_services(&database.settings(), Purpose::Command).await.expect("a command");
        let cx = Cx::local(services, Transaction::Admin, "cli");
        user::create(&cx, NewUser::named("alice", Owner::Cli)).await.expect("created");
        assert_eq!(refused(open_services(&database.settings(), Purpose::Dev).await).code.as_str(), "AS-4026");
        open_services(&database.settings(), Purpose::Serve).await.expect("it may serve");
    }
}

#[tokio::test]
async fn a_server_that_answers_for_people_has_a_database_of_its_own() {
    for database in TestDatabase::each() {
        open_services(&database.settings(), Purpose::Conformance).await.expect("an empty database may be used");
        open_services(&database.settings(), Purpose::Conformance).await.expect("again");
        for other in [Purpose::Serve, Purpose::Dev] {
            assert_eq!(refused(open_services(&database.settings(), other).await).code.as_str(), "AS-4026");
        }
        open_services(&database.settings(), Purpose::Command).await.expect("commands work on any");
    }
    for other in [Purpose::Serve, Purpose::Dev] {
        for database in TestDatabase::each() {
            open_services(&database.settings(), other).await.expect("served");
            assert_eq!(
                refused(open_services(&database.settings(), Purpose::Conformance).await).code.as_str(),
                "AS-4026"
            );
        }
    }
    for database in TestDatabase::each() {
        let services = open_services(&database.settings(), Purpose::Command).await.expect("a command");
        let cx = Cx::local(services, Transaction::Admin, "cli");
        user::create(&cx, NewUser::named("alice", Owner::Cli)).await.expect("created");
        assert_eq!(refused(open_services(&database.settings(), Purpose::Conformance).await).code.as_str(), "AS-4026");
    }
}

#[tokio::test]
async fn certificates_that_cannot_be_used_stop_the_start() {
    let database = TestDatabase::sqlite();
    let file = database.path().join("suite.pem");
    let settings = with_flag(&database, "outbound.danger_ca_file", &file.display().to_string());
    assert_eq!(refused(open_services(&settings, Purpose::Command).await).code.as_str(), "AS-4028");
    for text in ["", "no certificate"] {
        std::fs::write(&file, text).expect("written");
        assert_eq!(refused(open_services(&settings, Purpose::Command).await).code.as_str(), "AS-4028", "{text:?}");
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_told() {
    let database = TestDatabase::sqlite();
    let settings = with_flag(&database, "database.url", "postgres://127.0.0.1:1/nothing");
    let error = refused(open_services(&settings, Purpose::Command).await);
    assert_eq!(error.code.as_str(), "AS-4024");
}

#[test]
fn migrations_are_pending_until_they_are_applied() {
    for database in TestDatabase::each() {
        let settings = database.settings();
        let before = migrations::status(&settings).expect("status");
        assert!(before.applied.is_empty() && !before.pending.is_empty());
        assert_eq!(migrations::up(&settings).expect("applied").len(), before.pending.len());
        let after = migrations::status(&settings).expect("status");
        assert_eq!((after.applied, after.pending.len()), (before.pending, 0));
        assert!(migrations::up(&settings).expect("nothing to do").is_empty());
    }
}
