//! Pushes that are refused, and references that are.

use crate::support::{Authorize, ClientSpec, Credentials, PASSWORD, Request, SECRET, TestApp, basic};

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A reference that nobody was given, of the right form.
fn unknown() -> String {
    let random = symbolon::crypto::random::SystemRandom;
    let minted = symbolon::crypto::token::mint(symbolon::crypto::token::SecretKind::PushedRequest, &random);
    format!("{PREFIX}{}", minted.text.expose())
}

async fn refused_reference(app: &TestApp, target: &str, reason: &str) {
    let answer = app.send(Request::get(target)).await;
    answer.refused_page(400, reason).await;
    assert_eq!(answer.response.header("location"), None);
}

both! {
    /// Behaviours 138, 147, 148, 149 and 150.
    async fn whatever_the_authorization_endpoint_refuses_is_refused_as_json(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let base = Authorize::new(&rp, "openid");
        for (request, error, reason) in [
            (base.clone().without("code_challenge").without("code_challenge_method"), "invalid_request", "AS-1301"),
            (base.clone().with("code_challenge_method", "plain"), "invalid_request", "AS-1302"),
            (base.clone().with("code_challenge", "short"), "invalid_request", "AS-1303"),
            (base.clone().without("redirect_uri"), "invalid_request", "AS-1002"),
            (base.clone().with("redirect_uri", "https://web.example/other"), "invalid_request", "AS-1003"),
            (base.clone().with("redirect_uri", "https://web.example/callback/"), "invalid_request", "AS-1003"),
            (base.clone().with("redirect_uri", "javascript:alert(1)"), "invalid_request", "AS-1003"),
            (base.clone().without("response_type"), "invalid_request", "AS-1006"),
            (base.clone().with("response_type", "none"), "unsupported_response_type", "AS-1007"),
            (base.clone().with("response_type", "code code"), "unsupported_response_type", "AS-1007"),
            (base.clone().and("response_mode", "web_message"), "invalid_request", "AS-1008"),
            (base.clone().with("scope", "openid,profile"), "invalid_scope", "AS-1009"),
            (base.clone().with("scope", "openid admin"), "invalid_scope", "AS-1010"),
            (base.clone().and("prompt", "none login"), "invalid_request", "AS-1012"),
            (base.clone().and("max_age", "soon"), "invalid_request", "AS-1013"),
            (base.clone().and("claims", "["), "invalid_request", "AS-1026"),
            (base.clone().and("registration", "{}"), "registration_not_supported", "AS-1027"),
            (base.clone().and("scope", "openid"), "invalid_request", "AS-1004"),
            (base.clone().with("state", "a\tb"), "invalid_request", "AS-1005"),
        ] {
            rp.push(&request).await.refused(error, reason).await;
        }
    }

    /// Behaviour 149.
    async fn a_response_type_that_the_client_may_not_use_is_refused(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        for response_type in ["token", "id_token", "code id_token", "code token", "code id_token token"] {
            let answer = rp.push(&Authorize::new(&rp, "openid").with("response_type", response_type)).await;
            assert_eq!(answer.response.status, 400, "{}", answer.response);
            let error = answer.response.json()["error"].as_str().map(str::to_owned).unwrap_or_default();
            let expected = ["unsupported_response_type", "unauthorized_client", "invalid_request"];
            assert!(expected.contains(&error.as_str()), "{}", answer.response);
        }
    }

    /// Behaviour 139.
    async fn a_reference_cannot_be_pushed(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let base = Authorize::new(&rp, "openid");
        let pushed = rp.push(&base).await.pushed().await;
        for uri in [pushed.as_str(), "https://web.example/request.jwt", "urn:x", "x"] {
            rp.push(&base.clone().and("request_uri", uri)).await.refused("invalid_request", "AS-1040").await;
        }
        rp.post("/oauth2/par", &[("request_uri", &pushed)]).await.refused("invalid_request", "AS-1040").await;
    }

    /// Behaviour 140.
    async fn another_method_is_not_allowed(app) {
        for method in ["GET", "PUT", "PATCH", "DELETE"] {
            let answer = app.send(Request::new(method, "/oauth2/par").form_body("client_id=web")).await;
            answer.refused_as(405, "invalid_request", "AS-5002").await;
            assert_eq!(answer.response.header("allow"), Some("POST, OPTIONS"));
        }
    }

    /// Behaviour 150.
    async fn whoever_is_not_the_client_pushes_nothing(app) {
        let (rp, spa) = (app.client(ClientSpec::web("web")).await, app.client(ClientSpec::spa("spa")).await);
        let base = Authorize::new(&rp, "openid");
        for (credentials, reason) in [
            (Credentials::Basic("wrong".to_owned()), "AS-1203"),
            (Credentials::Post("wrong".to_owned()), "AS-1203"),
            (Credentials::Public, "AS-1205"),
            (Credentials::Nothing, "AS-1200"),
        ] {
            rp.with(credentials).push(&base).await.refused("invalid_client", reason).await;
        }
        spa.with(Credentials::Basic(SECRET.to_owned())).push(&base).await.refused("invalid_client", "AS-1205").await;
        // The form names somebody else than the header.
        let request = Request::new("POST", "/oauth2/par").form_body(Authorize::new(&spa, "openid").encoded());
        rp.send(&request.header("Authorization", basic("web", SECRET))).await.refused("invalid_request", "AS-1201").await;
        app.change_client(&rp, |client| client.enabled = false).await;
        rp.push(&base).await.refused("invalid_client", "AS-1001").await;
    }

    async fn what_is_no_form_is_refused(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let body = Authorize::new(&rp, "openid").encoded();
        for content_type in ["application/json", "text/plain"] {
            let request = Request::new("POST", "/oauth2/par").header("Content-Type", content_type).body(&body);
            rp.send(&request.header("Authorization", basic("web", SECRET))).await.refused("invalid_request", "AS-5004").await;
        }
        let large = Authorize::new(&rp, "openid").and("x", &"y".repeat(70_000));
        assert_eq!(rp.push(&large).await.response.status, 413);
    }

    async fn a_client_without_the_code_grant_pushes_nothing(app) {
        let rp = app.client(ClientSpec::machine("service")).await;
        let answer = rp.push(&Authorize::new(&rp, "openid")).await;
        assert_eq!(answer.response.status, 400, "{}", answer.response);
        let spec = ClientSpec::web("web")
            .set(|settings| settings.grant_types.retain(|grant| grant.name() != "authorization_code"));
        let rp = app.client(spec).await;
        rp.push(&Authorize::new(&rp, "openid")).await.refused("unauthorized_client", "AS-1024").await;
    }

    /// Behaviour 141.
    async fn an_expired_reference_is_a_page(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let target = rp.by_reference(&rp.push(&Authorize::new(&rp, "openid")).await.pushed().await);
        app.clock.advance(89);
        app.browser().open(&target).await.page("/sign-in/");
        app.clock.advance(1);
        refused_reference(&app, &target, "AS-1042").await;
    }

    /// Behaviour 142.
    async fn a_reference_is_answered_once(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid");
        let target = rp.by_reference(&rp.push(&request).await.pushed().await);
        let mut browser = app.browser();
        let grant = browser.grant_at(&target, &alice, &request).await;
        let answer = browser.request(Request::get(&target)).await;
        answer.refused_page(400, "AS-1043").await;
        refused_reference(&app, &target, "AS-1043").await;
        // The code of the first answer is as good as ever.
        rp.exchange(&grant).await.ok().await;
        app.clock.advance(90);
        refused_reference(&app, &target, "AS-1043").await;
    }

    async fn a_refusal_by_the_person_is_an_answer_too(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let target = rp.by_reference(&rp.push(&Authorize::new(&rp, "openid")).await.pushed().await);
        let mut browser = app.browser();
        let page = browser.open(&target).await.page("/sign-in/");
        let page = browser.sign_in(&page, &alice.username, PASSWORD).await.page("/consent/");
        browser.press(&page, "consent-deny", &[]).await.away().refused(&app, "access_denied", "AS-1020").await;
        refused_reference(&app, &target, "AS-1043").await;
    }

    /// Behaviour 144.
    async fn a_reference_of_another_client_is_a_page(app) {
        let (rp, other) = (app.client(ClientSpec::web("web")).await, app.client(ClientSpec::web("other")).await);
        let reference = rp.push(&Authorize::new(&rp, "openid")).await.pushed().await;
        refused_reference(&app, &other.by_reference(&reference), "AS-1044").await;
        // It is not used up by that.
        app.browser().open(&rp.by_reference(&reference)).await.page("/sign-in/");
    }

    async fn a_reference_that_nobody_was_given_is_a_page(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let pushed = rp.push(&Authorize::new(&rp, "openid")).await.pushed().await;
        let code_like = pushed.replace("sym_pr_", "sym_ac_");
        for uri in [
            unknown(),
            PREFIX.to_owned(),
            format!("{PREFIX}x"),
            format!("{pushed}x"),
            pushed[..pushed.len() - 1].to_owned(),
            format!("{pushed} "),
            pushed.replace("sym_pr_", "SYM_PR_"),
            code_like,
        ] {
            refused_reference(&app, &rp.by_reference(&uri), "AS-1041").await;
        }
        // What stands next to it is no way to be answered all the same.
        let plain = Authorize::new(&rp, "openid").and("request_uri", &unknown());
        refused_reference(&app, &plain.target(), "AS-1041").await;
    }

    async fn a_reference_needs_its_client(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let reference = rp.push(&Authorize::new(&rp, "openid")).await.pushed().await;
        refused_reference(&app, &format!("/oauth2/authorize?request_uri={reference}"), "AS-1000").await;
        app.change_client(&rp, |client| client.enabled = false).await;
        refused_reference(&app, &rp.by_reference(&reference), "AS-1001").await;
    }

    /// Behaviour 145.
    async fn a_client_that_must_push_is_refused_without(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.require_pushed_authorization_requests = true);
        let rp = app.client(spec).await;
        let base = Authorize::new(&rp, "openid");
        let away = app.browser().authorize(&base).await.away();
        away.refused(&app, "invalid_request", "AS-1045").await;
        assert_eq!(away.parameters()["state"], "state-1");
        let away = app.browser().authorize(&base.clone().and("response_mode", "fragment")).await.away();
        assert!(away.url.starts_with("https://web.example/callback#"), "{}", away.url);
        let away = app.browser().authorize(&base.clone().with("state", "a\tb")).await.away();
        assert!(!away.parameters().contains_key("state"), "{}", away.url);
        // Nowhere to send it to.
        for request in [base.clone().without("redirect_uri"), base.clone().with("redirect_uri", "https://evil.example/")] {
            refused_reference(&app, &request.target(), "AS-1045").await;
        }
    }

    async fn what_the_client_may_not_do_any_more_is_refused_although_it_was_pushed(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let target = rp.by_reference(&rp.push(&Authorize::new(&rp, "openid profile")).await.pushed().await);
        app.change_client(&rp, |client| client.settings.scope = vec!["openid".to_owned()]).await;
        app.browser().open(&target).await.away().refused(&app, "invalid_scope", "AS-1010").await;
        app.change_client(&rp, |client| client.settings.redirect_uris = vec!["https://web.example/new".to_owned()]).await;
        refused_reference(&app, &target, "AS-1003").await;
    }
}
