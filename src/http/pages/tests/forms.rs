//! The forms as people, password managers and conformance suites know them: ids, names, methods.

use super::html::{Element, by_id, read};
use super::samples::{FRIENDLY, Sample, all, sign_in_page};
use crate::http::pages::context::{FieldError, Layout, ScopeLine, SignIn};

fn sample(name: &str) -> Vec<Element> {
    let samples = all(&FRIENDLY);
    let found: &Sample = samples.iter().find(|sample| sample.name == name).unwrap();
    read(&found.html)
}

fn sign_in(change: impl FnOnce(&mut SignIn)) -> Vec<Element> {
    let mut page = sign_in_page(&FRIENDLY);
    change(&mut page);
    read(&super::samples::pages().render(&page, &Layout::new("Acme")).unwrap())
}

#[test]
fn the_documented_ids_exist() {
    let contract = [
        ("sign-in", vec!["username", "password", "login-submit", "login-cancel"]),
        ("consent", vec!["consent-allow", "consent-deny", "consent-switch"]),
        ("choose-account", vec!["account-1", "account-remove-1", "account-2", "account-other", "account-cancel"]),
        ("device", vec!["user_code", "device-continue"]),
        (
            "approve",
            vec!["approve-code", "approve-warning", "started_here", "approve-allow", "approve-deny", "approve-switch"],
        ),
        ("approve-backchannel", vec!["approve-binding-message", "approve-warning", "approve-allow", "approve-deny"]),
        ("requests", vec!["requests-summary", "request-1", "request-2", "requests-sign-in"]),
        ("requests-nobody", vec!["requests-summary", "requests-sign-in"]),
        ("answered", vec!["answered"]),
        ("sign-out", vec!["logout-confirm"]),
        ("sign-out-several", vec!["logout-confirm", "logout-account-1", "logout-all", "logout-apps"]),
        ("signed-out", vec!["signed-out"]),
        ("signed-out-frames", vec!["signed-out", "signed-out-continue", "signed-out-frame-1", "signed-out-apps"]),
        ("setup", vec!["code", "username", "email", "name", "password", "setup-submit"]),
        ("error", vec!["error-message", "error-code", "error-trace"]),
        ("error-bare", vec!["error-message", "error-code", "error-trace"]),
        ("form-post", vec!["form-post", "form-post-continue"]),
    ];
    for (page, ids) in contract {
        let elements = sample(page);
        for id in ids {
            by_id(&elements, id);
        }
    }
}

#[test]
fn every_posting_form_of_ours_carries_the_csrf_token() {
    for sample in all(&FRIENDLY).iter().filter(|sample| !sample.name.starts_with("form-post")) {
        let elements = read(&sample.html);
        let posts = elements.iter().filter(|e| e.tag == "form" && e.attribute("method") == Some("post")).count();
        let tokens = elements.iter().filter(|e| e.attribute("name") == Some("csrf")).count();
        assert_eq!(posts, tokens, "{}", sample.name);
    }
}

#[test]
fn a_form_sent_by_get_never_carries_the_csrf_token() {
    let elements = sample("dev-result");
    let at = elements.iter().position(|e| e.attribute("method") == Some("get")).unwrap();
    assert_ne!(elements[at + 1].attribute("name"), Some("csrf"));
}

#[test]
fn the_answer_to_the_client_never_carries_the_csrf_token() {
    assert!(!sample("form-post").iter().any(|element| element.attribute("name") == Some("csrf")));
}

#[test]
fn password_managers_find_both_fields_on_one_page() {
    let elements = sample("sign-in");
    assert_eq!(by_id(&elements, "username").attribute("autocomplete"), Some("username"));
    assert_eq!(by_id(&elements, "password").attribute("autocomplete"), Some("current-password"));
    assert_eq!(by_id(&elements, "password").attribute("type"), Some("password"));
}

#[test]
fn enter_signs_in_and_cancel_needs_no_fields() {
    let elements = sample("sign-in");
    let buttons: Vec<_> = elements.iter().filter(|element| element.tag == "button").collect();
    assert_eq!(buttons[0].attribute("value"), Some("sign-in"));
    assert_eq!(buttons[1].attribute("value"), Some("cancel"));
    assert!(buttons[1].attribute("formnovalidate").is_some());
}

#[test]
fn a_password_never_comes_back_in_a_page() {
    for sample in all(&FRIENDLY) {
        for element in read(&sample.html).iter().filter(|element| element.attribute("type") == Some("password")) {
            assert_eq!(element.attribute("value").unwrap_or_default(), "", "{}", sample.name);
        }
    }
}

