//! Tests of `pkce`.

use super::*;
use crate::{
    entity::ClientKind,
    oauth::fixtures::{client, refusal, web},
};

// RFC 7636 appendix B
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn the_example_of_the_specification_is_accepted() {
    assert_eq!(parse_challenge(&web(), Some(CHALLENGE), Some("S256")), Ok(Some(CHALLENGE.to_owned())));
    assert_eq!(check_verifier(Some(CHALLENGE), Some(VERIFIER)), Ok(()));
}

#[test]
fn a_client_that_must_send_a_challenge_is_refused_without_one() {
    let mut lax_public = client(ClientKind::Spa, &[]);
    lax_public.settings.require_pkce = false;
    for client in [web(), client(ClientKind::Spa, &[]), client(ClientKind::Native, &[]), lax_public] {
        for method in [None, Some("S256")] {
            assert_eq!(refusal(parse_challenge(&client, None, method)), ("invalid_request", "AS-1301"));
        }
    }
}

#[test]
fn a_relaxed_confidential_client_may_leave_the_challenge_out_but_not_half_of_it() {
    let mut client = web();
    client.settings.require_pkce = false;
    assert_eq!(parse_challenge(&client, None, None), Ok(None));
    assert_eq!(refusal(parse_challenge(&client, None, Some("S256"))), ("invalid_request", "AS-1303"));
    assert_eq!(parse_challenge(&client, Some(CHALLENGE), Some("S256")), Ok(Some(CHALLENGE.to_owned())));
    assert_eq!(refusal(parse_challenge(&client, Some(CHALLENGE), None)), ("invalid_request", "AS-1302"));
}

#[test]
fn only_s256_is_offered_and_no_method_means_plain() {
    for method in [None, Some("plain"), Some("s256"), Some("S256 "), Some("S512"), Some("none")] {
        let result = parse_challenge(&web(), Some(CHALLENGE), method);
        assert_eq!(refusal(result), ("invalid_request", "AS-1302"), "{method:?}");
    }
}

#[test]
fn a_challenge_is_the_base64url_form_of_32_bytes() {
    let longer = format!("{CHALLENGE}A");
    for challenge in [
        "x",
        &CHALLENGE[..42],
        longer.as_str(),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=",
        // The bits beyond the 32nd byte are not zero.
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN",
    ] {
        let result = parse_challenge(&web(), Some(challenge), Some("S256"));
        assert_eq!(refusal(result), ("invalid_request", "AS-1303"), "{challenge}");
    }
}

#[test]
fn a_verifier_that_is_missing_unexpected_or_wrong_is_refused() {
    let other = "a".repeat(43);
    assert_eq!(check_verifier(None, None), Ok(()));
    assert_eq!(refusal(check_verifier(Some(CHALLENGE), None)), ("invalid_grant", "AS-1304"));
    assert_eq!(refusal(check_verifier(None, Some(VERIFIER))), ("invalid_grant", "AS-1306"));
    for verifier in [other.as_str(), CHALLENGE, &VERIFIER[..42], "", &VERIFIER.to_lowercase()] {
        assert_eq!(
            refusal(check_verifier(Some(CHALLENGE), Some(verifier))),
            ("invalid_grant", "AS-1305"),
            "{verifier}"
        );
    }
}

#[test]
fn a_verifier_outside_the_grammar_is_refused_although_its_hash_matches() {
    let challenge_of = |verifier: &str| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    for verifier in ["a".repeat(42), "a".repeat(129), format!("{} ", "a".repeat(50)), format!("{}+", "a".repeat(50))] {
        let challenge = challenge_of(&verifier);
        assert_eq!(
            refusal(check_verifier(Some(&challenge), Some(&verifier))),
            ("invalid_grant", "AS-1305"),
            "{verifier}"
        );
    }
    for verifier in ["a".repeat(43), "~".repeat(128)] {
        assert_eq!(check_verifier(Some(&challenge_of(&verifier)), Some(&verifier)), Ok(()));
    }
}
