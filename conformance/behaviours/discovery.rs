//! 1 to 18: discovery and metadata (OIDC Discovery 1.0 §3 and §4, RFC 8414).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use symbolon::domain::Issuer;

use super::{below, id_claims, list, metadata, parties, secure, signed_in};
use crate::{
    mtls::support::{ALIAS, with_authority},
    support::{Authorize, ClientSpec, Database, GrantSpec, Request, TestApp},
};

/// Every member that a specification registers, of those that this server uses.
const REGISTERED: &str = "issuer authorization_endpoint token_endpoint userinfo_endpoint jwks_uri registration_endpoint \
    scopes_supported response_types_supported response_modes_supported grant_types_supported acr_values_supported \
    subject_types_supported id_token_signing_alg_values_supported id_token_encryption_alg_values_supported \
    id_token_encryption_enc_values_supported userinfo_signing_alg_values_supported userinfo_encryption_alg_values_supported \
    userinfo_encryption_enc_values_supported request_object_signing_alg_values_supported \
    request_object_encryption_alg_values_supported request_object_encryption_enc_values_supported \
    token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported display_values_supported \
    claim_types_supported claims_supported service_documentation claims_locales_supported ui_locales_supported \
    claims_parameter_supported request_parameter_supported request_uri_parameter_supported \
    require_request_uri_registration op_policy_uri op_tos_uri revocation_endpoint \
    revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported \
    introspection_endpoint introspection_endpoint_auth_methods_supported \
    introspection_endpoint_auth_signing_alg_values_supported code_challenge_methods_supported \
    authorization_response_iss_parameter_supported prompt_values_supported end_session_endpoint check_session_iframe \
    frontchannel_logout_supported frontchannel_logout_session_supported backchannel_logout_supported \
    backchannel_logout_session_supported pushed_authorization_request_endpoint require_pushed_authorization_requests \
    device_authorization_endpoint backchannel_authentication_endpoint backchannel_token_delivery_modes_supported \
    backchannel_authentication_request_signing_alg_values_supported backchannel_user_code_parameter_supported \
    dpop_signing_alg_values_supported tls_client_certificate_bound_access_tokens mtls_endpoint_aliases \
    authorization_signing_alg_values_supported authorization_encryption_alg_values_supported \
    authorization_encryption_enc_values_supported authorization_details_types_supported \
    introspection_signing_alg_values_supported introspection_encryption_alg_values_supported \
    introspection_encryption_enc_values_supported require_signed_request_object \
    client_id_metadata_document_supported protected_resources";

/// Every claim of a scope, and every claim of an ID token that is no hash of what came beside it.
const CLAIMS: &str = "sub iss aud exp iat auth_time nonce acr amr azp sid at_hash \
    name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate \
    zoneinfo locale updated_at email email_verified address phone_number phone_number_verified groups roles";

/// A server with everything that adds a member to its metadata.
async fn equipped(database: Database) -> TestApp {
    let app = TestApp::with(database, with_authority).await;
    app.open_registration().await;
    app.open_documents().await;
    app.api_with("https://photos.example/", &["photos.read"], |settings| settings.public = true).await;
    app.details_type("payment", json!({ "type": "object" })).await;
    app
}

