//! Tests of `authorization_response`.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    entity::ClientKind,
    oauth::{ErrorCode, fixtures::client},
    trace::Reason,
};

const ISSUER: &str = "https://id.example/realm?no";
const REGISTERED: &str = "https://app.example/cb?foo=b%20r";
const PLAIN: [ResponseMode; 3] = [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost];

fn redirect() -> SafeRedirect {
    SafeRedirect::matched(&client(ClientKind::Web, &[REGISTERED]), Some(REGISTERED)).expect("registered")
}

fn code(state: Option<&str>) -> ResponseParameters {
    success(&Granted { code: Some("c"), ..Granted::default() }, state)
}

fn plain(parameters: ResponseParameters, mode: ResponseMode) -> Answer {
    parameters.plain(&redirect(), mode, ISSUER)
}

fn location(answer: Answer) -> String {
    match answer {
        Answer::Redirect(location) => location,
        Answer::FormPost { action, .. } => panic!("a form to {action}"),
    }
}

fn names(answer: Answer) -> Vec<String> {
    match answer {
        Answer::FormPost { fields, .. } => fields.into_iter().map(|(name, _)| name).collect(),
        Answer::Redirect(location) => {
            let added = location.strip_prefix(REGISTERED).expect("the registered address");
            url::form_urlencoded::parse(&added.as_bytes()[1..]).map(|(name, _)| name.into_owned()).collect()
        }
    }
}

#[test]
fn a_code_goes_into_the_query_next_to_the_registered_one() {
    let answer = location(plain(code(Some("s")), ResponseMode::Query));
    assert_eq!(answer, "https://app.example/cb?foo=b%20r&code=c&state=s&iss=https%3A%2F%2Fid.example%2Frealm%3Fno");
}

#[test]
fn a_fragment_answer_puts_nothing_into_the_query() {
    let answer = location(plain(code(None), ResponseMode::Fragment));
    assert_eq!(answer, format!("{REGISTERED}#code=c&iss=https%3A%2F%2Fid.example%2Frealm%3Fno"));
}

#[test]
fn a_form_post_answer_puts_nothing_into_the_address() {
    let Answer::FormPost { action, fields } = plain(code(Some("a\"<&")), ResponseMode::FormPost) else {
        panic!("a redirect");
    };
    assert_eq!(action, REGISTERED);
    let expected = [("code", "c"), ("state", "a\"<&"), ("iss", ISSUER)];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// Behaviour 57.
#[test]
fn an_access_token_comes_with_its_type_and_its_life_as_text() {
    let scope = ["openid".to_owned(), "email".to_owned()];
    let token = AnsweredToken { text: "t", expires_in: 600, scope: Some(&scope) };
    let granted =
        Granted { code: Some("c"), access_token: Some(token), id_token: Some("i"), session_state: Some("h.s") };
    for mode in PLAIN {
        let expected =
            ["code", "access_token", "token_type", "expires_in", "scope", "id_token", "session_state", "state", "iss"];
        assert_eq!(names(plain(success(&granted, Some("s")), mode)), expected, "{mode:?}");
    }
    let location = location(plain(success(&granted, None), ResponseMode::Fragment));
    assert!(
        location.contains("#code=c&access_token=t&token_type=Bearer&expires_in=600&scope=openid%20email&id_token=i")
    );
    let bare = Granted { access_token: Some(AnsweredToken { scope: None, ..token }), ..Granted::default() };
    assert_eq!(
        names(plain(success(&bare, None), ResponseMode::Fragment)),
        ["access_token", "token_type", "expires_in", "iss"]
    );
}

/// Behaviour 49.
#[test]
fn a_refusal_carries_the_allowed_members_only_and_no_reason() {
    let error = OAuthError::new(ErrorCode::AccessDenied, Reason::PersonDeclined);
    for mode in PLAIN {
        let names = names(plain(failure(&error, "https://id.example/e", Some("s")), mode));
        assert_eq!(names, ["error", "error_description", "error_uri", "state", "iss"], "{mode:?}");
    }
}

#[test]
fn without_a_state_none_is_returned() {
    let error = OAuthError::invalid_request(Reason::ResponseTypeMissing);
    for mode in PLAIN {
        assert!(!names(plain(code(None), mode)).contains(&"state".to_owned()));
        assert!(!names(plain(failure(&error, "u", None), mode)).contains(&"state".to_owned()));
    }
    assert!(!code(None).claims(ISSUER, &ClientId::new("app"), Timestamp::from_seconds(1)).contains_key("state"));
}

/// Behaviour 187.
#[test]
fn a_signed_answer_says_who_answers_whom_until_when_and_everything_else() {
    let now = Timestamp::from_seconds(1_000);
    let claims = code(Some("s")).claims(ISSUER, &ClientId::new("app"), now);
    assert_eq!(Value::Object(claims), json!({ "iss": ISSUER, "aud": "app", "exp": 1_300, "code": "c", "state": "s" }));
    let error = OAuthError::new(ErrorCode::AccessDenied, Reason::PersonDeclined);
    let claims = failure(&error, "https://id.example/e", None).claims(ISSUER, &ClientId::new("app"), now);
    let mut members: Vec<&str> = claims.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["aud", "error", "error_description", "error_uri", "exp", "iss"]);
    assert!((10..=600).contains(&SIGNED_RESPONSE_SECONDS));
}

/// Behaviour 187.
#[test]
fn a_signed_answer_carries_one_parameter_and_no_other() {
    for (mode, expected) in [
        (ResponseMode::QueryJwt, format!("{REGISTERED}&response=a.b.c")),
        (ResponseMode::FragmentJwt, format!("{REGISTERED}#response=a.b.c")),
    ] {
        assert_eq!(location(signed("a.b.c", &redirect(), mode)), expected);
    }
    let Answer::FormPost { action, fields } = signed("a.b.c", &redirect(), ResponseMode::FormPostJwt) else {
        panic!("a redirect");
    };
    assert_eq!((action.as_str(), fields), (REGISTERED, vec![("response".to_owned(), "a.b.c".to_owned())]));
}

proptest! {
    #[test]
    fn any_state_comes_back_through_a_url_parser(state in "[ -~]{1,200}|\\PC{1,50}") {
        let location = location(plain(code(Some(&state)), ResponseMode::Query));
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
        let location = location(plain(code(Some(&state)), ResponseMode::Fragment));
        let parsed = url::Url::parse(&location).expect("a URL");
        let fragment = parsed.fragment().expect("a fragment");
        let pairs: HashMap<_, _> = url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
        prop_assert_eq!(pairs.get("state"), Some(&state));
        prop_assert_eq!(parsed.query(), Some("foo=b%20r"));
    }
}