#[test]
fn wrong_credentials_say_the_same_whatever_the_reason_and_mark_both_fields() {
    let elements = sign_in(|page| page.error = Some(FieldError::credentials_do_not_match("AS-2001")));
    let alert = by_id(&elements, "login-error");
    assert_eq!(alert.attribute("role"), Some("alert"));
    assert!(elements.iter().any(|e| e.text.trim() == "That username and password do not match."));
    for field in ["username", "password"] {
        assert_eq!(by_id(&elements, field).attribute("aria-describedby"), Some("login-error"));
        assert_eq!(by_id(&elements, field).attribute("aria-invalid"), Some("true"));
    }
}

#[test]
fn waiting_messages_do_not_mark_the_fields_as_wrong() {
    for error in [FieldError::throttled("AS-2002", 4), FieldError::busy("AS-2003")] {
        let elements = sign_in(|page| page.error = Some(error));
        assert_eq!(by_id(&elements, "password").attribute("aria-invalid"), None);
        assert_eq!(by_id(&elements, "login-error").attribute("class"), Some("alert warn"));
    }
}

#[test]
fn a_throttled_person_learns_minutes_and_never_counts() {
    assert_eq!(FieldError::throttled("", 0).message, "Too many attempts. Try again in 1 minute.");
    assert_eq!(FieldError::throttled("", 15).message, "Too many attempts. Try again in 15 minutes.");
}

#[test]
fn a_missing_field_is_named_beside_it_and_only_there() {
    let elements = sign_in(|page| page.error = Some(FieldError::password_missing("AS-2004")));
    assert_eq!(by_id(&elements, "password").attribute("aria-describedby"), Some("password-error"));
    assert_eq!(by_id(&elements, "username").attribute("aria-invalid"), None);
    assert!(!elements.iter().any(|element| element.attribute("id") == Some("login-error")));
}

#[test]
fn the_hint_fills_the_field_but_what_was_typed_wins() {
    let hinted = sign_in(|page| page.login_hint = Some("ana".to_owned()));
    assert_eq!(by_id(&hinted, "username").attribute("value"), Some("ana"));
    assert_eq!(by_id(&hinted, "username").attribute("readonly"), None);
    let typed = sign_in(|page| {
        page.login_hint = Some("ana".to_owned());
        page.username = "lee".to_owned();
    });
    assert_eq!(by_id(&typed, "username").attribute("value"), Some("lee"));
}

#[test]
fn the_caret_waits_in_the_first_empty_field() {
    let focused = |elements: &[Element]| {
        let found: Vec<_> = elements.iter().filter(|element| element.attribute("autofocus").is_some()).collect();
        assert_eq!(found.len(), 1);
        found[0].attribute("id").unwrap().to_owned()
    };
    assert_eq!(focused(&sample("sign-in")), "username");
    assert_eq!(focused(&sample("sign-in-hinted")), "password");
    assert_eq!(focused(&sample("setup")), "code");
    assert_eq!(focused(&sample("setup-refused")), "email");
}

#[test]
fn the_consent_page_names_each_scope_once() {
    let elements = sample("consent");
    let scopes: Vec<_> = elements.iter().filter_map(|element| element.attribute("data-scope")).collect();
    assert_eq!(scopes, ["openid", "profile", "email", "groups", "offline_access"]);
}

#[test]
fn an_account_that_cannot_be_changed_has_no_switch() {
    assert!(!sample("consent-unverified").iter().any(|e| e.attribute("id") == Some("consent-switch")));
}

#[test]
fn an_unknown_scope_is_shown_by_its_own_name() {
    let line = serde_json::to_value(ScopeLine::standard("demo.read")).unwrap();
    assert_eq!(line["sentence"], "use demo.read");
    assert_eq!(line["detail"], serde_json::Value::Null);
}

#[test]
fn the_error_code_and_trace_stand_alone_in_their_elements() {
    let elements = sample("error");
    assert_eq!(by_id(&elements, "error-code").text, "AS-1003");
    assert_eq!(by_id(&elements, "error-trace").text, "4bf92f3577b34da6a3ce929d0e0e4736");
    let sentence = "The app asked to return to an address that is not on its list.";
    assert_eq!(by_id(&elements, "error-message").text, sentence);
}

#[test]
fn nothing_of_the_developer_part_shows_without_it() {
    assert!(!sample("error-bare").iter().any(|element| element.tag == "details"));
}
