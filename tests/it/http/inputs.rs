//! NUL, invalid UTF-8 and other hostile text on every input, on both databases: never a 5xx, never
//! a broken server (security requirements, peers' defect 9).

use crate::support::{Authorize, ClientSpec, Request, Response, TestApp};

/// As they stand in a query or a form.
const ENCODED: [&str; 14] = [
    "%00",
    "a%00b",
    "%ff",
    "%c3%28",
    "%ed%a0%80",
    "%f4%90%80%80",
    "%e2%82",
    "%",
    "%zz",
    "%0d%0aSet-Cookie:%20x=y",
    "%1b%5b31m",
    "%e2%80%ae%f0%9f%98%80",
    "%27%20OR%201%3D1--",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
];
/// As raw bytes.
const RAW: [&[u8]; 6] = [b"\x00", b"\xff\xfe", b"a\x00b", b"\xc3\x28", b"\xed\xa0\x80", b"\x7f"];

fn check(what: &str, response: &Response) {
    assert!((200..500).contains(&response.status), "{what}: {response}");
    let body = String::from_utf8_lossy(&response.body);
    assert!(!body.contains("<script>alert(1)"), "{what}: {response}");
    assert_eq!(response.headers.iter().find(|(name, value)| name == "set-cookie" && value == "x=y"), None, "{what}");
}

/// A connection may be refused without an HTTP answer, but the server lives on.
async fn send(app: &TestApp, what: &str, request: Request) {
    if let Some(response) = app.wire.try_send_request(&request).await {
        check(what, &response);
    }
}

