//! Tests of `client_id_document`.

use super::*;
use crate::oauth::{
    DocumentMode,
    fixtures::{at, refusal, strings},
};

const ADDRESS: &str = "https://app.example/oauth/client.json";

fn parse(text: &str, danger_loopback: bool) -> Result<DocumentAddress, OAuthError> {
    DocumentAddress::parse(&ClientId::new(text), danger_loopback)
}

fn document() -> Value {
    json!({
        "client_id": ADDRESS,
        "client_name": "Agent",
        "redirect_uris": ["http://127.0.0.1:33418", "https://vscode.dev/redirect"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

fn read(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Registration, OAuthError> {
    let mut document = document();
    change(document.as_object_mut().expect("an object"));
    let address = parse(ADDRESS, false).expect("an address");
    let policy = RegistrationPolicy { documents: DocumentMode::Any, ..RegistrationPolicy::default() };
    parse_document(&address, document.as_object().expect("an object"), None, &policy).map_err(|refusal| refusal.error)
}

#[test]
fn an_address_has_a_host_and_a_path_in_their_normal_form() {
    assert_eq!(parse(ADDRESS, false).map(|address| address.host().to_owned()), Ok("app.example".to_owned()));
    let with_port = parse("https://app.example:8443/a", false).expect("an address");
    assert_eq!((with_port.host(), with_port.as_str()), ("app.example:8443", "https://app.example:8443/a"));
    for text in [
        "http://app.example/client.json",
        "https://app.example",
        "https://app.example/",
        "https://app.example/a?x=1",
        "https://app.example/a#x",
        "https://user@app.example/a",
        "https://user:pw@app.example/a",
        "https://app.example/a/../b",
        "https://app.example/./b",
        "https://app.example/%2e%2e/b",
        "https://APP.example/a",
        "https://app.example:443/a",
        "https:app.example/a",
        "https:///app.example/a",
        "https://app.example\\a",
        "https://",
        "ftp://app.example/a",
        &format!("https://app.example/{}", "x".repeat(512)),
    ] {
        assert_eq!(refusal(parse(text, false)), ("invalid_client", "AS-1441"), "{text}");
    }
}

#[test]
fn plain_http_is_for_this_machine_and_only_where_somebody_asked_for_danger() {
    assert!(parse("http://127.0.0.1:8080/a", true).is_ok());
    assert!(parse("http://127.0.0.1:8080/a", false).is_err());
    assert!(parse("http://127.0.0.1.evil.example:80/a", true).is_err());
    assert!(parse("http://app.example:8080/a", true).is_err());
}

#[test]
fn only_an_address_is_taken_for_one() {
    for (id, expected) in [(ADDRESS, true), ("http://x/y", true), ("app-23456789", false), ("https", false)] {
        assert_eq!(is_document_id(&ClientId::new(id)), expected, "{id}");
    }
}

#[test]
fn a_document_makes_a_public_client_that_always_asks() {
    let made = read(|_| {}).expect("a client");
    assert_eq!((made.name.as_str(), made.kind), ("Agent", crate::entity::ClientKind::Native));
    assert_eq!(made.settings.consent, ConsentMode::Always);
    assert!(made.settings.require_pkce && made.settings.quarantined);
    assert!(!made.settings.token_endpoint_auth_method.is_confidential());
    let silent = read(|members| _ = members.remove("token_endpoint_auth_method")).expect("a client");
    assert_eq!(silent.settings.token_endpoint_auth_method, made.settings.token_endpoint_auth_method);
    let keyed = read(|members| {
        members.insert("token_endpoint_auth_method".to_owned(), json!("private_key_jwt"));
        members.insert("jwks_uri".to_owned(), json!("https://app.example/jwks.json"));
    });
    assert!(keyed.expect("a client").settings.token_endpoint_auth_method.is_confidential());
}

#[test]
fn a_host_that_an_administrator_named_needs_no_release() {
    let address = parse(ADDRESS, false).expect("an address");
    let policy = RegistrationPolicy {
        documents: DocumentMode::Any,
        document_hosts: strings(&["app.example"]),
        ..RegistrationPolicy::default()
    };
    let members = document();
    let made = parse_document(&address, members.as_object().expect("an object"), None, &policy).expect("a client");
    assert!(!made.settings.quarantined);
}

#[test]
fn the_document_is_its_own_and_has_no_secret() {
    for other in
        [json!(null), json!("https://app.example/oauth/client.json/"), json!("https://evil.example/"), json!(1)]
    {
        assert_eq!(refusal(read(|m| _ = m.insert("client_id".to_owned(), other))), ("invalid_client", "AS-1443"));
    }
    assert_eq!(refusal(read(|m| _ = m.remove("client_id"))), ("invalid_client", "AS-1443"));
    for (name, value) in [
        ("client_secret", json!("x")),
        ("client_secret_expires_at", json!(0)),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("token_endpoint_auth_method", json!("unknown")),
        ("token_endpoint_auth_method", json!(1)),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(["https://app.example/*"])),
        ("grant_types", json!(["client_credentials"])),
        ("software_statement", json!("x")),
        ("sector_identifier_uri", json!("https://app.example/sector.json")),
        ("jwks", json!({"keys": [{"kty": "oct", "k": "x"}]})),
    ] {
        let refused = refusal(read(|members| _ = members.insert(name.to_owned(), value.clone())));
        assert_eq!(refused, ("invalid_client", "AS-1444"), "{name} {value}");
    }
}

#[test]
fn an_answer_is_believed_as_long_as_it_says_within_our_bounds() {
    for (header, seconds) in [
        (None, 3600),
        (Some("public"), 3600),
        (Some("max-age=600"), 600),
        (Some("public, Max-Age=\"7200\""), 7200),
        (Some("max-age=1"), 300),
        (Some("max-age=0"), 300),
        (Some("max-age=99999999999999999999"), 300),
        (Some("max-age=-5"), 300),
        (Some("max-age=1000000"), 86_400),
        (Some("no-store, max-age=86400"), 300),
        (Some("max-age=86400, no-cache"), 300),
    ] {
        let told = Caching { cache_control: header, ..Caching::default() };
        assert_eq!(cache_seconds(told, at(0)), seconds, "{header:?}");
    }
}

#[test]
fn expires_counts_where_there_is_no_max_age() {
    const EIGHT: Option<&str> = Some("Fri, 15 Jan 2027 08:00:00 GMT");
    const TEN_PAST: Option<&str> = Some("Fri, 15 Jan 2027 08:10:00 GMT");
    for (cache_control, expires, date, seconds) in [
        (None, TEN_PAST, EIGHT, 600),
        (None, TEN_PAST, None, 600),
        (Some("public"), TEN_PAST, EIGHT, 600),
        // The clock of the server counts, not ours.
        (None, TEN_PAST, Some("Fri, 15 Jan 2027 08:03:00 GMT"), 420),
        (None, Some("Fri, 15 Jan 2027 10:10:00 GMT"), Some("Fri, 15 Jan 2027 10:00:00 GMT"), 600),
        (Some("max-age=900"), TEN_PAST, EIGHT, 900),
        (Some("no-store"), Some("Fri, 15 Jan 2027 12:00:00 GMT"), EIGHT, 300),
        (None, EIGHT, EIGHT, 300),
        (None, EIGHT, TEN_PAST, 300),
        (None, Some("Mon, 15 Jan 2029 08:00:00 GMT"), EIGHT, 86_400),
        (None, Some("0"), EIGHT, 300),
        (None, Some("-1"), EIGHT, 300),
        (None, Some("soon"), EIGHT, 300),
        (None, None, EIGHT, 3600),
        (None, TEN_PAST, Some("soon"), 600),
    ] {
        let told = Caching { cache_control, expires, date };
        assert_eq!(cache_seconds(told, at(0)), seconds, "{told:?}");
    }
}

#[test]
fn a_document_keeps_to_the_profile_of_documents() {
    use crate::oauth::SecurityProfile;
    assert_eq!(read(|_| ()).expect("a client").settings.security_profile, Some(SecurityProfile::Mcp));
    let refused = |members: Value, profile| {
        let address = parse(ADDRESS, false).expect("an address");
        let mut document = document();
        document.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        let policy = RegistrationPolicy { document_profile: profile, ..RegistrationPolicy::default() };
        let refusal = parse_document(&address, document.as_object().expect("an object"), None, &policy).err()?;
        Some((refusal.error.code.name(), refusal.error.reason.code(), refusal.field))
    };
    let by_reference = || json!({ "request_uris": ["https://app.example/r"] });
    let told = |field: &str| Some(("invalid_client", "AS-1706", field.to_owned()));
    let mcp = Some(SecurityProfile::Mcp);
    assert_eq!(refused(by_reference(), mcp), told("request_uris (security profile mcp)"));
    let unsigned = json!({ "request_object_signing_alg": "none" });
    assert_eq!(refused(unsigned, mcp), told("request_object_signing_alg (security profile mcp)"));
    assert_eq!(refused(by_reference(), None), None);
    let fapi = Some(SecurityProfile::Fapi2Security);
    let field = "token_endpoint_auth_method (security profile fapi2-security)";
    assert_eq!(refused(json!({}), fapi), told(field), "a document that says nothing says none");
    let other = json!({ "redirect_uris": [] });
    assert_eq!(refused(other, mcp), Some(("invalid_client", "AS-1444", "redirect_uris".to_owned())));
}
