//! Tests of `claims`.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    entity::UserProfile,
    oauth::OAuthError,
    oidc::fixtures::{names, user},
};

fn suite_user() -> User {
    let profile: UserProfile = serde_json::from_value(json!({
        "given_name": "Suite", "family_name": "User", "middle_name": "Q", "nickname": "sq",
        "profile": "https://op.example/u/suite", "picture": "https://op.example/u/suite.png", "website": "https://example.com/",
        "gender": "other", "birthdate": "1990-01-31", "zoneinfo": "Europe/Berlin", "locale": "en-GB",
        "phone_number": "+4930123456", "phone_number_verified": true,
        "address": { "locality": "Berlin", "country": "DE", "region": "", "planet": "Earth" },
    }))
    .expect("profile");
    User {
        name: Some("Suite User".into()),
        email: Some("suite@example.com".into()),
        email_verified: true,
        profile,
        ..user("u1")
    }
}

fn tell(user: &User, scope: &[&str]) -> Value {
    let (groups, roles) = (names(&["staff", "dev", "staff"]), names(&["auditor"]));
    Value::Object(claims_for_scope(
        &Person { user, subject: user.id.as_str(), groups: &groups, roles: &roles },
        &names(scope),
    ))
}

#[test]
fn each_scope_tells_its_claims_in_their_types_and_no_others() {
    let user = suite_user();
    assert_eq!(tell(&user, &["openid"]), json!({ "sub": "u1" }));
    assert_eq!(
        tell(&user, &["openid", "email"]),
        json!({ "sub": "u1", "email": "suite@example.com", "email_verified": true })
    );
    assert_eq!(
        tell(&user, &["phone"]),
        json!({ "sub": "u1", "phone_number": "+4930123456", "phone_number_verified": true })
    );
    assert_eq!(tell(&user, &["address"]), json!({ "sub": "u1", "address": { "locality": "Berlin", "country": "DE" } }));
    assert_eq!(tell(&user, &["groups"]), json!({ "sub": "u1", "groups": ["dev", "staff"] }));
    assert_eq!(tell(&user, &["roles"]), json!({ "sub": "u1", "roles": ["auditor"] }));
    assert_eq!(
        tell(&user, &["openid", "profile"]),
        json!({
            "sub": "u1", "name": "Suite User", "family_name": "User", "given_name": "Suite", "middle_name": "Q", "nickname": "sq",
            "preferred_username": "u1", "profile": "https://op.example/u/suite", "picture": "https://op.example/u/suite.png",
            "website": "https://example.com/", "gender": "other", "birthdate": "1990-01-31", "zoneinfo": "Europe/Berlin",
            "locale": "en-GB", "updated_at": 1_700_000_000,
        })
    );
}

#[test]
fn unknown_scopes_and_scopes_in_another_case_tell_nothing() {
    let user = suite_user();
    for scope in ["Email", "EMAIL", "email ", "demo.read", "", "offline_access", "emails"] {
        assert_eq!(tell(&user, &[scope]), json!({ "sub": "u1" }), "{scope}");
    }
}

#[test]
fn what_is_not_held_is_absent_and_a_verified_flag_never_stands_alone() {
    let mut bare = user("u2");
    bare.email_verified = true;
    bare.profile.phone_number_verified = true;
    let all = tell(&bare, &["profile", "email", "phone", "address"]);
    assert_eq!(all, json!({ "sub": "u2", "preferred_username": "u2", "updated_at": 1_700_000_000 }));
}

#[test]
fn an_unverified_email_says_so_in_a_boolean() {
    let user = User { email_verified: false, ..suite_user() };
    assert_eq!(tell(&user, &["email"])["email_verified"], json!(false));
}

#[test]
fn groups_and_roles_are_arrays_even_when_empty() {
    let user = suite_user();
    let told = claims_for_scope(
        &Person { user: &user, subject: user.id.as_str(), groups: &[], roles: &[] },
        &names(&["groups", "roles"]),
    );
    assert_eq!(Value::Object(told), json!({ "sub": "u1", "groups": [], "roles": [] }));
}

#[test]
fn a_family_may_be_called_null_but_the_word_null_is_no_value() {
    let mut user = suite_user();
    user.profile.family_name = Some("Null".into());
    user.profile.given_name = Some("null".into());
    let told = tell(&user, &["profile"]);
    assert_eq!(told["family_name"], "Null");
    assert!(told.get("given_name").is_none());
}

