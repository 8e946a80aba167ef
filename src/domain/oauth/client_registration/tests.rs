//! Tests of `client_registration`.

use proptest::prelude::*;

use super::*;
use crate::{
    entity::{ConsentMode, Owner},
    jose,
    oauth::{
        SecurityProfile,
        fixtures::{at, web},
    },
};

fn web_app() -> Value {
    json!({ "redirect_uris": ["https://app.example/cb"] })
}

fn object_of(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn parse(value: &Value) -> Result<Registration, RegistrationRefusal> {
    parse_metadata(object_of(value), None, &RegistrationPolicy::default())
}

fn with(name: &str, value: Value) -> Value {
    let mut all = web_app();
    all[name] = value;
    all
}

#[track_caller]
fn refused(value: &Value) -> (&'static str, &'static str, String) {
    let refusal = parse(value).expect_err("a refusal");
    (refusal.error.code.name(), refusal.error.reason.code(), refusal.field)
}

fn registered(registration: Registration) -> Client {
    Client {
        name: registration.name,
        kind: registration.kind,
        settings: registration.settings,
        owner: Owner::Dcr,
        created_at: at(0),
        ..web()
    }
}

#[test]
fn every_setting_is_either_the_programs_own_or_the_administrators() {
    let mut settings = ClientSettings::of_kind(ClientKind::Web);
    // Members that are left out while empty.
    let text = || Some("x".to_owned());
    settings.jwks = Some(json!({}));
    settings.jwks_uri = text();
    settings.client_uri = text();
    settings.logo_uri = text();
    settings.policy_uri = text();
    settings.tos_uri = text();
    settings.tls_client_auth_subject_dn = text();
    settings.tls_client_auth_san_dns = text();
    settings.tls_client_auth_san_uri = text();
    settings.tls_client_auth_san_ip = text();
    settings.tls_client_auth_san_email = text();
    settings.contacts = vec!["x".to_owned()];
    settings.response_modes = vec![crate::oauth::ResponseMode::Fragment];
    settings.initiate_login_uri = text();
    settings.request_object_signing_alg = Some(jose::RequestObjectAlgorithm::Unsigned);
    settings.software_id = text();
    settings.software_version = text();
    settings.quarantined = true;
    settings.require_encrypted_request_object = true;
    settings.security_profile = Some(SecurityProfile::Mcp);
    settings.default_max_age = Some(1);
    settings.access_token_lifetime = Some(1);
    settings.id_token_lifetime = Some(1);
    settings.refresh_token_lifetime = Some(1);
    settings.sector_identifier_uri = text();
    settings.backchannel_logout_uri = text();
    settings.backchannel_logout_session_required = true;
    settings.frontchannel_logout_uri = text();
    settings.frontchannel_logout_session_required = true;
    settings.token_endpoint_auth_signing_alg = Some(crate::oauth::AssertionAlgorithm::Secret);
    settings.authorization_details_types = vec!["x".to_owned()];
    settings.userinfo_signed_response_alg = Some(jose::SigningAlgorithm::ES256);
    settings.introspection_signed_response_alg = Some(jose::SigningAlgorithm::ES256);
    let (alg, enc) = (jose::KeyManagementAlgorithm::ALL[0], jose::ContentEncryption::ALL[0]);
    for (one, other) in [
        (&mut settings.id_token_encrypted_response_alg, &mut settings.id_token_encrypted_response_enc),
        (&mut settings.userinfo_encrypted_response_alg, &mut settings.userinfo_encrypted_response_enc),
        (&mut settings.authorization_encrypted_response_alg, &mut settings.authorization_encrypted_response_enc),
        (&mut settings.introspection_encrypted_response_alg, &mut settings.introspection_encrypted_response_enc),
        (&mut settings.request_object_encryption_alg, &mut settings.request_object_encryption_enc),
    ] {
        (*one, *other) = (Some(alg), Some(enc));
    }
    for name in object(&settings).keys() {
        let (own, theirs) = (OWN.contains(&name.as_str()), ADMINISTRATORS.contains(&name.as_str()));
        assert!(own != theirs, "{name}: may a program choose it for itself? Put it into one list");
    }
}

/// Behaviour 107.
#[test]
fn defaults_are_filled_in_and_unknown_members_ignored() {
    let made = parse(&with("favourite_colour", json!("green"))).expect("a client");
    let echo = describe(&registered(made));
    assert_eq!(echo["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(echo["grant_types"], json!(["authorization_code"]));
    assert_eq!(echo["response_types"], json!(["code"]));
    assert_eq!(echo["application_type"], "web");
    assert_eq!(echo["id_token_signed_response_alg"], "RS256");
    assert_eq!(echo["client_name"], "Unnamed app");
    assert_eq!(echo["scope"], "openid profile email address phone offline_access");
    assert!(echo.get("favourite_colour").is_none());
    for hidden in ADMINISTRATORS {
        assert!(echo.get(*hidden).is_none(), "{hidden}");
    }
}

/// A registration that says everything that a program may say, but how it is known by its keys.
fn everything(known_by: &[(&str, Value)]) -> Value {
    let mut sent = json!({
        "client_name": "Notes",
        "application_type": "web",
        "redirect_uris": ["https://app.example/cb", "https://app.example/cb2?x=1"],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "backchannel_logout_uri": "https://app.example/backchannel",
        "frontchannel_logout_uri": "https://app.example/frontchannel",
        "grant_types": ["authorization_code", "refresh_token", CIBA],
        "response_types": ["code"],
        "response_modes": ["query", "query.jwt"],
        "scope": "openid email",
        "sector_identifier_uri": "https://app.example/sector.json",
        "request_uris": ["https://app.example/request.jwt#hash"],
        "default_max_age": 0,
        "default_acr_values": ["1"],
        "client_uri": "https://app.example/",
        "logo_uri": "https://app.example/logo.png",
        "policy_uri": "https://app.example/policy",
        "tos_uri": "https://app.example/tos",
        "contacts": ["ops@app.example"],
        "initiate_login_uri": "https://app.example/login",
        "software_id": "notes",
        "software_version": "1.2",
        "backchannel_token_delivery_mode": "ping",
        "backchannel_client_notification_endpoint": "https://app.example/ciba",
        "backchannel_authentication_request_signing_alg": "PS256",
        "request_object_signing_alg": "ES256",
        "request_object_encryption_alg": "RSA-OAEP-256",
        "request_object_encryption_enc": "A256GCM",
    });
    for kind in ["id_token", "userinfo", "authorization", "introspection"] {
        sent[format!("{kind}_signed_response_alg")] = json!("ES256");
        sent[format!("{kind}_encrypted_response_alg")] = json!("ECDH-ES+A256KW");
        sent[format!("{kind}_encrypted_response_enc")] = json!("A256GCM");
    }
    for (name, value) in known_by {
        sent[*name] = value.clone();
    }
    sent
}

const CIBA: &str = "urn:openid:params:grant-type:ciba";
const SWITCHES: [&str; 6] = [
    "backchannel_logout_session_required",
    "frontchannel_logout_session_required",
    "tls_client_certificate_bound_access_tokens",
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
];

/// Behaviours 107 and 114.
#[test]
fn every_member_that_a_program_may_set_is_echoed_with_the_stored_value() {
    let policy = RegistrationPolicy {
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Ciba],
        ..RegistrationPolicy::default()
    };
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "AQAB", "y": "AQAB" });
    let by_value = ("jwks", json!({ "keys": [key] }));
    let by_reference = ("jwks_uri", json!("https://app.example/jwks.json"));
    let method = |name: &str| ("token_endpoint_auth_method", json!(name));
    let named =
        |name: &'static str, value: &str| vec![by_value.clone(), method("tls_client_auth"), (name, json!(value))];
    let ways = [
        vec![by_value.clone(), method("private_key_jwt"), ("token_endpoint_auth_signing_alg", json!("ES256"))],
        vec![by_reference, method("client_secret_post")],
        named("tls_client_auth_subject_dn", "CN=service,O=Example"),
        named("tls_client_auth_san_dns", "app.example"),
        named("tls_client_auth_san_uri", "https://app.example/"),
        named("tls_client_auth_san_ip", "192.0.2.1"),
        named("tls_client_auth_san_email", "ops@app.example"),
    ];
    let mut said = std::collections::BTreeSet::new();
    for way in ways {
        for (subject, flag) in [("public", false), ("pairwise", true)] {
            let mut sent = everything(&way);
            sent["subject_type"] = json!(subject);
            for name in SWITCHES {
                sent[name] = json!(flag);
            }
            let made = parse_metadata(object_of(&sent), None, &policy).unwrap_or_else(|refusal| panic!("{refusal:?}"));
            let echo = describe(&registered(made));
            for (name, value) in object_of(&sent) {
                assert_eq!(echo.get(name), Some(value), "{name}");
                said.insert(name.clone());
            }
        }
    }
    let unsaid: Vec<_> = OWN.iter().filter(|name| !said.contains(**name)).collect();
    assert!(unsaid.is_empty(), "say it in everything(), or a way: {unsaid:?}");
}

