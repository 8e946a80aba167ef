//! Tests of `discovery`.

use serde_json::json;

use super::*;
use crate::{
    oauth::{AssertionAlgorithm, ResponseMode, ResponseType},
    oidc::{
        claims::{claims_supported, scopes_supported},
        interaction::Prompts,
    },
};

const ENDPOINTS: &[(Endpoint, &str)] = &[
    (Endpoint::Authorization, "/oauth2/authorize"),
    (Endpoint::Token, "/oauth2/token"),
    (Endpoint::Userinfo, "/oauth2/userinfo"),
    (Endpoint::Jwks, "/oauth2/jwks"),
    (Endpoint::Introspection, "/oauth2/introspect"),
    (Endpoint::Revocation, "/oauth2/revoke"),
    (Endpoint::PushedAuthorizationRequest, "/oauth2/par"),
    (Endpoint::EndSession, "/oauth2/logout"),
];

fn both(change: impl FnOnce(&mut Capabilities<'_>)) -> [Value; 2] {
    let (scopes, claims) = (scopes_supported(), claims_supported());
    let response_types = ResponseType::ALL.map(ResponseType::name);
    let response_modes = ResponseMode::supported();
    let prompts = Prompts::NAMES.map(|(_, name)| name);
    let mut capabilities = Capabilities {
        issuer: "https://id.example.com",
        endpoints: ENDPOINTS,
        grant_types: &GrantType::ALL,
        response_types: &response_types,
        response_modes: &response_modes,
        token_auth_methods: &AuthMethod::ALL,
        introspection_auth_methods: &[AuthMethod::ClientSecretBasic],
        revocation_auth_methods: &AuthMethod::ALL,
        client_assertion_algs: &AssertionAlgorithm::ALL,
        mtls_base: None,
        dpop_algs: &SigningAlgorithm::ALL,
        authorization_algs: &SigningAlgorithm::ALL,
        request_object_algs: &["RS256", "none"],
        delivery_modes: &TokenDeliveryMode::ALL,
        backchannel_request_algs: &[SigningAlgorithm::ES256],
        id_token_algs: &SigningAlgorithm::ALL,
        userinfo_algs: &[],
        introspection_algs: &[],
        encryption_algs: &[],
        content_encryptions: &[],
        subject_types: &SubjectType::ALL,
        scopes: &scopes,
        protected_resources: &["https://api.example.com"],
        authorization_details_types: &["payment"],
        claims: &claims,
        prompt_values: &prompts,
        acr_values: &["1"],
        ui_locales: &["en"],
        client_id_metadata_documents: false,
        documentation: Some("/docs"),
    };
    change(&mut capabilities);
    [openid_configuration(&capabilities), oauth_authorization_server(&capabilities)].map(Value::Object)
}

/// Behaviour 132.
#[test]
fn another_name_for_certificates_is_told_with_the_endpoints_that_programs_call() {
    let [openid, oauth] = both(|c| c.mtls_base = Some("https://mtls.example.com/"));
    for document in [&openid, &oauth] {
        assert_eq!(document["tls_client_certificate_bound_access_tokens"], true);
        let aliases = &document["mtls_endpoint_aliases"];
        assert_eq!(aliases["token_endpoint"], "https://mtls.example.com/oauth2/token");
        assert_eq!(aliases["pushed_authorization_request_endpoint"], "https://mtls.example.com/oauth2/par");
        for of_people in ["authorization_endpoint", "end_session_endpoint", "jwks_uri"] {
            assert!(aliases.get(of_people).is_none(), "{of_people}");
        }
        assert_eq!(document["token_endpoint"], "https://id.example.com/oauth2/token");
    }
    assert_eq!(openid["mtls_endpoint_aliases"]["userinfo_endpoint"], "https://mtls.example.com/oauth2/userinfo");
    assert!(oauth["mtls_endpoint_aliases"].get("userinfo_endpoint").is_none());
    for document in both(|_| ()) {
        assert!(document.get("mtls_endpoint_aliases").is_none());
        assert!(document.get("tls_client_certificate_bound_access_tokens").is_none());
    }
}

#[test]
fn the_documents_list_what_is_registered() {
    let [openid, oauth] = both(|_| ());
    for document in [&openid, &oauth] {
        assert_eq!(document["issuer"], "https://id.example.com");
        assert_eq!(document["authorization_endpoint"], "https://id.example.com/oauth2/authorize");
        assert_eq!(document["jwks_uri"], "https://id.example.com/oauth2/jwks");
        assert_eq!(document["protected_resources"], json!(["https://api.example.com"]));
        assert_eq!(document["authorization_details_types_supported"], json!(["payment"]));
        assert_eq!(document["grant_types_supported"], json!(GrantType::ALL.map(GrantType::name)));
        assert_eq!(
            document["response_types_supported"],
            json!(["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"])
        );
        let modes = ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"];
        assert_eq!(document["response_modes_supported"], json!(modes));
        // Behaviour 134.
        assert_eq!(document["authorization_signing_alg_values_supported"], json!(["RS256", "PS256", "ES256", "EdDSA"]));
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], json!(true));
        assert_eq!(document["introspection_endpoint_auth_methods_supported"], json!(["client_secret_basic"]));
    }
    assert_eq!(openid["end_session_endpoint"], "https://id.example.com/oauth2/logout");
    assert_eq!(openid["prompt_values_supported"], json!(["none", "login", "consent", "select_account", "create"]));
    assert_eq!(openid["id_token_signing_alg_values_supported"], json!(["RS256", "PS256", "ES256", "EdDSA"]));
    assert_eq!(openid["subject_types_supported"], json!(["public", "pairwise"]));
    assert_eq!(openid["acr_values_supported"], json!(["1"]));
    assert_eq!(openid["ui_locales_supported"], json!(["en"]));
}