both! {
    async fn hostile_text_in_queries_is_refused_or_ignored(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let good = Authorize::new(&rp, "openid").encoded();
        for text in ENCODED {
            for target in [
                format!("/oauth2/authorize?{good}&x={text}"),
                format!("/oauth2/authorize?{good}&{text}=x"),
                format!("/oauth2/authorize?client_id={text}"),
                format!("/oauth2/authorize?client_id=web&redirect_uri={text}"),
                format!("/oauth2/authorize?{}&state={text}", Authorize::new(&rp, "openid").without("state").encoded()),
                format!("/oauth2/authorize?{}&login_hint={text}", good),
                format!("/oauth2/authorize?{}&id_token_hint={text}", good),
                format!("/oauth2/authorize?{}&claims={text}", good),
                format!("/oauth2/authorize?client_id=web&request_uri={text}"),
                format!("/oauth2/authorize?client_id=web&request_uri=urn:ietf:params:oauth:request_uri:{text}"),
                format!("/oauth2/logout?id_token_hint={text}"),
                format!("/oauth2/logout?client_id={text}&post_logout_redirect_uri={text}&state={text}"),
                format!("/sign-out?{text}={text}"),
                format!("/oauth2/userinfo?{text}={text}"),
                format!("/oauth2/jwks?{text}"),
                format!("/?{text}"),
                format!("/setup?k={text}"),
            ] {
                send(&app, &target, Request::get(&target)).await;
            }
        }
        assert_eq!(app.get("/healthz").await.status, 200);
    }

    async fn hostile_text_in_paths_finds_nothing(app) {
        for text in ENCODED {
            for path in
                ["/", "/docs/errors/", "/sign-in/", "/consent/", "/assets/x/", "/assets/", "/oauth2/", "/.well-known/"]
            {
                let target = format!("{path}{text}");
                send(&app, &target, Request::get(&target)).await;
                send(&app, &target, Request::form(&target, &[("csrf", "x"), ("action", "allow")])).await;
            }
        }
        for raw in RAW {
            let target = [b"/docs/errors/", raw].concat();
            send(&app, "a raw path", Request::get(target)).await;
        }
        assert_eq!(app.get("/healthz").await.status, 200);
    }

    async fn hostile_text_in_forms_is_refused_or_ignored(app) {
        for text in ENCODED {
            for path in [
                "/oauth2/token",
                "/oauth2/introspect",
                "/oauth2/revoke",
                "/oauth2/userinfo",
                "/oauth2/authorize",
                "/oauth2/logout",
                "/sign-in/x",
                "/consent/x",
                "/sign-out",
                "/setup",
            ] {
                for body in [
                    format!("{text}=x"),
                    format!("x={text}"),
                    format!("client_id={text}&client_secret={text}"),
                    format!("csrf={text}&action={text}&username={text}&password={text}"),
                    format!("code={text}&username={text}&email={text}&name={text}&password={text}"),
                    format!("grant_type={text}&token={text}&client_assertion={text}&client_assertion_type={text}"),
                ] {
                    send(&app, &format!("{path} {body}"), Request::new("POST", path).form_body(body)).await;
                }
            }
        }
        for raw in RAW {
            let body = [b"username=", raw, b"&password=", raw].concat();
            send(&app, "a raw form", Request::new("POST", "/oauth2/token").form_body(body)).await;
        }
        assert_eq!(app.get("/healthz").await.status, 200);
    }

    async fn hostile_bytes_in_headers_are_refused_or_ignored(app) {
        for raw in RAW {
            for name in [
                "Authorization",
                "Cookie",
                "Content-Type",
                "Traceparent",
                "User-Agent",
                "X-Forwarded-For",
                "If-None-Match",
                "Origin",
                "Referer",
                "Accept-Language",
                "Forwarded",
            ] {
                for path in ["/oauth2/userinfo", "/", "/oauth2/jwks", "/oauth2/authorize?client_id=web", "/sign-out"] {
                    send(&app, &format!("{name} {raw:?} {path}"), Request::get(path).header(name, raw)).await;
                }
                let form = Request::form("/oauth2/token", &[("grant_type", "refresh_token")]).header(name, raw);
                send(&app, &format!("{name} {raw:?}"), form).await;
            }
        }
        assert_eq!(app.get("/healthz").await.status, 200);
    }

    async fn hostile_cookies_are_no_session(app) {
        for value in
            ["", "x", "%00", "\u{1f600}", "\"quoted\"", "sym_se_x", "a;b;c=d", "=", "symbolon_session=symbolon_session"]
        {
            for name in ["symbolon_session", "symbolon_browser", "symbolon_theme", "__Host-symbolon_session"] {
                for path in ["/", "/sign-out", "/sign-in/x", "/consent/x"] {
                    let request = Request::get(path).header("Cookie", format!("{name}={value}"));
                    send(&app, &format!("{path} {name}={value}"), request).await;
                }
            }
        }
        let page = app.wire.send(&Request::get("/").header("Cookie", "symbolon_session=a; symbolon_session=b")).await;
        assert_eq!(page.status, 200);
    }

    async fn a_refused_request_leaves_no_control_character_in_its_record(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let target = Authorize::new(&rp, "openid").with("redirect_uri", "https://evil.example/\r\n\t[31m").target();
        let answer = app.send(Request::get(&target)).await;
        answer.refused_page(400, "AS-1003").await;
        let record = app.record(answer.trace_id()).await.expect("a record");
        let facts = record.steps.iter().flat_map(|step| &step.facts);
        assert!(facts.into_iter().all(|(_, value)| !value.contains(char::is_control)));
    }

    async fn a_client_named_like_the_text_of_an_attack_stays_text(app) {
        // Security requirements, peers' defect 6.
        let rp = app.client(ClientSpec::web("web")).await;
        app.change_client(&rp, |client| client.name = "<script>alert(1)</script>\"'&".to_owned()).await;
        let alice = app.person("alice").await;
        app.change_person(&alice, |user| user.name = Some("<img src=x onerror=alert(1)>".to_owned())).await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid profile")).await.page("/sign-in/");
        check("sign-in", &page.answer.response);
        let page = browser.sign_in(&page, "alice", crate::support::PASSWORD).await.page("/consent/");
        check("consent", &page.answer.response);
        assert!(!page.answer.response.text().contains("<img src=x"));
        let home = browser.open("/").await.page("/");
        assert!(!home.answer.response.text().contains("<img src=x"));
    }
}