both! {
    async fn b001_discovery_is_json_at_the_well_known_address_below_the_issuer(database: Database) {
        for issuer in ["https://id.example", "https://id.example/", "https://id.example/tenant"] {
            let app = secure(database, issuer).await;
            let address = app.services.issuer.join("/.well-known/openid-configuration");
            assert!(address.starts_with(issuer) && !address[8..].contains("//"), "{address}");
            let answer = app.get(address.strip_prefix("https://id.example").expect("on this host")).await;
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.json()["issuer"], issuer);
        }
    }

    async fn b002_the_issuer_is_one_string_in_metadata_tokens_and_responses(database: Database) {
        // A slash at its end belongs to it.
        for issuer in ["https://id.example", "https://id.example/"] {
            let app = secure(database, issuer).await;
            let document = metadata(&app).await;
            assert_eq!(document["issuer"], issuer);
            assert!(!issuer.contains(['?', '#']));
            let (rp, alice) = parties(&app).await;
            let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            for token in [tokens.id(), &tokens.access_token] {
                assert_eq!(app.verified(token).await.1["iss"], issuer);
            }
            let request = Authorize::new(&rp, "openid").with("prompt", "none");
            let answer = app.browser().authorize(&request).await.away().parameters();
            assert_eq!(answer["iss"], issuer);
        }
        for other in ["https://id.example?x", "https://id.example/#x", "http://id.example", "https://ID.example/"] {
            assert!(Issuer::parse(other).is_err(), "{other}");
        }
    }

    async fn b003_every_endpoint_is_an_address_below_the_issuer_and_answers(database: Database) {
        for issuer in ["https://id.example", "https://id.example/"] {
            let app = secure(database, issuer).await;
            assert!(metadata(&app).await.get("registration_endpoint").is_none(), "nobody may register yet");
            app.open_registration().await;
            let document = metadata(&app).await;
            let required = "authorization_endpoint token_endpoint userinfo_endpoint jwks_uri registration_endpoint";
            for required in required.split(' ') {
                assert!(document[required].is_string(), "{required}: {document}");
            }
            for (name, value) in document.as_object().expect("an object") {
                if name.ends_with("_endpoint") || name == "jwks_uri" {
                    let address = value.as_str().expect("a text");
                    assert!(address.starts_with("https://id.example/") && !address[8..].contains("//"), "{address}");
                    let answer = app.wire.send(&Request::new("TRACE", below(&app, address))).await;
                    assert_eq!(answer.status, 405, "{name}: {answer}");
                }
            }
        }
    }

    async fn b004_lists_are_arrays_switches_are_booleans_and_nothing_is_null_or_empty(database: Database) {
        let app = equipped(database).await;
        let document = metadata(&app).await;
        for equipment in [
            "registration_endpoint",
            "mtls_endpoint_aliases",
            "tls_client_certificate_bound_access_tokens",
            "protected_resources",
            "authorization_details_types_supported",
            "client_id_metadata_document_supported",
        ] {
            assert!(document.get(equipment).is_some(), "{equipment}: {document}");
        }
        for (name, value) in document.as_object().expect("an object") {
            let right = match value {
                Value::Array(values) => {
                    let texts: BTreeSet<&str> = values.iter().filter_map(Value::as_str).filter(|one| !one.is_empty()).collect();
                    let listed = name.ends_with("_supported") || name == "protected_resources";
                    listed && !values.is_empty() && texts.len() == values.len()
                }
                Value::Bool(_) => {
                    name.starts_with("require") || name.ends_with("_supported") || name.ends_with("_access_tokens")
                }
                Value::String(text) => !text.is_empty() && !name.ends_with("_supported"),
                Value::Object(members) => {
                    name == "mtls_endpoint_aliases"
                        && !members.is_empty()
                        && members.iter().all(|(alias, address)| {
                            document[alias].is_string() && address.as_str().is_some_and(|text| text.starts_with(ALIAS))
                        })
                }
                _ => false,
            };
            assert!(right, "{name}: {value}");
        }
    }

    async fn b005_no_member_of_the_metadata_is_unknown_to_the_specifications(database: Database) {
        let app = equipped(database).await;
        let known: BTreeSet<&str> = REGISTERED.split_whitespace().collect();
        for name in metadata(&app).await.as_object().expect("an object").keys() {
            assert!(known.contains(name.as_str()), "{name}");
        }
    }

    async fn b006_response_types_are_listed(app) {
        let document = metadata(&app).await;
        let words = |kind: &str| kind.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        let listed: Vec<_> = list(&document, "response_types_supported").into_iter().map(words).collect();
        for kind in ["code", "id_token", "id_token token"] {
            assert!(listed.contains(&words(kind)), "{kind}: {listed:?}");
        }
    }

    async fn b007_grant_types_are_listed_with_those_that_are_used(app) {
        let document = metadata(&app).await;
        let grants = list(&document, "grant_types_supported");
        for grant in ["authorization_code", "implicit", "refresh_token"] {
            assert!(grants.contains(&grant), "{grant}");
        }
    }

    async fn b008_rs256_is_among_the_algorithms_of_id_tokens(app) {
        assert!(list(&metadata(&app).await, "id_token_signing_alg_values_supported").contains(&"RS256"));
    }

    async fn b009_subject_types_are_public_or_pairwise(app) {
        let document = metadata(&app).await;
        let types = list(&document, "subject_types_supported");
        assert!(!types.is_empty() && types.iter().all(|kind| ["public", "pairwise"].contains(kind)), "{types:?}");
    }

    async fn b010_scopes_are_listed_with_openid_first_class(app) {
        let document = metadata(&app).await;
        let scopes = list(&document, "scopes_supported");
        for scope in ["openid", "profile", "email", "address", "phone", "offline_access"] {
            assert!(scopes.contains(&scope), "{scope}");
        }
        let token = |scope: &&str| scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        assert!(scopes.iter().all(token), "{scopes:?}");
    }

    async fn b011_claims_are_listed_completely(app) {
        let document = metadata(&app).await;
        let mut claims = list(&document, "claims_supported");
        claims.sort_unstable();
        let mut all: Vec<&str> = CLAIMS.split_whitespace().collect();
        all.sort_unstable();
        assert_eq!(claims, all);
        // Each of them is told, in an ID token or at UserInfo, to whoever may see everything.
        let spec = ClientSpec::web("web").set(|s| s.scope.extend(["groups".to_owned(), "roles".to_owned()]));
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let tokens = signed_in(&app, &rp, &alice, "openid profile email address phone groups roles").await;
        let (in_token, at_userinfo) =
            (id_claims(&app, &tokens).await, rp.userinfo(&tokens.access_token).await.json().await);
        for claim in claims {
            assert!(in_token.get(claim).is_some() || at_userinfo.get(claim).is_some(), "{claim}: {in_token}");
        }
    }

    async fn b012_locales_are_language_tags_in_canonical_case(app) {
        let document = metadata(&app).await;
        for name in ["ui_locales_supported", "claims_locales_supported"] {
            if document.get(name).is_some() {
                for tag in list(&document, name) {
                    let (language, rest) = tag.split_once('-').unwrap_or((tag, ""));
                    assert!((2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase()), "{tag}");
                    assert!(rest.is_empty() || rest.len() == 4 || rest == rest.to_ascii_uppercase(), "{tag}");
                }
            }
        }
    }

    async fn b013_request_objects_may_be_signed_with_rs256_and_unsigned_ones_are_listed(app) {
        let document = metadata(&app).await;
        let algorithms = list(&document, "request_object_signing_alg_values_supported");
        assert!(algorithms.contains(&"RS256") && algorithms.contains(&"none"), "{algorithms:?}");
    }

    async fn b014_whether_requests_may_be_objects_is_said_explicitly(app) {
        let document = metadata(&app).await;
        for name in ["request_parameter_supported", "request_uri_parameter_supported", "claims_parameter_supported"] {
            assert!(document[name].is_boolean(), "{name}: {document}");
        }
    }

    async fn b015_the_authentication_methods_of_the_token_endpoint_are_listed(database: Database) {
        let everywhere = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"];
        let with_certificates = ["tls_client_auth", "self_signed_tls_client_auth"];
        for (app, certificates) in [(TestApp::new(database).await, false), (equipped(database).await, true)] {
            let document = metadata(&app).await;
            let methods = list(&document, "token_endpoint_auth_methods_supported");
            for method in everywhere {
                assert!(methods.contains(&method), "{method}");
            }
            for method in with_certificates {
                assert_eq!(methods.contains(&method), certificates, "{method}");
            }
        }
    }

    async fn b016_code_challenge_methods_are_a_list_with_s256(app) {
        assert_eq!(list(&metadata(&app).await, "code_challenge_methods_supported"), ["S256"]);
    }

    async fn b017_every_way_to_log_out_is_advertised_and_answers(database: Database) {
        let app = secure(database, "https://id.example").await;
        let document = metadata(&app).await;
        for name in ["end_session_endpoint", "check_session_iframe"] {
            let address = document[name].as_str().expect("a text");
            assert!(address.starts_with("https://id.example/"), "{address}");
            let page = app.browser().open(below(&app, address)).await.page("/");
            assert_eq!(page.answer.response.status, 200, "{name}: {}", page.answer.response);
        }
        for channel in ["backchannel", "frontchannel"] {
            assert_eq!(document[format!("{channel}_logout_supported")], true, "{channel}");
            assert_eq!(document[format!("{channel}_logout_session_supported")], true, "{channel}");
        }
    }

    async fn b018_discovery_is_cheap_cacheable_and_never_limited(app) {
        app.client(ClientSpec::web("web")).await;
        let first = app.get("/.well-known/openid-configuration").await;
        assert!(first.header("cache-control").is_some_and(|text| text.contains("max-age")), "{first}");
        let tag = first.header("etag").expect("a validator").to_owned();
        for _ in 0..200 {
            assert_eq!(app.get("/.well-known/openid-configuration").await.status, 200);
        }
        let again = Request::get("/.well-known/openid-configuration").header("If-None-Match", tag);
        assert_eq!(app.wire.send(&again).await.status, 304);
    }
}
