//! Tests of `token_request`.

use super::*;
use crate::{
    entity::{AuthMethod, ClientKind},
    ids::{AuthorizationId, ClientId},
    oauth::fixtures::{at, client, codes, refusal, strings, web},
};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn params(pairs: &[(&str, &str)]) -> Params {
    Params::from_pairs(pairs).expect("well-formed")
}

#[test]
fn a_grant_is_known_offered_and_allowed_or_refused() {
    let mut client = web();
    client.settings.grant_types.push(GrantType::Implicit);
    assert_eq!(parse_grant_type(&params(&[("grant_type", "refresh_token")]), &client), Ok(GrantType::RefreshToken));
    for (pairs, expected) in [
        (vec![], ("invalid_request", "AS-1100")),
        (vec![("grant_type", "")], ("invalid_request", "AS-1100")),
        (vec![("grant_type", "password")], ("unsupported_grant_type", "AS-1101")),
        // Registered, but no grant of the token endpoint.
        (vec![("grant_type", "implicit")], ("unsupported_grant_type", "AS-1101")),
        (vec![("grant_type", "Authorization_Code")], ("unsupported_grant_type", "AS-1101")),
        (vec![("grant_type", "client_credentials")], ("unauthorized_client", "AS-1102")),
    ] {
        assert_eq!(refusal(parse_grant_type(&params(&pairs), &client)), expected, "{pairs:?}");
    }
}

#[test]
fn the_requests_are_read_and_unknown_parameters_ignored() {
    let request =
        CodeExchange::parse(&params(&[("code", "c"), ("redirect_uri", "r"), ("code_verifier", "v"), ("x", "y")]));
    let request = request.expect("complete");
    assert_eq!((request.code.expose().as_str(), request.redirect_uri.as_deref()), ("c", Some("r")));
    assert_eq!(request.code_verifier.expect("sent").expose(), "v");
    let request = RefreshRequest::parse(&params(&[("refresh_token", "t"), ("scope", "a b")])).expect("complete");
    assert_eq!((request.refresh_token.expose().as_str(), request.scope.as_deref()), ("t", Some("a b")));
    let request = ClientCredentialsRequest::parse(&params(&[])).expect("complete");
    assert_eq!(request.scope, None);
}

#[test]
fn what_is_missing_or_not_offered_is_refused() {
    assert_eq!(refusal(CodeExchange::parse(&params(&[]))), ("invalid_request", "AS-1110"));
    assert_eq!(refusal(RefreshRequest::parse(&params(&[]))), ("invalid_request", "AS-1120"));
    let restricted = params(&[("code", "c"), ("refresh_token", "t"), ("dpop_jkt", "x")]);
    for refused in [
        refusal(CodeExchange::parse(&restricted)),
        refusal(RefreshRequest::parse(&restricted)),
        refusal(ClientCredentialsRequest::parse(&restricted)),
    ] {
        assert_eq!(refused, ("invalid_request", "AS-1028"));
    }
}

