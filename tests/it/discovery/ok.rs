//! What the metadata and the published keys say; `capabilities` puts whatever they list to use.

use std::collections::HashSet;

use serde_json::{Value, json};
use symbolon::domain::{jose::SigningAlgorithm, oauth::GrantType};

use crate::support::{ClientSpec, GrantSpec, Request, TestApp};

/// Where the document is that OpenID Connect wants.
pub const OPENID: &str = "/.well-known/openid-configuration";
/// Where the document is that RFC 8414 wants.
pub const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// The texts of a list.
pub fn list<'a>(document: &'a Value, name: &str) -> Vec<&'a str> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("{name} is an array: {document}"));
    values.iter().map(|value| value.as_str().expect("text")).collect()
}

/// The path of an advertised endpoint.
pub fn path<'a>(app: &TestApp, document: &'a Value, name: &str) -> &'a str {
    let address = document[name].as_str().unwrap_or_else(|| panic!("{name}: {document}"));
    address.strip_prefix(app.issuer()).unwrap_or_else(|| panic!("{name} is below the issuer: {address}"))
}

both! {
    async fn both_documents_name_the_issuer_exactly_and_agree(app) {
        // Behaviours 1 and 2.
        let (openid, oauth) = (app.document(OPENID).await, app.document(OAUTH).await);
        assert_eq!(openid["issuer"], app.issuer());
        for (name, value) in oauth.as_object().expect("an object") {
            assert_eq!(openid[name], *value, "{name}");
        }
        // JARM works without OpenID Connect.
        for part in ["signing_alg", "encryption_alg", "encryption_enc"] {
            assert!(!list(&oauth, &format!("authorization_{part}_values_supported")).is_empty(), "{part}");
        }
    }

    async fn no_member_is_null_or_empty_and_none_is_unknown(app) {
        // Behaviours 4 and 5.
        let known: HashSet<&str> = [
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
            "end_session_endpoint",
            "introspection_endpoint",
            "revocation_endpoint",
            "device_authorization_endpoint",
            "backchannel_authentication_endpoint",
            "backchannel_token_delivery_modes_supported",
            "backchannel_authentication_request_signing_alg_values_supported",
            "backchannel_user_code_parameter_supported",
            "pushed_authorization_request_endpoint",
            "require_pushed_authorization_requests",
            "scopes_supported",
            "protected_resources",
            "authorization_details_types_supported",
            "response_types_supported",
            "response_modes_supported",
            "authorization_signing_alg_values_supported",
            "grant_types_supported",
            "acr_values_supported",
            "subject_types_supported",
            "id_token_signing_alg_values_supported",
            "userinfo_signing_alg_values_supported",
            "id_token_encryption_alg_values_supported",
            "id_token_encryption_enc_values_supported",
            "userinfo_encryption_alg_values_supported",
            "userinfo_encryption_enc_values_supported",
            "introspection_encryption_alg_values_supported",
            "introspection_encryption_enc_values_supported",
            "authorization_encryption_alg_values_supported",
            "authorization_encryption_enc_values_supported",
            "introspection_signing_alg_values_supported",
            "token_endpoint_auth_methods_supported",
            "token_endpoint_auth_signing_alg_values_supported",
            "introspection_endpoint_auth_methods_supported",
            "introspection_endpoint_auth_signing_alg_values_supported",
            "revocation_endpoint_auth_methods_supported",
            "revocation_endpoint_auth_signing_alg_values_supported",
            "display_values_supported",
            "claim_types_supported",
            "claims_supported",
            "service_documentation",
            "claims_locales_supported",
            "ui_locales_supported",
            "claims_parameter_supported",
            "request_object_signing_alg_values_supported",
            "request_object_encryption_alg_values_supported",
            "request_object_encryption_enc_values_supported",
            "request_parameter_supported",
            "request_uri_parameter_supported",
            "require_request_uri_registration",
            "code_challenge_methods_supported",
            "authorization_response_iss_parameter_supported",
            "dpop_signing_alg_values_supported",
            "prompt_values_supported",
            "mtls_endpoint_aliases",
            "tls_client_certificate_bound_access_tokens",
            "backchannel_logout_supported",
            "backchannel_logout_session_supported",
            "frontchannel_logout_supported",
            "frontchannel_logout_session_supported",
            "check_session_iframe",
        ]
        .into();
        for (name, value) in app.document(OPENID).await.as_object().expect("an object") {
            assert!(known.contains(name.as_str()), "{name}");
            assert!(!value.is_null() && *value != "" && *value != json!([]), "{name}");
        }
    }

    async fn every_advertised_endpoint_answers(app) {
        // Behaviours 3 and 17: `https` is the issuer's own scheme; on loopback it is http.
        let document = app.document(OPENID).await;
        for (name, value) in document.as_object().expect("an object") {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                let path = path(&app, &document, name);
                let response = app.wire.send(&Request::new("DELETE", path)).await;
                assert_eq!(response.status, 405, "{name} {value} is routed: {response}");
                assert!(response.header("allow").is_some(), "{name}");
            }
        }
    }

    async fn every_advertised_grant_works_and_no_other(app) {
        // Behaviours 7 and 92.
        let document = app.document(OPENID).await;
        let mut grants = list(&document, "grant_types_supported");
        grants.sort_unstable();
        let extensions = [
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:openid:params:grant-type:ciba",
        ];
        assert_eq!(grants, [&["authorization_code", "client_credentials", "implicit", "refresh_token"][..], &extensions].concat());
        let token = path(&app, &document, "token_endpoint").to_owned();
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        rp.refresh(tokens.refresh()).await.ok().await;
        let service = app.client(ClientSpec::machine("service")).await;
        service.post(&token, &[("grant_type", "client_credentials")]).await.ok().await;
        // The others have tests of their own; here they are known, and miss what they need.
        let all = GrantType::ALL.to_vec();
        let extended = app.client(ClientSpec::web("extended").set(|settings| settings.grant_types = all)).await;
        for extension in extensions {
            let answer = extended.post(&token, &[("grant_type", extension)]).await;
            assert_eq!(answer.response.json()["error"], "invalid_request", "{extension}: {}", answer.response);
        }
        for other in ["implicit", "password", "urn:ietf:params:oauth:grant-type:saml2-bearer", "device_code"] {
            assert!(other == "implicit" || !grants.contains(&other));
            service.post(&token, &[("grant_type", other)]).await.refused("unsupported_grant_type", "AS-1101").await;
        }
    }

    async fn nothing_unsigned_is_advertised(app) {
        // Behaviour 67. Request objects are the one exception, for clients that are registered so (behaviour 13).
        let document = app.document(OPENID).await;
        let members = document.as_object().expect("an object").iter();
        for (name, value) in members.filter(|(name, _)| *name != "request_object_signing_alg_values_supported") {
            let named = value.as_array().is_some_and(|values| values.contains(&json!("none")));
            assert!(!(named && name.ends_with("alg_values_supported")), "{name}: {value}");
        }
    }

    async fn the_values_that_clients_rely_on_are_stated(app) {
        // Behaviours 6, 9, 10, 12, 14, 16 and 17.
        let document = app.document(OPENID).await;
        assert!(list(&document, "response_types_supported").contains(&"code"));
        assert_eq!(list(&document, "subject_types_supported"), ["public", "pairwise"]);
        assert_eq!(list(&document, "code_challenge_methods_supported"), ["S256"]);
        let scopes = list(&document, "scopes_supported");
        for scope in ["openid", "profile", "email", "address", "phone", "offline_access"] {
            assert!(scopes.contains(&scope), "{scope}");
        }
        assert_eq!(document["request_parameter_supported"], true);
        assert_eq!(document["request_uri_parameter_supported"], true);
        assert_eq!(document["claims_parameter_supported"], true);
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        for member in ["backchannel_logout", "frontchannel_logout"] {
            assert_eq!(document[format!("{member}_supported")], true, "{member}");
            assert_eq!(document[format!("{member}_session_supported")], true, "{member}");
        }
        for locale in list(&document, "ui_locales_supported") {
            assert!(locale.split('-').all(|part| part.bytes().all(|byte| byte.is_ascii_alphanumeric())), "{locale}");
        }
    }

    async fn claims_supported_lists_what_is_told(app) {
        // Behaviour 11.
        let document = app.document(OPENID).await;
        let listed = list(&document, "claims_supported");
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid profile email address phone").nonce("n")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let told = rp.userinfo(&tokens.access_token).await.json().await;
        let (_, claims) = app.verified(tokens.id()).await;
        for name in told.as_object().into_iter().chain(claims.as_object()).flat_map(|claims| claims.keys()) {
            assert!(listed.contains(&name.as_str()), "{name}");
        }
    }

    async fn the_documents_are_cheap_to_ask_again(app) {
        // Behaviour 18.
        for path in [OPENID, OAUTH, "/oauth2/jwks"] {
            let first = app.get(path).await;
            assert_eq!(first.header("cache-control"), Some("public, max-age=300"), "{first}");
            let tag = first.header("etag").expect("an entity tag").to_owned();
            let again = app.wire.send(&Request::get(path).header("If-None-Match", &tag)).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{again}");
            assert_eq!(again.header("etag"), Some(tag.as_str()));
            let other = app.wire.send(&Request::get(path).header("If-None-Match", "\"other\"")).await;
            assert_eq!((other.status, &other.body), (200, &first.body));
        }
    }

    async fn the_keys_are_public_named_and_distinct(app) {
        // Behaviours 19 to 23 and 26.
        for algorithm in SigningAlgorithm::ALL {
            app.ensure_key(algorithm).await;
        }
        let document = app.document("/oauth2/jwks").await;
        let keys = document["keys"].as_array().expect("keys");
        assert_eq!(keys.len(), SigningAlgorithm::ALL.len());
        let mut kids = HashSet::new();
        for key in keys {
            let members: HashSet<&str> = key.as_object().expect("an object").keys().map(String::as_str).collect();
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert!(!members.contains(private), "{key}");
            }
            assert!(kids.insert(key["kid"].as_str().filter(|kid| !kid.is_empty()).expect("kid")), "{key}");
            assert_eq!(key["use"], "sig");
            assert!(key["alg"].as_str().is_some_and(|alg| alg.parse::<SigningAlgorithm>().is_ok()), "{key}");
            if key["kty"] == "RSA" {
                let modulus = key["n"].as_str().expect("n");
                assert!(!modulus.contains('=') && modulus.len() * 6 >= 2048, "{key}");
            }
        }
    }

    async fn a_rotated_key_is_published_next_to_the_old_one(app) {
        // Behaviour 25: the new key is RSA or EC.
        let before = app.document("/oauth2/jwks").await;
        let kid = symbolon::service::keys::rotate(&app.cx(), SigningAlgorithm::RS256).await.expect("rotated");
        let after = app.document("/oauth2/jwks").await;
        let (before, after) = (before["keys"].as_array().expect("keys"), after["keys"].as_array().expect("keys"));
        assert_eq!(after.len(), before.len() + 1);
        assert!(before.iter().all(|key| after.contains(key)));
        let new = after.iter().find(|key| key["kid"] == kid.as_str()).expect("published");
        assert!(before.iter().all(|key| key["n"] != new["n"]));
    }
}