/// Behaviour 107.
#[test]
fn what_holds_where_nothing_was_said_is_filled_in() {
    let echo = describe(&registered(parse(&web_app()).expect("a client")));
    assert_eq!(echo["subject_type"], "public");
    for name in SWITCHES {
        assert_eq!(echo[name], false, "{name}");
    }
    let kinds = ["id_token_encrypted_response", "userinfo_encrypted_response", "request_object_encryption"];
    for kind in kinds {
        assert!(echo.get(&format!("{kind}_enc")).is_none(), "{kind}: nothing is encrypted");
    }
    let mut sent = with("jwks", json!({ "keys": [{ "kty": "RSA", "n": "AQAB", "e": "AQAB" }] }));
    for kind in kinds {
        sent[format!("{kind}_alg")] = json!("RSA-OAEP-256");
    }
    let echo = describe(&registered(parse(&sent).expect("a client")));
    for kind in kinds {
        assert_eq!(echo[&format!("{kind}_enc")], "A128CBC-HS256", "{kind}");
    }
}

#[test]
fn the_kind_of_program_is_what_it_says_or_what_its_addresses_say() {
    let kind = |value: &Value| parse(value).map(|made| made.kind);
    assert_eq!(kind(&web_app()), Ok(ClientKind::Web));
    assert_eq!(kind(&with("token_endpoint_auth_method", json!("none"))), Ok(ClientKind::Spa));
    assert_eq!(kind(&with("application_type", json!("native"))), Ok(ClientKind::Native));
    for uri in ["http://127.0.0.1:33418", "http://localhost/cb", "http://[::1]:1/cb", "claude://cb", "com.app:/cb"] {
        let redirect_uris = json!([uri, "https://vscode.dev/redirect"]);
        assert_eq!(kind(&with("redirect_uris", redirect_uris)), Ok(ClientKind::Native), "{uri}");
    }
    for uri in ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"] {
        assert_eq!(kind(&with("redirect_uris", json!([uri]))), Ok(ClientKind::Web));
    }
    // Who says web and means it has no scheme of its own: oidc-agent says it, and is told what it is.
    let web = |redirect_uris: Value| {
        let mut sent = with("redirect_uris", redirect_uris);
        sent["application_type"] = json!("web");
        sent
    };
    let agent = registered(
        parse(&web(json!(["http://localhost:4242", "edu.kit.data.oidc-agent:/redirect"]))).expect("a client"),
    );
    assert_eq!(agent.kind, ClientKind::Native);
    assert_eq!(describe(&agent)["application_type"], "native");
    // A web app under development on the person's own machine stays one, with the port that it says.
    assert_eq!(kind(&web(json!(["http://localhost:4242"]))), Ok(ClientKind::Web));
    let script = web(json!(["javascript:alert(1)"]));
    assert_eq!(refused(&script), ("invalid_redirect_uri", "AS-1410", "redirect_uris[0]".to_owned()));
    assert_eq!(refused(&with("application_type", json!("desktop"))).2, "application_type");
}

