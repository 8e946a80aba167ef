//! What the metadata endpoints do not do.

use crate::support::Request;

const DOCUMENTS: [&str; 3] =
    ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/oauth2/jwks"];

both! {
    async fn they_are_only_read(app) {
        for path in DOCUMENTS {
            for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
                let answer = app.send(Request::new(method, path).body("")).await;
                answer.refused_page(405, "AS-5002").await;
                assert_eq!(answer.response.header("allow"), Some("GET, HEAD, OPTIONS"));
            }
        }
    }

    async fn near_misses_are_nowhere(app) {
        for path in [
            "/.well-known/openid-configuration/",
            "/.well-known/OPENID-CONFIGURATION",
            "//.well-known/openid-configuration",
            "/.well-known/openid-configuration%00",
            "/.well-known/openid-configuration.json",
            "/.well-known/",
            "/oauth2/jwks/x",
            "/x/.well-known/openid-configuration",
        ] {
            app.send(Request::get(path)).await.refused_page(404, "AS-5001").await;
        }
    }

    async fn what_is_sent_along_changes_nothing(app) {
        for path in DOCUMENTS {
            let plain = app.get(path).await;
            for request in [
                Request::get(format!("{path}?issuer=https://evil.example")),
                Request::get(path).header("X-Forwarded-Host", "evil.example").header("X-Forwarded-Proto", "https"),
                Request::get(path).header("Forwarded", "host=evil.example;proto=https"),
                Request::get(path).header("Origin", "https://evil.example").header("Cookie", "symbolon_session=x"),
            ] {
                let answer = app.wire.send(&request).await;
                assert_eq!((answer.status, &answer.body), (200, &plain.body), "{answer}");
            }
        }
    }
}
