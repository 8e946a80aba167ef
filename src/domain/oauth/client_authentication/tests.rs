//! Tests of `client_authentication`.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    entity::ClientKind,
    oauth::fixtures::{NOW, at, client, refusal, web},
};

type Pair = (&'static str, &'static str);

fn params(pairs: &[(&str, &str)]) -> Params {
    Params::from_pairs(pairs).expect("well-formed")
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[test]
fn each_method_is_recognized() {
    let header = basic("a%3Ab:p%20w%2B+%25");
    let presented = Presented::parse(Some(&header), &params(&[("client_id", "a:b")])).expect("basic");
    assert_eq!(presented.client_id(), Some(&ClientId::new("a:b")));
    assert!(matches!(&presented, Presented::Basic { secret, .. } if secret.expose() == "p w+ %"));
    assert!(!format!("{presented:?}").contains("p w"));

    let presented = Presented::parse(None, &params(&[("client_id", "app"), ("client_secret", "s:s")])).expect("post");
    assert_eq!(presented.client_id(), Some(&ClientId::new("app")));
    assert!(matches!(&presented, Presented::Post { secret, .. } if secret.expose() == "s:s"));

    let pairs = [("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", "a.b.c")];
    let presented = Presented::parse(None, &params(&pairs)).expect("assertion");
    assert_eq!((presented.fits(AuthMethod::PrivateKeyJwt), presented.client_id()), (true, None));

    let presented = Presented::parse(None, &params(&[("client_id", "app")])).expect("public");
    assert_eq!(presented.client_id(), Some(&ClientId::new("app")));
}

#[test]
fn a_secret_may_hold_colons_and_the_scheme_any_case() {
    let header = basic("app:a:b").replace("Basic", "bAsIc");
    let presented = Presented::parse(Some(&header), &params(&[])).expect("basic");
    assert!(matches!(presented, Presented::Basic { secret, .. } if secret.expose() == "a:b"));
}

#[test]
fn a_malformed_header_is_refused() {
    let unpadded = basic("app:secret12").replace('=', "");
    for header in [
        "",
        "Basic",
        "Basic ",
        "Basic  YXBwOnNlY3JldA==",
        "Basic YXBwOnNlY3JldA",
        "Basic YXBwOnNlY3JldA=",
        "Basic YXBw*",
        "Basic YXBwOnNlY3JldB==",
        "Bearer YXBwOnNlY3JldA==",
        "Basic YXBwOnNlY3JldA== x",
        "Basic\tYXBwOnNlY3JldA==",
        &basic("app"),
        &basic(":secret"),
        &basic(":"),
        &basic("app:%zz"),
        &basic("app:%00"),
        &basic("ap%0"),
        &format!("Basic {}", STANDARD.encode(b"app:\xff")),
        &basic(&format!("app:{}", "x".repeat(20_000))),
    ] {
        assert_eq!(refusal(Presented::parse(Some(header), &params(&[]))), ("invalid_client", "AS-1202"), "{header:?}");
    }
    assert_eq!(
        refusal(Presented::parse(Some(&unpadded[..unpadded.len() - 1]), &params(&[]))),
        ("invalid_client", "AS-1202")
    );
}

/// RFC 6749 §2.3.1: an empty secret is one that is left out.
#[test]
fn an_empty_secret_in_the_header_is_none() {
    for pairs in [&[][..], &[("client_id", "app")]] {
        let presented = Presented::parse(Some(&basic("app:")), &params(pairs)).expect("a name");
        assert!(matches!(&presented, Presented::Public { client_id } if client_id.as_str() == "app"));
        for method in AuthMethod::ALL {
            let proves_nothing = method == AuthMethod::None || method.needs_certificate();
            assert_eq!(presented.fits(method), proves_nothing, "{method:?}");
        }
    }
    for (pairs, code) in [
        (&[("client_id", "other")][..], "invalid_request"),
        (&[("client_secret", "x")], "invalid_request"),
        (&[("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", "a.b.c")], "invalid_request"),
    ] {
        assert_eq!(refusal(Presented::parse(Some(&basic("app:")), &params(pairs))), (code, "AS-1201"), "{pairs:?}");
    }
}

#[test]
fn several_methods_at_once_are_refused() {
    let header = basic("app:secret");
    let table: [(Option<&str>, &[Pair]); 6] = [
        (Some(&header), &[("client_secret", "secret")]),
        (Some(&header), &[("client_id", "app"), ("client_secret", "secret")]),
        (Some(&header), &[("client_assertion_type", CLIENT_ASSERTION_TYPE), ("client_assertion", "a.b.c")]),
        (Some(&header), &[("client_assertion", "a.b.c")]),
        (None, &[("client_id", "app"), ("client_secret", "s"), ("client_assertion", "a.b.c")]),
        (Some(&header), &[("client_id", "other")]),
    ];
    for (header, pairs) in table {
        assert_eq!(refusal(Presented::parse(header, &params(pairs))), ("invalid_request", "AS-1201"), "{pairs:?}");
    }
}

#[test]
fn half_of_a_method_is_refused() {
    let table: [(&[(&str, &str)], &str); 6] = [
        (&[], "AS-1200"),
        (&[("client_secret", "secret")], "AS-1200"),
        (&[("client_assertion", "a.b.c")], "AS-1210"),
        (
            &[
                ("client_assertion", "a.b.c"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
            ],
            "AS-1210",
        ),
        (&[("client_assertion", "a.b.c"), ("client_assertion_type", "JWT")], "AS-1210"),
        (&[("client_id", "app"), ("client_assertion_type", CLIENT_ASSERTION_TYPE)], "AS-1211"),
    ];
    for (pairs, reason) in table {
        assert_eq!(refusal(Presented::parse(None, &params(pairs))), ("invalid_client", reason), "{pairs:?}");
    }
}

#[test]
fn an_unknown_and_a_disabled_client_read_alike_from_outside() {
    let mut disabled = web();
    disabled.enabled = false;
    assert!(check_client_usable(Some(&web())).is_ok());
    for client in [None, Some(&disabled)] {
        let error = check_client_usable(client).expect_err("unusable");
        assert_eq!(refusal::<()>(Err(error)), ("invalid_client", "AS-1001"));
        assert_eq!(error.description, Reason::ClientAuthenticationFailed.summary());
    }
}

#[test]
fn a_client_uses_its_registered_method_and_a_secret_in_header_or_form_is_one_method() {
    let presented = || {
        let id = || ClientId::new("app");
        [
            Presented::Basic { client_id: id(), secret: Secret::from("s") },
            Presented::Post { client_id: id(), secret: Secret::from("s") },
            Presented::Assertion { client_id: None, assertion: Secret::from("a.b.c") },
            Presented::Public { client_id: id() },
        ]
    };
    let fits = |method, presented: &Presented| match presented {
        Presented::Basic { .. } | Presented::Post { .. } => {
            [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost].contains(&method)
        }
        Presented::Assertion { .. } => [AuthMethod::ClientSecretJwt, AuthMethod::PrivateKeyJwt].contains(&method),
        Presented::Public { .. } => method == AuthMethod::None || method.needs_certificate(),
    };
    for method in AuthMethod::ALL {
        let mut client = client(ClientKind::Web, &[]);
        client.settings.token_endpoint_auth_method = method;
        for presented in presented() {
            let result = check_method(&client, &presented);
            if fits(method, &presented) {
                assert_eq!(result, Ok(()));
            } else {
                assert_eq!(refusal(result), ("invalid_client", "AS-1205"), "{method:?} {presented:?}");
            }
        }
    }
}

fn claims(changes: &[(&str, Value)]) -> Map<String, Value> {
    let mut claims = json!({
        "iss": "app", "sub": "app", "aud": "https://id.example", "exp": NOW + 60, "nbf": NOW, "iat": NOW, "jti": "j1",
    });
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    let mut claims = claims.as_object().expect("an object").clone();
    claims.retain(|_, value| !value.is_null());
    claims
}

fn check(claims: &Map<String, Value>) -> Result<AssertionFacts, OAuthError> {
    let audiences = ["https://id.example".to_owned(), "https://id.example/oauth2/token".to_owned()];
    check_assertion(&ClientId::new("app"), claims, &audiences, at(0))
}

#[test]
fn an_assertion_within_the_rules_is_accepted_and_says_what_to_remember() {
    for changes in [
        vec![],
        vec![("nbf", Value::Null), ("iat", Value::Null)],
        vec![("aud", json!("https://id.example/oauth2/token"))],
        vec![("aud", json!(["https://other.example", "https://id.example"]))],
        vec![("nbf", json!(NOW + 60)), ("iat", json!(NOW + 60))],
        vec![("jti", json!("j".repeat(256)))],
    ] {
        let facts = check(&claims(&changes)).unwrap_or_else(|error| panic!("{changes:?}: {error:?}"));
        assert_eq!(facts.expires_at, at(60), "{changes:?}");
    }
    assert_eq!(check(&claims(&[])).map(|facts| facts.jti), Ok("j1".to_owned()));
    assert_eq!(check(&claims(&[("exp", json!(NOW + 3660))])).map(|facts| facts.expires_at), Ok(at(3660)));
    assert_eq!(check(&claims(&[("exp", json!(NOW as f64 + 60.5))])).map(|facts| facts.expires_at), Ok(at(60)));
}

#[test]
fn an_assertion_outside_the_rules_is_refused() {
    for (name, value, reason) in [
        ("iss", json!("other"), "AS-1213"),
        ("iss", Value::Null, "AS-1213"),
        ("sub", json!("other"), "AS-1213"),
        ("sub", Value::Null, "AS-1213"),
        ("sub", json!(["app"]), "AS-1213"),
        ("aud", Value::Null, "AS-1213"),
        ("aud", json!("https://id.example/"), "AS-1213"),
        ("aud", json!("https://evil.example"), "AS-1213"),
        ("aud", json!([]), "AS-1213"),
        ("aud", json!(["https://id.example", 1]), "AS-1213"),
        ("aud", json!({"https://id.example": true}), "AS-1213"),
        ("jti", Value::Null, "AS-1213"),
        ("jti", json!(""), "AS-1213"),
        ("jti", json!(7), "AS-1213"),
        ("jti", json!("j".repeat(257)), "AS-1213"),
        ("exp", Value::Null, "AS-1213"),
        ("exp", json!("1800000060"), "AS-1213"),
        ("exp", json!(NOW + 3661), "AS-1213"),
        ("exp", json!(i64::MAX), "AS-1213"),
        ("exp", json!(1e300), "AS-1213"),
        ("exp", json!(NOW), "AS-1214"),
        ("exp", json!(NOW - 300), "AS-1214"),
        ("exp", json!(-1e300), "AS-1214"),
        ("nbf", json!(NOW + 61), "AS-1214"),
        ("iat", json!(NOW + 61), "AS-1214"),
        ("nbf", json!("soon"), "AS-1213"),
        ("iat", json!([]), "AS-1213"),
    ] {
        let result = check(&claims(&[(name, value.clone())]));
        assert_eq!(refusal(result), ("invalid_client", reason), "{name}: {value}");
    }
    let nobody = check_assertion(&ClientId::new("app"), &claims(&[]), &[], at(0));
    assert_eq!(refusal(nobody), ("invalid_client", "AS-1213"));
}

#[test]
fn what_a_client_signed_for_something_else_does_not_authenticate_it() {
    let kind = |typ: Value, changes: &[(&str, Value)]| {
        let header = json!({ "alg": "ES256", "typ": typ });
        check_assertion_kind(header.as_object().expect("an object"), &claims(changes))
    };
    for typ in ["JWT", "client-authentication+jwt", "application/client-authentication+jwt"] {
        assert_eq!(kind(json!(typ), &[("client_id", json!("app"))]), Ok(()), "{typ}");
    }
    assert_eq!(check_assertion_kind(&Map::new(), &claims(&[])), Ok(()));
    for typ in ["oauth-authz-req+jwt", "authorization-grant+jwt", "dpop+jwt", "at+jwt"] {
        assert_eq!(refusal(kind(json!(typ), &[])), ("invalid_client", "AS-1234"), "{typ}");
    }
    for name in ["response_type", "redirect_uri", "scope"] {
        for value in [json!("x"), json!("")] {
            assert_eq!(refusal(kind(json!("JWT"), &[(name, value)])), ("invalid_client", "AS-1234"), "{name}");
        }
    }
}

#[test]
fn the_subject_of_an_assertion_is_found_without_believing_it() {
    let jwt = |payload: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(payload));
    assert_eq!(unverified_subject(&jwt(r#"{"sub":"app","exp":1}"#)), Some(ClientId::new("app")));
    let deep = format!("{{\"x\":{}", "[".repeat(10_000));
    for assertion in [
        String::new(),
        "h.s".to_owned(),
        "h.%%.s".to_owned(),
        jwt("{}"),
        jwt(r#"{"sub":""}"#),
        jwt(r#"{"sub":1}"#),
        jwt(r#"{"sub":"a","sub":"b"}"#),
        jwt("[]"),
        jwt(&deep),
        format!("{}.x", jwt(r#"{"sub":"app"}"#)),
        jwt(&format!(r#"{{"sub":"app","x":"{}"}}"#, "x".repeat(20_000))),
    ] {
        assert_eq!(unverified_subject(&assertion), None, "{}", assertion.len());
    }
}

proptest! {
    #[test]
    fn no_header_and_no_assertion_makes_the_parser_panic(text in "\\PC{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = Presented::parse(Some(&text), &params(&[]));
        let _ = Presented::parse(Some(&format!("Basic {}", STANDARD.encode(&bytes))), &params(&[]));
        let _ = unverified_subject(&text);
        let _ = unverified_subject(&format!("h.{}.s", URL_SAFE_NO_PAD.encode(&bytes)));
    }

    #[test]
    fn encoded_credentials_come_back(id in "[ -~]{1,40}", secret in "[ -~]{1,40}") {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let header = basic(&format!("{}:{}", encode(&id), encode(&secret)));
        let presented = Presented::parse(Some(&header), &params(&[])).expect("basic");
        prop_assert_eq!(presented.client_id().map(ClientId::as_str), Some(id.as_str()));
        let found = match presented {
            Presented::Basic { secret, .. } => secret.expose().clone(),
            other => format!("{other:?}"),
        };
        prop_assert_eq!(found, secret);
    }
}
