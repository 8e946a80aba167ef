//! Tests of `client_metadata`.

use serde_json::json;

use super::*;
use crate::oauth::{ResponseMode, fixtures::strings};

fn settings(kind: ClientKind, change: impl FnOnce(&mut ClientSettings)) -> Result<(), SettingsRule> {
    let mut settings = ClientSettings::of_kind(kind);
    if kind != ClientKind::Machine {
        settings.redirect_uris = strings(&["https://app.example/cb"]);
    }
    change(&mut settings);
    check_settings(kind, &settings)
}

#[track_caller]
fn refused(kind: ClientKind, field: &str, change: impl FnOnce(&mut ClientSettings)) {
    let broken = settings(kind, change).expect_err(field);
    assert_eq!(broken.field, field, "{broken}");
    assert!(broken.rule.ends_with('.') && broken.to_string().starts_with(field));
}

fn public_key() -> Value {
    json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "1"}]})
}

#[test]
fn the_defaults_of_every_kind_are_allowed() {
    for kind in ClientKind::ALL {
        assert_eq!(settings(kind, |_| {}), Ok(()), "{kind:?}");
    }
}

#[test]
fn what_administrators_commonly_set_is_allowed() {
    use AuthMethod::PrivateKeyJwt;
    assert_eq!(settings(ClientKind::Web, |s| s.require_pkce = false), Ok(()));
    assert_eq!(settings(ClientKind::Web, |s| s.may_introspect = true), Ok(()));
    assert_eq!(
        settings(ClientKind::Web, |s| (s.token_endpoint_auth_method, s.jwks) = (PrivateKeyJwt, Some(public_key()))),
        Ok(())
    );
    let by_reference = Some("https://app.example/jwks.json".to_owned());
    assert_eq!(
        settings(ClientKind::Web, |s| (s.token_endpoint_auth_method, s.jwks_uri) = (PrivateKeyJwt, by_reference)),
        Ok(())
    );
    assert_eq!(
        settings(ClientKind::Web, |s| s.access_token_audience =
            strings(&["https://api.example/v1", "urn:x:y", "plain"])),
        Ok(())
    );
    assert_eq!(settings(ClientKind::Web, |s| s.access_token_lifetime = Some(1)), Ok(()));
    assert_eq!(settings(ClientKind::Web, |s| s.refresh_token_lifetime = Some(31_536_000)), Ok(()));
    assert_eq!(settings(ClientKind::Web, |s| s.default_max_age = Some(0)), Ok(()));
    assert_eq!(settings(ClientKind::Native, |s| s.redirect_uris.push("app.immich:///x".to_owned())), Ok(()));
    // One client for the server and its mobile app: native, and yet it has a secret.
    assert_eq!(settings(ClientKind::Native, |s| s.token_endpoint_auth_method = AuthMethod::ClientSecretBasic), Ok(()));
}

#[test]
fn request_objects_are_signed_with_registered_keys_and_fetched_over_https() {
    let signed = Some(RequestObjectAlgorithm::Signed(crate::jose::SigningAlgorithm::PS256));
    assert_eq!(
        settings(ClientKind::Web, |s| s.request_object_signing_alg = Some(RequestObjectAlgorithm::Unsigned)),
        Ok(())
    );
    let strict = settings(ClientKind::Web, |s| {
        (s.request_object_signing_alg, s.require_signed_request_object, s.jwks) = (signed, true, Some(public_key()));
    });
    assert_eq!(strict, Ok(()));
    refused(ClientKind::Web, "request_object_signing_alg", |s| s.request_object_signing_alg = signed);
    refused(ClientKind::Web, "require_signed_request_object", |s| s.require_signed_request_object = true);
    refused(ClientKind::Web, "request_object_signing_alg", |s| {
        (s.request_object_signing_alg, s.require_signed_request_object, s.jwks) =
            (Some(RequestObjectAlgorithm::Unsigned), true, Some(public_key()));
    });
    // A fragment that is no hash is registered as it is.
    let uris = strings(&["https://app.example/r#not-a-hash", "https://app.example/r?a=b"]);
    assert_eq!(settings(ClientKind::Web, |s| s.request_uris = uris), Ok(()));
    for uri in [
        "http://app.example/r",
        "https://user@app.example/r",
        "urn:x",
        "file:///etc/passwd",
        "",
        "#",
        &format!("https://app.example/{}", "x".repeat(512)),
    ] {
        refused(ClientKind::Web, "request_uris[0]", |s| s.request_uris = strings(&[uri]));
    }
}