/// Behaviour 110.
#[test]
fn a_bad_redirect_uri_has_its_own_error() {
    for uri in [
        "https://app.example/cb#fragment",
        "http://app.example/cb",
        "https://app.example/*",
        "https://user@app.example/cb",
        "javascript:alert(1)",
        "/cb",
        "",
    ] {
        let (code, reason, field) = refused(&with("redirect_uris", json!(["https://app.example/ok", uri])));
        assert_eq!((code, reason, field.as_str()), ("invalid_redirect_uri", "AS-1410", "redirect_uris[1]"), "{uri}");
    }
    assert_eq!(refused(&json!({})), ("invalid_redirect_uri", "AS-1410", "redirect_uris".to_owned()));
    assert_eq!(refused(&json!({"redirect_uris": []})).0, "invalid_redirect_uri");
    assert_eq!(refused(&json!({"redirect_uris": "https://app.example/cb"})).0, "invalid_client_metadata");
}

#[test]
fn what_cannot_be_understood_is_refused_and_named() {
    let uri = |text: &str| json!(text);
    for (name, value) in [
        ("token_endpoint_auth_method", json!("client_secret_magic")),
        ("token_endpoint_auth_method", json!(["none"])),
        ("grant_types", json!(["password"])),
        ("grant_types", json!([])),
        ("grant_types", json!("authorization_code")),
        ("response_types", json!("code")),
        ("response_types", json!(["nonsense"])),
        ("response_types", json!([])),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("RS255")),
        ("default_max_age", json!(-1)),
        ("default_max_age", json!("600")),
        ("default_acr_values", json!("1")),
        ("scope", json!(["openid"])),
        ("scope", json!("openid  email\"")),
        ("jwks", json!({"keys": []})),
        ("jwks_uri", uri("http://app.example/jwks")),
        ("client_uri", uri("javascript:alert(1)")),
        ("logo_uri", uri("data:image/png;base64,AA")),
        ("policy_uri", uri("http://app.example/policy")),
        ("tos_uri", uri("javascript:alert(1)")),
        ("client_name", json!("a\nb")),
        ("client_name", json!("\u{202e}evil")),
        ("client_name", json!(1)),
        ("client_name", json!("")),
        ("contacts", json!("ops@app.example")),
        ("software_id", json!("")),
    ] {
        let (code, reason, field) = refused(&with(name, value.clone()));
        assert_eq!((code, reason), ("invalid_client_metadata", "AS-1411"), "{name} {value}");
        assert_eq!(field, name, "{value}");
    }
    let two = json!({"redirect_uris": ["https://a.example/"], "jwks": {"keys": [{"kty": "RSA"}]},
                     "jwks_uri": "https://a.example/jwks"});
    assert_eq!(refused(&two).0, "invalid_client_metadata");
}

