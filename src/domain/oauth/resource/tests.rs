//! Tests of `resource` and `protected_resource`.

use serde_json::json;

use super::*;
use crate::{
    entity::{ApiScope, ApiSettings, Owner},
    oauth::{
        find_hosted,
        fixtures::{at, refusal, strings, web},
        protected_resource,
    },
};

const ISSUER: &str = "https://id.example.com";

fn api(resource: &str, scopes: &[&str]) -> Api {
    let scope = |name: &&str| ApiScope { name: (*name).to_owned(), sentence: format!("Use {name}") };
    Api {
        resource: resource.to_owned(),
        name: "The API".to_owned(),
        description: String::new(),
        settings: ApiSettings { scopes: scopes.iter().map(scope).collect(), ..ApiSettings::default() },
        owner: Owner::Cli,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn client_with(scopes: &[&str]) -> Client {
    let mut client = web();
    client.settings.scope = strings(scopes);
    client
}

#[test]
fn resources_are_read_each_once_and_bounded() {
    let read = |encoded: String| parse_resources(&Params::parse(encoded.as_bytes()).expect("well-formed"));
    assert_eq!(read("scope=x".to_owned()), Ok(Vec::new()));
    let twice = "resource=https://a.example&resource=https://a.example/&resource=urn:b".to_owned();
    assert_eq!(read(twice), Ok(strings(&["https://a.example", "urn:b"])));
    let many = |count: usize| (0..count).map(|n| format!("resource=https://a{n}.example&")).collect::<String>();
    assert_eq!(read(many(8)).map(|all| all.len()), Ok(8));
    for encoded in [
        many(9),
        "resource=api".to_owned(),
        "resource=/api".to_owned(),
        "resource=//api.example".to_owned(),
        "resource=https://a.example/%23x".to_owned(),
        "resource=https://a.example/%20x".to_owned(),
        "resource=https://a.example/%C3%A9".to_owned(),
        "resource=https://".to_owned(),
        "resource=https://a.example&resource=x".to_owned(),
        format!("resource=https://a.example/{}", "x".repeat(512)),
    ] {
        assert_eq!(refusal(read(encoded.clone())), ("invalid_target", "AS-1070"), "{encoded}");
    }
}

#[test]
fn only_the_slash_of_an_empty_path_is_folded() {
    assert_eq!(resource_key("https://mcp.example.com/"), resource_key("https://mcp.example.com"));
    assert_eq!(resource_key("http://localhost:3000/"), "http://localhost:3000");
    for (one, other) in [
        ("https://mcp.example.com/a/", "https://mcp.example.com/a"),
        ("https://mcp.example.com//", "https://mcp.example.com"),
        ("https://mcp.example.com/?", "https://mcp.example.com"),
        ("https://mcp.example.com?x=/", "https://mcp.example.com?x="),
        ("https://MCP.example.com", "https://mcp.example.com"),
        ("https://mcp.example.com:443", "https://mcp.example.com"),
        ("http://mcp.example.com", "https://mcp.example.com"),
        ("urn:a:/", "urn:a:"),
    ] {
        assert_ne!(resource_key(one), resource_key(other), "{one}");
    }
}

#[test]
fn an_identifier_is_registered_as_every_program_writes_it() {
    for good in [
        "https://a.example",
        "https://a.example/",
        "https://a.example/mcp",
        "urn:x:api",
        "http://localhost:3000/mcp?v=1",
    ] {
        assert!(is_registrable_resource(good), "{good}");
    }
    for bad in [
        "",
        "api",
        "https://A.example",
        "HTTPS://a.example",
        "https://a.example:443",
        "https://a.example/a/../b",
        "https://a.example/#",
        "https://u@a.example",
        "https://a.example/*",
        "https://ä.example",
        "https://a.example/ b",
        "https://a.example/\n",
    ] {
        assert!(!is_registrable_resource(bad), "{bad:?}");
    }
}

#[test]
fn a_client_needs_one_of_the_scopes_and_a_stranger_needs_the_api_s_word() {
    let (with, without) = (api("https://a.example", &["read"]), api("https://b.example", &[]));
    assert_eq!(check_may_target(&client_with(&["read"]), &with), Ok(()));
    assert_eq!(check_may_target(&client_with(&[]), &without), Ok(()));
    assert_eq!(refusal(check_may_target(&client_with(&["openid", "write"]), &with)), ("invalid_target", "AS-1071"));
    for owner in [Owner::Cli, Owner::System, Owner::Ui] {
        let mut known = web();
        known.owner = owner;
        assert!(!known.owner.is_self_registered());
    }
}

#[test]
fn the_algorithm_of_an_api_is_one_of_the_clients_profile() {
    use crate::oauth::SecurityProfile::{Fapi1Advanced, Fapi2Security, Mcp};
    let check = |profile, algorithm, format| {
        let mut client = client_with(&["read"]);
        client.settings.security_profile = profile;
        let mut api = api("https://api.example", &["read"]);
        api.settings.access_token_signed_response_alg = algorithm;
        api.settings.access_token_format = format;
        refusal(check_may_target(&client, &api))
    };
    let (granted, refused) = (("granted", ""), ("invalid_target", "AS-1705"));
    for (profile, algorithm, verdict) in [
        (Some(Fapi2Security), SigningAlgorithm::RS256, refused),
        (Some(Fapi2Security), SigningAlgorithm::EdDSA, granted),
        (Some(Fapi1Advanced), SigningAlgorithm::EdDSA, refused),
        (Some(Fapi1Advanced), SigningAlgorithm::ES256, granted),
        (Some(Mcp), SigningAlgorithm::RS256, granted),
        (None, SigningAlgorithm::RS256, granted),
    ] {
        assert_eq!(check(profile, Some(algorithm), None), verdict, "{profile:?} {algorithm}");
        assert_eq!(check(profile, Some(algorithm), Some(AccessTokenFormat::Jwt)), verdict, "{profile:?} {algorithm}");
        // Nothing is signed, or with the client's own algorithm.
        assert_eq!(
            check(profile, Some(algorithm), Some(AccessTokenFormat::Opaque)),
            granted,
            "{profile:?} {algorithm}"
        );
        assert_eq!(check(profile, None, None), granted, "{profile:?}");
    }
}

#[test]
fn what_was_granted_is_named_or_told_by_its_scope() {
    let api = api("https://a.example", &["read"]);
    assert_eq!(check_granted(&api, &strings(&["https://a.example"]), &[]), Ok(()));
    assert_eq!(check_granted(&api, &[], &strings(&["openid", "read"])), Ok(()));
    for (resources, scope) in [(vec!["https://b.example"], vec!["read"]), (vec![], vec!["openid"]), (vec![], vec![])] {
        let refused = refusal(check_granted(&api, &strings(&resources), &strings(&scope)));
        assert_eq!(refused, ("invalid_target", "AS-1072"), "{resources:?} {scope:?}");
    }
}

#[test]
fn without_a_resource_the_client_s_own_settings_stand() {
    let mut client = client_with(&[]);
    let target = aim(&client, &[], strings(&["openid", "read"]), ISSUER).expect("a target");
    assert_eq!((target.audience, target.scope), (strings(&[ISSUER]), strings(&["openid", "read"])));
    client.settings.access_token_audience = strings(&["https://own.example"]);
    for (own, scope, audience) in [
        (&["https://own.example"][..], &["read"][..], &["https://own.example"][..]),
        (&["https://own.example"], &[], &["https://own.example"]),
        // UserInfo is the issuer's.
        (&["https://own.example"], &["openid", "read"], &["https://own.example", ISSUER]),
        (&[ISSUER, "https://own.example"], &["openid"], &[ISSUER, "https://own.example"]),
    ] {
        client.settings.access_token_audience = strings(own);
        let target = aim(&client, &[], strings(scope), ISSUER).expect("a target");
        assert_eq!((target.audience, target.scope), (strings(audience), strings(scope)));
    }
}

#[test]
fn a_token_says_nothing_of_other_apis_and_answers_at_userinfo_with_openid() {
    let (a, b) = (api("https://a.example", &["a.read", "a.write"]), api("https://b.example", &["b.read"]));
    let mut client = client_with(&[]);
    client.settings.access_token_audience = strings(&["https://own.example"]);
    let scope = || strings(&["a.read", "b.read", "email", "openid", "unknown"]);
    let one = aim(&client, std::slice::from_ref(&a), scope(), ISSUER).expect("a target");
    assert_eq!(one.audience, strings(&["https://a.example", ISSUER]));
    assert_eq!(one.scope, strings(&["a.read", "email", "openid"]));
    let both = aim(&client, &[a.clone(), b.clone()], scope(), ISSUER).expect("a target");
    assert_eq!(both.audience, strings(&["https://a.example", "https://b.example", ISSUER]));
    assert_eq!(both.scope, strings(&["a.read", "b.read", "email", "openid"]));
    let alone = aim(&client, std::slice::from_ref(&a), strings(&["a.write"]), ISSUER).expect("a target");
    assert_eq!(alone.audience, strings(&["https://a.example"]));
    let other = aim(&client, std::slice::from_ref(&a), strings(&["b.read"]), ISSUER);
    assert_eq!(refusal(other), ("invalid_scope", "AS-1073"));
    assert!(aim(&client, &[a], Vec::new(), ISSUER).is_ok(), "nothing was asked for");
    let plain = api("https://c.example", &[]);
    assert_eq!(aim(&client, &[plain], strings(&["b.read"]), ISSUER).map(|target| target.scope), Ok(Vec::new()));
}

#[test]
fn format_and_life_are_the_only_api_s_own() {
    let mut client = client_with(&[]);
    client.settings.access_token_lifetime = Some(600);
    let mut a = api("https://a.example", &[]);
    a.settings.access_token_format = Some(AccessTokenFormat::Opaque);
    a.settings.access_token_signed_response_alg = Some(SigningAlgorithm::ES256);
    a.settings.access_token_lifetime = Some(3600);
    let one = aim(&client, std::slice::from_ref(&a), Vec::new(), ISSUER).expect("a target");
    assert_eq!(
        (one.format, one.algorithm, one.lifetime),
        (AccessTokenFormat::Opaque, SigningAlgorithm::ES256, Some(3600))
    );
    let mut b = api("https://b.example", &[]);
    let both = aim(&client, &[a.clone(), b.clone()], Vec::new(), ISSUER).expect("a target");
    assert_eq!(
        (both.format, both.algorithm, both.lifetime),
        (AccessTokenFormat::Jwt, SigningAlgorithm::RS256, Some(600))
    );
    b.settings.access_token_lifetime = Some(60);
    assert_eq!(aim(&client, &[a, b], Vec::new(), ISSUER).map(|target| target.lifetime), Ok(Some(60)));
}

#[test]
fn an_exchanged_token_is_for_its_audiences_and_nobody_else() {
    let client = client_with(&[]);
    let (mut a, b) = (api("https://a.example", &["a.read"]), api("https://b.example/v1", &["b.read"]));
    a.settings.access_token_signed_response_alg = Some(SigningAlgorithm::ES256);
    a.settings.access_token_lifetime = Some(60);
    let aimed = |apis: &[Api], audiences: &[&str], scope: &[&str]| {
        aim_exchanged(&client, apis, &strings(audiences), strings(scope), ISSUER)
    };
    let told = |target: Result<Target, OAuthError>| {
        let target = target.expect("a target");
        (target.audience, target.scope, target.algorithm, target.lifetime)
    };
    let scope = ["a.read", "b.read", "email", "unknown"];
    let (own, others) = (SigningAlgorithm::ES256, SigningAlgorithm::RS256);
    let only = std::slice::from_ref(&a);
    for (apis, audiences, audience, left, algorithm, lifetime) in [
        (only, &["https://a.example"][..], &["https://a.example"][..], &["a.read", "email"][..], own, Some(60)),
        // As it is registered, and once.
        (
            only,
            &["https://a.example/", "https://a.example"],
            &["https://a.example"],
            &["a.read", "email"],
            own,
            Some(60),
        ),
        (only, &["https://a.example", ISSUER], &["https://a.example", ISSUER], &["a.read", "email"], own, Some(60)),
        (only, &["x", "https://a.example"], &["x", "https://a.example"], &["a.read", "email"], others, Some(60)),
        (&[], &["x/", "x"], &["x/", "x"], &scope, others, None),
        (&[], &[ISSUER], &[ISSUER], &scope, others, None),
    ] {
        let expected = (strings(audience), strings(left), algorithm, lifetime);
        assert_eq!(told(aimed(apis, audiences, &scope)), expected, "{audiences:?}");
    }
    let both = told(aimed(&[a.clone(), b], &["https://b.example/v1", "https://a.example"], &scope));
    assert_eq!(both.1, strings(&["a.read", "b.read", "email"]));
    let other = aimed(only, &["https://a.example"], &["b.read", "unknown"]);
    assert_eq!(refusal(other), ("invalid_scope", "AS-1073"));
}

#[test]
fn consent_to_a_resource_is_told_from_a_scope() {
    let item = consent_to_resource("https://a.example");
    assert_eq!(resource_of_consent(&item), Some("https://a.example"));
    assert_eq!(resource_of_consent("read"), None);
}

#[test]
fn metadata_is_found_by_path_here_or_by_the_registered_one_and_only_if_public() {
    let mut here = api("https://id.example.com/mcp", &["read"]);
    let mut there = api("https://mcp.example.com", &[]);
    let root = api("https://id.example.com", &[]);
    there.settings.metadata_path = Some("elsewhere/mcp".to_owned());
    let found = |apis: &[Api], rest: &str| find_hosted(apis, ISSUER, rest).map(|api| api.resource.clone());
    assert_eq!(found(&[here.clone(), there.clone(), root.clone()], "/mcp"), None, "not public");
    here.settings.public = true;
    there.settings.public = true;
    let apis = [here.clone(), there, root];
    assert_eq!(found(&apis, "/mcp").as_deref(), Some("https://id.example.com/mcp"));
    assert_eq!(found(&apis, "/elsewhere/mcp").as_deref(), Some("https://mcp.example.com"));
    for rest in ["", "/", "/mcp/", "/MCP", "/elsewhere", "mcp", "/mcp?x", ".evil.example"] {
        assert_eq!(found(&apis, rest), None, "{rest}");
    }
    let document = protected_resource(&here, ISSUER);
    assert_eq!(
        serde_json::Value::Object(document),
        json!({
            "resource": "https://id.example.com/mcp",
            "authorization_servers": [ISSUER],
            "resource_name": "The API",
            "bearer_methods_supported": ["header"],
            "scopes_supported": ["read"],
        })
    );
}
