//! Which profiles may be set.

use serde_json::{Map, Value, json};

use super::{check, patched};
use crate::{domain::entity::UserProfile, service::admin::AdminFailure};

fn map(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("not an object") };
    map
}

fn after(patch: Value) -> Result<UserProfile, AdminFailure> {
    let profile = patched(&UserProfile::default(), &map(patch))?;
    check(&profile)?;
    Ok(profile)
}

#[test]
fn what_is_not_a_standard_claim_of_the_right_form_is_refused_with_its_name() {
    for (patch, field) in [
        (json!({"admin": true}), "profile"),
        (json!({"given_name": 7}), "profile"),
        (json!({"address": {"planet": "Mars"}}), "address"),
        (json!({"address": {"country": "a\u{0}b"}}), "address.country"),
        (json!({"birthdate": "1/1/1990"}), "birthdate"),
        (json!({"birthdate": "1990-13-01"}), "birthdate"),
        (json!({"birthdate": "1990-1-1"}), "birthdate"),
        (json!({"birthdate": "2026-02-31"}), "birthdate"),
        (json!({"birthdate": "2026-02-29"}), "birthdate"),
        (json!({"birthdate": "1990-04-31"}), "birthdate"),
        (json!({"birthdate": "0000-02-30"}), "birthdate"),
        (json!({"birthdate": "0000-00-00"}), "birthdate"),
        (json!({"birthdate": "0000"}), "birthdate"),
        (json!({"birthdate": "1990-01"}), "birthdate"),
        (json!({"birthdate": "-990-01-01"}), "birthdate"),
        (json!({"picture": "javascript:alert(1)"}), "picture"),
        (json!({"website": "http://example.com"}), "website"),
        (json!({"profile": "data:text/html,x"}), "profile"),
        (json!({"zoneinfo": "Europe Berlin"}), "zoneinfo"),
        (json!({"locale": "de_CH"}), "locale"),
        (json!({"locale": "1"}), "locale"),
        (json!({"locale": "d"}), "locale"),
        (json!({"locale": "x-private"}), "locale"),
        (json!({"locale": "12-CH"}), "locale"),
        (json!({"locale": "deutschland"}), "locale"),
        (json!({"locale": "de-"}), "locale"),
        (json!({"locale": ""}), "locale"),
        (json!({"phone_number": "0791234567"}), "phone_number"),
        (json!({"phone_number_verified": true}), "phone_number_verified"),
        (json!({"nickname": ""}), "nickname"),
        (json!({"nickname": "a\nb"}), "nickname"),
    ] {
        let refused = after(patch.clone()).expect_err(&patch.to_string()).to_string();
        assert!(refused.starts_with(&format!("AS-3003 {field}")), "{patch}: {refused}");
    }
}

#[test]
fn days_that_were_years_and_birthdays_without_a_year_are_birthdates() {
    for birthdate in ["1990-01-31", "2024-02-29", "0000-02-29", "0000-12-31", "1990"] {
        assert!(after(json!({ "birthdate": birthdate })).is_ok(), "{birthdate}");
    }
    for locale in ["de", "gsw", "de-CH", "zh-Hant-TW", "sl-rozaj-biske-1994", "en-GB"] {
        assert!(after(json!({ "locale": locale })).is_ok(), "{locale}");
    }
}

#[test]
fn a_patch_sets_removes_and_leaves_alone() {
    let first = after(json!({"nickname": "Al", "birthdate": "1990", "address": {"country": "CH", "region": "ZH"}}));
    let first = first.expect("first");
    let patch = json!({"nickname": null, "locale": "de-CH", "address": {"region": null}});
    let second = patched(&first, &map(patch)).expect("second");
    assert_eq!(second.nickname, None);
    assert_eq!(second.birthdate.as_deref(), Some("1990"));
    assert_eq!(second.locale.as_deref(), Some("de-CH"));
    assert_eq!(second.address.into_iter().collect::<Vec<_>>(), [("country".to_owned(), "CH".to_owned())]);
}