#[test]
fn grants_fit_together_and_to_what_the_client_can_prove() {
    use GrantType::{AuthorizationCode, ClientCredentials, RefreshToken};
    refused(ClientKind::Web, "grant_types", |s| s.grant_types.clear());
    refused(ClientKind::Web, "grant_types", |s| s.grant_types = vec![AuthorizationCode, AuthorizationCode]);
    refused(ClientKind::Machine, "grant_types", |s| s.grant_types = vec![ClientCredentials, RefreshToken]);
    refused(ClientKind::Spa, "grant_types", |s| s.grant_types.push(ClientCredentials));
    refused(ClientKind::Machine, "grant_types", |s| s.token_endpoint_auth_method = AuthMethod::None);
    refused(ClientKind::Machine, "require_pushed_authorization_requests", |s| {
        s.require_pushed_authorization_requests = true;
    });
    refused(ClientKind::Spa, "require_pkce", |s| s.require_pkce = false);
    refused(ClientKind::Web, "require_pkce", |s| {
        (s.require_pkce, s.token_endpoint_auth_method) = (false, AuthMethod::None)
    });
    refused(ClientKind::Native, "may_introspect", |s| s.may_introspect = true);
}

#[test]
fn response_types_and_modes_fit_to_the_grants() {
    use GrantType::{AuthorizationCode, ClientCredentials, Implicit};
    use ResponseType::{Code, CodeIdToken, CodeIdTokenToken, CodeToken, IdToken, IdTokenToken};
    for (grants, types) in [
        (
            vec![AuthorizationCode, Implicit],
            vec![Code, CodeIdToken, CodeToken, CodeIdTokenToken, IdToken, IdTokenToken],
        ),
        (vec![AuthorizationCode, Implicit], vec![CodeIdToken]),
        (vec![Implicit], vec![IdToken]),
        (vec![Implicit], vec![IdTokenToken, IdToken]),
        // What a client gets that says nothing.
        (vec![ClientCredentials], vec![Code]),
        (vec![ClientCredentials], vec![]),
    ] {
        let allowed = settings(ClientKind::Web, |s| {
            (s.grant_types, s.response_types) = (grants.clone(), types.clone());
        });
        assert_eq!(allowed, Ok(()), "{grants:?} {types:?}");
    }
    for (grants, types) in [
        (vec![AuthorizationCode], vec![Code, IdToken]),
        (vec![AuthorizationCode], vec![CodeIdToken]),
        (vec![Implicit], vec![CodeToken]),
        (vec![AuthorizationCode, Implicit], vec![Code]),
        (vec![AuthorizationCode, Implicit], vec![IdToken]),
        (vec![AuthorizationCode], vec![]),
        (vec![Implicit], vec![Code]),
        (vec![AuthorizationCode], vec![Code, Code]),
    ] {
        refused(ClientKind::Web, "response_types", |s| (s.grant_types, s.response_types) = (grants, types));
    }
    refused(ClientKind::Web, "redirect_uris", |s| {
        (s.grant_types, s.response_types, s.redirect_uris) = (vec![Implicit], vec![IdToken], vec![]);
    });
    use ResponseMode::{Fragment, Query, QueryJwt};
    let hybrid = |s: &mut ClientSettings| {
        (s.grant_types, s.response_types) = (vec![AuthorizationCode, Implicit], vec![Code, CodeIdToken]);
    };
    assert_eq!(settings(ClientKind::Web, |s| s.response_modes = vec![QueryJwt]), Ok(()));
    assert_eq!(
        settings(ClientKind::Web, |s| {
            hybrid(s);
            s.response_modes = vec![QueryJwt, Fragment];
        }),
        Ok(())
    );
    refused(ClientKind::Web, "response_modes", |s| s.response_modes = vec![Query, Query]);
    refused(ClientKind::Web, "response_modes", |s| {
        hybrid(s);
        s.response_modes = vec![Query, QueryJwt];
    });
}

#[test]
fn settings_of_before_response_types_mean_the_code_flow() {
    let mut stored = serde_json::to_value(ClientSettings::of_kind(ClientKind::Web)).expect("an object");
    let members = stored.as_object_mut().expect("an object");
    for new in ["response_types", "authorization_signed_response_alg"] {
        assert!(members.remove(new).is_some(), "{new}");
    }
    let read: ClientSettings = serde_json::from_value(stored).expect("readable");
    assert_eq!(read, ClientSettings::of_kind(ClientKind::Web));
}

