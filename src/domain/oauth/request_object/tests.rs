//! Tests of `request_object`.

use serde_json::json;

use super::*;
use crate::oauth::{
    SecurityProfile,
    fixtures::{NOW, at, codes, refusal, web},
};

const ISSUER: &str = "https://id.example";

fn alone() -> Client {
    let mut client = web();
    client.settings.require_signed_request_object = true;
    client
}

fn claims(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn outside(pairs: &[(&str, &str)]) -> Params {
    Params::from_pairs(pairs).expect("well-formed")
}

fn read(inside: Value, pairs: &[(&str, &str)], client: &Client) -> Vec<(String, String)> {
    let params = request_object_parameters(&claims(inside), &outside(pairs), client).expect("parameters");
    let mut pairs: Vec<_> = params.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    pairs.sort();
    pairs
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn checked(inside: Value, pairs: &[(&str, &str)], client: &Client) -> (&'static str, &'static str) {
    refusal(check_request_object(&claims(inside), &outside(pairs), client, ISSUER, at(0)))
}

#[test]
fn by_default_the_object_wins_and_what_it_leaves_out_comes_from_outside() {
    let inside = json!({ "iss": "app", "aud": ISSUER, "exp": NOW + 60, "jti": "j", "state": "in", "nonce": "" });
    let pairs = [
        ("client_id", "app"),
        ("request", "a.b.c"),
        ("state", "out"),
        ("nonce", "out"),
        ("scope", "openid"),
        ("iss", "other"),
    ];
    assert_eq!(
        read(inside, &pairs, &web()),
        owned(&[("client_id", "app"), ("scope", "openid"), ("state", "in")]),
        "an empty text inside is an absent parameter, not one to be found outside"
    );
}

#[test]
fn with_signed_objects_required_nothing_outside_counts() {
    let pairs = [("client_id", "app"), ("request_uri", "https://x"), ("state", "out"), ("scope", "openid")];
    assert_eq!(read(json!({ "client_id": "app" }), &pairs, &alone()), owned(&[("client_id", "app")]));
}

#[test]
fn what_names_another_object_stays_to_be_refused() {
    for name in ["request", "request_uri"] {
        for client in [web(), alone()] {
            assert_eq!(read(json!({ name: "x" }), &[(name, "y")], &client), owned(&[(name, "x")]));
        }
    }
}

#[test]
fn json_values_become_the_texts_that_the_parameters_have() {
    let inside = json!({
        "max_age": 0,
        "claims": { "id_token": { "auth_time": { "essential": true } } },
        "authorization_details": [{ "type": "t" }],
        "registration": { "client_name": "x" },
        "resource": ["https://api.example"],
        "flag": true,
        "state": "a \u{e9}&=+",
    });
    let expected = owned(&[
        ("authorization_details", r#"[{"type":"t"}]"#),
        ("claims", r#"{"id_token":{"auth_time":{"essential":true}}}"#),
        ("flag", "true"),
        ("max_age", "0"),
        ("registration", r#"{"client_name":"x"}"#),
        ("resource", "https://api.example"),
        ("state", "a \u{e9}&=+"),
    ]);
    assert_eq!(read(inside, &[], &web()), expected);
    assert_eq!(
        read(json!({ "claims": "{}", "max_age": "15" }), &[], &web()),
        owned(&[("claims", "{}"), ("max_age", "15")])
    );
    assert_eq!(read(json!({ "max_age": -1 }), &[], &web()), owned(&[("max_age", "-1")]));
}

#[test]
fn a_value_of_another_json_type_is_refused() {
    for (name, value) in [
        ("state", json!(null)),
        ("scope", json!(["openid"])),
        ("scope", json!({ "openid": true })),
        ("max_age", json!(3600.5)),
        ("max_age", json!(3600.0)),
        ("max_age", json!([1])),
        ("claims", json!(["x"])),
        ("claims", json!(null)),
        ("authorization_details", json!({ "type": "t" })),
        ("resource", json!([1])),
        ("resource", json!({ "a": 1 })),
        ("unknown", json!({ "a": 1 })),
        ("state", json!("a\u{0}b")),
        ("state", json!("\u{1b}[31m")),
        ("", json!("x")),
        ("na\nme", json!("x")),
        ("state", json!("x".repeat(20_000))),
    ] {
        let read = request_object_parameters(&claims(json!({ name: value })), &outside(&[]), &web());
        assert_eq!(refusal(read.map(|_| ())), ("invalid_request_object", "AS-1058"), "{name}: {value}");
    }
}

#[test]
fn client_and_response_type_are_the_same_inside_and_outside() {
    const WRONG: (&str, &str) = ("invalid_request_object", "AS-1057");
    let good = ("granted", "");
    let pairs = [("client_id", "app"), ("response_type", "code id_token")];
    for (inside, expected) in [
        (json!({}), good),
        (json!({ "client_id": "app", "response_type": "id_token code" }), good),
        (json!({ "client_id": "App" }), WRONG),
        (json!({ "client_id": "other" }), WRONG),
        (json!({ "client_id": ["app"] }), WRONG),
        (json!({ "client_id": null }), WRONG),
        (json!({ "response_type": "code" }), WRONG),
        (json!({ "response_type": "code id_token token" }), WRONG),
    ] {
        assert_eq!(checked(inside.clone(), &pairs, &web()), expected, "{inside}");
    }
    assert_eq!(checked(json!({ "response_type": "code" }), &[("client_id", "app")], &web()), good);
    // Where only the inside counts, it must name the client, and the outside is not looked at.
    let mut inside = strict_claims();
    inside["response_type"] = "code".into();
    assert_eq!(checked(inside.clone(), &pairs, &alone()), good);
    inside.as_object_mut().expect("an object").remove("client_id");
    assert_eq!(checked(inside, &pairs, &alone()), WRONG);
}

fn strict_claims() -> Value {
    json!({ "client_id": "app", "iss": "app", "aud": ISSUER, "nbf": NOW, "exp": NOW + 300 })
}

#[test]
fn issuer_and_audience_are_checked_where_they_stand() {
    const WRONG: (&str, &str) = ("invalid_request_object", "AS-1055");
    for (inside, expected) in [
        (json!({ "iss": "app", "aud": ISSUER }), ("granted", "")),
        (json!({ "aud": ["https://other.example", ISSUER] }), ("granted", "")),
        (json!({ "iss": "other" }), WRONG),
        (json!({ "iss": null }), WRONG),
        (json!({ "iss": ISSUER }), WRONG),
        (json!({ "sub": "app" }), WRONG),
        (json!({ "sub": "alice" }), ("granted", "")),
        (json!({ "aud": "https://other.example" }), WRONG),
        (json!({ "aud": "https://id.example/" }), WRONG),
        (json!({ "aud": [] }), WRONG),
        (json!({ "aud": null }), WRONG),
        (json!({ "aud": [ISSUER, 1] }), WRONG),
    ] {
        assert_eq!(checked(inside.clone(), &[], &web()), expected, "{inside}");
    }
    let mut inside = strict_claims();
    inside.as_object_mut().expect("an object").remove("aud");
    assert_eq!(checked(inside, &[], &alone()), WRONG);
}

#[test]
fn times_are_checked_where_they_stand() {
    const LATE: (&str, &str) = ("invalid_request_object", "AS-1054");
    const WRONG: (&str, &str) = ("invalid_request_object", "AS-1055");
    for (inside, expected) in [
        (json!({ "exp": NOW + 1 }), ("granted", "")),
        (json!({ "exp": NOW + 1_000_000, "nbf": NOW - 1_000_000, "iat": NOW - 1_000_000 }), ("granted", "")),
        (json!({ "nbf": NOW + 60, "iat": NOW + 60 }), ("granted", "")),
        (json!({ "exp": NOW }), LATE),
        (json!({ "exp": NOW - 1 }), LATE),
        (json!({ "nbf": NOW + 61 }), LATE),
        (json!({ "iat": NOW + 61 }), LATE),
        (json!({ "exp": "soon" }), WRONG),
        (json!({ "exp": null }), WRONG),
        (json!({ "nbf": true }), WRONG),
        (json!({ "iat": [NOW] }), WRONG),
    ] {
        assert_eq!(checked(inside.clone(), &[], &web()), expected, "{inside}");
    }
}

#[test]
fn a_required_object_lives_for_an_hour_at_most_and_says_so() {
    const LATE: (&str, &str) = ("invalid_request_object", "AS-1054");
    const WRONG: (&str, &str) = ("invalid_request_object", "AS-1055");
    for (nbf, exp, expected) in [
        (json!(NOW), json!(NOW + 3600), ("granted", "")),
        (json!(NOW + 8), json!(NOW + 300), ("granted", "")),
        (json!(NOW - 3600), json!(NOW), LATE),
        (json!(NOW - 3599), json!(NOW + 1), ("granted", "")),
        (json!(NOW - 3601), json!(NOW + 1), WRONG),
        (json!(NOW), json!(NOW + 3601), WRONG),
        (json!(NOW), json!(NOW + 4200), WRONG),
        (json!(NOW - 4200), json!(NOW - 4200 + 3600), LATE),
        (json!(NOW - 4200), json!(NOW + 300), WRONG),
        (json!(null), json!(NOW + 300), WRONG),
        (json!(NOW), json!(null), WRONG),
    ] {
        let mut inside = strict_claims();
        for (name, value) in [("nbf", nbf), ("exp", exp)] {
            if value.is_null() {
                inside.as_object_mut().expect("an object").remove(name);
            } else {
                inside[name] = value;
            }
        }
        assert_eq!(checked(inside.clone(), &[], &alone()), expected, "{inside}");
    }
}

#[test]
fn only_a_registered_client_or_a_registered_address_may_leave_the_signature_out() {
    let check = |registered, required, passing| {
        let mut client = web();
        client.settings.request_object_signing_alg = registered;
        client.settings.require_signed_request_object = required;
        refusal(check_may_be_unsigned(&client, passing))
    };
    let signed = Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::PS256));
    for passing in [Passing::ByValue, Passing::ByReference] {
        assert_eq!(check(Some(RequestObjectAlgorithm::Unsigned), false, passing), ("granted", ""));
        for (registered, required) in
            [(signed, false), (signed, true), (None, true), (Some(RequestObjectAlgorithm::Unsigned), true)]
        {
            assert_eq!(check(registered, required, passing), ("invalid_request_object", "AS-1052"));
        }
    }
    assert_eq!(check(None, false, Passing::ByReference), ("granted", ""));
    assert_eq!(check(None, false, Passing::ByValue), ("request_not_supported", "AS-1052"));
}

#[test]
fn a_profile_that_wants_signatures_wants_them_at_a_registered_address_too() {
    for profile in SecurityProfile::ALL {
        let mut client = web();
        client.settings.security_profile = Some(profile);
        let any = profile.rules().request_objects == RequestObjects::Any;
        let expected = if any { ("granted", "") } else { ("request_not_supported", "AS-1052") };
        assert_eq!(refusal(check_may_be_unsigned(&client, Passing::ByReference)), expected, "{profile:?}");
    }
}

#[test]
fn a_registered_algorithm_is_the_only_one() {
    let allowed = |registered| {
        let mut client = web();
        client.settings.request_object_signing_alg = registered;
        request_object_algorithms(&client, &SigningAlgorithm::ALL)
    };
    assert_eq!(allowed(None), SigningAlgorithm::ALL);
    assert_eq!(allowed(Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::PS256))), [SigningAlgorithm::PS256]);
    assert_eq!(allowed(Some(RequestObjectAlgorithm::Unsigned)), []);
}

#[test]
fn the_type_is_absent_or_says_that_it_is_a_request() {
    let check = |typ: Value| refusal(check_request_object_type(&claims(json!({ "typ": typ }))));
    assert_eq!(check_request_object_type(&Map::new()), Ok(()));
    for typ in ["oauth-authz-req+jwt", "JWT", "jwt", "application/oauth-authz-req+jwt"] {
        assert_eq!(check(typ.into()), ("granted", ""), "{typ}");
    }
    for typ in [json!("at+jwt"), json!("dpop+jwt"), json!("logout+jwt"), json!(""), json!(null), json!(["JWT"])] {
        assert_eq!(check(typ.clone()), ("invalid_request_object", "AS-1049"), "{typ}");
    }
}

#[test]
fn an_address_is_fetched_only_if_it_is_registered_and_without_its_fragment() {
    let mut client = web();
    let check = |client: &Client, sent: &str| match check_request_uri(client, sent) {
        Ok(address) => (address.to_owned(), ""),
        Err(error) => (codes(&error).0.to_owned(), codes(&error).1),
    };
    assert_eq!(check(&client, "https://app.example/r"), ("request_uri_not_supported".to_owned(), "AS-1046"));
    client.settings.request_uris =
        vec!["https://app.example/r#not-a-hash".to_owned(), "https://app.example/q?a=b".to_owned()];
    for sent in ["https://app.example/r", "https://app.example/r#not-a-hash", "https://app.example/r#other"] {
        assert_eq!(check(&client, sent), ("https://app.example/r".to_owned(), ""), "{sent}");
    }
    assert_eq!(check(&client, "https://app.example/q?a=b"), ("https://app.example/q?a=b".to_owned(), ""));
    for sent in [
        "https://app.example/r/",
        "https://app.example/r?x",
        "https://app.example/q",
        "HTTPS://app.example/r",
        "https://app.example.evil.example/r",
        "https://169.254.169.254/",
        "file:///etc/passwd",
        "urn:x",
        "#",
        "",
    ] {
        assert_eq!(check(&client, sent), ("invalid_request_uri".to_owned(), "AS-1046"), "{sent}");
    }
}
