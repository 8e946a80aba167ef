//! Secrets: given once, by value, file or credential, and never printed.

use super::super::{DatabaseUrl, MasterKey};
use super::{KEY, Surroundings, assert_refused, shown, start};

#[track_caller]
fn assert_key(around: &Surroundings, origin: &str) {
    let settings = around.ok();
    assert!(matches!(&settings.master_key, MasterKey::Given(key) if key.expose() == KEY));
    let (value, from) = shown(&settings, "secrets.master_key");
    assert!(value.starts_with("(secret"), "{value}");
    assert_eq!(from, origin);
}

#[test]
fn a_secret_may_come_from_value_file_or_credential() {
    let file = || start().file("/run/key", &format!("{KEY}\n"));
    assert_key(&start().env("SYMBOLON_SECRETS__MASTER_KEY", KEY), "environment SYMBOLON_SECRETS__MASTER_KEY");
    assert_key(
        &file().env("SYMBOLON_SECRETS__MASTER_KEY_FILE", "/run/key"),
        "environment SYMBOLON_SECRETS__MASTER_KEY_FILE",
    );
    assert_key(&file().toml("[secrets]\nmaster_key_file = \"/run/key\""), "./symbolon.toml:2");
    assert_key(&file().flag("secrets.master_key_file", "/run/key"), "flag secrets.master_key_file");
    let credential = start().env("CREDENTIALS_DIRECTORY", "/run/c").file("/run/c/secrets.master_key", KEY);
    assert_key(&credential, "credential /run/c/secrets.master_key");
}

#[test]
fn a_database_url_with_a_password_may_come_from_a_file() {
    let settings = start()
        .env("SYMBOLON_DATABASE__URL_FILE", "/run/url")
        .file("/run/url", "postgres://u:hunter2@localhost/s\r\n")
        .ok();
    assert!(matches!(&settings.database.url,
        DatabaseUrl::Postgres(url) if url.expose() == "postgres://u:hunter2@localhost/s"));
}

#[test]
fn value_and_file_in_one_place_are_refused() {
    let around = start()
        .file("/run/key", KEY)
        .env("SYMBOLON_SECRETS__MASTER_KEY", KEY)
        .env("SYMBOLON_SECRETS__MASTER_KEY_FILE", "/run/key");
    let parts = ["given twice", "also by environment SYMBOLON_SECRETS__MASTER_KEY.", "Keep one of them"];
    assert_refused(&around, "AS-4005", &parts);
    let toml = format!("[secrets]\nmaster_key = \"{KEY}\"\nmaster_key_file = \"/run/key\"");
    assert_refused(&start().file("/run/key", KEY).toml(&toml), "AS-4005", &["given twice", "[./symbolon.toml:"]);
}

#[test]
fn a_credential_beside_a_variable_is_refused() {
    let around = start()
        .env("CREDENTIALS_DIRECTORY", "/run/c")
        .file("/run/c/secrets.master_key", KEY)
        .env("SYMBOLON_SECRETS__MASTER_KEY", KEY);
    assert_refused(&around, "AS-4005", &["[credential /run/c/secrets.master_key]"]);
}

#[test]
fn a_later_source_replaces_both_forms_of_an_earlier_one() {
    let around = start().toml("[secrets]\nmaster_key_file = \"/absent\"").env("SYMBOLON_SECRETS__MASTER_KEY", KEY);
    assert_key(&around, "environment SYMBOLON_SECRETS__MASTER_KEY");
}

#[test]
fn a_secret_file_that_is_absent_forbidden_or_empty_is_refused() {
    let around = || start().env("SYMBOLON_SECRETS__MASTER_KEY_FILE", "/run/key");
    let origin = "[environment SYMBOLON_SECRETS__MASTER_KEY_FILE]";
    assert_refused(&around(), "AS-4006", &["secrets.master_key_file names /run/key", "Create it", origin]);
    assert_refused(&around().file("/run/key", "<forbidden>"), "AS-4006", &["make it readable", origin]);
    assert_refused(&around().file("/run/key", "\n"), "AS-4006", &["is empty", origin]);
    assert_refused(&start().env("SYMBOLON_SECRETS__MASTER_KEY", ""), "AS-4004", &["secrets.master_key is empty"]);
}

#[test]
fn a_credential_that_may_not_be_read_is_not_skipped() {
    let around = start().env("CREDENTIALS_DIRECTORY", "/run/c").file("/run/c/database.url", "<forbidden>");
    assert_refused(&around, "AS-4006", &["/run/c/database.url"]);
}

#[test]
fn a_master_key_of_another_length_is_refused_without_repeating_it() {
    for key in ["hunter2", "aHVudGVyMg==", &KEY[..42], &format!("{KEY}{KEY}"), &format!(" {KEY}")] {
        let around = start().env("SYMBOLON_SECRETS__MASTER_KEY", key);
        assert_refused(&around, "AS-4004", &["32 bytes in base64", "openssl rand -base64 32"]);
        assert!(!around.refused().contains(key));
    }
    for key in [KEY, KEY.trim_end_matches('='), "-_-_AwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"] {
        start().env("SYMBOLON_SECRETS__MASTER_KEY", key).ok();
    }
}

#[test]
fn no_secret_is_shown_debugged_or_warned_of() {
    let settings = start()
        .env("SYMBOLON_SECRETS__MASTER_KEY", KEY)
        .env("SYMBOLON_DATABASE__URL", "postgres://u:hunter2@db/s?password=hunter2&sslmode=disable")
        .env("SYMBOLON_DATABASE__DANGER_UNVERIFIED_TLS", "true")
        .ok();
    let all = format!("{settings:?}{:?}{:?}", settings.show(), settings.warnings());
    assert!(!all.contains("hunter2") && !all.contains(KEY), "{all}");
    assert_eq!(shown(&settings, "database.url").0, "postgres://u@db/s?password=…&sslmode=disable");
}