#[test]
fn addresses_are_present_registrable_and_listed_once() {
    let uri = |text: &str| Some(text.to_owned());
    refused(ClientKind::Web, "redirect_uris", |s| s.redirect_uris.clear());
    refused(ClientKind::Web, "redirect_uris[1]", |s| s.redirect_uris.push("http://app.example/cb".to_owned()));
    refused(ClientKind::Web, "redirect_uris[1]", |s| s.redirect_uris.push("https://app.example/cb".to_owned()));
    refused(ClientKind::Web, "redirect_uris[1]", |s| s.redirect_uris.push("app.immich:///x".to_owned()));
    refused(ClientKind::Web, "redirect_uris", |s| {
        s.redirect_uris = (0..101).map(|n| format!("https://a.example/{n}")).collect()
    });
    refused(ClientKind::Web, "post_logout_redirect_uris[0]", |s| {
        s.post_logout_redirect_uris = strings(&["https://a.example/*"])
    });
    refused(ClientKind::Web, "client_uri", |s| s.client_uri = uri("javascript:alert(1)"));
    refused(ClientKind::Native, "client_uri", |s| s.client_uri = uri("x:/y"));
    refused(ClientKind::Web, "logo_uri", |s| s.logo_uri = uri("http://localhost/logo.png"));
    refused(ClientKind::Web, "logo_uri", |s| s.logo_uri = uri("data:image/png;base64,AA"));
}

/// Behaviour 163.
#[test]
fn a_certificate_has_exactly_one_registered_name() {
    use AuthMethod::{SelfSignedTlsClientAuth, TlsClientAuth};
    let text = |text: &str| Some(text.to_owned());
    let named = |method, change: &dyn Fn(&mut ClientSettings)| {
        settings(ClientKind::Machine, |s| {
            s.token_endpoint_auth_method = method;
            change(s);
        })
        .map_err(|broken| broken.field)
    };
    let refused = |field: &str| Err(field.to_owned());
    assert_eq!(named(TlsClientAuth, &|s| s.tls_client_auth_subject_dn = text("CN=a,O=b")), Ok(()));
    assert_eq!(named(TlsClientAuth, &|s| s.tls_client_auth_san_dns = text("a.example")), Ok(()));
    assert_eq!(named(TlsClientAuth, &|s| s.tls_client_auth_san_uri = text("https://a.example/")), Ok(()));
    assert_eq!(named(TlsClientAuth, &|s| s.tls_client_auth_san_ip = text("2001:db8::1")), Ok(()));
    assert_eq!(named(TlsClientAuth, &|s| s.tls_client_auth_san_email = text("a@a.example")), Ok(()));
    assert_eq!(named(TlsClientAuth, &|_| ()), refused("tls_client_auth_subject_dn"));
    for nothing in ["", " "] {
        assert_eq!(
            named(TlsClientAuth, &|s| s.tls_client_auth_san_dns = text(nothing)),
            refused("tls_client_auth_san_dns")
        );
    }
    for no_name in ["service", "=", "CN", "\u{0}"] {
        let set = |s: &mut ClientSettings| s.tls_client_auth_subject_dn = text(no_name);
        assert_eq!(named(TlsClientAuth, &set), refused("tls_client_auth_subject_dn"), "{no_name}");
    }
    for no_address in ["a.example", "192.0.2", "192.0.2.0/24", "[2001:db8::1]"] {
        let set = |s: &mut ClientSettings| s.tls_client_auth_san_ip = text(no_address);
        assert_eq!(named(TlsClientAuth, &set), refused("tls_client_auth_san_ip"), "{no_address}");
    }
    let two = |s: &mut ClientSettings| {
        (s.tls_client_auth_san_dns, s.tls_client_auth_san_uri) = (text("a.example"), text("https://a.example/"))
    };
    assert_eq!(named(TlsClientAuth, &two), refused("tls_client_auth_subject_dn"));
    let one = |s: &mut ClientSettings| s.tls_client_auth_san_dns = text("a.example");
    assert_eq!(named(AuthMethod::ClientSecretBasic, &one), refused("tls_client_auth_san_dns"));
    assert_eq!(named(SelfSignedTlsClientAuth, &one), refused("tls_client_auth_san_dns"));
    assert_eq!(named(SelfSignedTlsClientAuth, &|_| ()), refused("jwks"));
    assert_eq!(named(SelfSignedTlsClientAuth, &|s| s.jwks = Some(public_key())), Ok(()));
    assert_eq!(named(SelfSignedTlsClientAuth, &|s| s.jwks_uri = text("https://a.example/jwks")), Ok(()));
}

