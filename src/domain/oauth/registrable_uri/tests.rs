//! Tests of `registrable_uri`.

use super::*;

#[test]
fn addresses_that_real_applications_use_can_be_registered() {
    for (kind, uri) in [
        (ClientKind::Web, "https://app.example"),
        (ClientKind::Web, "https://app.example:8443/cb?tenant=a%20b&x=(1)"),
        (ClientKind::Web, "https://[2001:db8::1]/cb"),
        (ClientKind::Web, "http://localhost:3000/callback"),
        (ClientKind::Spa, "http://127.0.0.1:5173"),
        (ClientKind::Native, "http://127.0.0.1/callback"),
        (ClientKind::Native, "http://[::1]:0/callback"),
        (ClientKind::Native, "app.immich:///oauth-callback"),
        (ClientKind::Native, "com.example.app:/callback"),
        (ClientKind::Native, "com.example.app:callback"),
        (ClientKind::Native, "x:/y"),
        (ClientKind::Native, "https://app.example/applink"),
        (ClientKind::Agent, "http://127.0.0.1:33418/"),
        (ClientKind::Agent, "cursor://anysphere.cursor-mcp/oauth/callback"),
        (ClientKind::Agent, "https://claude.ai/api/mcp/auth_callback"),
    ] {
        assert_eq!(check_registrable(kind, uri), Ok(()), "{uri}");
    }
}

#[test]
fn each_rule_refuses_what_it_is_for() {
    use RedirectUriRule as Rule;
    let long = format!("https://app.example/{}", "x".repeat(2048));
    for (uri, rule) in [
        ("", Rule::Length),
        (long.as_str(), Rule::Length),
        ("https://*.example/cb", Rule::Wildcard),
        ("https://app.example/*", Rule::Wildcard),
        ("https://app.example/a b", Rule::Characters),
        (" https://app.example/", Rule::Characters),
        ("https://app.example/\r\nSet-Cookie:a", Rule::Characters),
        ("https://app.example/\0", Rule::Characters),
        ("https://app.example\\@evil.example/", Rule::Characters),
        ("https://app.example/\"><script>", Rule::Characters),
        ("https://\u{e4}pp.example/", Rule::Characters),
        ("https://app.example/%", Rule::Characters),
        ("https://app.example/%2", Rule::Characters),
        ("https://app.example/%zz", Rule::Characters),
        ("https://app.example/cb#x", Rule::Fragment),
        ("https://app.example/cb#", Rule::Fragment),
        ("/callback", Rule::NotAbsolute),
        ("app.example/callback", Rule::NotAbsolute),
        ("//app.example/callback", Rule::NotAbsolute),
        ("https:", Rule::NotAbsolute),
        ("https://", Rule::NotAbsolute),
        ("https:app.example", Rule::NotAbsolute),
        ("https:///app.example", Rule::NotAbsolute),
        ("https://?x", Rule::NotAbsolute),
        ("https://app.example:99999/", Rule::NotAbsolute),
        ("https://[::1/", Rule::NotAbsolute),
        (":/y", Rule::NotAbsolute),
        ("1x:/y", Rule::NotAbsolute),
        ("HTTPS://app.example/", Rule::SchemeCase),
        ("Com.Example:/cb", Rule::SchemeCase),
        ("https://user@app.example/", Rule::Userinfo),
        ("https://user:pw@app.example/", Rule::Userinfo),
        ("https://@app.example/", Rule::Userinfo),
        ("http://127.0.0.1:80@evil.example/", Rule::Userinfo),
        ("x://user@host/y", Rule::Userinfo),
        ("http://app.example/cb", Rule::PlainHttp),
        ("http://127.0.0.1.evil.example/", Rule::PlainHttp),
        ("http://localhost.evil.example/", Rule::PlainHttp),
        ("http://127.1/cb", Rule::PlainHttp),
        ("http://2130706433/cb", Rule::PlainHttp),
        ("http://127.0.0.2/cb", Rule::PlainHttp),
        ("http://0.0.0.0/cb", Rule::PlainHttp),
        ("http://127.0.0.1:/cb", Rule::PlainHttp),
    ] {
        assert_eq!(check_registrable(ClientKind::Native, uri), Err(rule), "{uri}");
    }
}

#[test]
fn a_scheme_that_runs_or_reads_something_is_never_a_target_in_any_case() {
    for scheme in FORBIDDEN_SCHEMES {
        for uri in [format!("{scheme}:alert(1)"), format!("{}://x/y", scheme.to_uppercase())] {
            assert_eq!(check_registrable(ClientKind::Native, &uri), Err(RedirectUriRule::SchemeForbidden), "{uri}");
        }
    }
}

#[test]
fn only_native_clients_have_schemes_of_their_own() {
    for kind in [ClientKind::Web, ClientKind::Spa, ClientKind::Machine] {
        assert_eq!(check_registrable(kind, "app.immich:///x"), Err(RedirectUriRule::SchemeOfNativeOnly), "{kind:?}");
    }
}

#[test]
fn every_rule_has_a_sentence() {
    for rule in [RedirectUriRule::Length, RedirectUriRule::PlainHttp, RedirectUriRule::SchemeForbidden] {
        assert_eq!(rule.to_string(), rule.sentence());
        assert!(rule.sentence().ends_with('.'));
    }
}
