//! 54 to 59 and 187: what comes back from the authorization endpoint (RFC 6749 §4.1.2, RFC 9207, JARM).

use std::collections::BTreeSet;

use symbolon::domain::entity::{AccessTokenFormat, ClientSettings};
use url::Url;

use super::{granted, is_unguessable, parties};
use crate::support::{Authorize, ClientSpec};

/// States that only survive if they are encoded as the place wants it.
const STATES: [&str; 6] = ["a", "%20+&=;\"<>", "-._~", "x y", "\u{e9}\u{1f600}", "#?'`|^{}\\&amp;"];

both! {
    async fn b054_the_state_is_exact_and_absent_if_none_was_sent(app) {
        let (rp, alice) = parties(&app).await;
        let mut browser = app.browser();
        granted(&mut browser, &alice, &Authorize::new(&rp, "openid")).await;
        for state in STATES {
            let away = browser.authorize(&Authorize::new(&rp, "openid").with("state", state)).await.away();
            assert_eq!(away.parameters()["state"], state);
        }
        let away = browser.authorize(&Authorize::new(&rp, "openid").without("state")).await.away();
        assert!(!away.parameters().contains_key("state"));
        // The same in a fragment and in a form, whether it is a success or an error.
        let hybrid = app.client(ClientSpec::web("hybrid").hybrid()).await;
        let base = Authorize::new(&hybrid, "openid").with("response_type", "code id_token");
        granted(&mut browser, &alice, &base).await;
        for mode in ["fragment", "form_post"] {
            for request in [base.clone(), base.clone().with("max_age", "x")] {
                let request = request.with("response_mode", mode);
                for state in STATES {
                    let away = browser.authorize(&request.clone().with("state", state)).await.away();
                    assert_eq!(away.form.is_some(), mode == "form_post");
                    assert_eq!(away.parameters()["state"], state, "{mode}");
                }
                let away = browser.authorize(&request.without("state")).await.away();
                assert!(!away.parameters().contains_key("state"), "{mode}");
            }
        }
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
        let opaque = |settings: &mut ClientSettings| settings.access_token_format = AccessTokenFormat::Opaque;
        let rp = app.client(ClientSpec::web("opaque").set(opaque)).await;
        let mut seen = BTreeSet::new();
        for _ in 0..3 {
            let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid")).await;
            let token = rp.exchange(&grant).await.ok().await.access_token;
            assert!(!token.contains('.') && is_unguessable(&token), "the opaque access token");
            assert!(seen.insert(token), "no token comes twice");
        }
    }

    async fn b057_an_access_token_through_the_browser_says_its_type_and_its_life(app) {
        let rp = app.client(ClientSpec::web("web").hybrid()).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        for response_type in ["id_token token", "code token", "code id_token token"] {
            let request = Authorize::new(&rp, "openid").with("response_type", response_type);
            let parameters = browser.arrive(&alice, &request).await.parameters();
            assert!(parameters["token_type"].eq_ignore_ascii_case("bearer"), "{parameters:?}");
            assert!(parameters["expires_in"].parse::<u32>().is_ok_and(|seconds| seconds > 0), "{parameters:?}");
            rp.userinfo(&parameters["access_token"]).await.json().await;
        }
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
            let text = away.answer.response.text();
            assert!(text.contains("method=\"post\""), "{text}");
            // What is said of the encoding is the default: application/x-www-form-urlencoded.
            let said = text.matches("enctype").count();
            assert_eq!(said, text.matches("enctype=\"application/x-www-form-urlencoded\"").count(), "{text}");
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

    async fn b187_a_signed_answer_is_one_jwt_for_one_client_and_a_short_time(app) {
        for algorithm in ["PS256", "ES256", "EdDSA"] {
            let spec = ClientSpec::web(&algorithm.to_ascii_lowercase());
            let signed = algorithm.parse().expect("a known algorithm");
            let rp = app.client(spec.set(move |settings| settings.authorization_signed_response_alg = signed)).await;
            let alice = app.person(&format!("person-{algorithm}")).await;
            let request = Authorize::new(&rp, "openid").with("response_mode", "jwt");
            let success = app.browser().arrive(&alice, &request).await;
            let error = app.browser().authorize(&request.with("prompt", "none")).await.away();
            for (away, member) in [(success, "code"), (error, "error")] {
                // In the query of a redirect, and nothing else anywhere.
                assert!(away.form.is_none() && away.answer.response.status == 303, "{}", away.answer.response);
                assert_eq!(away.answer.response.header("location"), Some(away.url.as_str()));
                let url = Url::parse(&away.url).expect("an address");
                assert_eq!(url.as_str().split('?').next(), Some(rp.redirect_uri.as_str()));
                assert_eq!(url.fragment(), None, "{url}");
                let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                let [(name, response)] = pairs.as_slice() else { panic!("one parameter: {url}") };
                assert_eq!(name, "response");
                let (header, claims) = app.verified(response).await;
                assert_eq!(header["alg"], algorithm);
                assert!(header["kid"].is_string() && claims[member].is_string(), "{claims}");
                assert_eq!((&claims["iss"], &claims["aud"]), (&app.issuer().into(), &rp.client_id.as_str().into()));
                assert_eq!(claims["state"], "state-1");
                let left = claims["exp"].as_i64().expect("exp") - app.now().seconds();
                assert!((10..=600).contains(&left), "{left}");
            }
        }
    }
}