fn parse(text: &str) -> Result<ClaimsRequest, OAuthError> {
    ClaimsRequest::parse(text)
}

fn ask(text: &str, target: Target) -> Result<Value, SubjectMismatch> {
    let user = suite_user();
    let groups = names(&["staff"]);
    let person = Person { user: &user, subject: user.id.as_str(), groups: &groups, roles: &[] };
    let allowed = names(&["openid", "profile", "email", "groups"]);
    requested_claims(&person, &parse(text).expect("well-formed"), target, &allowed).map(Value::Object)
}

#[test]
fn claims_asked_for_one_by_one_come_where_they_were_asked_for() {
    let request =
        r#"{"userinfo":{"name":{"essential":true},"website":null},"id_token":{"email":null},"other":{"x":1}}"#;
    assert_eq!(ask(request, Target::Userinfo), Ok(json!({ "name": "Suite User", "website": "https://example.com/" })));
    assert_eq!(ask(request, Target::IdToken), Ok(json!({ "email": "suite@example.com" })));
}

#[test]
fn an_essential_or_unknown_claim_that_is_not_held_is_simply_absent() {
    let request = r#"{"userinfo":{"shoe_size":{"essential":true},"iss":null,"":null,"email#en":null}}"#;
    assert_eq!(ask(request, Target::Userinfo), Ok(json!({})));
}

#[test]
fn a_claim_of_a_scope_that_the_client_may_not_have_is_not_told() {
    let request = r#"{"userinfo":{"phone_number":{"essential":true},"address":null,"roles":null,"groups":null}}"#;
    assert_eq!(ask(request, Target::Userinfo), Ok(json!({ "groups": ["staff"] })));
}

#[test]
fn a_demand_for_another_subject_is_refused_for_either_target() {
    for request in [
        r#"{"id_token":{"sub":{"value":"u2"}}}"#,
        r#"{"userinfo":{"sub":{"value":"u2"}}}"#,
        r#"{"id_token":{"sub":{"values":["u2","u3"]}}}"#,
        r#"{"id_token":{"sub":{"values":[]}}}"#,
        r#"{"id_token":{"sub":{"value":1}}}"#,
        r#"{"id_token":{"sub":{"value":null}}}"#,
        r#"{"id_token":{"sub":{"value":"U1"}}}"#,
    ] {
        assert_eq!(ask(request, Target::IdToken), Err(SubjectMismatch), "{request}");
        assert_eq!(ask(request, Target::Userinfo), Err(SubjectMismatch), "{request}");
    }
    let error = OAuthError::from(SubjectMismatch);
    assert_eq!((error.code.name(), error.reason.code()), ("login_required", "AS-1019"));
}

#[test]
fn a_demand_for_the_person_signed_in_is_met() {
    for request in [r#"{"id_token":{"sub":{"value":"u1"}}}"#, r#"{"id_token":{"sub":{"values":["u2","u1"]}}}"#] {
        assert_eq!(ask(request, Target::IdToken), Ok(json!({ "sub": "u1" })), "{request}");
    }
}

