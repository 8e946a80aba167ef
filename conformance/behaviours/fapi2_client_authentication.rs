//! 159 to 162 and 164: how clients of FAPI 2.0 say who they are (RFC 7523, FAPI 2.0 Security Profile 5.3.2.1).

use serde_json::{Value, json};
use symbolon::domain::{
    entity::ClientSettings,
    jose::SigningAlgorithm,
    oauth::{AssertionAlgorithm, GrantType},
};

use super::{
    fapi2::{self, Fapi, PAR, TOKEN},
    refused_with,
};
use crate::support::{Assertion, Authorize, ClientKey, Credentials, Grant, Person, TestApp};

const REFUSED: [&str; 2] = ["invalid_client", "invalid_request"];

/// A client, and a code that it may redeem.
async fn with_code(app: &TestApp, one: &Fapi, person: &Person) -> Grant {
    one.grant(&mut app.browser(), person, &Authorize::new(&one.rp, "openid")).await
}

/// Neither endpoint knows the client by this assertion; each is asked with one of its own.
async fn is_refused(app: &TestApp, one: &Fapi, grant: &Grant, assertion: impl Fn() -> String, errors: &[&str]) {
    refused_with(&one.push_with(&assertion()).await, errors);
    refused_with(&one.redeem_with(app, grant, &assertion()).await, errors);
}

both! {
    async fn b159_the_audience_of_an_assertion_is_the_issuer_as_one_text(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let grant = with_code(&app, &one, &alice).await;
        let issuer = app.issuer();
        for audience in [
            json!([issuer]),
            json!([issuer, format!("{issuer}{TOKEN}")]),
            json!(format!("{issuer}{PAR}")),
            json!(format!("{issuer}{TOKEN}")),
        ] {
            let made = || one.key.sign(&one.rp.assertion().claim("aud", audience.clone()).0);
            is_refused(&app, &one, &grant, made, &REFUSED).await;
        }
        one.push_with(&one.key.sign(&one.rp.assertion().0)).await.pushed().await;
        one.redeem_with(&app, &grant, &one.key.sign(&one.rp.assertion().0)).await.ok_as("DPoP").await;
    }

    async fn b160_an_assertion_that_is_old_for_another_about_nobody_or_signed_with_rs256_is_refused(app) {
        let alice = app.person("alice").await;
        let rsa = ClientKey::generate(SigningAlgorithm::RS256);
        let registered = |settings: &mut ClientSettings| {
            fapi2::with_key(settings, &rsa);
            settings.token_endpoint_auth_signing_alg = Some(AssertionAlgorithm::Signature(SigningAlgorithm::PS256));
        };
        // Where no algorithm is registered, the profile alone rules one out.
        let open = |settings: &mut ClientSettings| fapi2::with_key(settings, &rsa);
        for one in [
            fapi2::client_with(&app, "one", SigningAlgorithm::PS256, registered).await,
            fapi2::client_with(&app, "two", SigningAlgorithm::PS256, open).await,
        ] {
            let grant = with_code(&app, &one, &alice).await;
            let now = app.now().seconds();
            let good = || one.rp.assertion();
            let changes: [fn(Assertion, i64) -> Assertion; 3] = [
                |good, now| good.claim("iat", json!(now - 600)).claim("exp", json!(now - 300)),
                |good, _| good.claim("aud", json!("https://elsewhere.example")),
                |good, _| good.claim("sub", Value::Null),
            ];
            for change in changes {
                is_refused(&app, &one, &grant, || one.key.sign(&change(good(), now).0), &REFUSED).await;
            }
            // The key is the client's: nothing but its algorithm is wrong.
            is_refused(&app, &one, &grant, || rsa.sign(&good().0), &["invalid_client"]).await;
            one.push_with(&rsa.sign(&good().0)).await.refused("invalid_client", "AS-1700").await;
            let request = Authorize::new(&one.rp, "openid");
            for missing in [Credentials::Nothing, Credentials::Public] {
                let nobody = Fapi { rp: one.rp.with(missing), ..one.clone() };
                refused_with(&nobody.rp.push(&request).await, &REFUSED);
                refused_with(&nobody.redeem(&app, &grant).await, &REFUSED);
            }
            one.push_with(&one.key.sign(&good().0)).await.pushed().await;
            one.redeem_with(&app, &grant, &one.key.sign(&good().0)).await.ok_as("DPoP").await;
        }
    }

    async fn b161_a_clock_a_little_ahead_is_forgiven_and_a_minute_is_not(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let now = app.now().seconds();
        let ahead = |claims: &[&str], seconds: i64| {
            let assertion = one.rp.assertion().claim("exp", json!(now + 300));
            let assertion = claims.iter().fold(assertion, |all, name| all.claim(name, json!(now + seconds)));
            one.key.sign(&assertion.0)
        };
        for claims in [&["iat"][..], &["nbf"], &["iat", "nbf"]] {
            let grant = with_code(&app, &one, &alice).await;
            is_refused(&app, &one, &grant, || ahead(claims, 65), &REFUSED).await;
            one.push_with(&ahead(claims, 8)).await.pushed().await;
            one.redeem_with(&app, &grant, &ahead(claims, 8)).await.ok_as("DPoP").await;
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
        let (service, alice) = (
            fapi2::client_with(&app, "service", SigningAlgorithm::ES256, |settings| {
                settings.grant_types.push(GrantType::ClientCredentials);
                settings.scope.push("api.read".to_owned());
                for grant in [GrantType::AuthorizationCode, GrantType::RefreshToken] {
                    assert!(settings.grant_types.contains(&grant), "it may have refresh tokens of people");
                }
                assert!(settings.scope.contains(&"offline_access".to_owned()), "and may ask for them");
            })
            .await,
            app.person("alice").await,
        );
        for scope in [None, Some("api.read"), Some("api.read email")] {
            let mut fields = vec![("grant_type", "client_credentials")];
            fields.extend(scope.map(|scope| ("scope", scope)));
            let answer = service.rp.send(&service.proven(&app, &fields, &service.dpop)).await;
            let tokens = answer.ok_as("DPoP").await;
            assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none(), "{}", answer.response);
            assert!(!answer.response.text().contains("offline_access"), "{}", answer.response);
        }
        let fields = [("grant_type", "client_credentials"), ("scope", "api.read offline_access")];
        refused_with(&service.rp.send(&service.proven(&app, &fields, &service.dpop)).await, &["invalid_scope"]);
        // A person's token of the same client comes with one.
        service.signed_in(&app, &alice, "openid offline_access").await.refresh();
    }
}