#[test]
fn what_narrows_a_grant_is_read_or_refused() {
    let narrowing = |pairs: &[(&str, &str)]| Narrowing::parse(&params(pairs));
    assert_eq!(narrowing(&[]), Ok(Narrowing::default()));
    let both = [
        ("resource", "https://a.example"),
        ("resource", "https://b.example"),
        ("authorization_details", r#"[{"type":"t"}]"#),
    ];
    let read = narrowing(&both).expect("well-formed");
    assert_eq!((read.resource.len(), read.authorization_details.len()), (2, 1));
    assert_eq!(refusal(narrowing(&[("resource", "a")])), ("invalid_target", "AS-1070"));
    assert_eq!(refusal(narrowing(&[("authorization_details", "{}")])), ("invalid_authorization_details", "AS-1080"));
}

fn code() -> AuthorizationCode {
    AuthorizationCode {
        code_hash: vec![1; 32],
        authorization_id: AuthorizationId::new("a1"),
        client_id: ClientId::new("app"),
        redirect_uri: "https://app.example/callback".to_owned(),
        code_challenge: Some(CHALLENGE.to_owned()),
        nonce: None,
        created_at: at(-10),
        expires_at: at(50),
        consumed_at: None,
    }
}

fn exchange(redirect_uri: Option<&str>, verifier: Option<&str>) -> CodeExchange {
    CodeExchange {
        code: Secret::from("c"),
        redirect_uri: redirect_uri.map(str::to_owned),
        code_verifier: verifier.map(Secret::from),
    }
}

fn good() -> CodeExchange {
    exchange(Some("https://app.example/callback"), Some(VERIFIER))
}

#[test]
fn a_code_is_redeemed_by_its_client_with_its_address_and_verifier() {
    assert_eq!(check_redeemable(&code(), &web(), &good(), at(49)), Ok(()));
    let plain = AuthorizationCode { code_challenge: None, ..code() };
    let request = exchange(Some("https://app.example/callback"), None);
    assert_eq!(check_redeemable(&plain, &web(), &request, at(0)), Ok(()));
}

#[test]
fn a_code_is_refused_for_any_difference() {
    let uri = Some("https://app.example/callback");
    for (request, reason) in [
        (exchange(None, Some(VERIFIER)), "AS-1115"),
        (exchange(Some("https://app.example/callback/"), Some(VERIFIER)), "AS-1115"),
        (exchange(Some("HTTPS://app.example/callback"), Some(VERIFIER)), "AS-1115"),
        (exchange(uri, None), "AS-1304"),
        (exchange(uri, Some(CHALLENGE)), "AS-1305"),
    ] {
        let refused = check_redeemable(&code(), &web(), &request, at(0)).expect_err(reason);
        assert_eq!(codes(&refused.error()), ("invalid_grant", reason));
        assert_ne!(refused, Refusal::Replayed);
    }
    let plain = AuthorizationCode { code_challenge: None, ..code() };
    let refused = check_redeemable(&plain, &web(), &good(), at(0)).expect_err("a verifier without a challenge");
    assert_eq!(codes(&refused.into()), ("invalid_grant", "AS-1306"));
}

#[test]
fn the_refusals_of_a_code_come_in_order() {
    let mut other = web();
    other.client_id = ClientId::new("other");
    let used = AuthorizationCode { consumed_at: Some(at(-5)), ..code() };
    let bad = exchange(None, None);
    // Another client cannot revoke what came from the code.
    let refused = check_redeemable(&used, &other, &bad, at(1000)).expect_err("another client");
    assert_eq!(codes(&refused.error()), ("invalid_grant", "AS-1113"));
    // A replay is one even when it is late and wrong.
    let refused = check_redeemable(&used, &web(), &bad, at(1000)).expect_err("a replay");
    assert_eq!((refused, codes(&refused.error())), (Refusal::Replayed, ("invalid_grant", "AS-1114")));
    let refused = check_redeemable(&code(), &web(), &bad, at(50)).expect_err("expired");
    assert_eq!(codes(&refused.error()), ("invalid_grant", "AS-1112"));
    let refused = check_redeemable(&code(), &web(), &bad, at(0)).expect_err("no address");
    assert_eq!(codes(&refused.error()), ("invalid_grant", "AS-1115"));
}

fn token(rotated_at: Option<Timestamp>) -> RefreshToken {
    RefreshToken {
        token_hash: vec![2; 32],
        authorization_id: AuthorizationId::new("a1"),
        client_id: ClientId::new("app"),
        created_at: at(-100),
        expires_at: at(1000),
        family_expires_at: at(5000),
        rotated_at,
        confirmation: crate::oauth::Confirmation::default(),
    }
}

#[test]
fn a_refresh_token_is_rotated_redelivered_within_the_grace_or_reused() {
    use RefreshDecision::{Redeliver, Reuse, Rotate};
    for (rotated_at, successor_rotated, grace, expected) in [
        (None, false, 60, Rotate),
        (None, false, 0, Rotate),
        (Some(at(0)), false, 60, Redeliver),
        (Some(at(-59)), false, 60, Redeliver),
        (Some(at(-60)), false, 60, Reuse),
        (Some(at(-5)), true, 60, Reuse),
        (Some(at(0)), false, 0, Reuse),
        (Some(at(0)), false, -60, Reuse),
        // Another node's clock may be a little ahead.
        (Some(at(2)), false, 60, Redeliver),
        (Some(at(-1_000_000)), true, 60, Reuse),
    ] {
        let decision = decide_refresh(&token(rotated_at), successor_rotated, &web(), grace, at(0));
        assert_eq!(decision, expected, "{rotated_at:?} {successor_rotated} {grace}");
    }
}

/// Behaviour 176.
#[test]
fn a_profile_may_keep_a_refresh_token_that_only_its_client_can_use() {
    use crate::oauth::{Confirmation, SecurityProfile};
    let decide = |client: &crate::entity::Client, token: &RefreshToken| decide_refresh(token, false, client, 60, at(0));
    let bound =
        RefreshToken { confirmation: Confirmation { jkt: Some("key".to_owned()), x5t_s256: None }, ..token(None) };
    let mut client = web();
    for profile in SecurityProfile::ALL {
        let keeps = [SecurityProfile::Fapi2Security, SecurityProfile::Fapi2MessageSigning].contains(&profile);
        let (kept, rotated) = (RefreshDecision::Keep, RefreshDecision::Rotate);
        client.settings.security_profile = Some(profile);
        client.settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        assert_eq!(decide(&client, &token(None)), if keeps { kept } else { rotated }, "{profile:?}");
        // A public client has nothing but the key.
        client.settings.token_endpoint_auth_method = AuthMethod::None;
        assert_eq!(decide(&client, &token(None)), rotated, "{profile:?}");
        assert_eq!(decide(&client, &bound), if keeps { kept } else { rotated }, "{profile:?}");
    }
    // What was replaced before the client had the profile stays replaced; and nothing lives for ever.
    client.settings.security_profile = Some(SecurityProfile::Fapi2Security);
    client.settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
    assert_eq!(decide(&client, &token(Some(at(-100)))), RefreshDecision::Reuse);
    let late = decide_refresh(&token(None), false, &client, 60, at(1000));
    assert!(matches!(late, RefreshDecision::Refused(error) if error.reason == Reason::RefreshTokenExpired));
}

#[test]
fn a_refresh_token_of_another_client_or_past_its_time_is_refused_without_a_consequence() {
    let expect = |decision, reason| match decision {
        RefreshDecision::Refused(error) => assert_eq!(codes(&error), ("invalid_grant", reason)),
        other => panic!("{other:?}"),
    };
    let mut other = web();
    other.client_id = ClientId::new("other");
    for rotated_at in [None, Some(at(-1)), Some(at(-1000))] {
        expect(decide_refresh(&token(rotated_at), true, &other, 60, at(0)), "AS-1123");
        expect(decide_refresh(&token(rotated_at), true, &web(), 60, at(5000)), "AS-1122");
    }
    expect(decide_refresh(&token(None), false, &web(), 60, at(1000)), "AS-1122");
    expect(decide_refresh(&token(Some(at(990))), false, &web(), 60, at(1000)), "AS-1122");
}

#[test]
fn an_old_replaced_token_is_still_reuse_while_its_family_may_live() {
    let decision = decide_refresh(&token(Some(at(-50))), true, &web(), 60, at(2000));
    assert_eq!(decision, RefreshDecision::Reuse);
}

#[test]
fn a_service_gets_its_registered_scopes_and_nothing_about_persons() {
    let mut machine = client(ClientKind::Machine, &[]);
    machine.settings.scope = strings(&["openid", "demo.read", "demo.write", "offline_access"]);
    assert_eq!(client_credentials_scope(&machine, None), Ok(strings(&["demo.read", "demo.write"])));
    assert_eq!(client_credentials_scope(&machine, Some("demo.write")), Ok(strings(&["demo.write"])));
    for (requested, reason) in
        [("openid", "AS-1130"), ("demo.read offline_access", "AS-1130"), ("admin", "AS-1010"), ("a,b", "AS-1009")]
    {
        assert_eq!(
            refusal(client_credentials_scope(&machine, Some(requested))),
            ("invalid_scope", reason),
            "{requested}"
        );
    }
}

#[test]
fn a_client_that_cannot_authenticate_or_lacks_the_grant_gets_no_token_of_its_own() {
    let mut public = client(ClientKind::Machine, &[]);
    public.settings.token_endpoint_auth_method = AuthMethod::None;
    for client in [public, web()] {
        assert_eq!(refusal(client_credentials_scope(&client, None)), ("unauthorized_client", "AS-1102"));
    }
}
