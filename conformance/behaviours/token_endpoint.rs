//! 73 to 82: the token endpoint (RFC 6749 §3.2 and §5, RFC 7523, OIDC Core 9).

use std::sync::Arc;

use serde_json::json;
use symbolon::{
    crypto::keyring::Keyring,
    domain::{entity::AuthMethod, jose::SigningAlgorithm},
};

use super::{granted, metadata, parties};
use crate::{
    mtls::support::{ALIAS, with_authority},
    support::{Authorize, ClientKey, ClientSpec, Credentials, Request, SECRET, TestApp, basic},
};

both! {
    async fn b073_a_success_is_json_with_everything_that_is_due(app) {
        let (rp, alice) = parties(&app).await;
        let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid")).await;
        let answer = rp.exchange(&grant).await;
        let body = answer.json().await;
        assert!(body["access_token"].is_string() && body["id_token"].is_string(), "{body}");
        assert!(body["token_type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")), "{body}");
        assert!(body["expires_in"].as_i64().is_some_and(|seconds| (1..=31_536_000).contains(&seconds)), "{body}");
    }

    async fn b074_no_answer_of_the_token_endpoint_is_stored(app) {
        let (rp, alice) = parties(&app).await;
        let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid offline_access")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let large = "x".repeat(65 * 1024);
        let typed = |kind: &str| Request::new("POST", "/oauth2/token").header("Content-Type", kind).body("{}");
        let mut answers = vec![
            (200, rp.refresh(tokens.refresh()).await),
            (400, rp.refresh("no such token").await),
            (400, rp.send(&typed("application/json")).await),
            (401, rp.with(Credentials::Basic("wrong".to_owned())).refresh("no such token").await),
            (405, rp.send(&Request::get("/oauth2/token")).await),
            (405, rp.send(&Request::new("DELETE", "/oauth2/token")).await),
            (413, rp.token(&[("grant_type", &large)]).await),
        ];
        // A server that has lost its keys.
        app.services.keyring.store(Arc::new(Keyring::new("none", Vec::new(), Vec::new()).expect("an empty ring")));
        let second = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid")).await;
        answers.push((500, rp.exchange(&second).await));
        for (status, answer) in answers {
            let response = &answer.response;
            assert_eq!(response.status, status, "{response}");
            assert_eq!(response.header("cache-control"), Some("no-store"), "{response}");
            assert_eq!(response.header("pragma"), Some("no-cache"), "{response}");
            assert_eq!(response.header("content-type"), Some("application/json"), "{response}");
        }
    }

    async fn b075_basic_credentials_are_form_decoded(app) {
        let rp = app.client(ClientSpec::machine("a-b_c")).await;
        app.add_secret(&rp, "a secret+of its own").await;
        let fields = [("grant_type", "client_credentials")];
        let send = async |id: &str, secret: &str| {
            rp.send(&Request::form("/oauth2/token", &fields).header("Authorization", basic(id, secret))).await
        };
        for (id, secret) in [
            ("a-b_c", SECRET),
            ("a%2Db%5Fc", &SECRET.replace('_', "%5F")),
            ("a-b_c", "a+secret%2Bof+its+own"),
            ("a-b_c", "a%20secret%2Bof%20its%20own"),
        ] {
            send(id, secret).await.ok().await;
        }
        send("a-b_c", "a secret+of its own").await.refused("invalid_client", "AS-1203").await;
        // What is made here reads the same with and without it.
        app.open_registration().await;
        for _ in 0..5 {
            let metadata = json!({ "redirect_uris": ["https://suite.example/callback"] });
            let members = app.register(&metadata).await.registered().await.members;
            for name in ["client_id", "client_secret"] {
                let text = members[name].as_str().expect("a text");
                assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{name}: {text}");
            }
        }
    }

    async fn b076_a_secret_in_the_form_works_for_one_client_while_another_uses_the_header(app) {
        let first = app.client(ClientSpec::machine("one")).await;
        let post = |s: &mut symbolon::domain::entity::ClientSettings| {
            s.token_endpoint_auth_method = AuthMethod::ClientSecretPost;
        };
        let second = app.client(ClientSpec::machine("two").set(post)).await;
        first.machine_token().await.ok().await;
        second.machine_token().await.ok().await;
    }

    async fn b077_an_assertion_may_name_the_token_endpoint_or_the_issuer(database: Database) {
        let app = TestApp::with(database, with_authority).await;
        let aliased = metadata(&app).await["mtls_endpoint_aliases"]["token_endpoint"].as_str().expect("a text").to_owned();
        assert!(aliased.starts_with(ALIAS), "{aliased}");
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::machine("keyed").keyed(&key)).await;
        let now = app.now().seconds();
        for audience in [app.services.issuer.join("/oauth2/token"), aliased, app.issuer().to_owned()] {
            let assertion = rp.assertion().claim("aud", json!(audience)).claim("nbf", json!(now)).claim("exp", json!(now + 60));
            rp.token_with_assertion(&key.sign(&assertion.0)).await.ok().await;
        }
        let elsewhere = rp.assertion().claim("aud", json!("https://elsewhere.example"));
        rp.token_with_assertion(&key.sign(&elsewhere.0)).await.refused("invalid_client", "AS-1213").await;
    }

    async fn b078_errors_are_400_and_only_invalid_client_is_401_with_a_challenge(app) {
        let (rp, _) = parties(&app).await;
        for (answer, status, error) in [
            (rp.token(&[]).await, 400, "invalid_request"),
            (rp.token(&[("grant_type", "nothing")]).await, 400, "unsupported_grant_type"),
            (rp.refresh("nothing").await, 400, "invalid_grant"),
            (rp.with(Credentials::Basic("wrong".to_owned())).refresh("nothing").await, 401, "invalid_client"),
        ] {
            assert_eq!(answer.response.status, status, "{}", answer.response);
            assert_eq!(answer.response.json()["error"], error);
            let challenge = answer.response.header("www-authenticate");
            assert_eq!(challenge.is_some_and(|text| text.starts_with("Basic")), status == 401, "{}", answer.response);
        }
        for method in ["GET", "PUT", "PATCH", "DELETE", "TRACE"] {
            let answer = app.send(Request::new(method, "/oauth2/token")).await;
            answer.refused_as(405, "invalid_request", "AS-5002").await;
            assert_eq!(answer.response.header("allow"), Some("POST, OPTIONS"), "{method}");
        }
    }

    async fn b079_a_code_that_is_used_again_at_once_is_refused(app) {
        let (rp, alice) = parties(&app).await;
        let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid")).await;
        rp.exchange(&grant).await.ok().await;
        rp.exchange(&grant).await.refused("invalid_grant", "AS-1114").await;
    }

    async fn b080_a_code_that_is_used_again_after_half_a_minute_ends_what_it_gave(app) {
        let (rp, alice) = parties(&app).await;
        let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        app.clock.advance(30);
        rp.exchange(&grant).await.refused("invalid_grant", "AS-1114").await;
        rp.userinfo(&tokens.access_token).await.refused("invalid_token", "AS-1151").await;
    }

    async fn b081_a_code_is_bound_to_client_address_and_verifier(app) {
        let (rp, alice) = parties(&app).await;
        let other = app.client(ClientSpec::web("other")).await;
        let mut browser = app.browser();
        let grant = granted(&mut browser, &alice, &Authorize::new(&rp, "openid")).await;
        other.exchange(&grant).await.refused("invalid_grant", "AS-1113").await;
        let mut wrong = grant.clone();
        wrong.redirect_uri = "https://web.example/other".to_owned();
        rp.exchange(&wrong).await.refused("invalid_grant", "AS-1115").await;
        for (verifier, reason) in [(None, "AS-1304"), (Some("x".repeat(43)), "AS-1305")] {
            let mut wrong = grant.clone();
            wrong.verifier = verifier;
            rp.exchange(&wrong).await.refused("invalid_grant", reason).await;
        }
        rp.exchange(&grant).await.ok().await;
    }

    async fn b082_unknown_fields_are_ignored_and_an_equal_client_id_beside_basic_is_tolerated(app) {
        let rp = app.client(ClientSpec::machine("one")).await;
        let fields = [("grant_type", "client_credentials"), ("extra", "foobar"), ("client_id", "one")];
        rp.token(&fields).await.ok().await;
        let other = [("grant_type", "client_credentials"), ("client_id", "two")];
        rp.token(&other).await.refused("invalid_request", "AS-1201").await;
    }
}
