//! 29 to 44: authorization requests that must be accepted (OIDC Core 3.1.2.1).

use super::{granted, id_claims, parties, signed_in};
use crate::support::{Authorize, ClientSpec, Grant, PASSWORD, Person, RelyingParty, Request, TestApp};

/// `auth_time` of the ID token for a code, which is about this person.
async fn auth_time(app: &TestApp, rp: &RelyingParty, person: &Person, grant: &Grant) -> i64 {
    let tokens = rp.exchange(grant).await.ok().await;
    let claims = id_claims(app, &tokens).await;
    assert_eq!(claims["sub"], person.id.as_str(), "{claims}");
    claims["auth_time"].as_i64().expect("a number")
}

both! {
    async fn b029_the_parameters_may_come_in_the_body_of_a_post(app) {
        let (rp, alice) = parties(&app).await;
        let request = Authorize::new(&rp, "openid");
        let mut browser = app.browser();
        let answer = browser.request(Request::new("POST", "/oauth2/authorize").form_body(request.encoded())).await;
        assert_eq!(answer.response.status, 303, "{}", answer.response);
        let location = answer.response.header("location").expect("a page").to_owned();
        let target = location.strip_prefix(app.issuer()).unwrap_or(&location).to_owned();
        let page = browser.open(&target).await.page("/sign-in/");
        let page = browser.sign_in(&page, &alice.username, PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        rp.exchange(&away.grant(&request)).await.ok().await;
    }

    async fn b030_an_unknown_parameter_is_ignored(app) {
        let (rp, alice) = parties(&app).await;
        let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid").with("extra", "foobar")).await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn b031_order_does_not_matter_and_a_long_state_comes_back_byte_for_byte(app) {
        let (rp, alice) = parties(&app).await;
        let state = "-._~aZ09".repeat(16);
        let mut browser = app.browser();
        granted(&mut browser, &alice, &Authorize::new(&rp, "email openid profile")).await;
        let reordered = Authorize::new(&rp, "x").without("response_type").without("client_id");
        let reordered = reordered.with("scope", "profile email openid").with("state", &state);
        let reordered = reordered.and("client_id", "web").and("response_type", "code");
        let away = browser.authorize(&reordered).await.away();
        assert_eq!(away.parameters()["state"], state);
        rp.exchange(&away.grant(&reordered)).await.ok().await;
    }

    async fn b032_the_code_flow_needs_no_nonce(app) {
        let (rp, alice) = parties(&app).await;
        let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid").without("nonce")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert!(id_claims(&app, &tokens).await.get("nonce").is_none());
        // Nor does one in which only the access token comes through the browser.
        let rp = app.client(ClientSpec::web("hybrid").hybrid()).await;
        let request = Authorize::new(&rp, "openid").with("response_type", "code token").without("nonce");
        let away = app.browser().arrive(&alice, &request).await;
        assert!(away.parameters().contains_key("access_token"), "{}", away.url);
        let tokens = rp.exchange(&away.grant(&request)).await.ok().await;
        assert!(id_claims(&app, &tokens).await.get("nonce").is_none());
    }

    async fn b033_an_id_token_through_the_browser_needs_a_nonce(app) {
        let rp = app.client(ClientSpec::web("web").hybrid()).await;
        for response_type in ["id_token", "id_token token", "code id_token", "code id_token token"] {
            let request = Authorize::new(&rp, "openid").with("response_type", response_type).without("nonce");
            let away = app.browser().authorize(&request).await.away();
            away.refused(&app, "invalid_request", "AS-1030").await;
            assert!(away.url.contains('#'), "{}", away.url);
        }
    }

    async fn b034_a_confidential_client_may_use_pkce_without_saying_so_before(app) {
        let rp = app.client(ClientSpec::web("web").set(|settings| settings.require_pkce = false)).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let grant = granted(&mut browser, &alice, &Authorize::new(&rp, "openid")).await;
        // Who sent a challenge is held to it.
        for (verifier, reason) in [(None, "AS-1304"), (Some("x".repeat(43)), "AS-1305")] {
            let wrong = Grant { verifier, ..grant.clone() };
            rp.exchange(&wrong).await.refused("invalid_grant", reason).await;
        }
        rp.exchange(&grant).await.ok().await;
        let without = Authorize::new(&rp, "openid").without("code_challenge").without("code_challenge_method");
        let grant = Grant { verifier: None, ..granted(&mut browser, &alice, &without).await };
        rp.exchange(&grant).await.ok().await;
    }

    async fn b035_hints_about_pages_and_people_are_accepted_and_bind_nobody(app) {
        let (rp, alice) = parties(&app).await;
        for (name, value) in [
            ("display", "page"),
            ("display", "popup"),
            ("ui_locales", "se"),
            ("claims_locales", "se"),
            ("login_hint", "buffy@localhost"),
        ] {
            let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid").with(name, value)).await;
            rp.exchange(&grant).await.ok().await;
        }
    }

    async fn b036_voluntary_classes_never_cause_an_error(app) {
        let (rp, alice) = parties(&app).await;
        for asked in ["1", "1 2", "urn:example:unknown"] {
            let request = Authorize::new(&rp, "openid").with("acr_values", asked);
            let grant = granted(&mut app.browser(), &alice, &request).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            assert_eq!(id_claims(&app, &tokens).await["acr"], "1", "{asked}");
        }
    }

    async fn b037_prompt_login_asks_again_and_moves_auth_time(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let grant = granted(&mut browser, &alice, &request).await;
        let before = auth_time(&app, &rp, &alice, &grant).await;
        app.clock.advance(10);
        let again = request.with("prompt", "login");
        let page = browser.authorize(&again).await.page("/sign-in/");
        let away = browser.sign_in(&page, &alice.username, PASSWORD).await.away();
        assert!(auth_time(&app, &rp, &alice, &away.grant(&again)).await > before);
    }

    async fn b038_max_age_asks_again_only_when_the_sign_in_is_older(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        let with = |age: &str| Authorize::new(&rp, "openid").with("max_age", age);
        let grant = granted(&mut browser, &alice, &with("15000")).await;
        let first = auth_time(&app, &rp, &alice, &grant).await;
        app.clock.advance(2);
        let away = browser.authorize(&with("10000")).await.away();
        assert_eq!(auth_time(&app, &rp, &alice, &away.grant(&with("10000"))).await, first);
        let page = browser.authorize(&with("1")).await.page("/sign-in/");
        let away = browser.sign_in(&page, &alice.username, PASSWORD).await.away();
        assert!(auth_time(&app, &rp, &alice, &away.grant(&with("1"))).await > first);
    }

    async fn b039_prompt_none_without_a_session_is_an_error_to_the_client(app) {
        let (rp, _) = parties(&app).await;
        let away = app.browser().authorize(&Authorize::new(&rp, "openid").with("prompt", "none")).await.away();
        away.refused(&app, "login_required", "AS-1017").await;
        assert_eq!(away.parameters()["state"], "state-1");
    }

    async fn b040_prompt_none_with_a_session_answers_at_once(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let grant = granted(&mut browser, &alice, &request).await;
        let first = id_claims(&app, &rp.exchange(&grant).await.ok().await).await;
        app.clock.advance(5);
        let silent = request.with("prompt", "none");
        let away = browser.authorize(&silent).await.away();
        let second = id_claims(&app, &rp.exchange(&away.grant(&silent)).await.ok().await).await;
        assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
    }

    async fn b041_the_hint_of_an_expired_id_token_is_believed(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let grant = granted(&mut browser, &alice, &request).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        app.clock.advance(3600);
        let hinted = request.with("prompt", "none").with("id_token_hint", tokens.id());
        let away = browser.authorize(&hinted).await.away();
        let again = rp.exchange(&away.grant(&hinted)).await.ok().await;
        assert_eq!(id_claims(&app, &again).await["sub"], alice.id.as_str());
    }

    async fn b042_an_essential_claim_for_userinfo_is_told_there_and_not_in_the_id_token(app) {
        let spec = ClientSpec::web("web");
        let rp = app.client(spec.set(|s| s.id_token_claims = symbolon::domain::entity::IdTokenClaims::Lean)).await;
        let alice = app.person("alice").await;
        let request = Authorize::new(&rp, "openid").with("claims", r#"{"userinfo":{"name":{"essential":true}}}"#);
        let grant = granted(&mut app.browser(), &alice, &request).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(rp.userinfo(&tokens.access_token).await.json().await["name"], "alice Example");
        assert!(id_claims(&app, &tokens).await.get("name").is_none());
        let unknown = Authorize::new(&rp, "openid").with("claims", r#"{"id_token":{"no_such_claim":{"essential":true}}}"#);
        let grant = granted(&mut app.browser(), &alice, &unknown).await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn b043_the_query_of_a_registered_redirect_uri_is_kept(app) {
        for (name, query) in [("one", "bar=foo"), ("two", "dummy1=lorem&dummy2=ipsum")] {
            let registered = format!("https://{name}.example/callback?{query}");
            let uri = registered.clone();
            let rp = app.client(ClientSpec::web(name).set(move |settings| settings.redirect_uris = vec![uri])).await;
            let alice = app.person(&format!("person-{name}")).await;
            let mut browser = app.browser();
            let request = Authorize::new(&rp, "openid");
            let grant = granted(&mut browser, &alice, &request).await;
            rp.exchange(&grant).await.ok().await;
            let away = browser.authorize(&request.with("prompt", "none")).await.away();
            assert!(away.url.starts_with(&format!("{registered}&")), "{}", away.url);
            let away = app.browser().authorize(&Authorize::new(&rp, "openid").with("prompt", "none")).await.away();
            assert!(away.url.starts_with(&format!("{registered}&error=")), "{}", away.url);
        }
    }

    async fn b044_prompt_consent_shows_the_consent_page_even_if_it_is_remembered(app) {
        let (rp, alice) = parties(&app).await;
        signed_in(&app, &rp, &alice, "openid offline_access").await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid offline_access").with("prompt", "consent");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, &alice.username, PASSWORD).await.page("/consent/");
        let away = browser.press(&page, "consent-allow", &[]).await.away();
        assert!(rp.exchange(&away.grant(&request)).await.ok().await.refresh_token.is_some());
    }
}
