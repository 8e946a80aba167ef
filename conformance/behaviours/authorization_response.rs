//! 54 to 59: what comes back from the authorization endpoint (RFC 6749 §4.1.2, RFC 9207).

use super::{granted, is_unguessable, parties};
use crate::support::Authorize;

both! {
    async fn b054_the_state_is_exact_and_absent_if_none_was_sent(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        granted(&mut browser, &alice, &Authorize::new(&rp, "openid")).await;
        for state in ["a", "%20+&=;\"<>", "-._~", "x y", "\u{e9}\u{1f600}"] {
            let away = browser.authorize(&Authorize::new(&rp, "openid").with("state", state)).await.away();
            assert_eq!(away.parameters()["state"], state);
        }
        let away = browser.authorize(&Authorize::new(&rp, "openid").without("state")).await.away();
        assert!(!away.parameters().contains_key("state"));
    }

    async fn b055_the_issuer_is_named_in_success_and_in_error(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        granted(&mut browser, &alice, &Authorize::new(&rp, "openid")).await;
        for request in [Authorize::new(&rp, "openid"), Authorize::new(&rp, "openid").with("max_age", "x")] {
            assert_eq!(browser.authorize(&request).await.away().parameters()["iss"], app.issuer());
        }
    }

    async fn b056_codes_and_tokens_cannot_be_guessed(app) {
        let (rp, alice) = parties(&app).await;
        let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid offline_access")).await;
        assert!(is_unguessable(&grant.code), "the code");
        let tokens = rp.exchange(&grant).await.ok().await;
        assert!(is_unguessable(&tokens.access_token), "the access token");
        assert!(is_unguessable(tokens.refresh()), "the refresh token");
    }

    async fn b058_form_post_is_a_post_with_nothing_in_the_address(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        granted(&mut browser, &alice, &Authorize::new(&rp, "openid")).await;
        for request in [Authorize::new(&rp, "openid"), Authorize::new(&rp, "openid").with("max_age", "x")] {
            let away = browser.authorize(&request.with("response_mode", "form_post")).await.away();
            let form = away.form.as_ref().expect("a form");
            assert_eq!(away.url, rp.redirect_uri);
            assert!(form.hidden.iter().any(|(name, _)| name == "code" || name == "error"));
            assert!(away.answer.response.text().contains("method=\"post\""), "{}", away.answer.response);
        }
    }

    async fn b059_a_success_of_the_code_flow_carries_code_state_and_iss_only(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        granted(&mut browser, &alice, &Authorize::new(&rp, "openid")).await;
        let parameters = browser.authorize(&Authorize::new(&rp, "openid")).await.away().parameters();
        let known = ["code", "iss", "session_state", "state"];
        assert!(parameters.keys().all(|name| known.contains(&name.as_str())), "{parameters:?}");
    }
}
