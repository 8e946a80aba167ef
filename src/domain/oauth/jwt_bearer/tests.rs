//! Tests of `jwt_bearer`.

use serde_json::json;

use super::*;
use crate::{
    entity::{ClientKind, SubjectMapping},
    ids::ClientId,
    oauth::fixtures::{NOW, at, client, refusal, strings},
};

const OURS: &str = "https://id.example";

fn issuer() -> TrustedIssuer {
    TrustedIssuer {
        issuer: "https://idp.example".to_owned(),
        jwks: None,
        jwks_uri: Some("https://idp.example/jwks".to_owned()),
        audience: None,
        subject: SubjectMapping::Username,
        clients: vec![ClientId::new("app")],
        scope: strings(&["openid", "orders.read", "offline_access"]),
        created_at: at(0),
    }
}

fn checked(change: impl FnOnce(&mut Map<String, Value>)) -> Result<BearerFacts, OAuthError> {
    let value = json!({
        "iss": "https://idp.example", "sub": "alice", "aud": OURS, "iat": NOW, "exp": NOW + 60, "jti": "j1",
    });
    let Value::Object(mut claims) = value else { unreachable!() };
    change(&mut claims);
    check_bearer_assertion(&issuer(), &claims, &[OURS.to_owned(), format!("{OURS}/oauth2/token")], at(0))
}

fn with(name: &'static str, value: Value) -> impl FnOnce(&mut Map<String, Value>) {
    move |claims| {
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.to_owned(), value);
        }
    }
}

#[test]
fn a_good_assertion_says_whom_it_is_about() {
    let facts = checked(|_| {}).unwrap();
    assert_eq!((facts.subject.as_str(), facts.jti.as_str(), facts.expires_at), ("alice", "j1", at(60)));
    for (name, value) in [
        ("aud", json!([OURS])),
        ("aud", json!(format!("{OURS}/oauth2/token"))),
        ("iat", Value::Null),
        ("exp", json!(NOW + 3660)),
        ("nbf", json!(NOW + 60)),
    ] {
        assert!(checked(with(name, value.clone())).is_ok(), "{name} {value}");
    }
}

#[test]
fn anything_else_is_refused() {
    let long = "x".repeat(513);
    for (name, value, code) in [
        ("iss", json!("https://other.example"), "AS-1183"),
        ("iss", Value::Null, "AS-1183"),
        ("sub", Value::Null, "AS-1183"),
        ("sub", json!(""), "AS-1183"),
        ("sub", json!(1), "AS-1183"),
        ("sub", json!("a\u{0}b"), "AS-1183"),
        ("sub", json!(long), "AS-1183"),
        ("jti", Value::Null, "AS-1183"),
        ("aud", json!("https://other.example"), "AS-1183"),
        ("aud", Value::Null, "AS-1183"),
        ("aud", json!([OURS, 1]), "AS-1183"),
        ("exp", Value::Null, "AS-1183"),
        ("exp", json!("soon"), "AS-1183"),
        ("exp", json!(NOW + 3661), "AS-1183"),
        ("exp", json!(NOW), "AS-1184"),
        ("iat", json!(NOW + 61), "AS-1184"),
        ("nbf", json!(NOW + 61), "AS-1184"),
        ("nbf", json!("now"), "AS-1183"),
    ] {
        assert_eq!(refusal(checked(with(name, value.clone()))), ("invalid_grant", code), "{name} {value}");
    }
}

#[test]
fn what_an_issuer_signed_for_something_else_vouches_for_nobody() {
    let kind = |typ: &str, claims: Value| {
        let (header, claims) = (json!({ "alg": "ES256", "typ": typ }), claims);
        check_bearer_kind(header.as_object().unwrap(), claims.as_object().unwrap())
    };
    assert_eq!(check_bearer_kind(&Map::new(), &Map::new()), Ok(()));
    for typ in ["JWT", "authorization-grant+jwt", "application/Authorization-Grant+jwt"] {
        assert_eq!(kind(typ, json!({ "scope": "orders.read" })), Ok(()), "{typ}");
    }
    for typ in ["logout+jwt", "secevent+jwt", "at+jwt", "client-authentication+jwt", "oauth-id-jag+jwt"] {
        assert_eq!(refusal(kind(typ, json!({}))), ("invalid_grant", "AS-1179"), "{typ}");
    }
    let logout = json!({ "events": { "http://schemas.openid.net/event/backchannel-logout": {} } });
    for events in [logout, json!({ "events": {} }), json!({ "events": null })] {
        assert_eq!(refusal(kind("JWT", events.clone())), ("invalid_grant", "AS-1179"), "{events}");
    }
}

