//! Tests of `id_token`.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const ISSUER: &str = "https://id.example.com";

fn tokens(extra: Value, change: impl FnOnce(&mut IdTokenFacts<'_>)) -> Value {
    let context = AuthenticationContext {
        auth_time: Timestamp::from_millis(1_700_000_000_999),
        amr: vec!["pwd".into()],
        acr: "1".into(),
    };
    let (subject, client_id, sid) = (UserId::new("u1"), ClientId::new("web"), SessionId::new("s1"));
    let Value::Object(extra) = extra else { panic!("an object") };
    let mut facts = IdTokenFacts {
        issuer: ISSUER,
        subject: subject.as_str(),
        client_id: &client_id,
        issued_at: Timestamp::from_millis(1_700_000_060_500),
        lifetime: 600,
        algorithm: SigningAlgorithm::RS256,
        context: &context,
        nonce: None,
        sid: Some(&sid),
        access_token: None,
        code: None,
        state: None,
        extra,
    };
    change(&mut facts);
    Value::Object(facts.claims())
}

#[test]
fn an_id_token_says_who_signed_in_when_and_for_whom() {
    let expected = json!({
        "iss": ISSUER, "sub": "u1", "aud": "web", "azp": "web", "iat": 1_700_000_060, "exp": 1_700_000_660,
        "auth_time": 1_700_000_000, "acr": "1", "amr": ["pwd"], "sid": "s1", "name": "Alice",
    });
    assert_eq!(tokens(json!({ "name": "Alice" }), |_| ()), expected);
}

#[test]
fn a_nonce_is_there_only_if_it_was_sent() {
    assert!(tokens(json!({ "nonce": "forged" }), |_| ()).get("nonce").is_none());
    assert!(tokens(json!({}), |facts| facts.nonce = Some("")).get("nonce").is_none());
    assert_eq!(tokens(json!({ "nonce": "forged" }), |facts| facts.nonce = Some("n-0S6"))["nonce"], "n-0S6");
}

#[test]
fn the_hashes_follow_the_algorithm_and_the_artefacts() {
    // OIDC Core A.3 and A.4
    let with = |algorithm| {
        tokens(json!({}), |facts| {
            facts.algorithm = algorithm;
            facts.access_token = Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
            facts.code = Some("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk");
        })
    };
    for algorithm in [SigningAlgorithm::RS256, SigningAlgorithm::PS256, SigningAlgorithm::ES256] {
        assert_eq!(with(algorithm)["at_hash"], "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(with(algorithm)["c_hash"], "LDktKdoQak3Pk0cnXxCltA");
    }
    assert_eq!(with(SigningAlgorithm::EdDSA)["at_hash"].as_str().map(str::len), Some(43));
    let without = tokens(json!({ "at_hash": "x", "c_hash": "y", "s_hash": "z" }), |_| ());
    for hash in ["at_hash", "c_hash", "s_hash"] {
        assert!(without.get(hash).is_none(), "{hash}");
    }
}

/// Behaviour 206: the example of OIDC Core A.4 hashed as if it were a state.
#[test]
fn an_id_token_that_signs_a_response_hashes_its_state_like_its_code() {
    let told = tokens(json!({}), |facts| {
        facts.state = Some("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk");
    });
    assert_eq!(told["s_hash"], "LDktKdoQak3Pk0cnXxCltA");
    assert!(hint(told).is_ok(), "it comes back as a hint like any other");
}

#[test]
fn null_and_empty_claims_are_left_out() {
    let told = tokens(json!({ "name": null, "email": "", "groups": [] }), |_| ());
    assert!(told.get("name").is_none() && told.get("email").is_none());
    assert_eq!(told["groups"], json!([]));
}

proptest! {
    #[test]
    fn no_extra_claim_changes_what_the_protocol_says(index in 0_usize..24, value in "[a-z]{1,8}") {
        let reserved: Vec<&str> = ["sub"].iter().chain(PROTOCOL_CLAIMS).chain(FOREIGN_CLAIMS).copied().collect();
        let claim = reserved[index % reserved.len()];
        prop_assert_eq!(tokens(json!({ claim: value }), |_| ()), tokens(json!({}), |_| ()));
    }
}

fn hint(claims: Value) -> Result<Hint, (&'static str, &'static str)> {
    let Value::Object(claims) = claims else { panic!("an object") };
    check_own_id_token_hint(&claims, ISSUER).map_err(|error| (error.code.name(), error.reason.code()))
}

#[test]
fn an_id_token_of_this_server_is_understood_when_it_comes_back_even_expired() {
    let found = hint(tokens(json!({}), |facts| facts.issued_at = Timestamp::from_seconds(1))).expect("ours");
    assert_eq!(found.subject.as_str(), "u1");
    assert_eq!(found.client_ids, [ClientId::new("web")]);
    assert_eq!(found.sid, Some(SessionId::new("s1")));
    let several = json!({ "iss": ISSUER, "sub": "u1", "aud": ["web", "spa"], "auth_time": 1, "exp": 2 });
    assert_eq!(hint(several).expect("ours").client_ids.len(), 2);
}

#[test]
fn what_is_not_an_id_token_of_this_server_is_no_hint() {
    let changes: [(&str, Value); 26] = [
        ("iss", json!("https://id.example.com/")),
        ("iss", json!("https://evil.example")),
        ("iss", json!("")),
        ("iss", Value::Null),
        ("iss", json!([ISSUER])),
        ("sub", json!("")),
        ("sub", json!(1)),
        ("sub", Value::Null),
        ("aud", json!([])),
        ("aud", json!("")),
        ("aud", json!(["web", ""])),
        ("aud", json!(["web", 1])),
        ("aud", json!({ "web": true })),
        ("aud", Value::Null),
        ("sid", json!("")),
        ("sid", json!(7)),
        ("sid", Value::Null),
        ("auth_time", Value::Null),
        ("auth_time", json!("1")),
        ("exp", Value::Null),
        ("scope", json!("openid")),
        ("client_id", json!("web")),
        ("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} })),
        ("jti", json!("j")),
        ("cnf", json!({})),
        ("act", json!({})),
    ];
    for (claim, value) in changes {
        let mut claims = tokens(json!({}), |_| ());
        claims[claim] = value.clone();
        assert_eq!(hint(claims), Err(("invalid_request", "AS-1025")), "{claim}: {value}");
    }
    for missing in ["iss", "sub", "aud", "auth_time", "exp"] {
        let mut claims = tokens(json!({}), |_| ());
        claims.as_object_mut().expect("object").remove(missing);
        assert_eq!(hint(claims), Err(("invalid_request", "AS-1025")), "{missing}");
    }
    assert_eq!(hint(json!({})), Err(("invalid_request", "AS-1025")));
}
