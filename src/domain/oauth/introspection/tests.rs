//! Tests of `introspection`.

use super::*;
use crate::{
    entity::ClientKind,
    oauth::fixtures::{at, client, refusal, strings, web},
};

#[test]
fn a_client_learns_about_its_own_tokens_and_about_others_only_if_registered_to() {
    let own = ClientId::new("app");
    let other = ClientId::new("other");
    let mut server = web();
    server.settings.may_introspect = true;
    for (client, token_client, expected) in [
        (web(), Some(&own), Disclosure::Tell),
        (web(), Some(&other), Disclosure::Withhold),
        (web(), None, Disclosure::Withhold),
        (server.clone(), Some(&own), Disclosure::Tell),
        (server.clone(), Some(&other), Disclosure::Tell),
        (server, None, Disclosure::Withhold),
    ] {
        assert_eq!(check_may_introspect(&client, token_client), Ok(expected), "{token_client:?}");
    }
}

#[test]
fn a_public_client_may_not_introspect_even_its_own_tokens() {
    let mut spa = client(ClientKind::Spa, &[]);
    spa.settings.may_introspect = true;
    assert_eq!(refusal(check_may_introspect(&spa, Some(&spa.client_id))), ("invalid_client", "AS-1141"));
}

#[test]
fn an_inactive_answer_says_nothing_else() {
    assert_eq!(Value::Object(inactive()), json!({"active": false}));
}

fn service_token() -> Introspected {
    Introspected {
        scope: Vec::new(),
        client_id: ClientId::new("app"),
        username: None,
        token_type: Some("Bearer"),
        expires_at: at(300),
        issued_at: at(0),
        not_before: None,
        subject: None,
        audience: Vec::new(),
        issuer: "https://id.example".to_owned(),
        jti: None,
        auth_time: None,
        acr: None,
        amr: Vec::new(),
        confirmation: Confirmation::default(),
        authorization_details: Vec::new(),
        actor: None,
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let expected = json!({
        "active": true, "client_id": "app", "token_type": "Bearer", "exp": 1_800_000_300, "iat": 1_800_000_000,
        "iss": "https://id.example",
    });
    assert_eq!(Value::Object(service_token().response()), expected);
}

#[test]
fn what_is_known_is_told() {
    let token = Introspected {
        scope: strings(&["openid", "email"]),
        username: Some("alice".to_owned()),
        not_before: Some(at(1)),
        subject: Some("u1".to_owned()),
        audience: strings(&["https://api.example"]),
        jti: Some("j1".to_owned()),
        auth_time: Some(at(-100)),
        acr: Some("1".to_owned()),
        amr: strings(&["pwd"]),
        authorization_details: Vec::new(),
        actor: Actor::after("service", None),
        ..service_token()
    };
    let expected = json!({
        "active": true, "client_id": "app", "token_type": "Bearer", "exp": 1_800_000_300, "iat": 1_800_000_000,
        "iss": "https://id.example", "scope": "openid email", "username": "alice", "nbf": 1_800_000_001, "sub": "u1",
        "aud": "https://api.example", "jti": "j1", "auth_time": 1_799_999_900, "acr": "1", "amr": ["pwd"],
        "act": { "sub": "service" },
    });
    assert_eq!(Value::Object(token.response()), expected);
    let several = Introspected { audience: strings(&["a", "b"]), ..token };
    assert_eq!(several.response().get("aud"), Some(&json!(["a", "b"])));
}
