//! NUL, invalid UTF-8 and other hostile text on every input, on both databases: never a 5xx, never
//! a broken server (security requirements, peers' defect 9). Where it is sent follows from the table of
//! routes, so that no path is forgotten.

mod inside;
mod pages;
mod routes;

use symbolon::domain::oauth::GrantType;

use crate::{
    mtls::support::with_proxy,
    support::{Authorize, ClientSpec, Database, RelyingParty, Request, Response, TestApp},
};

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
    // A document may say it again: nobody renders that.
    let shown = response.header("content-type") != Some("application/json");
    assert!(!shown || !body.contains("<script>alert(1)"), "{what}: {response}");
    assert_eq!(response.headers.iter().find(|(name, value)| name == "set-cookie" && value == "x=y"), None, "{what}");
}

/// A server that offers everything, behind a proxy that tells certificates.
async fn everything(database: Database) -> (TestApp, RelyingParty) {
    let app = TestApp::with(database, |options| {
        with_proxy(options);
        options.test_hooks = true;
    })
    .await;
    app.open_registration().await;
    app.open_sign_up().await;
    let rp = app
        .client(ClientSpec::web("web").set(|settings| {
            settings.grant_types = GrantType::ALL.to_vec();
            settings.may_introspect = true;
            settings.post_logout_redirect_uris = vec!["https://web.example/back".to_owned()];
        }))
        .await;
    (app, rp)
}

/// A connection may be refused without an HTTP answer, but the server lives on.
async fn send(app: &TestApp, what: &str, request: Request) {
    if let Some(response) = app.wire.try_send_request(&request).await {
        check(what, &response);
    }
}

both! {
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
