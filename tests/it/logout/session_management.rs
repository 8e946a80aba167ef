//! Session management (OIDC Session Management 1.0): the state that apps compare, and where it comes from.

use symbolon::crypto::token::hash_of;

use crate::support::{Authorize, Browser, ClientSpec, PASSWORD, RelyingParty};

/// As the page in the frame computes it.
fn expected(rp: &RelyingParty, origin: &str, browser: &Browser<'_>, session_state: &str) -> String {
    let (_, salt) = session_state.split_once('.').expect("a hash and a salt");
    let state = browser.cookies.get("symbolon_state").map(String::as_str).unwrap_or_default();
    let hash = hash_of(&format!("{} {origin} {state} {salt}", rp.client_id));
    let hex: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}.{salt}")
}

both! {
    /// Behaviour 128.
    async fn the_session_state_of_an_answer_is_the_state_of_the_browser(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let mut browser = app.browser();
        browser.grant(&alice, &request).await;
        let mut seen = Vec::new();
        for request in [request.clone(), request.clone().with("prompt", "none"), request.clone().with("response_mode", "fragment")] {
            let parameters = browser.authorize(&request).await.away().parameters();
            let state = parameters["session_state"].clone();
            assert_eq!(state, expected(&rp, "https://web.example", &browser, &state));
            assert!(!state.contains(' '));
            seen.push(state);
        }
        seen.dedup();
        assert_eq!(seen.len(), 3, "each has its own salt");
        let other = expected(&rp, "https://evil.example", &browser, &seen[0]);
        assert_ne!(other, seen[0], "another origin learns nothing");
    }

    /// Behaviour 128.
    async fn the_state_changes_with_sign_out_another_account_and_a_new_sign_in(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let bob = app.person("bob").await;
        let request = Authorize::new(&rp, "openid");
        let mut browser = app.browser();
        browser.grant(&alice, &request).await;
        let session_state = browser.authorize(&request).await.away().parameters()["session_state"].clone();
        let unchanged = |browser: &Browser<'_>, state: &str| expected(&rp, "https://web.example", browser, state) == state;
        assert!(unchanged(&browser, &session_state));
        // Whatever does not change who is signed in changes nothing.
        browser.open("/").await;
        assert!(unchanged(&browser, &session_state));
        let page = browser.authorize(&request.clone().with("prompt", "login")).await.page("/sign-in/");
        browser.sign_in(&page, &bob.username, PASSWORD).await;
        assert!(!unchanged(&browser, &session_state), "another account");
        let again = browser.authorize(&request.clone().with("prompt", "login")).await.page("/sign-in/");
        browser.sign_in(&again, &alice.username, PASSWORD).await.away();
        let renewed = browser.authorize(&request).await.away().parameters()["session_state"].clone();
        assert!(unchanged(&browser, &renewed));
        let page = browser.open("/sign-out").await.page("/sign-out");
        browser.press(&page, "logout-all", &[]).await.page("/signed-out");
        assert_eq!(browser.cookies.get("symbolon_state"), None);
        assert!(!unchanged(&browser, &renewed), "signed out");
    }

    async fn the_state_is_readable_by_scripts_and_the_session_is_not(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let (form, fields) = page.filled("login-submit", &[("username", "alice"), ("password", PASSWORD)]);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.request(crate::support::Request::form(&form.action, &fields)).await;
        let cookie = |name: &str| {
            let mut set = answer.response.headers.iter().filter(|(header, _)| header == "set-cookie");
            set.find(|(_, value)| value.starts_with(&format!("{name}="))).expect(name).1.clone()
        };
        assert!(cookie("symbolon_session").contains("HttpOnly"));
        let state = cookie("symbolon_state");
        assert!(!state.contains("HttpOnly") && state.contains("Path=/") && !state.contains("Domain"), "{state}");
        let secret = browser.cookies["symbolon_session"].clone();
        assert!(!state.contains(&secret) && !state.contains("sym_se"), "{state}");
        drop(alice);
    }

    async fn a_browser_that_lost_the_state_gets_it_again(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        browser.grant(&alice, &request).await;
        for lost in [None, Some("planted")] {
            browser.cookies.remove("symbolon_state");
            if let Some(value) = lost {
                browser.cookies.insert("symbolon_state".to_owned(), value.to_owned());
            }
            let state = browser.authorize(&request.clone().with("prompt", "none")).await.away().parameters();
            let state = &state["session_state"];
            assert_eq!(*state, expected(&rp, "https://web.example", &browser, state));
        }
    }

    async fn who_does_not_ask_for_openid_or_has_no_origin_hears_no_state(app) {
        let native = ClientSpec::spa("native").native().set(|settings| {
            settings.redirect_uris = vec!["com.example.app:/callback".to_owned()];
        });
        let (web, native) = (app.client(ClientSpec::web("web")).await, app.client(native).await);
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&web, "openid")).await;
        let plain = browser.authorize(&Authorize::new(&web, "profile")).await;
        let parameters = match plain {
            crate::support::Stop::Away(away) => away.parameters(),
            crate::support::Stop::Page(page) => browser.press(&page, "consent-allow", &[]).await.away().parameters(),
        };
        assert!(parameters.contains_key("code") && !parameters.contains_key("session_state"));
        let page = browser.authorize(&Authorize::new(&native, "openid")).await.page("/consent/");
        let parameters = browser.press(&page, "consent-allow", &[]).await.away().parameters();
        assert!(parameters.contains_key("code") && !parameters.contains_key("session_state"));
    }

    /// Behaviours 17 and 128.
    async fn the_frame_is_advertised_and_may_be_framed(app) {
        let document = app.document("/.well-known/openid-configuration").await;
        let address = document["check_session_iframe"].as_str().expect("advertised");
        assert_eq!(address, format!("{}/check-session", app.issuer()));
        let page = app.get("/check-session").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("data-cookie=\"symbolon_state\"") && page.text().contains("/check-session.js\""));
        assert_eq!(page.header("x-frame-options"), None);
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors *") && policy.contains("script-src 'self'"), "{policy}");
        assert_eq!(page.header("set-cookie"), None);
        assert!(!app.document("/.well-known/oauth-authorization-server").await.to_string().contains("check_session"));
    }
}
