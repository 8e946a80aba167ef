//! The route table against a table written here: a new route without an entry fails (security
//! requirements, peers' defect 14).

use symbolon::http::routes::{Extras, Origins, Permission, ROUTES};

/// Path, permission, origins, methods.
const EXPECTED: &[(&str, Permission, Origins, &[&str])] = &[
    ("/", Permission::Browser, Origins::Same, &["get"]),
    ("/.well-known/oauth-authorization-server", Permission::Anybody, Origins::Any, &["get"]),
    ("/.well-known/oauth-protected-resource/{path}", Permission::Anybody, Origins::Any, &["get"]),
    ("/.well-known/openid-configuration", Permission::Anybody, Origins::Any, &["get"]),
    ("/accounts/{interaction}", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/apps/start", Permission::Anybody, Origins::Same, &["get"]),
    ("/answered/{answer}", Permission::Anybody, Origins::Same, &["get"]),
    ("/approve/{interaction}", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/assets/{hash}/{name}", Permission::Anybody, Origins::Same, &["get"]),
    ("/check-session", Permission::Anybody, Origins::Same, &["get"]),
    ("/consent/{interaction}", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/dev", Permission::Playground, Origins::Same, &["get"]),
    ("/dev/callback", Permission::Playground, Origins::Same, &["get", "post"]),
    ("/dev/introspect", Permission::Playground, Origins::Same, &["post"]),
    ("/dev/refresh", Permission::Playground, Origins::Same, &["post"]),
    ("/dev/result", Permission::Playground, Origins::Same, &["get"]),
    ("/dev/sign-in", Permission::Playground, Origins::Same, &["post"]),
    ("/dev/sign-out", Permission::Playground, Origins::Same, &["post"]),
    ("/dev/spa", Permission::Playground, Origins::Same, &["get", "post"]),
    ("/device", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/docs/errors", Permission::Anybody, Origins::Same, &["get"]),
    ("/docs/errors/{code}", Permission::Anybody, Origins::Same, &["get"]),
    ("/favicon.ico", Permission::Anybody, Origins::Same, &["get"]),
    ("/healthz", Permission::Anybody, Origins::Same, &["get"]),
    ("/oauth2/authorize", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/oauth2/backchannel_authentication", Permission::Client, Origins::Same, &["post"]),
    ("/oauth2/device_authorization", Permission::Client, Origins::Any, &["post"]),
    ("/oauth2/introspect", Permission::Client, Origins::Same, &["post"]),
    ("/oauth2/jwks", Permission::Anybody, Origins::Any, &["get"]),
    ("/oauth2/logout", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/oauth2/par", Permission::Client, Origins::Any, &["post"]),
    ("/oauth2/register", Permission::Registration, Origins::Any, &["post"]),
    ("/oauth2/register/{client_id}", Permission::Registration, Origins::Same, &["get", "put", "delete"]),
    ("/oauth2/revoke", Permission::Client, Origins::Any, &["post"]),
    ("/oauth2/token", Permission::Client, Origins::Any, &["post"]),
    ("/oauth2/userinfo", Permission::AccessToken, Origins::Any, &["get", "post"]),
    ("/requests", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/resource", Permission::ConformanceRun, Origins::Same, &["get", "post"]),
    ("/setup", Permission::SetupLink, Origins::Same, &["get", "post"]),
    ("/sign-in", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/sign-in/{interaction}", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/sign-out", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/sign-up/{interaction}", Permission::Browser, Origins::Same, &["get", "post"]),
    ("/signed-out", Permission::Anybody, Origins::Same, &["get"]),
    ("/test/ciba", Permission::ConformanceRun, Origins::Same, &["post"]),
];

#[test]
fn every_route_has_its_permission_in_the_table_here() {
    let routed: Vec<_> = ROUTES
        .iter()
        .map(|route| {
            let methods: Vec<&str> = route.methods.iter().map(|(name, _)| *name).collect();
            (route.path, route.permission, route.origins, methods)
        })
        .collect();
    for (path, permission, origins, methods) in &routed {
        let entry = EXPECTED.iter().find(|entry| entry.0 == *path);
        let Some(entry) = entry else { panic!("{path} is routed and has no entry here: who may call it?") };
        assert_eq!((entry.1, entry.2, entry.3), (*permission, *origins, methods.as_slice()), "{path}");
    }
    for (path, ..) in EXPECTED {
        assert!(routed.iter().any(|route| route.0 == *path), "{path} has an entry here and is not routed");
    }
    assert_eq!(routed.len(), EXPECTED.len(), "a path is routed twice");
}

both! {
    async fn the_playground_and_the_test_hooks_are_nowhere_on_a_real_server(app) {
        for route in ROUTES.iter().filter(|route| !Extras::default().serves(route)) {
            for method in ["GET", "POST"] {
                let answer = app.send(crate::support::Request::new(method, route.path).body("")).await;
                answer.refused_page(404, "AS-5001").await;
            }
        }
    }
}
