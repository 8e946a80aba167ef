//! Tests of `dev`.

use actix_web::{
    HttpResponse,
    http::header::{COOKIE as COOKIE_HEADER, SET_COOKIE},
    test::TestRequest,
};

use super::{
    browser::{COOKIE, elsewhere, find, remember},
    view::server_error,
};
use crate::{
    domain::Issuer,
    service::playground::{BrowserKey, ServerError},
};

fn issuer(text: &str) -> Issuer {
    Issuer::parse(text).expect("issuer")
}

fn key() -> BrowserKey {
    BrowserKey::parse(&"k".repeat(43)).expect("a name of the right form")
}

fn cookie_of(issuer: &Issuer) -> String {
    let mut response = HttpResponse::Ok().finish();
    remember(&mut response, issuer, &key());
    response.headers().get(SET_COOKIE).expect("a cookie").to_str().expect("text").to_owned()
}

#[test]
fn the_cookie_is_for_the_playground_alone() {
    let plain = cookie_of(&issuer("http://localhost:8080"));
    for part in ["HttpOnly", "SameSite=Lax", "Path=/dev"] {
        assert!(plain.split("; ").any(|found| found == part), "{part} in {plain}");
    }
    assert!(!plain.contains("Secure"), "{plain}");
    let https = cookie_of(&issuer("https://id.example.com/sub"));
    assert!(https.contains("Secure") && https.contains("Path=/sub/dev"), "{https}");
}

#[test]
fn two_cookies_of_one_name_name_nobody() {
    let value = key().text().expose().clone();
    let asked = |header: String| find(&TestRequest::default().insert_header((COOKIE_HEADER, header)).to_http_request());
    assert!(asked(format!("{COOKIE}={value}")).is_some());
    assert!(asked(format!("{COOKIE}={value}; {COOKIE}={value}")).is_none());
    assert!(asked(format!("{COOKIE}=guess")).is_none());
    assert!(find(&TestRequest::default().to_http_request()).is_none());
}

#[test]
fn the_playground_is_opened_under_the_issuers_own_name() {
    let here = issuer("http://localhost:8080");
    let moved = Some("http://localhost:8080/dev".to_owned());
    assert_eq!(elsewhere(&here, "127.0.0.1:8080"), moved);
    assert_eq!(elsewhere(&here, "[::1]:8080"), moved);
    assert_eq!(elsewhere(&issuer("http://[::1]:8080"), "[::1]:8080"), None);
    // Behind a proxy or a port forward the names differ for good reason: no redirect, no loop.
    for host in ["localhost:8080", "LOCALHOST:8080", "localhost:9999", "dev.example:8080", ""] {
        assert_eq!(elsewhere(&here, host), None, "{host}");
    }
    assert_eq!(elsewhere(&issuer("https://id.example.com"), "127.0.0.1"), None);
}

#[test]
fn an_error_links_to_this_servers_pages_only() {
    let linked = |uri: Option<&str>, description: &str| {
        let error = ServerError {
            code: "invalid_grant".to_owned(),
            description: Some(description.to_owned()),
            uri: uri.map(str::to_owned),
            trace_id: None,
        };
        let docs = server_error(&issuer("http://localhost:8080"), &error).docs_url;
        docs.map(|href| href.as_str().to_owned())
    };
    let page = Some("http://localhost:8080/docs/errors/AS-1111".to_owned());
    assert_eq!(linked(page.as_deref(), ""), page);
    assert_eq!(linked(None, "AS-1111: The code is not valid."), page);
    for uri in
        ["https://evil.example/docs/errors/AS-1111", "javascript:alert(1)", "http://localhost:8080.evil.example/"]
    {
        assert_eq!(linked(Some(uri), "no code here"), None, "{uri}");
    }
    assert_eq!(linked(None, "AS-0000: no such code"), None);
}
