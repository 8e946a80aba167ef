//! Headers that every answer carries, and how long answers may be kept.

use symbolon::http::routes::{Permission, ROUTES};

use crate::support::{Request, Response};

/// The route's path with something in place of its parameters.
fn concrete(path: &str) -> String {
    path.replace("{interaction}", "0190a6c0-0000-7000-8000-000000000000")
        .replace("{code}", "AS-1003")
        .replace("{hash}", "x")
        .replace("{name}", "app.css")
}

fn check(what: &str, response: &Response) {
    let trace = response.header("x-trace-id").unwrap_or_else(|| panic!("{what}: no trace id"));
    assert!(trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit()), "{what}: {trace}");
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(response.header("referrer-policy"), Some("no-referrer"), "{what}");
    // One page is made for frames of other origins; its policy has a test of its own.
    let framed = response.status == 200 && what.ends_with(" /check-session");
    assert_eq!(response.header("x-frame-options"), (!framed).then_some("DENY"), "{what}");
    let policy = response.header("content-security-policy").unwrap_or_else(|| panic!("{what}: no policy"));
    let html = response.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    for (rule, needed) in [("default-src 'none'", true), ("frame-ancestors 'none'", !framed), ("base-uri 'none'", html)]
    {
        assert!(!needed || policy.contains(rule), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    // On loopback http there is no HSTS, and nobody is told what runs here.
    for absent in ["strict-transport-security", "server", "x-powered-by"] {
        assert_eq!(response.header(absent), None, "{what}");
    }
}

both! {
    async fn every_answer_of_every_route_carries_the_security_headers(app) {
        for route in ROUTES.iter().filter(|route| route.permission != Permission::Playground) {
            let path = concrete(route.path);
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
                let response = app.wire.send(&Request::new(method, &path)).await;
                check(&format!("{method} {path}"), &response);
                assert!(response.status < 500, "{method} {path}: {response}");
            }
        }
        check("nowhere", &app.get("/nowhere").await);
    }

    async fn only_metadata_assets_and_icons_may_be_kept(app) {
        for route in ROUTES.iter().filter(|route| route.permission != Permission::Playground) {
            let path = concrete(route.path);
            for (method, _) in route.methods {
                let response = app.wire.send(&Request::new(&method.to_uppercase(), &path)).await;
                let cache = response.header("cache-control").unwrap_or_else(|| panic!("{method} {path}: {response}"));
                let public = matches!(
                    route.path,
                    "/.well-known/openid-configuration"
                        | "/.well-known/oauth-authorization-server"
                        | "/oauth2/jwks"
                        | "/assets/{hash}/{name}"
                        | "/favicon.ico"
                        | "/docs/errors"
                        | "/docs/errors/{code}"
                );
                assert!(public || cache == "no-store", "{method} {path}: {cache}");
            }
        }
    }

    async fn assets_are_kept_for_ever_under_their_hash_only(app) {
        let page = app.get("/signed-out").await;
        let at = page.text().find("/assets/").expect("a style sheet");
        let address: String = page.text()[at..].chars().take_while(|c| *c != '"').collect();
        let asset = app.get(&address).await;
        assert_eq!((asset.status, asset.header("cache-control")), (200, Some("public, max-age=31536000, immutable")));
        assert_eq!(app.get("/assets/0/app.css").await.header("cache-control"), Some("no-cache"));
        assert_eq!(app.get("/assets/0/other.css").await.status, 404);
    }

    async fn the_trace_id_is_the_callers_if_it_is_well_formed(app) {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let request = Request::get("/healthz").header("Traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        assert_eq!(app.wire.send(&request).await.header("x-trace-id"), Some(trace));
        for header in
            ["", "x", "00-4bf92f3577b34da6a3ce929d0e0e4736", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"]
        {
            let response = app.wire.send(&Request::get("/healthz").header("Traceparent", header)).await;
            let own = response.header("x-trace-id").expect("a trace id");
            assert!(own.len() == 32 && own != trace && own.bytes().any(|byte| byte != b'0'), "{own}");
        }
    }

    async fn pages_load_nothing_from_elsewhere(app) {
        // RFC 9700 §4.2.4: no third-party resources.
        for path in ["/", "/signed-out", "/setup", "/docs/errors", "/docs/errors/AS-1003", "/nowhere"] {
            let page = app.get(path).await;
            for attribute in ["src=\"http", "src=\"//", "href=\"//", "<style", "onload=", "onclick=", "javascript:"] {
                assert!(!page.text().contains(attribute), "{path}: {attribute}");
            }
        }
    }
}
