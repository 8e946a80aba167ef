//! Every route by its table entry: hostile text in the variable parts of its path, in its query, in the
//! fields of its form, and in the headers of a request to it.

use std::collections::BTreeSet;

use symbolon::http::routes::{Extras, Permission, ROUTES, Route};

use super::{ENCODED, RAW, everything, pages, send};
use crate::support::{RelyingParty, Request, TestApp, form_encode};

/// The fields of a good request to each path that clients and browsers post to. Pages have theirs in
/// their forms (`pages.rs`).
const FORMS: &[(&str, &[(&str, &str)])] = &[
    ("/oauth2/token", &[("grant_type", "client_credentials"), ("scope", "openid"), ("resource", "https://a.example")]),
    (
        "/oauth2/token",
        &[("client_id", "web"), ("client_secret", "x"), ("grant_type", "refresh_token"), ("refresh_token", "x")],
    ),
    ("/oauth2/token", &[("client_assertion", "a.b.c"), ("client_assertion_type", "x"), ("grant_type", "x")]),
    (
        "/oauth2/token",
        &[
            ("grant_type", "authorization_code"),
            ("code", "x"),
            ("redirect_uri", "https://web.example/callback"),
            ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ],
    ),
    ("/oauth2/token", &[("grant_type", crate::device::GRANT), ("device_code", "x")]),
    ("/oauth2/token", &[("grant_type", crate::ciba::GRANT), ("auth_req_id", "x")]),
    ("/oauth2/token", &[("grant_type", crate::jwt_bearer::GRANT), ("assertion", "a.b.c"), ("scope", "openid")]),
    (
        "/oauth2/token",
        &[
            ("grant_type", crate::token_exchange::GRANT),
            ("subject_token", "x"),
            ("subject_token_type", crate::token_exchange::ACCESS),
            ("actor_token", "x"),
            ("actor_token_type", crate::token_exchange::ACCESS),
            ("requested_token_type", crate::token_exchange::ACCESS),
            ("audience", "https://a.example"),
            ("scope", "openid"),
        ],
    ),
    (
        "/oauth2/device_authorization",
        &[("scope", "openid"), ("acr_values", "1"), ("max_age", "1"), ("authorization_details", "[]")],
    ),
    (
        crate::ciba::ENDPOINT,
        &[
            ("scope", "openid"),
            ("login_hint", "alice"),
            ("binding_message", "1234"),
            ("requested_expiry", "60"),
            ("acr_values", "1"),
        ],
    ),
    (crate::ciba::ENDPOINT, &[("scope", "openid"), ("id_token_hint", "a.b.c")]),
    (crate::ciba::ENDPOINT, &[("scope", "openid"), ("login_hint_token", "a.b.c")]),
    (crate::ciba::ENDPOINT, &[("scope", "openid"), ("login_hint", "alice"), ("user_code", "1")]),
    (crate::ciba::ENDPOINT, &[("request", "a.b.c")]),
    ("/oauth2/introspect", &[("token", "x"), ("token_type_hint", "access_token")]),
    ("/oauth2/revoke", &[("token", "x"), ("token_type_hint", "refresh_token")]),
    ("/oauth2/par", REQUEST),
    ("/oauth2/par", &[("request", "a.b.c")]),
    ("/oauth2/authorize", REQUEST),
    ("/oauth2/authorize", &[("client_id", "web"), ("request", "a.b.c")]),
    ("/oauth2/authorize", &[("client_id", "web"), ("request_uri", "https://web.example/object")]),
    ("/oauth2/authorize", &[("client_id", "web"), ("request_uri", "urn:ietf:params:oauth:request_uri:x")]),
    ("/oauth2/userinfo", &[("access_token", "x")]),
    (
        "/oauth2/logout",
        &[
            ("id_token_hint", "a.b.c"),
            ("client_id", "web"),
            ("post_logout_redirect_uri", "https://web.example/back"),
            ("state", "x"),
        ],
    ),
    ("/oauth2/logout", &[("client_id", "web"), ("logout_hint", "alice"), ("ui_locales", "en")]),
    ("/resource", &[("access_token", "x")]),
    ("/test/ciba", &[("auth_req_id", "x"), ("action", "allow")]),
];