#[test]
fn an_audience_of_its_own_replaces_ours() {
    let own = TrustedIssuer { audience: Some("urn:partner".to_owned()), ..issuer() };
    let claims = |aud: &str| {
        let value = json!({ "iss": own.issuer, "sub": "alice", "aud": aud, "exp": NOW + 60, "jti": "j" });
        value.as_object().cloned().unwrap()
    };
    assert!(check_bearer_assertion(&own, &claims("urn:partner"), &[OURS.to_owned()], at(0)).is_ok());
    assert!(check_bearer_assertion(&own, &claims(OURS), &[OURS.to_owned()], at(0)).is_err());
}

#[test]
fn scopes_are_within_issuer_and_client() {
    let mut app = client(ClientKind::Machine, &[]);
    app.settings.scope = strings(&["orders.read", "orders.write", "offline_access"]);
    let of = |requested: Option<&str>| bearer_scope(&issuer(), &app, requested);
    assert_eq!(of(None).unwrap(), strings(&["orders.read"]));
    assert_eq!(of(Some("orders.read offline_access")).unwrap(), strings(&["orders.read"]));
    assert_eq!(refusal(of(Some("orders.write"))), ("invalid_scope", "AS-1010"), "not the issuer's");
    assert_eq!(refusal(of(Some("openid"))), ("invalid_scope", "AS-1010"), "not the client's");
}

#[test]
fn a_client_has_no_person_to_describe() {
    let mut app = client(ClientKind::Machine, &[]);
    app.settings.scope = strings(&["openid", "orders.read"]);
    let about_clients = TrustedIssuer { subject: SubjectMapping::Client, ..issuer() };
    assert_eq!(bearer_scope(&about_clients, &app, None).unwrap(), strings(&["orders.read"]));
    let asked = bearer_scope(&about_clients, &app, Some("openid orders.read"));
    assert_eq!(refusal(asked), ("invalid_scope", "AS-1130"));
    assert_eq!(bearer_scope(&issuer(), &app, None).unwrap(), strings(&["openid", "orders.read"]));
}

#[test]
fn only_named_clients_send_assertions() {
    let app = client(ClientKind::Machine, &[]);
    assert_eq!(check_may_vouch(&issuer(), &app), Ok(()));
    let other = Client { client_id: ClientId::new("other"), ..app };
    assert_eq!(refusal(check_may_vouch(&issuer(), &other)), ("unauthorized_client", "AS-1187"));
}

#[test]
fn what_an_administrator_registers_is_checked() {
    let broken = |change: fn(&mut TrustedIssuer)| {
        let mut changed = issuer();
        change(&mut changed);
        check_trusted_issuer(&changed).map_err(|rule| rule.field)
    };
    assert_eq!(broken(|_| {}), Ok(()));
    type Case = (&'static str, fn(&mut TrustedIssuer));
    let cases: [Case; 8] = [
        ("issuer", |one| one.issuer = String::new()),
        ("jwks", |one| one.jwks_uri = None),
        ("jwks", |one| one.jwks = Some(json!({ "keys": [] }))),
        ("jwks_uri", |one| one.jwks_uri = Some("http://idp.example/jwks".to_owned())),
        ("jwks", |one| (one.jwks_uri, one.jwks) = (None, Some(json!({ "keys": [] })))),
        ("audience", |one| one.audience = Some(String::new())),
        ("clients", |one| one.clients.clear()),
        ("scope", |one| one.scope = strings(&["a,b"])),
    ];
    for (field, change) in cases {
        assert_eq!(broken(change), Err(field.to_owned()));
    }
}