#[test]
fn what_is_not_offered_is_said_where_the_default_misleads() {
    let [openid, _] = both(|capabilities| capabilities.request_object_algs = &[]);
    for member in ["request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration"]
    {
        assert_eq!(openid[member], json!(false), "{member}");
    }
    for member in [
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
        "frontchannel_logout_supported",
        "frontchannel_logout_session_supported",
    ] {
        assert_eq!(openid[member], json!(true), "{member}");
    }
    assert_eq!(openid["claims_parameter_supported"], json!(true));
}

#[test]
fn request_objects_are_offered_with_their_algorithms() {
    for document in both(|_| ()) {
        assert_eq!(document["request_object_signing_alg_values_supported"], json!(["RS256", "none"]));
        assert_eq!(document["request_parameter_supported"], json!(true));
        assert_eq!(document["request_uri_parameter_supported"], json!(true));
        assert_eq!(document["require_request_uri_registration"], json!(true));
    }
}

#[test]
fn no_member_is_null_or_empty_however_little_is_offered() {
    let nothing = Capabilities { issuer: "https://id.example.com", scopes: &["", "openid"], ..Capabilities::default() };
    let bare = [openid_configuration(&nothing), oauth_authorization_server(&nothing)].map(Value::Object);
    for document in both(|_| ()).into_iter().chain(bare) {
        for (member, value) in document.as_object().expect("object") {
            let says_something = match value {
                Value::Bool(_) => true,
                Value::String(text) => !text.is_empty(),
                Value::Array(values) => {
                    !values.is_empty() && values.iter().all(|value| value.as_str().is_some_and(|text| !text.is_empty()))
                }
                _ => false,
            };
            assert!(says_something, "{member}: {value}");
        }
    }
}

#[test]
fn an_endpoint_that_is_not_served_is_not_named_nor_are_its_methods() {
    let [openid, oauth] = both(|capabilities| capabilities.endpoints = &ENDPOINTS[..2]);
    for document in [openid, oauth] {
        for member in [
            "userinfo_endpoint",
            "jwks_uri",
            "introspection_endpoint",
            "introspection_endpoint_auth_methods_supported",
            "revocation_endpoint_auth_methods_supported",
            "end_session_endpoint",
        ] {
            assert!(document.get(member).is_none(), "{member}");
        }
    }
}

#[test]
fn algorithms_of_assertions_stand_only_next_to_a_method_that_signs() {
    let [openid, _] = both(|_| ());
    assert!(openid.get("token_endpoint_auth_signing_alg_values_supported").is_some());
    assert!(openid.get("introspection_endpoint_auth_signing_alg_values_supported").is_none());
    assert!(openid.get("userinfo_signing_alg_values_supported").is_none());
}

#[test]
fn the_oauth_document_leaves_openid_connect_out() {
    let [_, oauth] = both(|_| ());
    for member in ["userinfo_endpoint", "end_session_endpoint", "subject_types_supported", "claims_supported"] {
        assert!(oauth.get(member).is_none(), "{member}");
    }
}

#[test]
fn the_issuer_is_never_changed() {
    for issuer in
        ["https://id.example.com", "https://id.example.com/", "https://example.com/a/b", "http://localhost:8080"]
    {
        for document in both(|capabilities| capabilities.issuer = issuer) {
            assert_eq!(document["issuer"], issuer);
            let token = document["token_endpoint"].as_str().expect("text");
            assert!(token.starts_with(issuer) && !token.trim_start_matches("https://").contains("//oauth2"), "{token}");
        }
    }
}