#[test]
fn one_demanded_subject_works_like_a_hint() {
    let subject = |text| parse(text).expect("well-formed").requested_subject().map(|id| id.as_str().to_owned());
    assert_eq!(subject(r#"{"id_token":{"sub":{"value":"u9"}}}"#).as_deref(), Some("u9"));
    assert_eq!(subject(r#"{"userinfo":{"sub":{"values":["u9"]}}}"#).as_deref(), Some("u9"));
    for none in ["{}", r#"{"id_token":{"sub":null}}"#, r#"{"id_token":{"sub":{"values":["a","b"]}}}"#] {
        assert_eq!(subject(none), None, "{none}");
    }
}

#[test]
fn the_claims_parameter_is_no_way_around_consent() {
    let request = parse(r#"{"userinfo":{"phone_number":null,"sub":null},"id_token":{"email":null,"shoe_size":null}}"#);
    assert_eq!(request.expect("well-formed").scope(), ["email", "phone"]);
    assert_eq!(parse("{}").expect("well-formed").scope(), [""; 0]);
}

#[test]
fn a_malformed_claims_parameter_is_refused() {
    let long = format!(r#"{{"userinfo":{{"name":{{"value":"{}"}}}}}}"#, "x".repeat(9_000));
    let deep = format!(r#"{{"userinfo":{{"name":{{"value":{}{}}}}}}}"#, "[".repeat(20), "]".repeat(20));
    let deeper = "[".repeat(8_000);
    let many: Vec<String> = (0..65).map(|n| format!(r#""c{n}":null"#)).collect();
    let many = format!(r#"{{"userinfo":{{{}}}}}"#, many.join(","));
    for text in [
        "",
        " ",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{}}",
        "{} x",
        "{'userinfo':{}}",
        "\u{feff}{}",
        "{\"userinfo\":{\0}}",
        r#"{"userinfo":null}"#,
        r#"{"userinfo":{},"userinfo":{"name":null}}"#,
        r#"{"userinfo":{"name":null,"n\u0061me":{"essential":true}}}"#,
        r#"{"userinfo":[]}"#,
        r#"{"userinfo":"name"}"#,
        r#"{"id_token":true}"#,
        r#"{"userinfo":{"name":true}}"#,
        r#"{"userinfo":{"name":"x"}}"#,
        r#"{"userinfo":{"name":[]}}"#,
        r#"{"userinfo":{"name":{"essential":"true"}}}"#,
        r#"{"userinfo":{"name":{"essential":null}}}"#,
        r#"{"userinfo":{"name":{"values":"x"}}}"#,
        r#"{"userinfo":{"name":{"values":null}}}"#,
        r#"{"userinfo":{"name":{"value":"x","values":["x"]}}}"#,
        &long,
        &deep,
        &deeper,
        &many,
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!((error.code.name(), error.reason.code()), ("invalid_request", "AS-1026"), "{text:.60}");
    }
}

#[test]
fn brackets_inside_text_do_not_count_as_nesting() {
    let text = format!(r#"{{"userinfo":{{"name":{{"value":"\"{}"}}}}}}"#, "[{".repeat(100));
    assert!(parse(&text).is_ok());
}

#[test]
fn every_claim_in_the_table_can_be_told_and_every_scope_is_described() {
    let user = suite_user();
    let person = Person { user: &user, subject: user.id.as_str(), groups: &[], roles: &[] };
    for scope in SCOPES {
        assert!(!scope.sentence.is_empty() && scope.detail.ends_with('.'), "{}", scope.scope);
        for claim in scope.claims {
            assert!(claim_value(&person, claim).is_some(), "{claim}");
        }
        assert_eq!(describe_scope(scope.scope), *scope);
    }
}

#[test]
fn a_scope_of_an_api_is_described_in_general_words() {
    let described = describe_scope("demo.read");
    assert_eq!(described.scope, "demo.read");
    assert!(!described.sentence.is_empty() && described.claims.is_empty());
}

#[test]
fn the_lists_for_the_metadata_name_each_value_once() {
    assert_eq!(
        scopes_supported(),
        ["openid", "profile", "email", "address", "phone", "groups", "roles", "offline_access"]
    );
    let claims = claims_supported();
    let different: std::collections::HashSet<_> = claims.iter().collect();
    assert_eq!(different.len(), claims.len());
    for claim in ["sub", "iss", "auth_time", "acr", "sid", "email_verified", "updated_at", "groups"] {
        assert!(claims.contains(&claim), "{claim}");
    }
}

proptest! {
    #[test]
    fn no_claim_is_ever_null_or_empty(name in prop::option::of("\\PC{0,4}|null| *"), email in prop::option::of("\\PC{0,4}|null| *"), street in "\\PC{0,4}|null| *") {
        let mut user = suite_user();
        user.profile.address = [("street_address".to_owned(), street)].into();
        user.name = name.clone();
        user.profile.nickname = name;
        user.email = email;
        let all: Vec<&str> = scopes_supported();
        fn check(value: &Value) -> bool {
            match value {
                Value::Null => false,
                Value::String(text) => !text.trim().is_empty() && text != "null",
                Value::Object(members) => !members.is_empty() && members.values().all(check),
                _ => true,
            }
        }
        let told = tell(&user, &all);
        prop_assert!(check(&told), "{told}");
        prop_assert_eq!(told.get("email").is_some(), told.get("email_verified").is_some());
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>(), json in r#"[\[\]{}":,a-z0-9 ]{0,60}"#) {
        let _ = (parse(&text), parse(&json));
    }
}
