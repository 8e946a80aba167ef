//! Signed authorization responses (JWT Secured Authorization Response Mode for OAuth 2.0).

use serde_json::{Value, json};
use symbolon::domain::jose::SigningAlgorithm;

use crate::support::{Authorize, Away, ClientSpec, TestApp};

/// Header and claims of the one JWT of an answer.
async fn response(app: &TestApp, away: &Away) -> (Value, Value) {
    let parameters = away.parameters();
    assert_eq!(parameters.keys().collect::<Vec<_>>(), ["response"], "{}", away.url);
    app.verified(&parameters["response"]).await
}

fn members(claims: &Value) -> Vec<&str> {
    let mut members: Vec<&str> = claims.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    members
}

both! {
    /// Behaviour 187.
    async fn a_signed_answer_says_who_answers_whom_and_for_how_long(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        for mode in ["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"] {
            let request = Authorize::new(&rp, "openid").with("response_mode", mode);
            let (header, claims) = response(&app, &browser.arrive(&alice, &request).await).await;
            assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
            assert!(header["kid"].as_str().is_some_and(|kid| !kid.is_empty()), "{header}");
            assert_eq!(members(&claims), ["aud", "code", "exp", "iss", "session_state", "state"], "{mode}");
            assert_eq!((&claims["iss"], &claims["aud"]), (&json!(app.issuer()), &json!("web")));
            assert_eq!(claims["state"], "state-1");
            let left = claims["exp"].as_i64().expect("a number") - app.now().seconds();
            assert!((10..=600).contains(&left), "{left}");
            rp.exchange(&request.redeem(claims["code"].as_str().expect("a code"))).await.ok().await;
        }
    }

    /// Behaviour 187.
    async fn each_client_is_answered_in_its_own_algorithm(app) {
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        for algorithm in SigningAlgorithm::ALL {
            let spec = ClientSpec::web(&format!("web-{algorithm}"));
            let rp = app.client(spec.set(|settings| settings.authorization_signed_response_alg = algorithm)).await;
            let request = Authorize::new(&rp, "openid").with("response_mode", "jwt");
            let (header, _) = response(&app, &browser.arrive(&alice, &request).await).await;
            assert_eq!(header["alg"], algorithm.name());
            // Behaviour 66: the ID token has its own.
            let tokens = rp.exchange(&browser.grant(&alice, &Authorize::new(&rp, "openid")).await).await.ok().await;
            assert_eq!(app.verified(tokens.id()).await.0["alg"], "RS256");
            let document = app.document("/.well-known/openid-configuration").await;
            let listed = document["authorization_signing_alg_values_supported"].as_array().expect("a list");
            assert!(listed.contains(&json!(algorithm.name())), "{document}");
        }
    }

    /// Behaviours 49, 51 and 187.
    async fn a_refusal_is_signed_like_anything_else(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let base = Authorize::new(&rp, "openid").with("response_mode", "jwt");
        for (request, error, reason) in [
            (base.clone().with("prompt", "none"), "login_required", "AS-1017"),
            (base.clone().with("scope", "openid admin"), "invalid_scope", "AS-1010"),
            (base.clone().without("response_type"), "invalid_request", "AS-1006"),
            (base.clone().with("response_type", "code token"), "unsupported_response_type", "AS-1007"),
            (base.clone().without("code_challenge").without("code_challenge_method"), "invalid_request", "AS-1301"),
            (base.clone().with("id_token_hint", "a.b.c"), "invalid_request", "AS-1025"),
        ] {
            let away = app.browser().authorize(&request).await.away();
            let (_, claims) = response(&app, &away).await;
            let expected = ["aud", "error", "error_description", "error_uri", "exp", "iss", "state"];
            assert_eq!(members(&claims), expected, "{reason}");
            assert_eq!((&claims["error"], &claims["aud"]), (&json!(error), &json!("web")));
            assert!(claims["error_uri"].as_str().is_some_and(|uri| uri.ends_with(reason)), "{claims}");
            let record = app.record(away.answer.trace_id()).await.and_then(|record| record.reason());
            assert_eq!(record.map(|found| found.code()), Some(reason));
        }
    }

    async fn a_client_in_doubt_is_a_page_whatever_mode_it_names(app) {
        let rp = app.client(ClientSpec::web("web")).await;
        let base = Authorize::new(&rp, "openid").with("response_mode", "jwt");
        for (request, reason) in [
            (base.clone().with("client_id", "nobody"), "AS-1001"),
            (base.clone().with("redirect_uri", "https://web.example/other"), "AS-1003"),
        ] {
            let page = app.browser().authorize(&request).await.page("/oauth2/authorize");
            page.answer.refused_page(400, reason).await;
        }
    }

    async fn tokens_of_a_hybrid_answer_are_inside_the_signature(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web").hybrid()).await, app.person("alice").await);
        let base = Authorize::new(&rp, "openid").with("response_type", "code id_token token");
        let away = app.browser().arrive(&alice, &base.with("response_mode", "jwt")).await;
        assert!(away.url.contains("#response=") && !away.url.contains('?'), "{}", away.url);
        let (_, claims) = response(&app, &away).await;
        let expected = [
            "access_token", "aud", "code", "exp", "expires_in", "id_token", "iss", "scope", "session_state", "state",
            "token_type",
        ];
        assert_eq!(members(&claims), expected);
        let (_, inner) = app.verified(claims["id_token"].as_str().expect("text")).await;
        assert_eq!(inner["sub"], alice.id.as_str());
        for hash in ["at_hash", "c_hash", "s_hash"] {
            assert!(inner[hash].is_string(), "{inner}");
        }
    }

    async fn a_signed_answer_passes_for_no_token(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let mut browser = app.browser();
        let base = Authorize::new(&rp, "openid");
        let away = browser.arrive(&alice, &base.clone().with("response_mode", "jwt")).await;
        let signed = away.parameters()["response"].clone();
        let hinted = browser.authorize(&base.with("id_token_hint", &signed)).await.away();
        hinted.refused(&app, "invalid_request", "AS-1025").await;
        rp.userinfo(&signed).await.refused("invalid_token", "AS-1151").await;
        assert!(!rp.introspect(&signed).await.active().await);
    }
}
