//! Tests of `scope`.

use proptest::prelude::*;

use super::*;
use crate::oauth::fixtures::{refusal, strings, web};

#[test]
fn scopes_keep_their_order_and_lose_their_repetitions() {
    assert_eq!(parse_scope("openid email openid api:read/x"), Ok(strings(&["openid", "email", "api:read/x"])));
}

#[test]
fn scopes_outside_the_grammar_are_refused() {
    let many = ["s"; 101].join(" ");
    for text in [
        "",
        " ",
        " openid",
        "openid ",
        "openid  email",
        "openid\temail",
        "openid\nemail",
        "openid,email",
        "a\"b",
        "a\\b",
        "\u{e9}",
        "a\u{7f}",
        "openid+email,",
        many.as_str(),
    ] {
        assert_eq!(refusal(parse_scope(text)), ("invalid_scope", "AS-1009"), "{text:?}");
    }
    assert_eq!(parse_scope(&["s"; 100].join(" ")), Ok(strings(&["s"])));
}

#[test]
fn a_client_asks_for_registered_scopes_only_and_exactly() {
    let client = web();
    assert_eq!(check_allowed(&client, &strings(&["openid", "email"])), Ok(()));
    assert_eq!(check_allowed(&client, &[]), Ok(()));
    for scope in ["admin", "OpenID", "openi", "openid2"] {
        assert_eq!(
            refusal(check_allowed(&client, &strings(&["openid", scope]))),
            ("invalid_scope", "AS-1010"),
            "{scope}"
        );
    }
}

#[test]
fn a_refresh_keeps_or_narrows_the_granted_scopes() {
    let granted = strings(&["openid", "email"]);
    assert_eq!(narrow(None, &granted), Ok(granted.clone()));
    assert_eq!(narrow(Some("email"), &granted), Ok(strings(&["email"])));
    assert_eq!(narrow(Some("email openid"), &granted), Ok(strings(&["email", "openid"])));
    assert_eq!(narrow(Some("openid offline_access"), &granted), Ok(strings(&["openid"])));
}

#[test]
fn a_refresh_never_widens_the_granted_scopes() {
    let granted = strings(&["openid", "email"]);
    for text in ["profile", "openid email profile", "offline_access", "OPENID"] {
        assert_eq!(refusal(narrow(Some(text), &granted)), ("invalid_scope", "AS-1129"), "{text}");
    }
    assert_eq!(refusal(narrow(Some("openid,email"), &granted)), ("invalid_scope", "AS-1009"));
}

proptest! {
    #[test]
    fn parsing_undoes_joining(scopes in proptest::collection::hash_set("[!#-+.-\\[\\]-~]{1,12}", 1..20)) {
        let scopes: Vec<String> = scopes.into_iter().collect();
        prop_assert_eq!(parse_scope(&scopes.join(" ")), Ok(scopes));
    }

    #[test]
    fn narrowing_yields_a_part_of_what_was_granted(text in "[a-d ,]{0,16}") {
        let granted = strings(&["a", "b", "ab"]);
        if let Ok(scopes) = narrow(Some(&text), &granted) {
            prop_assert!(!scopes.is_empty() && scopes.iter().all(|scope| granted.contains(scope)));
        }
    }
}