/// An authorization request with all that it may say by value.
const REQUEST: &[(&str, &str)] = &[
    ("client_id", "web"),
    ("response_type", "code"),
    ("redirect_uri", "https://web.example/callback"),
    ("scope", "openid"),
    ("state", "x"),
    ("nonce", "x"),
    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    ("code_challenge_method", "S256"),
    ("response_mode", "query"),
    ("prompt", "login"),
    ("display", "page"),
    ("max_age", "1"),
    ("ui_locales", "en"),
    ("login_hint", "alice"),
    ("acr_values", "1"),
    ("claims", "{}"),
    ("authorization_details", "[]"),
];

/// What pages and documents are asked for in a query.
const QUERY: [&str; 12] = [
    "client_id",
    "redirect_uri",
    "request",
    "request_uri",
    "id_token_hint",
    "login_hint",
    "post_logout_redirect_uri",
    "state",
    "target_link_uri",
    "user_code",
    "access_token",
    "k",
];

/// Headers that this server, or what is in front of it, reads.
const HEADERS: [&str; 24] = [
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Client-Cert",
    "Client-Cert-Chain",
    "Content-Encoding",
    "Content-Type",
    "Cookie",
    "DPoP",
    "Expect",
    "Forwarded",
    "If-Modified-Since",
    "If-None-Match",
    "Origin",
    "Range",
    "Referer",
    "Traceparent",
    "Upgrade",
    "User-Agent",
    "X-Fapi-Interaction-Id",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
];

/// Every route of a server with test hooks.
fn served() -> impl Iterator<Item = &'static Route> {
    let extras = Extras { playground: false, test_hooks: true };
    ROUTES.iter().filter(move |route| extras.serves(route))
}

/// The methods that a route answers.
fn methods(route: &Route) -> impl Iterator<Item = String> {
    route.methods.iter().map(|(name, _)| name.to_ascii_uppercase())
}

/// The path with this text for each variable part; none if it has none.
fn filled(path: &str, text: &str) -> Option<String> {
    let mut filled = String::new();
    let mut parts = path.split('{');
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        filled.push_str(text);
        filled.push_str(part.split_once('}').expect("a variable ends").1);
    }
    (filled != path).then_some(filled)
}

