//! Tests of `backchannel_authentication`.

use serde_json::json;

use super::*;
use crate::oauth::{
    GrantType, SecurityProfile,
    fixtures::{NOW, at, codes, refusal, strings, web},
};

const ISSUER: &str = "https://op.example";

fn client() -> Client {
    let mut client = web();
    client.settings.grant_types.push(GrantType::Ciba);
    client
}

fn pinged() -> Client {
    let mut client = client();
    client.settings.backchannel_token_delivery_mode = Some(TokenDeliveryMode::Ping);
    client.settings.backchannel_client_notification_endpoint = Some("https://app.example/cb".to_owned());
    client
}

fn signing() -> Client {
    let mut client = client();
    client.settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::ES256);
    client
}

fn parse(pairs: &[(&str, &str)]) -> Result<BackchannelRequest, OAuthError> {
    let mut all = vec![("scope", "openid"), ("login_hint", "alice")];
    all.retain(|(name, _)| !pairs.iter().any(|(other, _)| other == name));
    all.extend(pairs);
    BackchannelRequest::parse(&Params::from_pairs(&all).unwrap(), &client())
}

fn refused(pairs: &[(&str, &str)]) -> (&'static str, &'static str) {
    refusal(parse(pairs))
}

#[test]
fn exactly_one_hint_names_the_person() {
    assert!(matches!(parse(&[]).unwrap().person, PersonHint::Login(login) if login.expose() == "alice"));
    let hinted = parse(&[("login_hint", ""), ("id_token_hint", "a.b.c")]).unwrap();
    assert!(matches!(hinted.person, PersonHint::IdToken(token) if token.expose() == "a.b.c"));
    for pairs in [
        &[("login_hint", "")][..],
        &[("id_token_hint", "a.b.c")],
        &[("login_hint_token", "a.b.c")],
        &[("login_hint", ""), ("login_hint_token", "a.b.c")],
    ] {
        assert_eq!(refused(pairs), ("invalid_request", "AS-1189"), "{pairs:?}");
    }
}

#[test]
fn the_scope_names_openid() {
    assert_eq!(refused(&[("scope", "")]), ("invalid_scope", "AS-1190"));
    assert_eq!(refused(&[("scope", "email")]), ("invalid_scope", "AS-1190"));
    assert_eq!(refused(&[("scope", "openid unheard_of")]), ("invalid_scope", "AS-1010"));
}

#[test]
fn a_binding_message_is_short_and_plain() {
    let longest = "x".repeat(64);
    for good in ["1234", "W4SCT", "Pay 5,00 EUR to ~Shop~", &longest] {
        assert_eq!(parse(&[("binding_message", good)]).unwrap().binding_message.as_deref(), Some(good));
    }
    let too_long = "x".repeat(65);
    for bad in ["\u{1f600}", "\u{4f60}\u{597d}", "\u{202e}1234", "\u{e9}", &too_long] {
        assert_eq!(refused(&[("binding_message", bad)]), ("invalid_binding_message", "AS-1192"), "{bad}");
    }
}

#[test]
fn an_expiry_is_a_number_of_seconds_and_cut() {
    for (sent, lifetime) in [("", 600), ("10", 10), ("3600", 3600), ("86400", 3600)] {
        assert_eq!(parse(&[("requested_expiry", sent)]).unwrap().lifetime, lifetime, "{sent}");
    }
    for bad in ["0", "-1", "+5", "1.5", "ten", "99999999999999999999"] {
        assert_eq!(refused(&[("requested_expiry", bad)]), ("invalid_request", "AS-1193"), "{bad}");
    }
}

#[test]
fn a_client_that_is_pinged_sends_a_bearer_token() {
    let parse = |token: &str| {
        let pairs = [("scope", "openid"), ("login_hint", "alice"), ("client_notification_token", token)];
        BackchannelRequest::parse(&Params::from_pairs(&pairs).unwrap(), &pinged())
    };
    let longest = "a".repeat(1024);
    for good in ["8d67dc78-7faa-4d41-aabd-67707b374255", "a+/._~-==", &longest] {
        assert_eq!(parse(good).unwrap().notification_token.map(|token| token.expose().clone()).as_deref(), Some(good));
    }
    let too_long = "a".repeat(1025);
    for bad in ["", "=", "a b", "a=b", "a\u{e9}", "a,b", &too_long] {
        assert_eq!(refusal(parse(bad)), ("invalid_request", "AS-1194"), "{bad}");
    }
    assert!(super::tests::parse(&[("client_notification_token", "a b")]).unwrap().notification_token.is_none());
}

