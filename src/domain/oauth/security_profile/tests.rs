//! Tests of `security_profile`: every profile against every rule.

use serde_json::json;

use super::*;
use crate::{
    entity::ClientKind,
    oauth::{check_settings, fixtures::strings},
};

#[test]
fn an_agent_begins_under_the_profile_of_mcp_which_has_nothing_to_add() {
    for kind in ClientKind::ALL {
        let settings = ClientSettings::of_kind(kind);
        let profile = (kind == ClientKind::Agent).then_some(SecurityProfile::Mcp);
        assert_eq!(settings.security_profile, profile, "{kind:?}");
        if let Some(profile) = profile {
            assert_eq!(profile.apply(settings.clone()), settings);
        }
    }
}

type Break = fn(&mut ClientSettings);

/// A setting that breaks a rule, and the profiles that have the rule.
const BREAKS: &[(&str, Break, &[SecurityProfile])] = {
    use SecurityProfile::{Fapi1Advanced, Fapi2MessageSigning, Fapi2Security, FapiCiba, Mcp, OAuth21};
    const FAPI: &[SecurityProfile] = &[Fapi1Advanced, Fapi2Security, Fapi2MessageSigning, FapiCiba];
    const FAPI_1: &[SecurityProfile] = &[Fapi1Advanced, FapiCiba];
    const FAPI_2: &[SecurityProfile] = &[Fapi2Security, Fapi2MessageSigning];
    const SIGNED: &[SecurityProfile] = &[Fapi1Advanced, Fapi2MessageSigning, FapiCiba];
    const ALL_BUT_LEGACY: &[SecurityProfile] =
        &[OAuth21, Fapi1Advanced, Fapi2Security, Fapi2MessageSigning, FapiCiba, Mcp];
    &[
        ("token_endpoint_auth_method", |s| s.token_endpoint_auth_method = AuthMethod::None, FAPI),
        ("token_endpoint_auth_method", |s| s.token_endpoint_auth_method = AuthMethod::ClientSecretBasic, FAPI),
        ("token_endpoint_auth_method", |s| s.token_endpoint_auth_method = AuthMethod::ClientSecretPost, FAPI),
        ("token_endpoint_auth_method", |s| s.token_endpoint_auth_method = AuthMethod::ClientSecretJwt, FAPI),
        ("token_endpoint_auth_signing_alg", |s| s.token_endpoint_auth_signing_alg = rs256_assertions(), FAPI),
        ("client_assertion_audience", |s| s.client_assertion_audience = AssertionAudience::Issuer, FAPI_1),
        ("client_assertion_audience", |s| s.client_assertion_audience = AssertionAudience::Any, FAPI_2),
        ("response_types", |s| hybrid(s, ResponseType::CodeToken), ALL_BUT_LEGACY),
        (
            "response_types",
            |s| hybrid(s, ResponseType::CodeIdToken),
            &[OAuth21, Fapi2Security, Fapi2MessageSigning, Mcp],
        ),
        ("response_modes", |s| s.response_modes = Vec::new(), SIGNED),
        ("response_modes", |s| s.response_modes = vec![ResponseMode::QueryJwt, ResponseMode::FormPost], SIGNED),
        ("require_pkce", |s| s.require_pkce = false, &[OAuth21, Fapi2Security, Fapi2MessageSigning, Mcp]),
        ("require_pushed_authorization_requests", |s| s.require_pushed_authorization_requests = false, FAPI_2),
        ("require_signed_request_object", |s| s.require_signed_request_object = false, SIGNED),
        ("request_object_signing_alg", |s| s.request_object_signing_alg = unsigned(), ALL_BUT_LEGACY),
        ("request_object_signing_alg", |s| s.request_object_signing_alg = rs256_objects(), FAPI),
        ("backchannel_authentication_request_signing_alg", asks_over_the_back_channel, SIGNED),
        ("backchannel_authentication_request_signing_alg", rs256_over_the_back_channel, FAPI),
        (
            "request_uris",
            |s| s.request_uris = vec!["https://app.example/r".to_owned()],
            &[Fapi2Security, Fapi2MessageSigning, FapiCiba, Mcp],
        ),
        ("dpop_bound_access_tokens", |s| s.dpop_bound_access_tokens = false, FAPI_2),
        ("tls_client_certificate_bound_access_tokens", only_key_bound, FAPI_1),
        ("id_token_signed_response_alg", |s| s.id_token_signed_response_alg = SigningAlgorithm::RS256, FAPI),
        ("id_token_signed_response_alg", |s| s.id_token_signed_response_alg = SigningAlgorithm::EdDSA, FAPI_1),
        ("authorization_signed_response_alg", |s| s.authorization_signed_response_alg = SigningAlgorithm::RS256, FAPI),
        ("access_token_signed_response_alg", |s| s.access_token_signed_response_alg = SigningAlgorithm::RS256, FAPI),
        ("userinfo_signed_response_alg", |s| s.userinfo_signed_response_alg = Some(SigningAlgorithm::RS256), FAPI),
        ("introspection_signed_response_alg", |s| s.introspection_signed_response_alg = None, FAPI),
    ]
};