/// These fields, and this text, as it is, in place of one value.
pub(super) fn with_text(fields: &[(&str, &str)], place: usize, text: &str) -> String {
    let pairs = fields.iter().enumerate().map(|(index, (name, value))| {
        if index == place {
            format!("{}={text}", form_encode(&[(name, "")]).trim_end_matches('='))
        } else {
            form_encode(&[(name, value)])
        }
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// A request to a route as its users make it.
fn request(rp: &RelyingParty, route: &Route, method: &str) -> Request {
    let target = filled(route.path, "x").unwrap_or_else(|| route.path.to_owned());
    let fields = FORMS.iter().find(|(path, _)| *path == route.path).map_or(&[][..], |(_, fields)| fields);
    match (method, route.permission) {
        ("POST" | "PUT", Permission::Registration) => {
            Request::new(method, target).header("Content-Type", "application/json").body("{}")
        }
        ("POST", Permission::Client) => rp.request(&target, fields),
        ("POST", _) => Request::form(&target, fields),
        _ => Request::new(method, target),
    }
}

async fn lives_on(app: &TestApp) {
    assert_eq!(app.get("/healthz").await.status, 200);
}

both! {
    async fn hostile_text_in_paths_finds_nothing(database: Database) {
        let (app, _) = everything(database).await;
        for text in ENCODED {
            for route in served() {
                let Some(target) = filled(route.path, text) else { continue };
                for method in methods(route) {
                    let request = match method.as_str() {
                        "GET" | "DELETE" => Request::new(&method, &target),
                        _ if route.permission == Permission::Registration => {
                            Request::new(&method, &target).header("Content-Type", "application/json").body("{}")
                        }
                        _ => Request::form(&target, &[("csrf", "x"), ("action", "allow")]),
                    };
                    let request = request.header("Authorization", "Bearer x");
                    send(&app, &format!("{method} {target}"), request).await;
                }
            }
            for folder in ["/", "/assets/", "/docs/", "/oauth2/", "/.well-known/", "/.well-known/oauth-protected-resource/"] {
                let target = format!("{folder}{text}");
                send(&app, &target, Request::get(&target)).await;
                send(&app, &target, Request::form(&target, &[("csrf", "x"), ("action", "allow")])).await;
            }
        }
        for raw in RAW {
            for route in served().filter(|route| route.path.contains('{')) {
                let folder = route.path.split('{').next().unwrap_or_default();
                send(&app, route.path, Request::get([folder.as_bytes(), raw].concat())).await;
            }
        }
        lives_on(&app).await;
    }

    async fn hostile_text_in_queries_is_refused_or_ignored(database: Database) {
        let (app, _) = everything(database).await;
        for text in ENCODED {
            for route in served() {
                let target = filled(route.path, "x").unwrap_or_else(|| route.path.to_owned());
                let method = methods(route).next().expect("a method");
                let mut queries = vec![text.to_owned(), format!("{text}={text}"), format!("x={text}")];
                if method == "GET" {
                    queries.extend(QUERY.map(|name| format!("{name}={text}")));
                }
                for query in queries {
                    let target = format!("{target}?{query}");
                    send(&app, &format!("{method} {target}"), Request::new(&method, &target).body("")).await;
                }
            }
            // Whatever a form may say, a query may.
            for (path, fields) in FORMS.iter().filter(|(path, _)| ["/oauth2/authorize", "/oauth2/logout", "/test/ciba"].contains(path)) {
                let method = if *path == "/test/ciba" { "POST" } else { "GET" };
                for place in 0..fields.len() {
                    let target = format!("{path}?{}", with_text(fields, place, text));
                    send(&app, &format!("{method} {target}"), Request::new(method, &target).body("")).await;
                }
            }
            let start = format!("/apps/start?client_id=web&login_hint={text}&target_link_uri={text}");
            send(&app, &start, Request::get(&start)).await;
        }
        lives_on(&app).await;
    }

    async fn hostile_text_in_forms_is_refused_or_ignored(database: Database) {
        let (app, rp) = everything(database).await;
        let posted = served().filter(|route| methods(route).any(|method| method == "POST"));
        let mut left: BTreeSet<&str> = posted.map(|route| route.path).collect();
        // Documents, not forms: `inside.rs`.
        left.retain(|path| *path != "/oauth2/register");
        for (path, fields) in FORMS {
            left.remove(path);
            let by_header = served().any(|route| route.path == *path && route.permission == Permission::Client);
            for text in ENCODED {
                let mut bodies: Vec<String> = (0..fields.len()).map(|place| with_text(fields, place, text)).collect();
                bodies.extend([format!("{}&{text}=x", form_encode(fields)), format!("{}&x={text}", form_encode(fields))]);
                for body in bodies {
                    let what = format!("{path} {body}");
                    if by_header {
                        send(&app, &what, rp.request(path, &[]).body(&body)).await;
                    }
                    send(&app, &what, Request::new("POST", path).form_body(&body)).await;
                }
            }
            for raw in RAW {
                let body = [b"username=", raw, b"&password=", raw].concat();
                send(&app, path, Request::new("POST", path).form_body(body)).await;
            }
        }
        pages::send_everywhere(&app, &rp, &mut left).await;
        assert!(left.is_empty(), "nobody sent anything hostile to {left:?}: they need an entry here");
        lives_on(&app).await;
    }

    async fn hostile_bytes_in_headers_are_refused_or_ignored(database: Database) {
        let (app, rp) = everything(database).await;
        for raw in RAW {
            for name in HEADERS {
                for route in served() {
                    for method in methods(route) {
                        let request = request(&rp, route, &method).header(name, raw);
                        send(&app, &format!("{name} {raw:?} {method} {}", route.path), request).await;
                    }
                }
            }
        }
        lives_on(&app).await;
    }
}
