//! The table of settings, and that everything printed from it agrees with what is loaded.

use std::collections::BTreeSet;

use super::super::setting::{self, Kind, SECTIONS};
use super::super::{example_toml, reference};
use super::start;

#[test]
fn the_example_file_is_the_generated_one() {
    assert!(
        include_str!("../../../symbolon.example.toml") == example_toml(),
        "write it anew: cargo test the_example_file_can_be_written -- --ignored"
    );
}

#[test]
#[ignore = "writes symbolon.example.toml"]
fn the_example_file_can_be_written() {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/symbolon.example.toml"), example_toml()).unwrap();
}

#[test]
fn the_example_file_as_it_is_changes_nothing() {
    let plain = format!("{:?}", start().ok());
    assert_eq!(format!("{:?}", start().toml(&example_toml()).ok()), plain);
}

#[test]
fn every_line_of_the_example_file_is_valid_when_it_is_uncommented() {
    let toml: String = example_toml()
        .lines()
        .filter_map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(' ') => None,
            Some(setting) => Some(format!("{setting}\n")),
            None => Some(format!("{line}\n")),
        })
        // SQLite is the default, and has no connection to protect.
        .filter(|line| !line.starts_with("tls = "))
        .collect();
    let settings = start().toml(&toml).file("/run/secrets/symbolon_master_key", super::KEY).ok();
    assert_eq!(settings.issuer.as_str(), "https://id.example.com");
    let given = settings.show().iter().filter(|shown| shown.origin.to_string().starts_with("./symbolon.toml:"));
    assert_eq!(given.count(), setting::all().count() - 1);
}

#[test]
fn the_reference_names_every_setting_in_every_form() {
    let text = reference();
    for setting in setting::all() {
        let (_, key) = setting.section_and_key();
        for part in [setting.name, &setting.environment_name(), &format!("{key} = ")] {
            assert!(text.contains(part), "{part}");
        }
    }
    assert!(text.contains("SYMBOLON_SECRETS__MASTER_KEY_FILE") && text.contains("SYMBOLON_DATABASE__URL_FILE"));
    assert!(text.lines().all(|line| line.chars().count() <= 140 && line.trim_end() == line), "lines are tidy");
}

#[test]
fn every_setting_is_read_and_shown_once_in_the_order_of_the_table() {
    let settings = start().ok();
    let shown: Vec<_> = settings.show().iter().map(|shown| shown.key).collect();
    let table: Vec<_> = setting::all().map(|setting| setting.name).collect();
    assert_eq!(shown, table);
}

#[test]
fn the_table_is_consistent() {
    let mut names = BTreeSet::new();
    for section in SECTIONS {
        for setting in section.settings {
            let name = setting.name;
            assert!(names.insert(name.to_owned()), "{name} twice");
            assert_eq!(setting.section_and_key().0, section.name, "{name} is in the wrong section");
            assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_' | b'.')), "{name}");
            assert!(setting.default.is_some() || !setting.example.is_empty(), "{name} has neither default nor example");
            let dangerous = name.rsplit('.').next().is_some_and(|key| key.starts_with("danger_"));
            assert_eq!(dangerous, setting.danger.is_some(), "{name}: danger_ and its consequence go together");
            match (setting.kind, setting.default) {
                (Kind::Integer { min, max }, Some(default)) => {
                    assert!((min..=max).contains(&default.parse().unwrap()), "{name}");
                }
                (Kind::Boolean, Some(default)) => assert!(matches!(default, "true" | "false"), "{name}"),
                (Kind::Choice(words), Some(default)) => assert!(words.contains(&default), "{name}"),
                _ => {}
            }
        }
    }
    let files: BTreeSet<String> = setting::all().filter_map(setting::Setting::file_name).collect();
    assert!(names.is_disjoint(&files), "a secret's companion collides with a setting");
}
