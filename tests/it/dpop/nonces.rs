//! Nonces of this server (RFC 9449 §8 and §9).

use serde_json::json;

use super::{TOKEN, redemption};
use crate::support::{Answer, ClientKey, ClientSpec, Credentials, DpopKey, RelyingParty, Request, TestApp};

const FIELDS: &[(&str, &str)] = &[("grant_type", "client_credentials")];

async fn strict(database: crate::support::Database) -> TestApp {
    TestApp::with(database, |options| options.policy.require_dpop_nonce = true).await
}

async fn send(app: &TestApp, rp: &RelyingParty, key: &DpopKey, nonce: Option<&str>) -> Answer {
    let proof = key.proof(app, TOKEN).claim("nonce", json!(nonce));
    rp.send(&rp.request(TOKEN, FIELDS).header("DPoP", key.sign(&proof))).await
}

fn nonce(answer: &Answer) -> String {
    answer.response.header("dpop-nonce").expect("a nonce").to_owned()
}

both! {
    /// Behaviour 166.
    async fn the_token_endpoint_asks_for_a_nonce_and_takes_it(database: Database) {
        let app = strict(database).await;
        let (rp, key) = (app.client(ClientSpec::machine("service")).await, DpopKey::new());
        let answer = send(&app, &rp, &key, None).await;
        answer.refused("use_dpop_nonce", "AS-1225").await;
        assert_eq!(answer.response.status, 400);
        let answer = send(&app, &rp, &key, Some(&nonce(&answer))).await;
        answer.ok_as("DPoP").await;
        // Every answer to a proof brings the next one.
        send(&app, &rp, &key, Some(&nonce(&answer))).await.ok_as("DPoP").await;
    }

    /// Behaviours 162 and 166.
    async fn asking_for_a_nonce_does_not_use_an_assertion_up(database: Database) {
        let app = strict(database).await;
        let client_key = ClientKey::generate(symbolon::domain::jose::SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::machine("service").keyed(&client_key)).await.with(Credentials::Key(client_key));
        let key = DpopKey::new();
        let request = rp.request(TOKEN, FIELDS);
        let answer = rp.send(&request.clone().header("DPoP", key.sign(&key.proof(&app, TOKEN)))).await;
        answer.refused("use_dpop_nonce", "AS-1225").await;
        let proof = key.proof(&app, TOKEN).claim("nonce", json!(nonce(&answer)));
        rp.send(&request.header("DPoP", key.sign(&proof))).await.ok_as("DPoP").await;
    }

    /// Behaviour 166.
    async fn pushed_requests_and_resources_ask_too(database: Database) {
        let app = strict(database).await;
        let (rp, key) = (app.client(ClientSpec::web("web")).await, DpopKey::new());
        let pushed = crate::support::Authorize::new(&rp, "openid");
        let request = rp.request("/oauth2/par", &pushed.pushed());
        let proof = key.sign(&key.proof(&app, "/oauth2/par"));
        let answer = rp.send(&request.header("DPoP", proof)).await;
        answer.refused("use_dpop_nonce", "AS-1225").await;
        let fresh = nonce(&answer);

        let alice = app.person("alice").await;
        let grant = app.grant(&alice, &rp, crate::support::GrantSpec::scope("openid")).await;
        let proof = key.sign(&key.proof(&app, TOKEN).claim("nonce", json!(fresh)));
        let tokens = rp.send(&redemption(&rp, &grant).header("DPoP", proof)).await.ok_as("DPoP").await;
        let answer = app.send(key.userinfo(&app, &tokens.access_token)).await;
        answer.challenged("use_dpop_nonce", "AS-1225").await;
        let challenge = answer.response.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"use_dpop_nonce\""), "{challenge}");
        let proof = key.proof_of(&app, "GET", "/oauth2/userinfo").with_token(&tokens.access_token);
        let proof = key.sign(&proof.claim("nonce", json!(nonce(&answer))));
        let request = Request::get("/oauth2/userinfo").header("Authorization", format!("DPoP {}", tokens.access_token));
        app.send(request.header("DPoP", proof)).await.json().await;
    }

    /// Behaviours 166 and 169.
    async fn a_nonce_stands_in_for_the_clock_until_it_is_old(database: Database) {
        let app = strict(database).await;
        let (rp, key) = (app.client(ClientSpec::machine("service")).await, DpopKey::new());
        let fresh = nonce(&send(&app, &rp, &key, None).await);
        let proof = key.proof(&app, TOKEN).claim("nonce", json!(fresh)).claim("iat", json!(app.now().seconds() - 3600));
        rp.send(&rp.request(TOKEN, FIELDS).header("DPoP", key.sign(&proof))).await.ok_as("DPoP").await;
        app.clock.advance(299);
        send(&app, &rp, &key, Some(&fresh)).await.ok_as("DPoP").await;
        app.clock.advance(1);
        let answer = send(&app, &rp, &key, Some(&fresh)).await;
        answer.refused("use_dpop_nonce", "AS-1225").await;
        send(&app, &rp, &key, Some(&nonce(&answer))).await.ok_as("DPoP").await;
    }

    async fn a_nonce_that_is_not_ours_is_answered_with_one_that_is(app) {
        let (rp, key) = (app.client(ClientSpec::machine("service")).await, DpopKey::new());
        for forged in ["", "x", "AAAAAGVT8QDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            let answer = send(&app, &rp, &key, Some(forged)).await;
            answer.refused("use_dpop_nonce", "AS-1225").await;
            send(&app, &rp, &key, Some(&nonce(&answer))).await.ok_as("DPoP").await;
        }
        assert_eq!(send(&app, &rp, &key, None).await.response.header("dpop-nonce"), None);
    }

    async fn a_nonce_of_one_node_is_known_to_the_others(database: Database) {
        let app = strict(database).await;
        let node = app.second_node().await;
        let (rp, key) = (app.client(ClientSpec::machine("service")).await, DpopKey::new());
        let fresh = nonce(&send(&app, &rp, &key, None).await);
        send(&node, &rp.at(&node), &key, Some(&fresh)).await.ok_as("DPoP").await;
    }
}
