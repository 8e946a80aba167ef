//! Tests of `confirmation`.

use serde_json::{Map, Value, json};

use super::{Confirmation, TokenScheme};
use crate::{
    entity::{Client, ClientKind},
    oauth::{
        OAuthError,
        fixtures::{client, web},
    },
};

fn keys(jkt: Option<&str>, x5t: Option<&str>) -> Confirmation {
    Confirmation { jkt: jkt.map(str::to_owned), x5t_s256: x5t.map(str::to_owned) }
}

fn told(error: OAuthError) -> (&'static str, &'static str) {
    (error.code.name(), error.reason.code())
}

fn bound_by(dpop: bool, certificate: bool) -> Client {
    let mut client = web();
    client.settings.dpop_bound_access_tokens = dpop;
    client.settings.tls_client_certificate_bound_access_tokens = certificate;
    client
}

fn claims(cnf: Value) -> Map<String, Value> {
    Map::from_iter([("cnf".to_owned(), cnf)])
}

#[test]
fn the_claim_is_written_and_read_back() {
    for confirmation in [keys(Some("a"), None), keys(None, Some("b")), keys(Some("a"), Some("b"))] {
        let claim = confirmation.claim().expect("a claim");
        assert_eq!(Confirmation::of_claims(&claims(claim)), Some(confirmation));
    }
    assert_eq!(keys(None, Some("b")).claim(), Some(json!({ "x5t#S256": "b" })));
    assert_eq!(Confirmation::default().claim(), None);
    assert_eq!(Confirmation::of_claims(&Map::new()), Some(Confirmation::default()));
}

#[test]
fn a_binding_that_cannot_be_checked_is_not_no_binding() {
    for cnf in [json!({}), json!(null), json!("x"), json!({ "jkt": 1 }), json!({ "jkt": "a", "kid": "b" })] {
        assert_eq!(Confirmation::of_claims(&claims(cnf.clone())), None, "{cnf}");
    }
}

#[test]
fn a_proof_binds_and_a_certificate_does_where_the_client_asked_for_it() {
    let both = keys(Some("a"), Some("b"));
    assert_eq!(both.for_client(&bound_by(false, false)), Ok(keys(Some("a"), None)));
    assert_eq!(both.for_client(&bound_by(false, true)), Ok(both.clone()));
    assert_eq!(Confirmation::default().for_client(&bound_by(false, false)), Ok(Confirmation::default()));
}

/// Behaviours 168 and 175.
#[test]
fn a_client_that_must_prove_a_key_is_refused_without() {
    let (proof, certificate) = (keys(Some("a"), None), keys(None, Some("b")));
    assert_eq!(certificate.for_client(&bound_by(true, false)).map_err(told), Err(("invalid_request", "AS-1226")));
    assert_eq!(proof.for_client(&bound_by(false, true)).map_err(told), Err(("invalid_request", "AS-1231")));
    assert_eq!(proof.for_client(&bound_by(true, true)).map_err(told), Err(("invalid_request", "AS-1231")));
    assert_eq!(certificate.for_client(&bound_by(true, true)).map_err(told), Err(("invalid_request", "AS-1226")));
}

/// Behaviour 175.
#[test]
fn refresh_tokens_of_public_clients_alone_are_bound() {
    let proved = keys(Some("a"), None);
    assert_eq!(proved.for_refresh(&web()), Confirmation::default());
    assert_eq!(proved.for_refresh(&client(ClientKind::Spa, &["https://app.example/cb"])), proved);
    for other in [keys(Some("b"), None), keys(None, Some("a")), Confirmation::default()] {
        assert_eq!(other.check_refresh(&proved).map_err(told), Err(("invalid_grant", "AS-1227")), "{other:?}");
    }
    assert_eq!(proved.check_refresh(&proved), Ok(()));
    assert_eq!(proved.check_refresh(&Confirmation::default()), Ok(()));
}

/// Behaviour 167.
#[test]
fn a_bound_code_needs_its_own_key() {
    assert_eq!(keys(Some("a"), None).check_code(Some("a")), Ok(()));
    assert_eq!(keys(Some("a"), None).check_code(None), Ok(()));
    for other in [keys(Some("b"), None), Confirmation::default()] {
        assert_eq!(other.check_code(Some("a")).map_err(told), Err(("invalid_grant", "AS-1227")), "{other:?}");
    }
}

/// Behaviours 169 and 172.
#[test]
fn a_bound_token_is_used_with_its_keys_and_its_scheme_only() {
    let (jkt, x5t) = (keys(Some("a"), None), keys(None, Some("b")));
    let all = keys(Some("a"), Some("b"));
    for (token, scheme, proved) in [
        (Confirmation::default(), TokenScheme::Bearer, &all),
        (jkt.clone(), TokenScheme::Dpop, &jkt),
        (jkt.clone(), TokenScheme::Dpop, &all),
        (x5t.clone(), TokenScheme::Bearer, &x5t),
        (all.clone(), TokenScheme::Dpop, &all),
    ] {
        assert_eq!(token.check_use(scheme, proved), Ok(()), "{token:?} {scheme:?} {proved:?}");
    }
    let nothing = Confirmation::default();
    for (token, scheme, proved) in [
        (&nothing, TokenScheme::Dpop, &jkt),
        (&jkt, TokenScheme::Bearer, &jkt),
        (&jkt, TokenScheme::Dpop, &nothing),
        (&jkt, TokenScheme::Dpop, &keys(Some("c"), None)),
        (&x5t, TokenScheme::Bearer, &nothing),
        (&x5t, TokenScheme::Bearer, &keys(None, Some("c"))),
        (&x5t, TokenScheme::Dpop, &x5t),
        (&all, TokenScheme::Dpop, &jkt),
    ] {
        let verdict = token.check_use(scheme, proved).map_err(told);
        assert_eq!(verdict, Err(("invalid_token", "AS-1228")), "{token:?} {scheme:?} {proved:?}");
    }
}

/// Behaviour 171.
#[test]
fn schemes_are_read_in_any_case() {
    for name in ["DPoP", "dPoP", "dpop", "DPOP"] {
        assert_eq!(TokenScheme::from_name(name), Some(TokenScheme::Dpop));
    }
    assert_eq!(TokenScheme::from_name("bearer"), Some(TokenScheme::Bearer));
    assert_eq!(TokenScheme::from_name("Basic"), None);
}

#[test]
fn a_scheme_and_a_token_are_told_apart_by_a_space() {
    let parse =
        |header: &str| TokenScheme::parse_authorization(header).map(|(scheme, token)| (scheme, token.expose().clone()));
    let token = |scheme| Some((scheme, "a.b".to_owned()));
    assert_eq!(parse("Bearer a.b"), token(TokenScheme::Bearer));
    assert_eq!(parse("dpop   a.b"), token(TokenScheme::Dpop));
    for other in ["", "Bearer", "a.b", "Basic a.b", "Bearer\ta.b", " Bearer a.b", "Bearer,a.b"] {
        assert_eq!(parse(other), None, "{other}");
    }
}