/// Behaviour 113.
#[test]
fn a_login_is_initiated_over_https_only() {
    for uri in ["http://app.example/login", "http://127.0.0.1/login", "app:/login"] {
        let (code, reason, field) = refused(&with("initiate_login_uri", json!(uri)));
        assert_eq!((code, reason, field.as_str()), ("invalid_client_metadata", "AS-1411", "initiate_login_uri"));
    }
}

/// Behaviour 108.
#[test]
fn grants_and_response_types_fit_together() {
    let mut policy = RegistrationPolicy::default();
    policy.grant_types.push(GrantType::ClientCredentials);
    let machine = json!({"grant_types": ["client_credentials"], "response_types": []});
    let made = parse_metadata(object_of(&machine), None, &policy).expect("a client");
    assert_eq!(made.kind, ClientKind::Machine);
    let wrong = json!({"grant_types": ["client_credentials"], "response_types": ["code"]});
    assert!(parse_metadata(object_of(&wrong), None, &policy).is_err());
    // The implicit flows are for those whom the policy allows them.
    let mut hybrid = with("response_types", json!(["code id_token token"]));
    hybrid["grant_types"] = json!(["authorization_code", "implicit"]);
    assert_eq!(refused(&hybrid).1, "AS-1414");
    policy.grant_types.push(GrantType::Implicit);
    let made = parse_metadata(object_of(&hybrid), None, &policy).expect("a client");
    let echo = describe(&registered(made));
    assert_eq!((&echo["response_types"], &echo["grant_types"]), (&hybrid["response_types"], &hybrid["grant_types"]));
    hybrid["grant_types"] = json!(["authorization_code"]);
    assert!(parse_metadata(object_of(&hybrid), None, &policy).is_err());
}