fn rs256_assertions() -> Option<AssertionAlgorithm> {
    Some(AssertionAlgorithm::Signature(SigningAlgorithm::RS256))
}

fn rs256_objects() -> Option<RequestObjectAlgorithm> {
    Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::RS256))
}

fn unsigned() -> Option<RequestObjectAlgorithm> {
    Some(RequestObjectAlgorithm::Unsigned)
}

fn asks_over_the_back_channel(settings: &mut ClientSettings) {
    settings.grant_types.push(GrantType::Ciba);
}

fn rs256_over_the_back_channel(settings: &mut ClientSettings) {
    asks_over_the_back_channel(settings);
    settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::RS256);
}

fn only_key_bound(settings: &mut ClientSettings) {
    settings.dpop_bound_access_tokens = true;
    settings.tls_client_certificate_bound_access_tokens = false;
}

fn hybrid(settings: &mut ClientSettings, response_type: ResponseType) {
    settings.response_types = vec![response_type];
    settings.grant_types.push(GrantType::Implicit);
}

/// A short registration: an address, keys, and the profile.
fn short(kind: ClientKind, profile: SecurityProfile) -> ClientSettings {
    let mut settings = profile.apply(ClientSettings::of_kind(kind));
    if kind != ClientKind::Machine {
        settings.redirect_uris = strings(&["https://app.example/callback"]);
    }
    settings.jwks = Some(json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "1" }] }));
    settings
}

/// The setting whose rule the profile breaks, if it is the profile that does.
fn broken(settings: &ClientSettings) -> Option<&'static str> {
    let broken = find_broken(settings)?;
    let field = broken.field.split(' ').next()?;
    DEMANDS.iter().map(|(known, ..)| *known).find(|known| *known == field)
}

#[test]
fn every_profile_makes_a_valid_client_of_a_short_registration_of_any_kind() {
    for profile in SecurityProfile::ALL {
        for kind in ClientKind::ALL {
            let settings = short(kind, profile);
            assert_eq!(check_settings(kind, &settings), Ok(()), "{profile:?} {kind:?}");
            assert_eq!(profile.apply(settings.clone()), settings, "{profile:?} {kind:?} applied twice");
        }
    }
}

#[test]
fn every_profile_refuses_what_breaks_its_rules_and_nothing_else_and_mends_it() {
    for (field, break_it, having) in BREAKS {
        for profile in SecurityProfile::ALL {
            let mut settings = short(ClientKind::Web, profile);
            break_it(&mut settings);
            let expected = having.contains(&profile).then_some(*field);
            assert_eq!(broken(&settings), expected, "{profile:?} {field}");
            assert_eq!(broken(&profile.apply(settings)), None, "{profile:?} {field}");
        }
    }
    for (field, ..) in DEMANDS {
        assert!(BREAKS.iter().any(|(known, ..)| known == field), "nothing breaks {field}");
    }
}

#[test]
fn a_refused_setting_names_the_profile_and_the_rule() {
    let mut settings = short(ClientKind::Web, SecurityProfile::Fapi2Security);
    settings.require_pkce = false;
    let refusal = check_settings(ClientKind::Web, &settings).expect_err("a rule is broken");
    assert_eq!(refusal.to_string(), "require_pkce (security profile fapi2-security): PKCE is required.");
    settings.security_profile = None;
    assert_eq!(check_settings(ClientKind::Web, &settings), Ok(()), "without a profile it is the client's own affair");
}

