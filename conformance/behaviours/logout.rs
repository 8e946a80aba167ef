//! 117 to 128: signing out and sessions (OIDC RP-Initiated, Back-Channel and Front-Channel Logout, Session Management).

use rustls::{ProtocolVersion, version::TLS12};
use serde_json::json;
use symbolon::{
    crypto::token::hash_of,
    domain::{entity::ClientSettings, jose::SigningAlgorithm},
    net::fetcher::Reach,
    service::delivery::deliver_due,
};
use url::Url;

use super::{granted, left_on_a_page, metadata, secure};
use crate::support::{
    Authorize, Browser, ClientKey, ClientSpec, Database, LogoutReceiver, PASSWORD, Person, RelyingParty, Request, Stop,
    TestApp, Tokens, form_encode, reach_secure, unsigned,
};

const BACK: &str = "https://web.example/post_logout_redirect";

/// A client that has registered where people go afterwards.
async fn client(app: &TestApp, change: impl FnOnce(&mut ClientSettings)) -> RelyingParty {
    let spec = ClientSpec::web("web").set(|settings| settings.post_logout_redirect_uris = vec![BACK.to_owned()]);
    app.client(spec.set(change)).await
}

async fn signed_in(browser: &mut Browser<'_>, rp: &RelyingParty, person: &Person) -> Tokens {
    let grant = granted(browser, person, &Authorize::new(rp, "openid")).await;
    rp.exchange(&grant).await.ok().await
}

fn logout(fields: &[(&str, &str)]) -> String {
    format!("/oauth2/logout?{}", form_encode(fields))
}

/// The address at which the browser is in the end, whether or not it was asked to confirm.
async fn signed_out_to(browser: &mut Browser<'_>, target: &str) -> String {
    match browser.open(target).await {
        Stop::Away(away) => away.url,
        Stop::Page(page) => browser.press(&page, "logout-confirm", &[]).await.away().url,
    }
}

/// Whether a silent request finds a session.
async fn has_session(browser: &mut Browser<'_>, rp: &RelyingParty) -> bool {
    let request = Authorize::new(rp, "openid").with("prompt", "none");
    let parameters = browser.authorize(&request).await.away().parameters();
    let signed_in = parameters.contains_key("code");
    assert!(signed_in || parameters["error"] == "login_required", "{parameters:?}");
    signed_in
}

/// `session_state`, as the page in the frame computes it.
fn computed(rp: &RelyingParty, origin: &str, browser: &Browser<'_>, salt: &str) -> String {
    let state = browser.cookies.get("symbolon_state").map(String::as_str).unwrap_or_default();
    let hash = hash_of(&format!("{} {origin} {state} {salt}", rp.client_id));
    let hex: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}.{salt}")
}

/// The text of a page's script.
async fn script_of(app: &TestApp, page: &str, name: &str) -> String {
    let addresses = page.split("src=\"").skip(1).filter_map(|after| after.split('"').next());
    let address = addresses.into_iter().find(|address| address.ends_with(name)).expect("its script");
    let script = app.get(address.strip_prefix(app.issuer()).unwrap_or(address)).await;
    assert_eq!(script.status, 200, "{script}");
    script.text().to_owned()
}

/// Over https the state is a cookie that a frame of this server sees on whatever page it is: sent and shown across
/// sites, readable by its script, and one for all pages.
async fn is_readable_in_frames_of_others(database: Database) {
    let app = secure(database, "https://id.example").await;
    let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
    let mut browser = app.browser();
    let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
    let (form, fields) = page.filled("login-submit", &[("username", &alice.username), ("password", PASSWORD)]);
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = form.action.strip_prefix(app.issuer()).unwrap_or(&form.action);
    let answer = browser.request(Request::form(path, &fields)).await.response;
    let cookie = |name: &str| {
        let mut set = answer.headers.iter().filter(|(header, _)| header == "set-cookie");
        let (_, cookie) =
            set.find(|(_, cookie)| cookie.starts_with(&format!("{name}="))).unwrap_or_else(|| panic!("{answer}"));
        cookie.split("; ").skip(1).map(str::to_ascii_lowercase).collect::<Vec<String>>()
    };
    let has = |cookie: &[String], attribute: &str| cookie.iter().any(|own| own == attribute);
    let state = cookie("__Host-symbolon_state");
    assert!(has(&state, "samesite=none") && has(&state, "secure") && has(&state, "path=/"), "{state:?}");
    assert!(!has(&state, "httponly") && !has(&state, "partitioned"), "{state:?}");
    // The session goes along where an app asks in a frame who is signed in, and no script reads it.
    let session = cookie("__Host-symbolon_session");
    assert!(has(&session, "samesite=none") && has(&session, "secure") && has(&session, "httponly"), "{session:?}");
    let frame = app.get("/check-session").await;
    assert!(frame.text().contains("data-cookie=\"__Host-symbolon_state\""), "{frame}");
}

