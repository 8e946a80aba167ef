//! Requests that no use case ever sees.

use symbolon::http::routes::{Extras, ROUTES};

use crate::support::{ClientSpec, Request, SECRET, basic};

both! {
    async fn an_unknown_path_is_a_page_with_a_trace(app) {
        for path in [
            "/nowhere",
            "/oauth2",
            "/oauth2/",
            "/oauth2/token/",
            "/oauth2/TOKEN",
            "/admin",
            "/.env",
            "/oauth2/token%2f",
            "/..",
            "/dev",
        ] {
            app.send(Request::get(path)).await.refused_page(404, "AS-5001").await;
            app.send(Request::form(path, &[])).await.refused_page(404, "AS-5001").await;
        }
    }

    async fn a_code_that_is_none_has_no_page(app) {
        for code in ["AS-4000", "AS-4013", "AS-4030", "AS-40", "AS-40011", "as-4001", "AS-9999", "4001", "StartCode"] {
            app.send(Request::get(format!("/docs/errors/{code}"))).await.refused_page(404, "AS-5001").await;
        }
    }

    async fn another_method_is_refused_and_the_right_ones_are_named(app) {
        for route in ROUTES.iter().filter(|route| Extras::default().serves(route)) {
            let path = route
                .path
                .replace("{interaction}", "x")
                .replace("{code}", "AS-1003")
                .replace("{hash}", "x")
                .replace("{name}", "y");
            let mut allowed: Vec<String> = route.methods.iter().map(|(name, _)| name.to_uppercase()).collect();
            if allowed.iter().any(|name| name == "GET") {
                allowed.push("HEAD".to_owned());
            }
            if route.origins == symbolon::http::routes::Origins::Any {
                allowed.push("OPTIONS".to_owned());
            }
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X"] {
                if allowed.iter().any(|name| name == method) {
                    continue;
                }
                let answer = app.send(Request::new(method, &path).body("")).await;
                answer.refused_page(405, "AS-5002").await;
                let named: Vec<&str> = answer.response.header("allow").expect("Allow").split(", ").collect();
                assert_eq!(named, allowed, "{method} {path}");
            }
        }
    }

    async fn a_body_above_the_limit_is_refused_in_the_form_of_the_route(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let large = "x".repeat(65 * 1024);
        for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke", "/oauth2/userinfo"] {
            let request = Request::form(path, &[("token", &large)]).header("Authorization", basic("service", SECRET));
            let answer = rp.send(&request).await;
            assert_eq!(answer.response.status, 413, "{path}: {}", answer.response);
            let body = answer.response.json();
            assert_eq!(body["error"], "invalid_request", "{path}");
            assert!(body["error_description"].as_str().is_some_and(|text| text.starts_with("AS-5003: ")), "{body}");
            assert_eq!(body["trace_id"], answer.trace_id());
            let record = app.record(answer.trace_id()).await.and_then(|record| record.reason());
            assert_eq!(record.map(|reason| reason.code()), Some("AS-5003"), "{path}");
        }
        for path in ["/oauth2/authorize", "/sign-in/x", "/consent/x", "/sign-out", "/oauth2/logout", "/setup"] {
            app.send(Request::form(path, &[("state", &large)])).await.refused_page(413, "AS-5003").await;
        }
        rp.machine_token().await.ok().await;
    }

    async fn a_body_at_the_limit_is_read(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let mut body = "grant_type=client_credentials".to_owned();
        for name in ["a", "b", "c", "d"] {
            body.push_str(&format!("&{name}={}", "x".repeat(16 * 1024 - 100)));
        }
        let request =
            Request::new("POST", "/oauth2/token").header("Authorization", basic("service", SECRET)).form_body(body);
        rp.send(&request).await.ok().await;
    }

    async fn what_is_not_http_does_not_disturb_the_others(app) {
        for bytes in [
            &b""[..],
            b"\x16\x03\x01\x02\x00",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"\0\0\0\0\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            b"POST /oauth2/token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            let answer =
                tokio::time::timeout(std::time::Duration::from_secs(8), app.wire.try_send_and_close(bytes)).await;
            if let Ok(Some(response)) = answer {
                assert!((400..500).contains(&response.status), "{bytes:?}: {response}");
            }
        }
        assert_eq!(app.get("/healthz").await.status, 200);
    }
}
