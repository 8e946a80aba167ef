//! Signing out that is refused or asked about first: nobody is signed out by a link.

use serde_json::json;

use crate::support::{
    Authorize, ClientKey, ClientSpec, RelyingParty, Request, Stop, TestApp, Tokens, form_encode, unsigned,
};

const BACK: &str = "https://web.example/back";

async fn signed_in(app: &TestApp) -> (RelyingParty, crate::support::Browser<'_>, Tokens) {
    let spec = ClientSpec::web("web").set(|settings| settings.post_logout_redirect_uris = vec![BACK.to_owned()]);
    let (rp, alice) = (app.client(spec).await, app.person("alice").await);
    let mut browser = app.browser();
    let tokens = rp.exchange(&browser.grant(&alice, &Authorize::new(&rp, "openid")).await).await.ok().await;
    (rp, browser, tokens)
}

fn logout(fields: &[(&str, &str)]) -> String {
    format!("/oauth2/logout?{}", form_encode(fields))
}

both! {
    async fn an_address_that_is_not_registered_is_a_page(app) {
        // Behaviour 120.
        let (_, mut browser, tokens) = signed_in(&app).await;
        for uri in [
            "https://evil.example/",
            "https://web.example/back?x=1",
            "https://web.example/back/",
            "https://WEB.example/back",
            "javascript:alert(1)",
            "//evil.example",
            "https://web.example/callback",
        ] {
            let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", uri), ("state", "x")];
            let answer = browser.request(Request::get(logout(&fields))).await;
            answer.refused_page(400, "AS-1501").await;
            assert_eq!(answer.response.header("location"), None);
        }
        assert!(browser.cookies.contains_key("symbolon_session"), "nobody was signed out");
    }

    async fn nobody_is_sent_to_an_app_that_waits_for_an_administrator(app) {
        let (rp, mut browser, tokens) = signed_in(&app).await;
        app.change_client(&rp, |client| client.settings.quarantined = true).await;
        let by_name = [("client_id", "web"), ("post_logout_redirect_uri", BACK)];
        let by_hint = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
        for fields in [by_name, by_hint] {
            browser.request(Request::get(logout(&fields))).await.refused_page(400, "AS-1406").await;
        }
        assert!(browser.cookies.contains_key("symbolon_session"), "nobody was signed out");
    }

    async fn a_hint_that_is_not_ours_is_a_page(app) {
        // Behaviour 121.
        let (_, mut browser, tokens) = signed_in(&app).await;
        let (header, claims) = app.verified(tokens.id()).await;
        let stranger = ClientKey::generate(symbolon::domain::jose::SigningAlgorithm::RS256);
        let forged = stranger.sign_with_header(&header, &claims);
        let none = format!("{}.", unsigned(&json!({ "alg": "none", "typ": "JWT" }), &claims));
        for hint in ["x", "a.b.c", &forged, &none, &tokens.access_token] {
            let fields = [("id_token_hint", hint), ("post_logout_redirect_uri", BACK)];
            browser.request(Request::get(logout(&fields))).await.refused_page(400, "AS-1502").await;
        }
        assert!(browser.cookies.contains_key("symbolon_session"));
    }

    async fn a_hint_of_another_client_is_a_page(app) {
        let (_, mut browser, tokens) = signed_in(&app).await;
        app.client(ClientSpec::web("other")).await;
        let fields = [("id_token_hint", tokens.id()), ("client_id", "other")];
        browser.request(Request::get(logout(&fields))).await.refused_page(400, "AS-1503").await;
    }

    async fn an_address_without_a_hint_is_never_a_silent_redirect(app) {
        // Behaviour 122.
        let (_, mut browser, _) = signed_in(&app).await;
        let fields = [("post_logout_redirect_uri", BACK), ("state", "x")];
        browser.request(Request::get(logout(&fields))).await.refused_page(400, "AS-1504").await;
        let fields = [("post_logout_redirect_uri", BACK), ("client_id", "web")];
        let page = match browser.open(&logout(&fields)).await {
            Stop::Page(page) => page,
            Stop::Away(away) => panic!("a silent redirect: {}", away.url),
        };
        assert!(browser.cookies.contains_key("symbolon_session"));
        let away = browser.press(&page, "logout-confirm", &[]).await.away();
        assert_eq!(away.url, BACK);
        assert!(!browser.cookies.contains_key("symbolon_session"));
    }

    async fn the_hint_of_another_session_asks_first(app) {
        // Security requirements, peers' defect 7: a hint is not a licence.
        let (rp, mut browser, tokens) = signed_in(&app).await;
        let bob = app.person("bob").await;
        let mut other = app.browser();
        other.grant(&bob, &Authorize::new(&rp, "openid")).await;
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", BACK)];
        let page = match other.open(&logout(&fields)).await {
            Stop::Page(page) => page,
            Stop::Away(away) => panic!("signed out by somebody else's token: {}", away.url),
        };
        assert!(page.has("logout-confirm") && other.cookies.contains_key("symbolon_session"));
        // Replayed after the logout, it ends nothing more.
        browser.open(&logout(&fields)).await.away();
        let alice_again =
            crate::support::Person { id: symbolon::domain::ids::UserId::new(""), username: "alice".to_owned() };
        browser.grant(&alice_again, &Authorize::new(&rp, "openid")).await;
        let Stop::Page(page) = browser.open(&logout(&fields)).await else { panic!("replayed") };
        assert!(page.has("logout-confirm"));
    }

    async fn a_confirmation_from_elsewhere_signs_nobody_out(app) {
        // ASVS 10.6.2.
        let (_, mut browser, tokens) = signed_in(&app).await;
        for token in ["", "x"] {
            let request = Request::form("/sign-out", &[("csrf", token), ("action", "sign-out")]);
            browser.request(request).await.refused_page(400, "AS-1023").await;
        }
        let request = Request::form("/sign-out", &[("id_token_hint", tokens.id()), ("action", "sign-out")]);
        browser.request(request).await.refused_page(400, "AS-1023").await;
        let json = Request::new("POST", "/sign-out").header("Content-Type", "application/json").body("{}");
        browser.request(json).await.refused_page(400, "AS-5004").await;
        let json = Request::new("POST", "/oauth2/logout").header("Content-Type", "text/plain").body("x");
        browser.request(json).await.refused_page(400, "AS-5004").await;
        assert!(browser.cookies.contains_key("symbolon_session"));
    }

    async fn malformed_parameters_are_a_page(app) {
        for query in ["id_token_hint=%00", "state=%ff", "x=%", "state=a&state=b"] {
            let reason = if query.contains("state=a") { "AS-1004" } else { "AS-1005" };
            app.send(Request::get(format!("/oauth2/logout?{query}"))).await.refused_page(400, reason).await;
        }
    }
}