#[test]
fn the_policy_bounds_scopes_and_grants() {
    let made = parse(&with("scope", json!("openid groups roles"))).expect("a client");
    assert_eq!(made.settings.scope, ["openid"]);
    let (code, reason, field) = refused(&with("scope", json!("groups roles")));
    assert_eq!((code, reason, field.as_str()), ("invalid_client_metadata", "AS-1414", "scope"));
    let (_, reason, field) = refused(&with("grant_types", json!(["client_credentials"])));
    assert_eq!((reason, field.as_str()), ("AS-1414", "grant_types"));
    let mut policy = RegistrationPolicy { require_pkce: false, ..RegistrationPolicy::default() };
    let made = parse_metadata(object_of(&web_app()), None, &policy).expect("a client");
    assert!(!made.settings.require_pkce);
    let public = with("token_endpoint_auth_method", json!("none"));
    let made = parse_metadata(object_of(&public), None, &policy).expect("a client");
    assert!(made.settings.require_pkce, "a public client always needs PKCE");
    policy.scope.push("mcp.tools".to_owned());
    let made = parse_metadata(object_of(&with("scope", json!("mcp.tools"))), None, &policy).expect("a client");
    assert_eq!(made.settings.scope, ["mcp.tools"]);
}

#[test]
fn a_statement_of_somebody_else_is_not_trusted() {
    let (code, reason, field) = refused(&with("software_statement", json!("eyJ.eyJ.x")));
    assert_eq!((code, reason, field.as_str()), ("invalid_software_statement", "AS-1412", "software_statement"));
}

#[test]
fn who_asks_for_a_protection_that_is_not_offered_hears_it() {
    for name in PROTECTIONS.iter().filter(|name| !OWN.contains(*name)) {
        assert_eq!(refused(&with(name, json!("A256GCM"))).1, "AS-1413", "{name}");
        assert_eq!(refused(&with(name, json!(true))).1, "AS-1413", "{name}");
        assert!(parse(&with(name, json!(false))).is_ok() && parse(&with(name, json!(null))).is_ok(), "{name}");
    }
    assert!(OWN.contains(&"subject_type") || parse(&with("subject_type", json!("public"))).is_ok());
}

#[test]
fn a_program_cannot_give_itself_what_an_administrator_gives() {
    let mut greedy = web_app();
    for name in ADMINISTRATORS.iter().filter(|name| !PROTECTIONS.contains(*name)) {
        greedy[*name] = json!(true);
    }
    greedy["consent"] = json!("skip");
    greedy["may_introspect"] = json!(true);
    greedy["access_token_audience"] = json!(["https://bank.example"]);
    assert_eq!(parse(&greedy), parse(&web_app()));
}

