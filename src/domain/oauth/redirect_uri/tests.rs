//! Tests of `redirect_uri`.

use proptest::prelude::*;

use super::*;
use crate::oauth::fixtures::{client, refusal, web};

const REGISTERED: &str = "https://app.example/callback?tenant=a%2Fb";

fn native() -> Client {
    client(
        ClientKind::Native,
        &["http://127.0.0.1/callback", "http://localhost:7000/callback?x=1", "http://[::1]", "app.immich:///oauth"],
    )
}

#[test]
fn only_the_registered_bytes_match() {
    let client = client(ClientKind::Web, &[REGISTERED, "https://app.example/other"]);
    assert_eq!(SafeRedirect::matched(&client, Some(REGISTERED)).map(|uri| uri.0), Ok(REGISTERED.to_owned()));
    for sent in [
        "",
        "https://app.example/callback",
        "https://app.example/callback?tenant=a/b",
        "https://app.example/callback?tenant=a%2fb",
        "https://app.example/callback?tenant=a%2Fb&more=1",
        "https://app.example/callback?tenant=a%2Fb#",
        "https://app.example/callback/../callback?tenant=a%2Fb",
        "https://APP.example/callback?tenant=a%2Fb",
        "HTTPS://app.example/callback?tenant=a%2Fb",
        "https://app.example:443/callback?tenant=a%2Fb",
        "https://user@app.example/callback?tenant=a%2Fb",
        "https://app.example\\@evil.example/callback?tenant=a%2Fb",
        "https://app.example/callback?tenant=a%2Fb ",
        "http://app.example/callback?tenant=a%2Fb",
        "//app.example/callback?tenant=a%2Fb",
        "https://app.example/other/",
    ] {
        assert_eq!(refusal(SafeRedirect::matched(&client, Some(sent))), ("invalid_request", "AS-1003"), "{sent}");
    }
}

#[test]
fn a_missing_address_is_refused_even_if_only_one_is_registered() {
    assert_eq!(refusal(SafeRedirect::matched(&web(), None)), ("invalid_request", "AS-1002"));
}

#[test]
fn a_native_client_may_choose_the_port_of_a_loopback_address() {
    for sent in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:65535/callback",
        "http://localhost/callback?x=1",
        "http://localhost:8123/callback?x=1",
        "http://[::1]:9000",
        "app.immich:///oauth",
    ] {
        assert!(SafeRedirect::matched(&native(), Some(sent)).is_ok(), "{sent}");
        let agent = Client { kind: ClientKind::Agent, ..native() };
        assert!(SafeRedirect::matched(&agent, Some(sent)).is_ok(), "{sent}");
    }
}

#[test]
fn nothing_but_the_port_of_a_loopback_address_may_vary() {
    for sent in [
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:+80/callback",
        "http://127.0.0.1:80x/callback",
        "http://127.0.0.1:80",
        "http://127.0.0.1:80/",
        "http://127.0.0.1:80/callback/",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:80.evil.example/callback",
        "http://localhost:80/callback",
        "http://localhost:80/callback?x=2",
        "http://localhost.evil.example:80/callback?x=1",
        "http://[::1]evil.example",
        "http://[::1]:80/",
        "http://[::2]:80",
        "http://127.0.0.2:80/callback",
        "https://127.0.0.1:80/callback",
        "http://[::1]:80/callback",
        "app.immich:///oauth/",
        "app.immich://:80/oauth",
    ] {
        assert_eq!(refusal(SafeRedirect::matched(&native(), Some(sent))), ("invalid_request", "AS-1003"), "{sent}");
    }
}

#[test]
fn other_clients_may_not_choose_the_port() {
    for kind in [ClientKind::Web, ClientKind::Spa, ClientKind::Machine] {
        let client = client(kind, &["http://127.0.0.1:3000/callback"]);
        assert!(SafeRedirect::matched(&client, Some("http://127.0.0.1:3000/callback")).is_ok());
        let sent = Some("http://127.0.0.1:3001/callback");
        assert_eq!(refusal(SafeRedirect::matched(&client, sent)), ("invalid_request", "AS-1003"), "{kind:?}");
    }
}

#[test]
fn an_address_that_was_unregistered_meanwhile_is_not_restored() {
    let mut client = web();
    let redirect = SafeRedirect::matched(&client, Some("https://app.example/callback")).expect("registered");
    assert_eq!(SafeRedirect::restored(&client, redirect.as_str()), Ok(redirect.clone()));
    client.settings.redirect_uris.clear();
    assert_eq!(refusal(SafeRedirect::restored(&client, redirect.as_str())), ("invalid_request", "AS-1003"));
}