both! {
    async fn b117_a_sign_out_goes_back_to_the_registered_address_with_the_state_alone(app) {
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        let state: String = (0x21..=0x7e_u8).map(char::from).filter(|c| !"+;".contains(*c)).collect();
        for encoded in [state.clone(), "state-1".to_owned()] {
            let mut browser = app.browser();
            let tokens = signed_in(&mut browser, &rp, &alice).await;
            let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK), ("state", encoded.as_str())];
            let url = Url::parse(&signed_out_to(&mut browser, &logout(&fields)).await).expect("an address");
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            assert_eq!(pairs, [("state".to_owned(), encoded)]);
            assert_eq!(url.as_str().split('?').next(), Some(BACK));
            assert_eq!(url.fragment(), None);
        }
    }

    async fn b118_afterwards_the_session_is_gone(app) {
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        let mut browser = app.browser();
        let tokens = signed_in(&mut browser, &rp, &alice).await;
        assert!(has_session(&mut browser, &rp).await);
        let cookies = browser.cookies.clone();
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
        signed_out_to(&mut browser, &logout(&fields)).await;
        assert!(!has_session(&mut browser, &rp).await);
        // Nor do the old cookies bring it back.
        browser.cookies = cookies;
        assert!(!has_session(&mut browser, &rp).await);
    }

    async fn b119_without_a_state_none_comes_back(app) {
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        let mut browser = app.browser();
        let tokens = signed_in(&mut browser, &rp, &alice).await;
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
        assert_eq!(signed_out_to(&mut browser, &logout(&fields)).await, BACK);
    }

    async fn b120_an_address_that_is_not_registered_is_an_error_page(app) {
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        let mut browser = app.browser();
        let tokens = signed_in(&mut browser, &rp, &alice).await;
        for uri in ["https://web.example/r4nd0m", &format!("{BACK}?foo=bar"), "https://evil.example/"] {
            let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", uri), ("state", "x")];
            left_on_a_page(&mut browser, &logout(&fields)).await;
        }
        assert!(has_session(&mut browser, &rp).await, "nobody was signed out");
    }

    async fn b121_a_hint_that_was_changed_is_an_error_page(app) {
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        let mut browser = app.browser();
        let tokens = signed_in(&mut browser, &rp, &alice).await;
        let (header, claims) = app.verified(tokens.id()).await;
        let unsecured = format!("{}.", unsigned(&json!({ "alg": "none", "typ": "JWT" }), &claims));
        let wrongly_signed = ClientKey::generate(SigningAlgorithm::RS256).sign_with_header(&header, &claims);
        for hint in [unsecured.as_str(), &wrongly_signed, "no token at all"] {
            let fields = [("id_token_hint", hint), ("post_logout_redirect_uri", BACK), ("state", "x")];
            left_on_a_page(&mut browser, &logout(&fields)).await;
        }
        assert!(has_session(&mut browser, &rp).await, "nobody was signed out");
    }

    async fn b122_without_a_hint_nobody_is_sent_on_silently(app) {
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        let mut browser = app.browser();
        signed_in(&mut browser, &rp, &alice).await;
        // Nobody knows whose address it is: an error page.
        let fields = [("post_logout_redirect_uri", BACK), ("state", "x")];
        left_on_a_page(&mut browser, &logout(&fields)).await;
        browser.request(Request::get(logout(&fields))).await.refused_page(400, "AS-1504").await;
        // The client says who it is, which anybody could: the person is asked.
        let target = logout(&[&fields[..], &[("client_id", "web")]].concat());
        let page = browser.open(&target).await.page("/oauth2/logout");
        let response = &page.answer.response;
        assert_eq!((response.status, response.header("location")), (200, None), "{response}");
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"), "{response}");
        assert!(page.has("logout-confirm") && !page.has("signed-out"), "{response}");
        for way in ["http-equiv", "<iframe"] {
            assert!(!response.text().contains(way), "{way}: {response}");
        }
        assert!(has_session(&mut browser, &rp).await, "nobody was signed out");
        let away = browser.press(&page, "logout-confirm", &[]).await.away();
        assert_eq!(away.url, format!("{BACK}?state=x"));
        assert!(!has_session(&mut browser, &rp).await);
    }

    async fn b123_without_an_address_people_end_on_the_logged_out_page(app) {
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        for with_hint in [false, true] {
            for state in [None, Some("x")] {
                let mut browser = app.browser();
                let tokens = signed_in(&mut browser, &rp, &alice).await;
                let hint = with_hint.then(|| ("id_token_hint", tokens.id()));
                let fields: Vec<(&str, &str)> = hint.into_iter().chain(state.map(|state| ("state", state))).collect();
                let page = browser.open(&logout(&fields)).await.page("/");
                let page = match page.has("logout-confirm") {
                    true => browser.press(&page, "logout-confirm", &[]).await.page("/"),
                    false => page,
                };
                assert!(page.has("signed-out"), "{}", page.answer.response);
                assert!(!has_session(&mut browser, &rp).await);
            }
        }
    }

    async fn b124_an_expired_hint_and_the_name_of_its_client_are_taken(app) {
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        app.client(ClientSpec::web("other")).await;
        let mut browser = app.browser();
        let tokens = signed_in(&mut browser, &rp, &alice).await;
        let expires = app.verified(tokens.id()).await.1["exp"].as_i64().expect("exp");
        app.clock.advance(expires - app.now().seconds() + 60);
        let fields = |client_id| [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK), ("client_id", client_id)];
        left_on_a_page(&mut browser, &logout(&fields("other"))).await;
        assert_eq!(signed_out_to(&mut browser, &logout(&fields("web"))).await, BACK);
        assert!(!has_session(&mut browser, &rp).await);
    }

    async fn b125_a_client_is_posted_a_logout_token_about_the_session_of_its_id_token(database: Database) {
        let app = TestApp::with(database, reach_secure).await;
        let receiver = LogoutReceiver::start_secure(rustls::ALL_VERSIONS).await;
        let uri = receiver.uri.clone();
        let rp = client(&app, move |settings| {
            settings.backchannel_logout_uri = Some(uri);
            settings.backchannel_logout_session_required = true;
        })
        .await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let tokens = signed_in(&mut browser, &rp, &alice).await;
        let (id_header, id_claims) = app.verified(tokens.id()).await;
        assert!(id_claims["sid"].is_string(), "{id_claims}");
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
        signed_out_to(&mut browser, &logout(&fields)).await;
        deliver_due(&app.services).await.expect("delivered");
        let posted = receiver.posted();
        assert_eq!(posted.len(), 1);
        assert_eq!(posted[0].tls, Some(ProtocolVersion::TLSv1_3));
        assert!(posted[0].line.starts_with("POST /backchannel "), "{}", posted[0].line);
        assert!(posted[0].head.to_ascii_lowercase().contains("content-type: application/x-www-form-urlencoded"));
        let (header, claims) = app.verified(&posted[0].logout_token()).await;
        assert_eq!((&header["alg"], &header["kid"]), (&id_header["alg"], &id_header["kid"]));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(app.issuer()), &json!("web")));
        assert_eq!((&claims["sub"], &claims["sid"]), (&id_claims["sub"], &id_claims["sid"]));
        assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
        let age = app.now().seconds() - claims["iat"].as_i64().expect("iat");
        assert!((-300..=86_400).contains(&age), "{claims}");
        assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()), "{claims}");
        assert!(claims.get("nonce").is_none(), "{claims}");

        // TLS 1.2 is spoken with whoever speaks no other; nothing is told to whom nobody vouches for.
        let older = LogoutReceiver::start_secure(&[&TLS12]).await;
        let stranger = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        for (app, versions) in [(&app, vec![Some(ProtocolVersion::TLSv1_2)]), (&stranger, Vec::new())] {
            let uri = older.uri.clone();
            let before = older.posted().len();
            let spec = ClientSpec::web("older").set(|settings| {
                settings.post_logout_redirect_uris = vec![BACK.to_owned()];
                settings.backchannel_logout_uri = Some(uri);
            });
            let (rp, bob) = (app.client(spec).await, app.person("bob").await);
            let mut browser = app.browser();
            let tokens = signed_in(&mut browser, &rp, &bob).await;
            let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
            signed_out_to(&mut browser, &logout(&fields)).await;
            deliver_due(&app.services).await.expect("tried");
            let spoken: Vec<_> = older.posted()[before..].iter().map(|posted| posted.tls).collect();
            assert_eq!(spoken, versions);
        }
    }

    async fn b126_a_page_loads_a_frame_of_the_client_and_then_goes_back_with_the_state(app) {
        let uri = "https://web.example/frontchannel_logout".to_owned();
        let rp = client(&app, |settings| {
            settings.frontchannel_logout_uri = Some(uri);
            settings.frontchannel_logout_session_required = true;
        })
        .await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let tokens = signed_in(&mut browser, &rp, &alice).await;
        let sid = app.verified(tokens.id()).await.1["sid"].as_str().expect("sid").to_owned();
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK), ("state", "state-1")];
        let answer = browser.request(Request::get(logout(&fields))).await.response;
        assert_eq!(answer.status, 200, "{answer}");
        let (_, after) = answer.text().split_once("<iframe").expect("a frame");
        let (_, after) = after.split_once("src=\"").expect("its address");
        let (address, _) = after.split_once('"').expect("the end of it");
        let address = Url::parse(&address.replace("&amp;", "&")).expect("an address");
        assert!(address.as_str().starts_with("https://web.example/frontchannel_logout?"), "{address}");
        let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
        assert_eq!(pairs, [("iss".to_owned(), app.issuer().to_owned()), ("sid".to_owned(), sid)]);
        assert!(answer.text().contains(&format!("url={BACK}?state=state-1\"")), "{answer}");
        assert!(answer.text().contains(&format!("href=\"{BACK}?state=state-1\"")), "{answer}");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-src https://web.example"), "{policy}");

        // First the frame, which the browser loads with the page; then away: the refresh of a page begins when it has
        // loaded, frames included, and its script waits for the same, or for five seconds. Nothing leads away before.
        for header in ["location", "refresh"] {
            assert_eq!(answer.header(header), None, "{answer}");
        }
        let text = answer.text();
        assert!(!text.contains("loading=") && !text.contains("srcdoc"), "{answer}");
        assert_eq!(text.matches("http-equiv=\"refresh\"").count(), 1, "{answer}");
        let scripts: Vec<&str> = text.split("<script").skip(1).collect();
        let own = scripts.iter().filter(|script| script.contains("signed-out.js")).count();
        assert_eq!(own, 1, "{answer}");
        let script = script_of(&app, text, "signed-out.js").await;
        let (_, leave) = script.split_once("function leave()").expect("how it goes on");
        let (leave, when) = leave.split_once("\n  }\n").expect("its end");
        assert!(leave.contains("window.location.replace(link.href)"), "{script}");
        assert_eq!(script.matches("location").count(), 1, "nothing else leads away: {script}");
        let when: Vec<&str> = when.lines().map(str::trim).filter(|line| line.contains("leave")).collect();
        let expected = ["window.addEventListener(\"load\", leave);", "window.setTimeout(leave, 5000);"];
        assert_eq!(when, expected, "{script}");
    }

    async fn b127_the_redirect_and_the_call_both_come_and_nobody_else_is_called(database: Database) {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        let receiver = LogoutReceiver::start().await;
        let uri = receiver.uri.clone();
        let loud = app
            .client(ClientSpec::web("loud").set(move |settings| {
                settings.backchannel_logout_uri = Some(uri);
                settings.post_logout_redirect_uris = vec![BACK.to_owned()];
            }))
            .await;
        let (plain, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        // A client of its own session that registered neither hears nothing, and its page frames nothing.
        for (rp, calls) in [(&plain, 0), (&loud, 1)] {
            let mut browser = app.browser();
            let tokens = signed_in(&mut browser, rp, &alice).await;
            let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK), ("state", "s")];
            assert_eq!(signed_out_to(&mut browser, &logout(&fields)).await, format!("{BACK}?state=s"));
            deliver_due(&app.services).await.expect("delivered");
            assert_eq!(receiver.posted().len(), calls, "{}", rp.client_id);
        }
    }

    async fn b128_the_state_of_the_session_is_told_and_a_frame_can_compare_it(database: Database) {
        let app = TestApp::new(database).await;
        let (rp, alice) = (client(&app, |_| {}).await, app.person("alice").await);
        let mut browser = app.browser();
        let tokens = signed_in(&mut browser, &rp, &alice).await;
        let mut told = String::new();
        for request in [Authorize::new(&rp, "openid"), Authorize::new(&rp, "openid").with("prompt", "none")] {
            told = browser.authorize(&request).await.away().parameters()["session_state"].clone();
            let (_, salt) = told.split_once('.').expect("a hash and a salt");
            assert_eq!(told, computed(&rp, "https://web.example", &browser, salt));
        }
        let (_, salt) = told.split_once('.').expect("a hash and a salt");
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
        signed_out_to(&mut browser, &logout(&fields)).await;
        assert_ne!(told, computed(&rp, "https://web.example", &browser, salt), "it has changed");

        let address = metadata(&app).await["check_session_iframe"].as_str().expect("an address").to_owned();
        let frame = app.get(address.strip_prefix(app.issuer()).expect("below the issuer")).await;
        assert_eq!((frame.status, frame.header("x-frame-options")), (200, None), "{frame}");
        let policy = frame.header("content-security-policy").expect("a policy");
        assert!(policy.contains("frame-ancestors *"), "{policy}");
        let script = script_of(&app, frame.text(), "check-session.js").await;
        for answer in ["\"changed\"", "\"unchanged\"", "\"error\"", "postMessage"] {
            assert!(script.contains(answer), "{answer}: {script}");
        }
        is_readable_in_frames_of_others(database).await;
    }
}