#[test]
fn replacing_keeps_what_an_administrator_has_set_and_resets_the_rest() {
    let mut stored = parse(&with("client_uri", json!("https://app.example/"))).expect("a client").settings;
    stored.consent = ConsentMode::Always;
    stored.quarantined = true;
    stored.access_token_lifetime = Some(60);
    stored.scope.push("reports.read".to_owned());
    let sent = with("scope", json!("openid reports.read"));
    let made = parse_metadata(object_of(&sent), Some(&stored), &RegistrationPolicy::default()).expect("a client");
    assert_eq!(made.settings.consent, ConsentMode::Always);
    assert!(made.settings.quarantined);
    assert_eq!((made.settings.access_token_lifetime, &made.settings.client_uri), (Some(60), &None));
    assert_eq!(made.settings.scope, ["openid", "reports.read"]);
}

fn of_profile(profile: SecurityProfile) -> RegistrationPolicy {
    RegistrationPolicy { profile: Some(profile), ..RegistrationPolicy::default() }
}

fn keyed() -> Value {
    with("jwks", json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "1" }] }))
}

#[test]
fn a_client_gets_the_profile_of_the_policy_and_what_belongs_to_it() {
    let policy = of_profile(SecurityProfile::Fapi2Security);
    let made = parse_metadata(object_of(&keyed()), None, &policy).expect("a client").settings;
    assert_eq!(made.security_profile, Some(SecurityProfile::Fapi2Security));
    assert_eq!(made.token_endpoint_auth_method, AuthMethod::PrivateKeyJwt);
    assert!(made.require_pushed_authorization_requests && made.dpop_bound_access_tokens && made.require_pkce);
    assert_eq!(made.id_token_signed_response_alg, jose::SigningAlgorithm::ES256);
    assert_eq!(parse(&web_app()).expect("a client").settings.security_profile, None);
    // Without keys it can do nothing that the profile wants.
    let refusal = parse_metadata(object_of(&web_app()), None, &policy).expect_err("no keys");
    assert_eq!((refusal.error.reason.code(), refusal.field.as_str()), ("AS-1411", "jwks"));
}

#[test]
fn a_client_cannot_leave_the_profile_of_the_policy() {
    for (profile, name, value) in [
        (SecurityProfile::Fapi2Security, "token_endpoint_auth_method", json!("client_secret_basic")),
        (SecurityProfile::Fapi2Security, "id_token_signed_response_alg", json!("RS256")),
        (SecurityProfile::Fapi2Security, "require_pushed_authorization_requests", json!(false)),
        (SecurityProfile::Fapi2Security, "dpop_bound_access_tokens", json!(false)),
        (SecurityProfile::Fapi1Advanced, "response_modes", json!(["query"])),
        (SecurityProfile::Mcp, "request_uris", json!(["https://app.example/r"])),
        (SecurityProfile::Mcp, "request_object_signing_alg", json!("none")),
    ] {
        let mut sent = keyed();
        sent[name] = value;
        let refusal = parse_metadata(object_of(&sent), None, &of_profile(profile)).expect_err(name);
        let told = (refusal.error.code.name(), refusal.error.reason.code(), refusal.field);
        let field = format!("{name} (security profile {})", profile.name());
        assert_eq!(told, ("invalid_client_metadata", "AS-1706", field));
    }
    // Nor by naming another one, or none: that is the administrator's.
    for other in [json!("legacy"), json!(null)] {
        let mut sent = keyed();
        sent["security_profile"] = other;
        let made = parse_metadata(object_of(&sent), None, &of_profile(SecurityProfile::Mcp)).expect("a client");
        assert_eq!(made.settings.security_profile, Some(SecurityProfile::Mcp));
    }
}