#[test]
fn what_is_not_offered_is_refused() {
    assert_eq!(refused(&[("user_code", "1234")]), ("invalid_request", "AS-1195"));
    assert_eq!(refused(&[("resource", "api")]), ("invalid_target", "AS-1070"));
    assert_eq!(refused(&[("authorization_details", "[]")]), ("invalid_authorization_details", "AS-1080"));
    assert_eq!(refused(&[("max_age", "1.5")]), ("invalid_request", "AS-1013"));
    assert_eq!(refused(&[("dpop_jkt", "x")]).0, "invalid_request");
}

#[test]
fn resources_details_and_a_fresh_sign_in_are_asked_for_as_by_any_app() {
    let details = r#"[{"type":"payment"}]"#;
    let more = [("resource", "https://api.example"), ("authorization_details", details), ("max_age", "60")];
    let asked = parse(&more).map_err(|error| codes(&error)).unwrap().asked;
    assert_eq!((asked.resource, asked.max_age), (strings(&["https://api.example"]), Some(60)));
    assert_eq!(asked.authorization_details, [json!({"type": "payment"})]);
    let wished = parse(&[("acr_values", "9 1")]).map_err(|error| codes(&error)).unwrap().asked;
    assert_eq!((wished.acr_values, wished.max_age), (strings(&["9", "1"]), None));
}

#[test]
fn a_client_signs_its_requests_or_does_not() {
    let check = |pairs: &[(&str, &str)], client: &Client| {
        let params = Params::from_pairs(pairs).unwrap();
        match check_carrier(&params, client) {
            Ok(Carried::Plain) => "plain",
            Ok(Carried::Signed(..)) => "signed",
            Err(error) => codes(&error).1,
        }
    };
    assert_eq!(check(&[("scope", "openid")], &client()), "plain");
    assert_eq!(check(&[("scope", "openid")], &signing()), "AS-1196");
    assert_eq!(check(&[("request", "a.b.c")], &client()), "AS-1197");
    assert_eq!(check(&[("request", "a.b.c"), ("client_id", "app")], &signing()), "signed");
    for name in PARAMETERS {
        assert_eq!(check(&[("request", "a.b.c"), (name, "x")], &signing()), "AS-1199", "{name}");
    }
}

fn of_profile(profile: SecurityProfile) -> Client {
    let mut client = client();
    client.settings.security_profile = Some(profile);
    client
}

/// Behaviour 192.
#[test]
fn a_client_whose_profile_wants_requests_signed_signs_whatever_it_is_registered_for() {
    let check = |pairs: &[(&str, &str)], client: &Client| {
        check_carrier(&Params::from_pairs(pairs).unwrap(), client)
            .map(|carried| match carried {
                Carried::Plain => Vec::new(),
                Carried::Signed(_, algorithms) => algorithms,
            })
            .map_err(|error| codes(&error))
    };
    let (plain, object) = ([("scope", "openid")], [("request", "a.b.c")]);
    for profile in [SecurityProfile::FapiCiba, SecurityProfile::Fapi1Advanced, SecurityProfile::Fapi2MessageSigning] {
        let mut client = of_profile(profile);
        assert_eq!(check(&plain, &client), Err(("invalid_request", "AS-1196")), "{profile:?}");
        let mixed = check(&[("request", "a.b.c"), ("scope", "openid")], &client);
        assert_eq!(mixed, Err(("invalid_request", "AS-1199")), "{profile:?}");
        let allowed = check(&object, &client).unwrap();
        assert!(allowed.contains(&SigningAlgorithm::ES256) && !allowed.contains(&SigningAlgorithm::RS256));
        // What was registered before there was a profile does not widen it.
        client.settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::RS256);
        assert_eq!(check(&object, &client), Ok(Vec::new()), "{profile:?}");
        assert_eq!(check(&plain, &client), Err(("invalid_request", "AS-1196")), "{profile:?}");
        client.settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::PS256);
        assert_eq!(check(&object, &client), Ok(vec![SigningAlgorithm::PS256]), "{profile:?}");
    }
    for profile in [SecurityProfile::Fapi2Security, SecurityProfile::OAuth21, SecurityProfile::Mcp] {
        assert_eq!(check(&plain, &of_profile(profile)), Ok(Vec::new()), "{profile:?}");
        assert_eq!(check(&object, &of_profile(profile)), Err(("invalid_request", "AS-1197")), "{profile:?}");
    }
}

