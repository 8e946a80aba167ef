//! Requests that are refused: on a page while client or redirect URI are in doubt, else to the app.

use serde_json::json;

use crate::support::{Authorize, ClientKey, ClientSpec, PASSWORD, Request, unsigned};

both! {
    async fn a_client_in_doubt_is_a_page(app) {
        // Behaviour 53.
        let rp = app.client(ClientSpec::web("web")).await;
        let disabled = app.client(ClientSpec::web("disabled")).await;
        app.change_client(&disabled, |client| client.enabled = false).await;
        let base = Authorize::new(&rp, "openid");
        for (request, reason) in [
            (base.clone().without("client_id"), "AS-1000"),
            (base.clone().with("client_id", ""), "AS-1000"),
            (base.clone().with("client_id", "nobody"), "AS-1001"),
            (base.clone().with("client_id", "WEB"), "AS-1001"),
            (base.clone().with("client_id", "disabled"), "AS-1001"),
        ] {
            app.send(Request::get(request.target())).await.refused_page(400, reason).await;
        }
    }

    async fn a_redirect_uri_in_doubt_is_a_page(app) {
        // Behaviours 45 to 47; design rule D2.
        let spec = ClientSpec::web("web")
            .set(|settings| settings.redirect_uris.push("https://web.example/cb?bar=foo".to_owned()));
        let rp = app.client(spec).await;
        let base = Authorize::new(&rp, "openid");
        app.send(Request::get(base.clone().without("redirect_uri").target())).await.refused_page(400, "AS-1002").await;
        for uri in [
            "https://web.example/callback/abc",
            "https://web.example/callback?x=1",
            "https://web.example/callback/",
            "https://web.example/callback#x",
            "https://WEB.example/callback",
            "https://web.example:443/callback",
            "https://web.example/%63allback",
            "https://web.example/x/../callback",
            "https://web.example\\callback",
            "https://user@web.example/callback",
            "https://web.example.evil.example/callback",
            "http://web.example/callback",
            "//web.example/callback",
            "/callback",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://web.example/cb?bar=fop",
            "https://web.example/cb",
            "https://web.example/cb?bar=foo&x=1",
            "https://web.example/callback ",
            "*",
            "https://*/callback",
        ] {
            let answer = app.send(Request::get(base.clone().with("redirect_uri", uri).target())).await;
            answer.refused_page(400, "AS-1003").await;
            assert_eq!(answer.response.header("location"), None, "{uri}");
        }
    }

    async fn a_parameter_twice_or_malformed_is_a_page_because_nothing_can_be_believed(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let base = Authorize::new(&rp, "openid");
        for name in ["client_id", "redirect_uri", "state", "scope", "response_type", "extra"] {
            let request = base.clone().and("extra", "1").and(name, "x");
            app.send(Request::get(request.target())).await.refused_page(400, "AS-1004").await;
        }
        for junk in ["x=%00", "x=%ff", "%ff=1", "x=%", "=1"] {
            app.send(Request::get(format!("{}&{junk}", base.target()))).await.refused_page(400, "AS-1005").await;
        }
    }

    async fn what_the_app_did_wrong_goes_to_the_app(app) {
        // Behaviours 48 to 50, 97 and 98.
        let rp = app.client(ClientSpec::web("web")).await;
        let base = Authorize::new(&rp, "openid");
        let long = "x".repeat(3000);
        for (request, error, reason) in [
            (base.clone().without("response_type"), "invalid_request", "AS-1006"),
            (base.clone().with("response_type", "token"), "unsupported_response_type", "AS-1007"),
            (base.clone().with("response_type", "code id_token"), "unsupported_response_type", "AS-1007"),
            (base.clone().and("response_mode", "jwt.query"), "invalid_request", "AS-1008"),
            (base.clone().and("response_mode", "web_message"), "invalid_request", "AS-1008"),
            (base.clone().with("scope", "openid  profile"), "invalid_scope", "AS-1009"),
            (base.clone().with("scope", "openid,profile"), "invalid_scope", "AS-1009"),
            (base.clone().with("scope", "openid admin"), "invalid_scope", "AS-1010"),
            (base.clone().and("prompt", "unheard_of"), "invalid_request", "AS-1011"),
            (base.clone().and("prompt", "none login"), "invalid_request", "AS-1012"),
            (base.clone().and("max_age", "-1"), "invalid_request", "AS-1013"),
            (base.clone().and("max_age", "1.5"), "invalid_request", "AS-1013"),
            (base.clone().and("max_age", "soon"), "invalid_request", "AS-1013"),
            (base.clone().and("request_uri", "https://web.example/r"), "request_uri_not_supported", "AS-1046"),
            (base.clone().and("resource", "https://api.example"), "invalid_target", "AS-1016"),
            (base.clone().and("registration", "{}"), "registration_not_supported", "AS-1027"),
            (base.clone().and("dpop_jkt", "x"), "invalid_request", "AS-1229"),
            (base.clone().and("authorization_details", "[]"), "invalid_authorization_details", "AS-1080"),
            (base.clone().and("claims", "{"), "invalid_request", "AS-1026"),
            (base.clone().and("claims", "[]"), "invalid_request", "AS-1026"),
            (base.clone().with("nonce", &long), "invalid_request", "AS-1005"),
            (base.clone().without("code_challenge").without("code_challenge_method"), "invalid_request", "AS-1301"),
            (base.clone().with("code_challenge_method", "plain"), "invalid_request", "AS-1302"),
            (base.clone().without("code_challenge_method"), "invalid_request", "AS-1302"),
            (base.clone().with("code_challenge", "short"), "invalid_request", "AS-1303"),
        ] {
            let away = app.browser().authorize(&request).await.away();
            assert!(away.url.starts_with("https://web.example/callback"), "{}", away.url);
            away.refused(&app, error, reason).await;
            assert_eq!(away.parameters().get("state").map(String::as_str), Some("state-1"), "{}", away.url);
        }
        // A state that would not come back byte by byte is not echoed.
        for state in ["a\tb", "a\r\nb"] {
            let away = app.browser().authorize(&base.clone().with("state", state)).await.away();
            away.refused(&app, "invalid_request", "AS-1005").await;
            assert!(!away.parameters().contains_key("state"), "{}", away.url);
        }
    }

    async fn a_refusal_takes_the_response_mode_of_the_request(app) {
        // Behaviour 51.
        let rp = app.client(ClientSpec::web("web")).await;
        let base = Authorize::new(&rp, "openid").with("prompt", "none");
        for (mode, in_query, in_fragment) in
            [("query", true, false), ("fragment", false, true), ("form_post", false, false)]
        {
            let away = app.browser().authorize(&base.clone().and("response_mode", mode)).await.away();
            assert_eq!((away.url.contains('?'), away.url.contains('#')), (in_query, in_fragment), "{}", away.url);
            away.refused(&app, "login_required", "AS-1017").await;
        }
    }

    async fn a_client_without_the_grant_hears_so(app) {
        let spec = ClientSpec::web("web")
            .set(|settings| settings.grant_types.retain(|grant| grant.name() != "authorization_code"));
        let rp = app.client(spec).await;
        let away = app.browser().authorize(&Authorize::new(&rp, "openid")).await.away();
        away.refused(&app, "unauthorized_client", "AS-1024").await;
    }

    async fn prompt_none_never_shows_a_page(app) {
        // Behaviour 39.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let base = Authorize::new(&rp, "openid").with("prompt", "none");
        app.browser().authorize(&base).await.away().refused(&app, "login_required", "AS-1017").await;
        let mut browser = app.browser();
        browser.grant(&alice, &Authorize::new(&rp, "openid")).await;
        let more = browser.authorize(&base.clone().with("scope", "openid profile")).await.away();
        more.refused(&app, "consent_required", "AS-1018").await;
        app.clock.advance(5);
        browser
            .authorize(&base.clone().and("max_age", "1"))
            .await
            .away()
            .refused(&app, "login_required", "AS-1017")
            .await;
        app.clock.advance(app.services.policy.session_idle_seconds);
        browser.authorize(&base).await.away().refused(&app, "login_required", "AS-1017").await;
    }

    async fn a_hint_about_somebody_else_is_refused_without_pages(app) {
        let (rp, alice, bob) =
            (app.client(ClientSpec::web("web")).await, app.person("alice").await, app.person("bob").await);
        let base = Authorize::new(&rp, "openid");
        let of_bob = rp.exchange(&app.browser().grant(&bob, &base).await).await.ok().await;
        let mut browser = app.browser();
        browser.grant(&alice, &base).await;
        let request = base.with("prompt", "none").and("id_token_hint", of_bob.id());
        browser.authorize(&request).await.away().refused(&app, "login_required", "AS-1019").await;
    }

    async fn a_hint_that_is_not_ours_is_refused(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let base = Authorize::new(&rp, "openid");
        let tokens = rp.exchange(&app.browser().grant(&alice, &base).await).await.ok().await;
        let (header, claims) = app.verified(tokens.id()).await;
        let stranger = ClientKey::generate(symbolon::domain::jose::SigningAlgorithm::RS256);
        let forged = stranger.sign_with_header(&header, &claims);
        let none = format!("{}.", unsigned(&json!({ "alg": "none", "typ": "JWT" }), &claims));
        for hint in ["x", "a.b.c", &forged, &none, &tokens.access_token, tokens.refresh()] {
            let away = app.browser().authorize(&base.clone().and("id_token_hint", hint)).await.away();
            away.refused(&app, "invalid_request", "AS-1025").await;
        }
    }

    async fn what_is_no_form_is_a_page(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let encoded = Authorize::new(&rp, "openid").encoded();
        for content_type in ["application/json", "text/plain", "multipart/form-data"] {
            let request = Request::new("POST", "/oauth2/authorize").header("Content-Type", content_type).body(&encoded);
            app.send(request).await.refused_page(400, "AS-5004").await;
        }
    }

    async fn a_code_that_left_in_a_session_that_ended_is_worthless(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let grant = browser.grant(&alice, &Authorize::new(&rp, "openid offline_access")).await;
        let page = browser.open("/sign-out").await.page("/sign-out");
        browser.press(&page, "logout-confirm", &[]).await.page("/signed-out");
        let answer = rp.exchange(&grant).await;
        assert_eq!(answer.response.status, 400, "{}", answer.response);
    }

    async fn a_change_of_the_client_during_the_dialogue_counts(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&rp, "openid")).await.page("/sign-in/");
        app.change_client(&rp, |client| client.settings.redirect_uris = vec!["https://web.example/other".to_owned()])
            .await;
        let page = match browser.sign_in(&page, "alice", PASSWORD).await {
            crate::support::Stop::Page(page) if page.path.starts_with("/consent/") => {
                browser.press(&page, "consent-allow", &[]).await.page("/consent/")
            }
            other => other.page("/"),
        };
        page.answer.refused_page(400, "AS-1003").await;
    }
}
