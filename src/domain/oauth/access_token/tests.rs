//! Tests of `access_token`.

use serde_json::json;

use super::*;
use crate::oauth::fixtures::{NOW, at, context, refusal, strings};

const ISSUER: &str = "https://id.example";

fn of_a_person() -> AccessTokenClaims {
    AccessTokenClaims {
        issuer: ISSUER.to_owned(),
        subject: "u1".to_owned(),
        audience: strings(&["https://api.example", ISSUER]),
        expires_at: at(300),
        issued_at: at(0),
        not_before: None,
        jti: "j1".to_owned(),
        client_id: ClientId::new("app"),
        scope: strings(&["openid", "email"]),
        context: Some(context()),
        session_id: Some(SessionId::new("s1")),
        roles: Some(strings(&["owner"])),
        groups: Some(Vec::new()),
        confirmation: Confirmation::default(),
        authorization_details: Vec::new(),
        actor: None,
    }
}

#[test]
fn the_token_of_a_person_tells_how_the_person_authenticated() {
    let expected = json!({
        "iss": ISSUER, "sub": "u1", "aud": ["https://api.example", ISSUER], "exp": NOW + 300, "iat": NOW, "jti": "j1",
        "client_id": "app", "scope": "openid email", "auth_time": NOW - 100, "acr": "1", "amr": ["pwd"], "sid": "s1",
        "roles": ["owner"], "groups": [],
    });
    assert_eq!(Value::Object(of_a_person().payload()), expected);
}

#[test]
fn the_token_of_a_service_tells_nothing_of_a_person() {
    let token = AccessTokenClaims {
        subject: "app".to_owned(),
        audience: strings(&[ISSUER]),
        not_before: Some(at(5)),
        scope: Vec::new(),
        context: None,
        session_id: None,
        roles: None,
        groups: None,
        authorization_details: Vec::new(),
        ..of_a_person()
    };
    let expected = json!({
        "iss": ISSUER, "sub": "app", "aud": ISSUER, "exp": NOW + 300, "iat": NOW, "nbf": NOW + 5, "jti": "j1",
        "client_id": "app",
    });
    assert_eq!(Value::Object(token.payload()), expected);
}

#[test]
fn what_was_written_is_read_back() {
    let verified = check_own_access_token(&of_a_person().payload(), ISSUER, at(299)).expect("valid");
    assert_eq!((verified.subject.as_str(), verified.client_id.as_str(), verified.jti.as_str()), ("u1", "app", "j1"));
    assert_eq!(verified.audience, ["https://api.example", ISSUER]);
    assert_eq!((verified.issued_at, verified.expires_at, verified.auth_time), (at(0), at(300), Some(at(-100))));
    assert_eq!((verified.session_id, verified.acr.as_deref()), (Some(SessionId::new("s1")), Some("1")));
    assert_eq!(verified.amr, ["pwd"]);
    let verified = check_own_access_token(&of_a_person().payload(), ISSUER, at(-60)).expect("another node is ahead");
    assert!(verified.has_scope("email") && !verified.has_scope("mail"));
}

#[test]
fn a_token_is_for_whom_it_names_and_nobody_else() {
    let verified = check_own_access_token(&of_a_person().payload(), ISSUER, at(0)).expect("valid");
    for named in ["https://api.example", ISSUER] {
        assert_eq!(verified.check_audience(named), Ok(()));
    }
    for other in ["https://id.example/", "https://ID.example", "https://api.example/v1", "app", "u1", ""] {
        let error = verified.check_audience(other).expect_err(other);
        assert_eq!((error.code.name(), error.reason.code()), ("invalid_token", "AS-1155"), "{other}");
    }
}

#[test]
fn a_token_out_of_time_of_another_issuer_or_incomplete_is_refused() {
    let read = |claims: &Map<String, Value>, issuer, now| refusal(check_own_access_token(claims, issuer, now));
    let refused = ("invalid_token", "AS-1151");
    let good = of_a_person().payload();
    assert_eq!(read(&good, ISSUER, at(300)), refused);
    assert_eq!(read(&good, ISSUER, at(-61)), refused);
    assert_eq!(read(&good, "https://id.example/", at(0)), refused);
    for name in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"] {
        let mut claims = good.clone();
        claims.remove(name);
        assert_eq!(read(&claims, ISSUER, at(0)), refused, "without {name}");
    }
    for (name, value) in [
        ("exp", json!("1800000300")),
        ("exp", json!(null)),
        ("nbf", json!(NOW + 61)),
        ("nbf", json!("soon")),
        ("aud", json!([1])),
        ("aud", json!({})),
        ("scope", json!(["openid"])),
        ("scope", json!("openid,email")),
        ("sub", json!(1)),
        ("amr", json!("pwd")),
        ("amr", json!([1])),
    ] {
        let mut claims = good.clone();
        claims.insert(name.to_owned(), value.clone());
        assert_eq!(read(&claims, ISSUER, at(0)), refused, "{name}: {value}");
    }
}