#[test]
fn a_detached_signature_is_enough_for_fapi_1_only() {
    let mut settings = short(ClientKind::Web, SecurityProfile::Fapi1Advanced);
    hybrid(&mut settings, ResponseType::CodeIdToken);
    settings.response_modes = Vec::new();
    assert_eq!(broken(&settings), None);
    settings.response_types.push(ResponseType::Code);
    assert_eq!(broken(&settings), Some("response_modes"));
}

#[test]
fn a_service_has_no_request_to_push_or_to_sign() {
    let settings = short(ClientKind::Machine, SecurityProfile::Fapi2MessageSigning);
    assert!(!settings.require_pushed_authorization_requests && !settings.require_signed_request_object);
    assert!(settings.dpop_bound_access_tokens);
    assert_eq!(settings.token_endpoint_auth_method, AuthMethod::PrivateKeyJwt);
}

#[test]
fn a_certificate_is_as_good_as_a_key() {
    let mut settings = ClientSettings::of_kind(ClientKind::Web);
    settings.tls_client_certificate_bound_access_tokens = true;
    let settings = SecurityProfile::Fapi2Security.apply(settings);
    assert!(!settings.dpop_bound_access_tokens);
    assert_eq!(broken(&settings), None);
}

#[test]
fn only_profiles_of_fapi_limit_algorithms_lives_and_audiences() {
    use SecurityProfile::{Fapi1Advanced, Fapi2MessageSigning, Fapi2Security, FapiCiba, Legacy, Mcp, OAuth21};
    for profile in [Fapi2Security, Fapi2MessageSigning] {
        let rules = profile.rules();
        assert_eq!((rules.longest_code, rules.longest_request_object), (Some(60), Some(3600)));
        assert_eq!(rules.assertion_audience, Some(AssertionAudience::Issuer));
        assert_eq!(rules.refresh_tokens, RefreshTokens::Kept);
    }
    for profile in [Fapi1Advanced, FapiCiba] {
        assert_eq!(profile.rules().assertion_audience, Some(AssertionAudience::Any));
        assert_eq!(profile.rules().refresh_tokens, RefreshTokens::Rotated);
    }
    for profile in [OAuth21, Mcp, Legacy] {
        let rules = profile.rules();
        assert!(!rules.limits_algorithms() && rules.auth_methods.contains(&AuthMethod::None));
        assert_eq!((rules.longest_code, rules.assertion_audience), (None, None));
    }
}

#[test]
fn a_bad_request_object_is_an_invalid_request_over_the_back_channel_alone() {
    let error = OAuthError::new(ErrorCode::InvalidRequestObject, Reason::RequestObjectExpired);
    for profile in SecurityProfile::ALL {
        let told = profile.rules().told(error);
        let code = if profile == SecurityProfile::FapiCiba { "invalid_request" } else { "invalid_request_object" };
        assert_eq!((told.code.name(), told.reason), (code, error.reason), "{profile:?}");
    }
    let other = OAuthError::invalid_client(Reason::ClientUnknown);
    assert_eq!(SecurityProfile::FapiCiba.rules().told(other), other);
}

#[test]
fn a_record_names_the_profile_where_its_rule_refused() {
    use SecurityProfile::{Fapi1Advanced, Fapi2Security, Legacy, Mcp};
    for (profile, reason, wanted) in [
        (Fapi2Security, Reason::PkceRequired, true),
        (Mcp, Reason::PkceRequired, true),
        (Fapi1Advanced, Reason::PkceRequired, false),
        (Fapi1Advanced, Reason::PkceRequiredInPush, true),
        (Mcp, Reason::PkceRequiredInPush, false),
        (Fapi2Security, Reason::PushedRequestRequired, true),
        (Fapi1Advanced, Reason::PushedRequestRequired, false),
        (Fapi2Security, Reason::DpopProofMissing, true),
        (Fapi1Advanced, Reason::CertificateMissing, true),
        (Fapi2Security, Reason::ProfileAudience, true),
        (Fapi2Security, Reason::ApiAlgorithm, true),
        (Mcp, Reason::ApiAlgorithm, false),
        (Mcp, Reason::RegistrationProfile, true),
        (Fapi1Advanced, Reason::BackchannelRequestUnsigned, true),
        (Fapi2Security, Reason::BackchannelRequestUnsigned, false),
        (Fapi1Advanced, Reason::ProfileAudience, false),
        (Fapi2Security, Reason::ClientUnknown, false),
    ] {
        assert_eq!(profile.wants(reason), wanted, "{profile:?} {reason:?}");
    }
    assert!(Reason::ALL.iter().all(|reason| !Legacy.wants(*reason)));
}