#[test]
fn replacing_stays_within_the_profile_that_the_client_has() {
    let policy = of_profile(SecurityProfile::Fapi2Security);
    let made = parse_metadata(object_of(&keyed()), None, &policy).expect("a client");
    // Whatever the policy says now: the client has what it got, or what an administrator gave it.
    for now in [policy, of_profile(SecurityProfile::Legacy), RegistrationPolicy::default()] {
        let again = parse_metadata(object_of(&keyed()), Some(&made.settings), &now).expect("a client");
        assert_eq!(again.settings, made.settings);
        let mut sent = keyed();
        sent["id_token_signed_response_alg"] = json!("RS256");
        let refusal = parse_metadata(object_of(&sent), Some(&made.settings), &now).expect_err("not of the profile");
        assert_eq!(refusal.error.reason.code(), "AS-1706");
        let echo = describe(&registered(made.clone()));
        assert_eq!(parse_metadata(&echo, Some(&made.settings), &now).expect("the echo").settings, made.settings);
    }
    let mut freed = made.settings;
    freed.security_profile = None;
    let policy = of_profile(SecurityProfile::Fapi2Security);
    let again = parse_metadata(object_of(&web_app()), Some(&freed), &policy).expect("a client");
    assert_eq!(again.settings.security_profile, None, "an administrator took it away");
}

/// Metadata that is accepted, of every kind.
fn metadata() -> impl Strategy<Value = Value> {
    let uri = prop::sample::select(vec![
        "https://app.example/cb",
        "http://127.0.0.1:33418",
        "http://localhost/cb",
        "claude://cb",
        "https://vscode.dev/redirect",
    ]);
    let uris = prop::collection::hash_set(uri, 1..4);
    let method = prop::sample::select(vec!["none", "client_secret_basic", "client_secret_post"]);
    let maybe = |text: &'static str| prop::option::of(Just(text));
    (
        uris,
        prop::option::of(method),
        maybe("native"),
        any::<bool>(),
        maybe("openid email groups"),
        prop::option::of("[a-zA-Z ]{1,20}[a-z]"),
        prop::option::of(0_i64..1_000_000),
    )
        .prop_map(|(uris, method, kind, refresh, scope, name, age)| {
            let mut grants = vec!["authorization_code"];
            grants.extend(refresh.then_some("refresh_token"));
            json!({
                "redirect_uris": uris, "token_endpoint_auth_method": method, "application_type": kind,
                "grant_types": grants, "scope": scope, "client_name": name, "default_max_age": age,
            })
        })
}

proptest! {
    #[test]
    fn what_is_echoed_can_be_sent_back_and_changes_nothing(sent in metadata()) {
        let made = registered(parse(&sent).expect("a client"));
        let echo = describe(&made);
        let again = parse_metadata(&echo, Some(&made.settings), &RegistrationPolicy::default()).expect("the echo");
        prop_assert_eq!(&again.settings, &made.settings);
        prop_assert_eq!((&again.name, again.kind), (&made.name, made.kind));
        prop_assert_eq!(describe(&registered(again)), echo);
    }

    #[test]
    fn nothing_that_is_sent_opens_more_than_the_policy(
        name in prop::sample::select([OWN, ADMINISTRATORS, PROTECTIONS].concat()),
        value in prop::sample::select(vec![
            json!(null), json!(true), json!(-1), json!(""), json!("skip"), json!(["x"]), json!({"keys": []}),
            json!(["https://app.example/cb"]), json!("https://app.example/"), json!("none"),
        ]),
    ) {
        if let Ok(made) = parse(&with(name, value)) {
            let policy = RegistrationPolicy::default();
            prop_assert!(made.settings.scope.iter().all(|scope| policy.scope.contains(scope)));
            prop_assert!(made.settings.grant_types.iter().all(|grant| policy.grant_types.contains(grant)));
            prop_assert!(made.settings.require_pkce && !made.settings.may_introspect);
            prop_assert_eq!(made.settings.consent, ConsentMode::Once);
            prop_assert_eq!(check_settings(made.kind, &made.settings), Ok(()));
        }
    }
}