#[test]
fn keys_are_public_and_come_one_way() {
    refused(ClientKind::Web, "jwks", |s| s.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt);
    refused(ClientKind::Web, "jwks_uri", |s| {
        (s.jwks, s.jwks_uri) = (Some(public_key()), Some("https://a.example/k".to_owned()))
    });
    for uri in [
        "http://a.example/k",
        "http://localhost/k",
        "https://a.example/k#x",
        "https://u@a.example/k",
        "file:///etc/keys",
    ] {
        refused(ClientKind::Web, "jwks_uri", |s| s.jwks_uri = Some(uri.to_owned()));
    }
    for jwks in
        [json!({}), json!([]), json!({"keys": []}), json!({"keys": {}}), json!({"keys": vec![public_key(); 101]})]
    {
        refused(ClientKind::Web, "jwks", |s| s.jwks = Some(jwks));
    }
    for member in PRIVATE_MEMBERS {
        let mut jwks = public_key();
        jwks["keys"][0][member] = json!("x");
        refused(ClientKind::Web, "jwks.keys[0]", |s| s.jwks = Some(jwks));
    }
    for key in [json!({"kty": "oct"}), json!({"kty": "AKP"}), json!({}), json!(null), json!("RSA")] {
        refused(ClientKind::Web, "jwks.keys[0]", |s| s.jwks = Some(json!({"keys": [key]})));
    }
}

#[test]
fn scopes_and_audiences_are_well_formed() {
    for scope in ["", "a b", "a,b", "a\"", "\u{e9}"] {
        refused(ClientKind::Machine, "scope[0]", |s| s.scope = strings(&[scope]));
    }
    refused(ClientKind::Machine, "scope[1]", |s| s.scope = strings(&["a", "a"]));
    let long = "x".repeat(513);
    for audience in ["", "a\nb", "http://", "://x", long.as_str()] {
        refused(ClientKind::Web, "access_token_audience[0]", |s| s.access_token_audience = strings(&[audience]));
    }
}

#[test]
fn lifetimes_are_between_a_second_and_a_year() {
    for seconds in [i64::MIN, -1, 0, 31_536_001, i64::MAX] {
        refused(ClientKind::Web, "access_token_lifetime", |s| s.access_token_lifetime = Some(seconds));
        refused(ClientKind::Web, "id_token_lifetime", |s| s.id_token_lifetime = Some(seconds));
        refused(ClientKind::Web, "refresh_token_lifetime", |s| s.refresh_token_lifetime = Some(seconds));
    }
    refused(ClientKind::Web, "default_max_age", |s| s.default_max_age = Some(-1));
    for wrong in ["", "a b", "\u{e4}", &"x".repeat(129)] {
        let wrong = wrong.to_owned();
        refused(ClientKind::Web, "default_acr_values[1]", |s| s.default_acr_values = vec!["1".to_owned(), wrong]);
    }
    refused(ClientKind::Web, "default_acr_values[1]", |s| s.default_acr_values = vec!["1".to_owned(); 2]);
}

#[test]
fn logout_addresses_are_the_clients_own() {
    use ClientKind::{Native, Web};
    let back = |uri: &str| {
        let uri = Some(uri.to_owned());
        move |s: &mut ClientSettings| s.backchannel_logout_uri = uri
    };
    let front = |uri: &str| {
        let uri = Some(uri.to_owned());
        move |s: &mut ClientSettings| s.frontchannel_logout_uri = uri
    };
    for uri in ["https://app.example/out", "https://other.example/out?x=1", "https://app.example:8443/"] {
        assert_eq!(settings(Web, back(uri)), Ok(()), "{uri}");
    }
    for uri in
        ["http://app.example/out", "http://127.0.0.1/out", "https://a.example/#x", "https://u@a.example/", "x", ""]
    {
        refused(Web, "backchannel_logout_uri", back(uri));
    }
    for uri in ["https://app.example/out", "https://app.example/out?a=b", "https://app.example:443/out"] {
        assert_eq!(settings(Web, front(uri)), Ok(()), "{uri}");
    }
    // The scheme, host and port of a redirect address (Front-Channel Logout 1.0 §2).
    for uri in [
        "https://other.example/out",
        "https://app.example:8443/out",
        "https://www.app.example/out",
        "http://app.example/out",
        "javascript:alert(1)",
        "https://app.example/#x",
        "",
    ] {
        refused(Web, "frontchannel_logout_uri", front(uri));
    }
    // An app's own scheme has no origin that could be the same.
    refused(Native, "frontchannel_logout_uri", |s| {
        s.redirect_uris = strings(&["com.example.app:/cb"]);
        s.frontchannel_logout_uri = Some("com.example.app:/out".to_owned());
    });
}
