//! 137 to 150: pushed authorization requests (RFC 9126).

use super::{fapi2, fapi2::PAR, id_claims, is_unguessable, left_on_a_page, refused_with};
use crate::support::{Authorize, Browser, Credentials, Request, form_encode};

/// How every reference begins (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The browser goes nowhere, for this reason.
async fn is_left(browser: &mut Browser<'_>, target: &str, reason: &str) {
    left_on_a_page(browser, target).await;
    browser.request(Request::get(target)).await.refused_page(400, reason).await;
}

/// The members of the answer to a push that went well.
fn members(answer: &crate::support::Answer) -> serde_json::Value {
    assert_eq!(answer.response.status, 201, "{}", answer.response);
    assert_eq!(answer.response.header("content-type"), Some("application/json"));
    answer.response.json()
}

both! {
    async fn b137_a_push_is_201_with_an_unguessable_reference_of_a_short_life(app) {
        let one = fapi2::client(&app, "one").await;
        let answer = members(&one.rp.push(&Authorize::new(&one.rp, "openid")).await);
        // What is the same in every answer is no secret.
        let random = answer["request_uri"].as_str().and_then(|text| text.strip_prefix(PREFIX)).expect("a reference");
        assert!(is_unguessable(random), "{answer}");
        assert!(answer["expires_in"].as_i64().is_some_and(|life| (5..=600).contains(&life)), "{answer}");
        let again = members(&one.rp.push(&Authorize::new(&one.rp, "openid")).await);
        assert_ne!(answer["request_uri"], again["request_uri"]);
    }

    async fn b138_a_challenge_is_needed_and_plain_is_none(app) {
        let one = fapi2::client(&app, "one").await;
        let request = Authorize::new(&one.rp, "openid");
        let without = request.clone().without("code_challenge").without("code_challenge_method");
        let unsaid = request.clone().without("code_challenge_method");
        for request in [without, unsaid, request.with("code_challenge_method", "plain")] {
            refused_with(&one.rp.push(&request).await, &["invalid_request"]);
        }
    }

    async fn b139_a_reference_cannot_be_pushed(app) {
        let one = fapi2::client(&app, "one").await;
        let request = Authorize::new(&one.rp, "openid");
        let reference = one.rp.push(&request).await.pushed().await;
        let allowed = ["invalid_request", "invalid_request_object", "request_uri_not_supported"];
        refused_with(&one.rp.push(&request.and("request_uri", &reference)).await, &allowed);
        refused_with(&one.rp.post(PAR, &[("request_uri", &reference)]).await, &allowed);
    }

    async fn b140_another_method_is_not_allowed(app) {
        let one = fapi2::client(&app, "one").await;
        let body = Authorize::new(&one.rp, "openid").encoded();
        for method in ["PUT", "GET", "DELETE"] {
            assert_eq!(app.send(Request::new(method, PAR).form_body(&body)).await.response.status, 405, "{method}");
        }
    }

    async fn b141_an_expired_reference_is_an_error_page(app) {
        let one = fapi2::client(&app, "one").await;
        let answer = members(&one.rp.push(&Authorize::new(&one.rp, "openid")).await);
        let target = one.rp.by_reference(answer["request_uri"].as_str().expect("a text"));
        let life = answer["expires_in"].as_i64().expect("a number");
        app.clock.advance(life - 1);
        app.browser().open(&target).await.page("/sign-in/");
        app.clock.advance(2);
        is_left(&mut app.browser(), &target, "AS-1042").await;
    }

    async fn b142_a_reference_is_answered_once(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let request = Authorize::new(&one.rp, "openid");
        let target = one.pushed(&request).await;
        let mut browser = app.browser();
        let grant = browser.grant_at(&target, &alice, &request).await;
        is_left(&mut browser, &target, "AS-1043").await;
        is_left(&mut app.browser(), &target, "AS-1043").await;
        one.redeem(&app, &grant).await.ok_as("DPoP").await;
    }

    async fn b143_a_reload_before_the_sign_in_works(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let request = Authorize::new(&one.rp, "openid");
        let target = one.pushed(&request).await;
        let mut browser = app.browser();
        for _ in 0..2 {
            browser.open(&target).await.page("/sign-in/");
        }
        let grant = browser.grant_at(&target, &alice, &request).await;
        one.redeem(&app, &grant).await.ok_as("DPoP").await;
    }

    async fn b144_a_reference_of_another_client_is_an_error_page(app) {
        let (one, two) = (fapi2::client(&app, "one").await, fapi2::client_with_query(&app, "two").await);
        let reference = one.rp.push(&Authorize::new(&one.rp, "openid")).await.pushed().await;
        is_left(&mut app.browser(), &two.rp.by_reference(&reference), "AS-1044").await;
        app.browser().open(&one.rp.by_reference(&reference)).await.page("/sign-in/");
    }

    async fn b145_a_request_that_was_not_pushed_is_refused(app) {
        let one = fapi2::client(&app, "one").await;
        let away = app.browser().authorize(&Authorize::new(&one.rp, "openid")).await.away();
        let parameters = away.parameters();
        assert_eq!((parameters["error"].as_str(), parameters["state"].as_str()), ("invalid_request", "state-1"));
    }

    async fn b146_client_and_reference_are_enough_and_all_else_is_ignored(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let request = Authorize::new(&one.rp, "openid");
        let mut browser = app.browser();
        one.grant(&mut browser, &alice, &request).await;
        let others = form_encode(&[
            ("state", "outside"),
            ("nonce", "outside"),
            ("scope", "openid email"),
            ("prompt", "login"),
            ("response_mode", "fragment"),
            ("redirect_uri", "https://evil.example/"),
        ]);
        let away = browser.open(&format!("{}&{others}", one.pushed(&request).await)).await.away();
        assert!(away.url.starts_with(&format!("{}?", one.rp.redirect_uri)), "{}", away.url);
        assert_eq!(away.parameters()["state"], "state-1");
        let tokens = one.redeem(&app, &away.grant(&request)).await.ok_as("DPoP").await;
        assert_eq!(id_claims(&app, &tokens).await["nonce"], "nonce-1");
        let stateless = one.pushed(&request.without("state")).await;
        let away = browser.open(&format!("{stateless}&state=outside")).await.away();
        assert!(away.parameters().contains_key("code") && !away.parameters().contains_key("state"), "{}", away.url);
    }

    async fn b147_a_push_names_where_the_answer_goes(app) {
        let one = fapi2::client(&app, "one").await;
        let answer = one.rp.push(&Authorize::new(&one.rp, "openid").without("redirect_uri")).await;
        refused_with(&answer, &["invalid_request", "invalid_request_object"]);
    }

    async fn b148_an_address_that_is_not_registered_is_refused_at_the_push(app) {
        let one = fapi2::client(&app, "one").await;
        let request = Authorize::new(&one.rp, "openid").with("redirect_uri", "https://one.example/callback/r4nd0m");
        refused_with(&one.rp.push(&request).await, &["invalid_request", "invalid_request_object"]);
    }

    async fn b149_no_token_comes_through_the_browser(app) {
        let one = fapi2::client(&app, "one").await;
        for response_type in ["token", "id_token", "code id_token", "code token", "code id_token token"] {
            let answer = one.rp.push(&Authorize::new(&one.rp, "openid").with("response_type", response_type)).await;
            refused_with(&answer, &["unsupported_response_type", "invalid_request", "unauthorized_client"]);
        }
    }

    async fn b150_errors_of_the_push_are_json_with_400_and_401_for_who_is_not_the_client(app) {
        let one = fapi2::client(&app, "one").await;
        let request = Authorize::new(&one.rp, "openid");
        for wrong in [request.clone().with("scope", "openid no_such_scope"), request.clone().with("max_age", "soon")] {
            let answer = one.rp.push(&wrong).await;
            refused_with(&answer, &["invalid_scope", "invalid_request"]);
            assert_eq!(answer.response.status, 400, "{}", answer.response);
        }
        for credentials in [Credentials::Nothing, Credentials::Public, Credentials::Basic("x".to_owned())] {
            refused_with(&one.rp.with(credentials).push(&request).await, &["invalid_client"]);
        }
    }
}
