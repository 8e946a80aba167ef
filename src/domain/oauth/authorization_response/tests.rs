//! Tests of `authorization_response`.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::{
    entity::ClientKind,
    oauth::{ErrorCode, fixtures::client},
    trace::Reason,
};

const ISSUER: &str = "https://id.example/realm?no";
const REGISTERED: &str = "https://app.example/cb?foo=b%20r";

fn redirect() -> SafeRedirect {
    SafeRedirect::matched(&client(ClientKind::Web, &[REGISTERED]), Some(REGISTERED)).expect("registered")
}

fn location(answer: Answer) -> String {
    match answer {
        Answer::Redirect(location) => location,
        Answer::FormPost { action, .. } => panic!("a form to {action}"),
    }
}

#[test]
fn a_code_goes_into_the_query_next_to_the_registered_one() {
    let answer = location(success(&redirect(), ResponseMode::Query, Some("s"), ISSUER, "c", None));
    assert_eq!(answer, "https://app.example/cb?foo=b%20r&code=c&state=s&iss=https%3A%2F%2Fid.example%2Frealm%3Fno");
}

#[test]
fn a_fragment_answer_puts_nothing_into_the_query() {
    let answer = location(success(&redirect(), ResponseMode::Fragment, None, ISSUER, "c", None));
    assert_eq!(answer, format!("{REGISTERED}#code=c&iss=https%3A%2F%2Fid.example%2Frealm%3Fno"));
}

#[test]
fn a_form_post_answer_puts_nothing_into_the_address() {
    let Answer::FormPost { action, fields } =
        success(&redirect(), ResponseMode::FormPost, Some("a\"<&"), ISSUER, "c", None)
    else {
        panic!("a redirect");
    };
    assert_eq!(action, REGISTERED);
    let expected = [("code", "c"), ("state", "a\"<&"), ("iss", ISSUER)];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn a_refusal_carries_the_allowed_members_only_and_no_reason() {
    let error = OAuthError::new(ErrorCode::AccessDenied, Reason::PersonDeclined);
    for mode in ResponseMode::ALL {
        let names: Vec<String> = match failure(&redirect(), mode, Some("s"), ISSUER, &error, "https://id.example/e") {
            Answer::FormPost { fields, .. } => fields.into_iter().map(|(name, _)| name).collect(),
            Answer::Redirect(location) => {
                let added = location.strip_prefix(REGISTERED).expect("the registered address");
                url::form_urlencoded::parse(&added.as_bytes()[1..]).map(|(name, _)| name.into_owned()).collect()
            }
        };
        assert_eq!(names, ["error", "error_description", "error_uri", "state", "iss"], "{mode:?}");
    }
}

#[test]
fn without_a_state_none_is_returned() {
    let error = OAuthError::invalid_request(Reason::ResponseTypeMissing);
    for mode in [ResponseMode::Query, ResponseMode::Fragment] {
        assert!(!location(success(&redirect(), mode, None, ISSUER, "c", None)).contains("state"));
        assert!(!location(failure(&redirect(), mode, None, ISSUER, &error, "u")).contains("state"));
    }
}

#[test]
fn the_names_of_the_modes_are_found_again_and_no_others() {
    for mode in ResponseMode::ALL {
        assert_eq!(ResponseMode::from_name(mode.name()), Some(mode));
        assert_eq!(serde_json::to_value(mode).expect("a string"), mode.name());
    }
    for name in ["", "Query", "form-post", "query.jwt", "web_message"] {
        assert_eq!(ResponseMode::from_name(name), None, "{name}");
    }
}

proptest! {
    #[test]
    fn any_state_comes_back_through_a_url_parser(state in "[ -~]{1,200}|\\PC{1,50}") {
        let location = location(success(&redirect(), ResponseMode::Query, Some(&state), ISSUER, "c", None));
        prop_assert!(location.bytes().all(|b| b.is_ascii_graphic()));
        let parsed = url::Url::parse(&location).expect("a URL");
        let pairs: HashMap<_, _> = parsed.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs.get("state"), Some(&state));
        prop_assert_eq!(pairs.get("iss").map(String::as_str), Some(ISSUER));
        prop_assert_eq!(pairs.get("foo").map(String::as_str), Some("b r"));
        prop_assert_eq!(pairs.len(), 4);
        prop_assert_eq!(parsed.fragment(), None);
    }

    #[test]
    fn any_state_comes_back_through_a_fragment(state in "[ -~]{1,200}") {
        let location = location(success(&redirect(), ResponseMode::Fragment, Some(&state), ISSUER, "c", None));
        let parsed = url::Url::parse(&location).expect("a URL");
        let fragment = parsed.fragment().expect("a fragment");
        let pairs: HashMap<_, _> = url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
        prop_assert_eq!(pairs.get("state"), Some(&state));
        prop_assert_eq!(parsed.query(), Some("foo=b%20r"));
    }
}

#[test]
fn the_session_state_is_one_more_member_of_a_success() {
    let answer = location(success(&redirect(), ResponseMode::Query, None, ISSUER, "c", Some("h.s")));
    assert_eq!(
        answer,
        "https://app.example/cb?foo=b%20r&code=c&session_state=h.s&iss=https%3A%2F%2Fid.example%2Frealm%3Fno"
    );
}
