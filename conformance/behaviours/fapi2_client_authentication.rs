//! 159 to 162 and 164: how clients of FAPI 2.0 say who they are (RFC 7523, FAPI 2.0 Security Profile 5.3.2.1).

use serde_json::{Value, json};
use symbolon::domain::{jose::SigningAlgorithm, oauth::AssertionAlgorithm};

use super::{
    fapi2::{self, PAR, TOKEN},
    refused_with,
};
use crate::support::{Authorize, ClientKey, ClientSpec, Credentials, DpopKey, TestApp};

const REFUSED: [&str; 2] = ["invalid_client", "invalid_request"];

both! {
    async fn b159_the_audience_of_an_assertion_is_the_issuer_as_one_text(app) {
        let one = fapi2::client(&app, "one").await;
        let issuer = app.issuer();
        for audience in [
            json!([issuer]),
            json!([issuer, format!("{issuer}{TOKEN}")]),
            json!(format!("{issuer}{PAR}")),
            json!(format!("{issuer}{TOKEN}")),
        ] {
            let assertion = one.key.sign(&one.rp.assertion().claim("aud", audience).0);
            refused_with(&one.push_with(&assertion).await, &REFUSED);
        }
        one.push_with(&one.key.sign(&one.rp.assertion().0)).await.pushed().await;
    }

    async fn b160_an_assertion_that_is_old_for_another_about_nobody_or_signed_with_rs256_is_refused(app) {
        let rsa = ClientKey::generate(SigningAlgorithm::RS256);
        let second = Value::Object(rsa.jwk());
        let one = fapi2::client_with(&app, "one", SigningAlgorithm::PS256, |settings| {
            let keys = settings.jwks.as_mut().expect("keys");
            keys["keys"].as_array_mut().expect("a list").push(second);
            settings.token_endpoint_auth_signing_alg = Some(AssertionAlgorithm::Signature(SigningAlgorithm::PS256));
        })
        .await;
        let now = app.now().seconds();
        let good = || one.rp.assertion();
        for assertion in [
            good().claim("iat", json!(now - 600)).claim("exp", json!(now - 300)),
            good().claim("aud", json!("https://elsewhere.example")),
            good().claim("sub", Value::Null),
        ] {
            refused_with(&one.push_with(&one.key.sign(&assertion.0)).await, &REFUSED);
        }
        refused_with(&one.push_with(&rsa.sign(&good().0)).await, &["invalid_client"]);
        let request = Authorize::new(&one.rp, "openid");
        for missing in [Credentials::Nothing, Credentials::Public] {
            refused_with(&one.rp.with(missing).push(&request).await, &REFUSED);
        }
        one.push_with(&one.key.sign(&good().0)).await.pushed().await;
    }

    async fn b161_a_clock_a_little_ahead_is_forgiven_and_a_minute_is_not(app) {
        let one = fapi2::client(&app, "one").await;
        let now = app.now().seconds();
        let ahead = |claims: &[&str], seconds: i64| {
            let assertion = one.rp.assertion().claim("exp", json!(now + 300));
            let assertion = claims.iter().fold(assertion, |all, name| all.claim(name, json!(now + seconds)));
            one.key.sign(&assertion.0)
        };
        for claims in [&["iat"][..], &["nbf"], &["iat", "nbf"]] {
            one.push_with(&ahead(claims, 8)).await.pushed().await;
            refused_with(&one.push_with(&ahead(claims, 65)).await, &REFUSED);
        }
    }

    async fn b162_an_assertion_is_used_once_and_made_anew_when_a_nonce_is_asked_for(database: Database) {
        let app = TestApp::with(database, |options| options.policy.require_dpop_nonce = true).await;
        let one = fapi2::client(&app, "one").await;
        let request = Authorize::new(&one.rp, "openid");
        let fields = request.pushed();
        let proof = one.dpop.sign(&one.dpop.proof(&app, PAR));
        let answer = one.rp.send(&one.rp.request(PAR, &fields).header("DPoP", proof)).await;
        refused_with(&answer, &["use_dpop_nonce"]);
        let nonce = answer.response.header("dpop-nonce").expect("a nonce").to_owned();
        let proof = one.dpop.proof(&app, PAR).claim("nonce", json!(nonce));
        // The request is signed anew: another assertion, another jti.
        one.rp.send(&one.rp.request(PAR, &fields).header("DPoP", one.dpop.sign(&proof))).await.pushed().await;
        let assertion = one.key.sign(&one.rp.assertion().0);
        one.push_with(&assertion).await.pushed().await;
        refused_with(&one.push_with(&assertion).await, &REFUSED);
    }

    async fn b164_a_token_for_the_client_itself_comes_without_a_refresh_token(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = app.client(ClientSpec::machine("service").keyed(&key)).await.with(Credentials::Key(key));
        let dpop = DpopKey::new();
        let request = rp.request(TOKEN, &[("grant_type", "client_credentials")]);
        let answer = rp.send(&request.header("DPoP", dpop.sign(&dpop.proof(&app, TOKEN)))).await;
        assert!(answer.ok_as("DPoP").await.refresh_token.is_none(), "{}", answer.response);
    }
}