fn claims() -> Value {
    json!({ "iss": "app", "aud": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 300, "jti": "j1", "scope": "openid",
            "login_hint": "alice", "requested_expiry": 10 })
}

fn checked(claims: &Value) -> Result<SignedRequest, OAuthError> {
    check_signed_request(&Map::new(), claims.as_object().unwrap(), &signing(), ISSUER, at(0))
}

/// Behaviour 192.
#[test]
fn every_claim_of_a_signed_request_is_required_and_checked() {
    assert_eq!(checked(&claims()).unwrap().expires_at, at(300));
    for name in ["iss", "aud", "iat", "nbf", "exp", "jti"] {
        let mut without = claims();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(codes(&checked(&without).unwrap_err()), ("invalid_request", "AS-1055"), "{name}");
    }
    for (name, value, reason) in [
        ("iss", json!("other"), "AS-1055"),
        ("sub", json!("app"), "AS-1055"),
        ("aud", json!("https://other.example"), "AS-1055"),
        ("jti", json!(7), "AS-1055"),
        ("jti", json!(""), "AS-1055"),
        ("exp", json!("soon"), "AS-1055"),
        ("exp", json!(NOW + 3601), "AS-1055"),
        ("exp", json!(NOW), "AS-1054"),
        ("nbf", json!(NOW + 61), "AS-1054"),
        ("iat", json!(NOW + 61), "AS-1054"),
    ] {
        let mut bad = claims();
        bad[name] = value;
        assert_eq!(codes(&checked(&bad).unwrap_err()), ("invalid_request", reason), "{name} {}", bad[name]);
    }
    let mut old = claims();
    (old["nbf"], old["exp"]) = ((NOW - 3601).into(), (NOW - 1).into());
    assert_eq!(codes(&checked(&old).unwrap_err()), ("invalid_request", "AS-1054"));
}

#[test]
fn a_jwt_of_another_kind_is_no_request() {
    let checked = |typ: &str| {
        let header = json!({ "typ": typ });
        check_signed_request(header.as_object().unwrap(), claims().as_object().unwrap(), &signing(), ISSUER, at(0))
    };
    for typ in ["JWT", "oauth-authz-req+jwt", "APPLICATION/oauth-authz-req+JWT"] {
        assert!(checked(typ).is_ok(), "{typ}");
    }
    for typ in ["at+jwt", "client-authentication+jwt", "dpop+jwt"] {
        assert_eq!(codes(&checked(typ).unwrap_err()), ("invalid_request", "AS-1049"), "{typ}");
    }
}

/// Behaviour 196: a number inside of a JWT is the same as its text.
#[test]
fn parameters_are_read_from_the_claims() {
    let params = signed_parameters(claims().as_object().unwrap()).unwrap();
    let request = BackchannelRequest::parse(&params, &signing()).unwrap();
    assert_eq!((request.lifetime, request.asked.scope.as_slice()), (10, &["openid".to_owned()][..]));
    for (name, value, reason) in [
        ("requested_expiry", json!(1.5), "AS-1058"),
        ("scope", json!(["openid"]), "AS-1058"),
        ("request", json!("x"), "AS-1056"),
    ] {
        let mut bad = claims();
        bad[name] = value;
        let error = signed_parameters(bad.as_object().unwrap()).unwrap_err();
        assert_eq!(codes(&error), ("invalid_request", reason), "{name}");
    }
}
