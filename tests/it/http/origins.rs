//! Who may read what from another origin (RFC 9700 §2.6): programs' endpoints, never pages.

use symbolon::http::routes::{Extras, Origins, ROUTES};

use crate::support::{ClientSpec, Credentials, Request};

const ORIGIN: &str = "https://spa.example";

fn concrete(path: &str) -> String {
    path.replace("{interaction}", "x").replace("{code}", "AS-1003").replace("{hash}", "x").replace("{name}", "app.css")
}

both! {
    async fn a_preflight_is_answered_where_applications_in_browsers_call(app) {
        for route in ROUTES.iter().filter(|route| Extras::default().serves(route)) {
            let request = Request::new("OPTIONS", concrete(route.path))
                .header("Origin", ORIGIN)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization,content-type");
            let response = app.wire.send(&request).await;
            if route.origins == Origins::Any {
                assert_eq!(response.status, 204, "{}", route.path);
                assert_eq!(response.header("access-control-allow-origin"), Some("*"), "{}", route.path);
                let headers = response.header("access-control-allow-headers").expect("headers").to_lowercase();
                assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
                assert!(
                    response.header("access-control-allow-methods").is_some_and(|methods| methods.contains("POST"))
                );
            } else {
                assert_eq!(response.status, 405, "{}", route.path);
            }
        }
    }

    async fn only_those_answers_are_readable_and_never_with_credentials(app) {
        for route in ROUTES.iter().filter(|route| Extras::default().serves(route)) {
            for (method, _) in route.methods.iter().chain(&[("delete", route.methods[0].1)]) {
                let request = Request::new(&method.to_uppercase(), concrete(route.path)).header("Origin", ORIGIN);
                let response = app.wire.send(&request).await;
                let what = format!("{method} {}: {response}", route.path);
                assert_eq!(response.header("access-control-allow-credentials"), None, "{what}");
                let readable = response.header("access-control-allow-origin");
                assert_eq!(readable, (route.origins == Origins::Any).then_some("*"), "{what}");
            }
        }
    }

    async fn refusals_are_readable_too(app) {
        // A library in a browser must be able to read why.
        let rp = app.client(ClientSpec::spa("spa")).await;
        let large = Request::form("/oauth2/token", &[("x", &"y".repeat(70_000))]);
        for answer in [
            rp.refresh("x").await,
            rp.with(Credentials::Nothing).refresh("x").await,
            rp.userinfo("x").await,
            rp.send(&large).await,
        ] {
            let response = &answer.response;
            assert_eq!(response.header("access-control-allow-origin"), Some("*"), "{response}");
            let exposed = response.header("access-control-expose-headers").unwrap_or_default();
            assert!(exposed.contains("X-Trace-Id") && exposed.contains("WWW-Authenticate"), "{exposed}");
        }
    }
}
