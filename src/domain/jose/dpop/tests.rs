//! Tests of `dpop`.

use serde_json::{Map, Value, json};

use super::{Demand, Nonce, check_claims, check_header, nonce, only_proof, parse_thumbprint};
use crate::{Timestamp, oauth::OAuthError};

const NOW: i64 = 1_700_000_000;
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
/// RFC 9449 §7.1.
const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

fn claims(changes: Value) -> Map<String, Value> {
    let mut claims = object(json!({
        "jti": "e1j3V_bKic8-LAEB", "htm": "GET", "htu": "https://rs.example/resource", "iat": NOW, "ath": ATH,
    }));
    for (name, value) in object(changes) {
        if value.is_null() {
            claims.remove(&name);
        } else {
            claims.insert(name, value);
        }
    }
    claims
}

fn check(changes: Value, nonce: Nonce, nonce_required: bool) -> Result<(), (&'static str, &'static str)> {
    let targets = ["https://rs.example/resource".to_owned()];
    let demand = Demand { method: "GET", targets: &targets, access_token: Some(TOKEN), nonce_required };
    let claims = claims(changes);
    check_claims(&claims, &demand, nonce, Timestamp::from_seconds(NOW)).map(drop).map_err(told)
}

fn plain(changes: Value) -> Result<(), (&'static str, &'static str)> {
    check(changes, Nonce::Absent, false)
}

fn told(error: OAuthError) -> (&'static str, &'static str) {
    (error.code.name(), error.reason.code())
}

/// Behaviour 165.
#[test]
fn a_proof_near_now_is_accepted_whatever_else_it_says() {
    for offset in [-60, -10, 0, 10, 60] {
        assert_eq!(plain(json!({ "iat": NOW + offset })), Ok(()), "{offset}");
    }
    assert_eq!(plain(json!({ "iat": 1_700_000_000.5, "nbf": NOW, "exp": NOW + 60, "x": { "y": [1] } })), Ok(()));
}

/// Behaviour 169.
#[test]
fn a_proof_of_another_time_is_refused() {
    for changes in [
        json!({ "iat": NOW - 61 }),
        json!({ "iat": NOW + 61 }),
        json!({ "iat": NOW - 3600 }),
        json!({ "iat": NOW + 3600 }),
        json!({ "exp": NOW - 61 }),
        json!({ "nbf": NOW + 61 }),
    ] {
        assert_eq!(plain(changes.clone()), Err(("invalid_dpop_proof", "AS-1222")), "{changes}");
    }
}

/// Behaviour 169.
#[test]
fn a_claim_that_is_missing_or_of_another_type_is_refused() {
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        for value in [Value::Null, json!(["x"])] {
            let changes = json!({ name: value });
            assert_eq!(plain(changes.clone()), Err(("invalid_dpop_proof", "AS-1218")), "{changes}");
        }
    }
    assert_eq!(plain(json!({ "jti": "" })), Err(("invalid_dpop_proof", "AS-1218")));
    assert_eq!(plain(json!({ "jti": "j".repeat(513) })), Err(("invalid_dpop_proof", "AS-1218")));
}

/// Behaviour 170.
#[test]
fn the_target_is_compared_without_query_fragment_case_of_host_and_default_port() {
    for target in [
        "https://rs.example/resource?a=b",
        "https://rs.example/resource#c",
        "HTTPS://RS.Example:443/resource",
        "https://rs.example/./resource",
    ] {
        assert_eq!(plain(json!({ "htu": target })), Ok(()), "{target}");
    }
    for target in [
        "https://rs.example/Resource",
        "https://rs.example/resource/",
        "https://rs.example:8443/resource",
        "http://rs.example/resource",
        "https://a@rs.example/resource",
        "https://other.example/resource",
        "/resource",
        "",
    ] {
        assert_eq!(plain(json!({ "htu": target })), Err(("invalid_dpop_proof", "AS-1221")), "{target}");
    }
}

#[test]
fn the_method_is_compared_exactly() {
    for method in ["get", "POST", ""] {
        assert_eq!(plain(json!({ "htm": method })), Err(("invalid_dpop_proof", "AS-1221")), "{method}");
    }
}

#[test]
fn the_hash_of_another_token_is_refused() {
    assert_eq!(plain(json!({ "ath": ATH.to_lowercase() })), Err(("invalid_dpop_proof", "AS-1224")));
}

/// Behaviours 166 and 169.
#[test]
fn a_fresh_nonce_stands_in_for_the_clock_and_a_stale_one_for_nothing() {
    assert_eq!(check(json!({ "iat": NOW - 3600 }), Nonce::Fresh, true), Ok(()));
    assert_eq!(check(json!({}), Nonce::Fresh, false), Ok(()));
    for (nonce, required) in [(Nonce::Stale, false), (Nonce::Stale, true), (Nonce::Absent, true)] {
        assert_eq!(check(json!({}), nonce, required), Err(("use_dpop_nonce", "AS-1225")), "{nonce:?}");
    }
}

#[test]
fn a_nonce_is_text_or_absent() {
    assert_eq!(nonce(&claims(json!({}))), Ok(None));
    assert_eq!(nonce(&claims(json!({ "nonce": "n" }))), Ok(Some("n")));
    assert_eq!(nonce(&claims(json!({ "nonce": 7 }))).map_err(told), Err(("invalid_dpop_proof", "AS-1218")));
}

#[test]
fn a_header_has_the_type_of_a_proof_and_a_key() {
    let good = object(json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": { "kty": "EC" } }));
    assert_eq!(check_header(&good).map(|jwk| jwk.len()), Ok(1));
    for typ in [json!("jwt"), json!("DPoP+JWT"), json!("JWT"), Value::Null, json!(1)] {
        let mut header = good.clone();
        header.insert("typ".to_owned(), typ.clone());
        assert_eq!(check_header(&header).map_err(told), Err(("invalid_dpop_proof", "AS-1218")), "{typ}");
    }
    for jwk in [Value::Null, json!("k"), json!([])] {
        let mut header = good.clone();
        header.insert("jwk".to_owned(), jwk.clone());
        assert_eq!(check_header(&header).map_err(told), Err(("invalid_dpop_proof", "AS-1219")), "{jwk}");
    }
}

#[test]
fn two_proofs_are_none() {
    let two = ["a".to_owned(), "b".to_owned()];
    assert_eq!(only_proof(&two[..0]), Ok(None));
    assert_eq!(only_proof(&two[..1]), Ok(Some("a")));
    assert_eq!(only_proof(&two).map_err(told), Err(("invalid_dpop_proof", "AS-1217")));
}

#[test]
fn a_thumbprint_is_a_sha256_in_base64url() {
    assert_eq!(parse_thumbprint(ATH), Ok(ATH.to_owned()));
    for text in ["", "x", &ATH[1..], &format!("{ATH}A"), &ATH.replace('f', "+"), &format!("{}=", &ATH[1..])] {
        assert_eq!(parse_thumbprint(text).map_err(told), Err(("invalid_request", "AS-1229")), "{text}");
    }
}