#[test]
fn a_bad_row_cannot_put_a_line_break_into_a_header() {
    let bad = "https://app.example/\r\nSet-Cookie: a=b";
    assert_eq!(
        refusal(SafeRedirect::matched(&client(ClientKind::Web, &[bad]), Some(bad))),
        ("invalid_request", "AS-1003")
    );
}

#[test]
fn the_port_varies_only_where_the_registered_host_is_the_loopback_one() {
    for (registered, sent) in [
        ("http://127.0.0.1@evil.example/cb", "http://127.0.0.1:80@evil.example/cb"),
        ("http://localhost.evil.example/cb", "http://localhost:80.evil.example/cb"),
    ] {
        let client = client(ClientKind::Native, &[registered]);
        assert_eq!(refusal(SafeRedirect::matched(&client, Some(sent))), ("invalid_request", "AS-1003"), "{sent}");
    }
}

#[test]
fn parameters_are_appended_to_the_registered_query() {
    for (registered, expected) in [
        ("https://app.example", "https://app.example?code=a%20b&state=%26"),
        ("https://app.example/cb", "https://app.example/cb?code=a%20b&state=%26"),
        ("https://app.example/cb?foo=bar%20x", "https://app.example/cb?foo=bar%20x&code=a%20b&state=%26"),
        ("https://app.example/cb?", "https://app.example/cb?code=a%20b&state=%26"),
        ("https://app.example/cb?a=1&", "https://app.example/cb?a=1&code=a%20b&state=%26"),
        ("x:/y", "x:/y?code=a%20b&state=%26"),
    ] {
        let redirect =
            SafeRedirect::matched(&client(ClientKind::Native, &[registered]), Some(registered)).expect("registered");
        let pairs = [("code", "a b"), ("state", "&")];
        assert_eq!(redirect.with_query(&pairs), expected);
        assert_eq!(redirect.with_query(&[]), registered);
        assert_eq!(redirect.with_fragment(&pairs), format!("{registered}#code=a%20b&state=%26"));
        assert_eq!(serde_json::to_value(&redirect).expect("a string"), serde_json::json!(registered));
    }
}

fn without_digits_after_origin(uri: &str) -> bool {
    LOOPBACK_ORIGINS.iter().any(|origin| uri.starts_with(&format!("{origin}:")))
}

proptest! {
    #[test]
    fn no_mutation_of_a_registered_address_is_accepted(
        position in any::<prop::sample::Index>(), replacement in "[ -~]{0,3}", removed in 0_usize..3,
    ) {
        let client = client(ClientKind::Web, &[REGISTERED]);
        let start = position.index(REGISTERED.len() + 1);
        let end = (start + removed).min(REGISTERED.len());
        let sent = format!("{}{replacement}{}", &REGISTERED[..start], &REGISTERED[end..]);
        prop_assert_eq!(SafeRedirect::matched(&client, Some(&sent)).is_ok(), sent == REGISTERED);
    }

    #[test]
    fn a_mutated_loopback_address_leads_to_the_same_host_and_path_or_nowhere(
        position in any::<prop::sample::Index>(), replacement in "[!-~]{0,6}", removed in 0_usize..4,
    ) {
        let registered = "http://127.0.0.1:8000/callback";
        let client = client(ClientKind::Native, &[registered]);
        let start = position.index(registered.len() + 1);
        let end = (start + removed).min(registered.len());
        let sent = format!("{}{replacement}{}", &registered[..start], &registered[end..]);
        if SafeRedirect::matched(&client, Some(&sent)).is_ok() {
            let parsed = url::Url::parse(&sent).expect("an accepted address is a URL");
            prop_assert_eq!((parsed.scheme(), parsed.host_str(), parsed.path()), ("http", Some("127.0.0.1"), "/callback"));
            prop_assert!(parsed.query().is_none() && parsed.fragment().is_none() && parsed.username().is_empty());
            prop_assert!(sent == "http://127.0.0.1/callback" || without_digits_after_origin(&sent));
        }
    }

    #[test]
    fn no_text_makes_the_comparison_panic(sent in "\\PC{0,60}", port in "[0-9:@/?\u{e9}]{0,8}") {
        let _ = SafeRedirect::matched(&native(), Some(&sent));
        let _ = SafeRedirect::matched(&native(), Some(&format!("http://127.0.0.1{port}{sent}")));
    }
}