#[test]
fn the_names_are_found_again_and_no_others() {
    for profile in SecurityProfile::ALL {
        assert_eq!(SecurityProfile::from_name(profile.name()), Some(profile));
        assert_eq!(serde_json::to_value(profile).expect("a text"), profile.name());
    }
    for name in ["", "FAPI2-SECURITY", "fapi2", "none", "oauth2.1 "] {
        assert_eq!(SecurityProfile::from_name(name), None, "{name}");
        assert!(serde_json::from_value::<SecurityProfile>(name.into()).is_err(), "{name}");
    }
}

#[test]
fn a_client_that_asks_over_the_back_channel_signs_what_the_profile_wants_signed() {
    let asking = |profile: SecurityProfile| {
        let mut settings = ClientSettings::of_kind(ClientKind::Machine);
        settings.grant_types = vec![GrantType::Ciba];
        profile.apply(settings).backchannel_authentication_request_signing_alg
    };
    assert_eq!(asking(SecurityProfile::FapiCiba), Some(SigningAlgorithm::ES256));
    assert_eq!(asking(SecurityProfile::Fapi2MessageSigning), Some(SigningAlgorithm::ES256));
    for profile in [SecurityProfile::Fapi2Security, SecurityProfile::Mcp, SecurityProfile::OAuth21] {
        assert_eq!(asking(profile), None, "{profile:?}");
    }
    // What is allowed stays.
    let mut settings = ClientSettings::of_kind(ClientKind::Machine);
    settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::PS256);
    let kept = SecurityProfile::FapiCiba.apply(settings).backchannel_authentication_request_signing_alg;
    assert_eq!(kept, Some(SigningAlgorithm::PS256));
}

#[test]
fn a_client_without_a_profile_may_use_every_algorithm_that_is_offered() {
    let mut client = crate::oauth::fixtures::web();
    let offered = [SigningAlgorithm::RS256, SigningAlgorithm::EdDSA, SigningAlgorithm::ES256];
    assert_eq!(allowed_algorithms(&client, offered), offered);
    assert_eq!(algorithm_reason(&client, Reason::RequestObjectAlgorithm).code(), "AS-1051");
    for (profile, allowed, reason) in [
        (SecurityProfile::Mcp, &offered[..], "AS-1051"),
        (SecurityProfile::Fapi2Security, &offered[1..], "AS-1700"),
        (SecurityProfile::FapiCiba, &offered[2..], "AS-1700"),
    ] {
        client.settings.security_profile = Some(profile);
        assert_eq!(allowed_algorithms(&client, offered), allowed, "{profile:?}");
        assert_eq!(algorithm_reason(&client, Reason::RequestObjectAlgorithm).code(), reason, "{profile:?}");
    }
}

#[test]
fn what_a_client_says_is_held_against_the_profile_and_what_it_leaves_open_is_filled_in() {
    for (field, break_it, having) in BREAKS {
        for profile in SecurityProfile::ALL {
            let mut settings = short(ClientKind::Web, profile);
            break_it(&mut settings);
            let said = profile.impose(settings.clone(), |name| name == *field);
            if having.contains(&profile) {
                let refusal = said.expect_err("a rule is broken");
                assert_eq!(refusal.field, format!("{field} (security profile {})", profile.name()));
            } else {
                assert!(said.is_ok(), "{profile:?} {field}");
            }
            let open = profile.impose(settings, |_| false).expect("nothing was said");
            assert_eq!(broken(&open), None, "{profile:?} {field}");
        }
    }
}
