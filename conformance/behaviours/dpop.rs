//! 165 to 171: proof of possession (RFC 9449), as FAPI 2.0 uses it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::domain::jose::SigningAlgorithm;

use super::{
    fapi2::{self, Fapi, PAR, TOKEN, USERINFO},
    list, metadata, refused_with,
};
use crate::support::{Authorize, DpopKey, Request, TestApp, unsigned};

const REFUSED: [&str; 3] = ["invalid_request", "invalid_grant", "invalid_dpop_proof"];

/// A request to the protected resource with this proof.
fn asking(token: &str, proof: &str) -> Request {
    Request::get(USERINFO).header("Authorization", format!("DPoP {token}")).header("DPoP", proof)
}

/// The resource says no: 400 or 401, and how it would be said yes.
async fn is_refused(app: &TestApp, request: Request, what: &str) {
    let response = app.send(request).await.response;
    assert!([400, 401].contains(&response.status), "{what}: {response}");
    assert!(response.header("www-authenticate").is_some_and(|text| text.contains("DPoP")), "{what}: {response}");
}

/// A push with a proof of this key.
fn pushing(app: &TestApp, one: &Fapi, request: &Authorize, key: &DpopKey) -> Request {
    one.rp.request(PAR, &request.pushed()).header("DPoP", key.sign(&key.proof(app, PAR)))
}

both! {
    async fn b165_proofs_of_every_advertised_algorithm_and_of_a_clock_a_little_off_are_taken(app) {
        let alice = app.person("alice").await;
        let document = metadata(&app).await;
        let advertised = list(&document, "dpop_signing_alg_values_supported");
        for name in ["PS256", "ES256", "EdDSA"] {
            assert!(advertised.contains(&name), "{advertised:?}");
        }
        for (number, name) in advertised.into_iter().enumerate() {
            let mut one = fapi2::client(&app, &format!("app-{number}")).await;
            one.dpop = DpopKey::of(name.parse().expect("a known algorithm"));
            let now = app.now().seconds();
            let odd = |path: &str, method: &str, offset: i64| {
                let proof = one.dpop.proof_of(&app, method, path).claim("iat", json!(now + offset));
                proof.claim("nbf", json!(now - 10)).claim("exp", json!(now + 60)).claim("extra", json!({ "a": ["b"] }))
            };
            for offset in [-10, 10] {
                let request = Authorize::new(&one.rp, "openid");
                let push = one.rp.request(PAR, &request.pushed()).header("DPoP", one.dpop.sign(&odd(PAR, "POST", offset)));
                let target = one.rp.by_reference(&one.rp.send(&push).await.pushed().await);
                let grant = app.browser().grant_at(&target, &alice, &request).await;
                let redemption = one.rp.request(TOKEN, &Fapi::redemption(&grant));
                let proof = one.dpop.sign(&odd(TOKEN, "POST", offset));
                let token = one.rp.send(&redemption.header("DPoP", proof)).await.ok_as("DPoP").await.access_token;
                let proof = one.dpop.sign(&odd(USERINFO, "GET", offset).with_token(&token));
                app.send(asking(&token, &proof)).await.json().await;
            }
        }
    }

    async fn b166_a_nonce_that_is_asked_for_is_handed_out_and_taken(database: Database) {
        let app = TestApp::with(database, |options| options.policy.require_dpop_nonce = true).await;
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let key = &one.dpop;
        let nonce = |answer: &crate::support::Answer| answer.response.header("dpop-nonce").expect("a nonce").to_owned();
        let request = Authorize::new(&one.rp, "openid");
        let answer = one.rp.send(&pushing(&app, &one, &request, key)).await;
        refused_with(&answer, &["use_dpop_nonce"]);
        let proof = key.sign(&key.proof(&app, PAR).claim("nonce", json!(nonce(&answer))));
        let push = one.rp.request(PAR, &request.pushed()).header("DPoP", proof);
        let target = one.rp.by_reference(&one.rp.send(&push).await.pushed().await);
        let grant = app.browser().grant_at(&target, &alice, &request).await;

        let answer = one.redeem(&app, &grant).await;
        assert_eq!(answer.response.status, 400, "{}", answer.response);
        refused_with(&answer, &["use_dpop_nonce"]);
        let proof = key.sign(&key.proof(&app, TOKEN).claim("nonce", json!(nonce(&answer))));
        let redemption = one.rp.request(TOKEN, &Fapi::redemption(&grant)).header("DPoP", proof);
        let token = one.rp.send(&redemption).await.ok_as("DPoP").await.access_token;

        let answer = one.userinfo(&app, &token).await;
        assert_eq!(answer.response.status, 401, "{}", answer.response);
        let challenge = answer.response.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("use_dpop_nonce"), "{challenge}");
        let proof = key.proof_of(&app, "GET", USERINFO).with_token(&token).claim("nonce", json!(nonce(&answer)));
        app.send(asking(&token, &key.sign(&proof))).await.json().await;
    }

    async fn b167_a_thumbprint_or_a_proof_at_the_push_binds_the_code(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let plain = Authorize::new(&one.rp, "openid");
        let named = plain.clone().with("dpop_jkt", &key.thumbprint());
        refused_with(&one.rp.send(&pushing(&app, &one, &named, &other)).await, &["invalid_request", "invalid_dpop_proof"]);
        let pushes = [one.rp.request(PAR, &named.pushed()), pushing(&app, &one, &plain, &key), pushing(&app, &one, &named, &key)];
        for (push, request) in pushes.into_iter().zip([&named, &plain, &named]) {
            let target = one.rp.by_reference(&one.rp.send(&push).await.pushed().await);
            let grant = app.browser().grant_at(&target, &alice, request).await;
            let redemption = Fapi::redemption(&grant);
            let answer = one.rp.send(&one.proven(&app, &redemption, &other)).await;
            assert_eq!(answer.response.status, 400, "{}", answer.response);
            refused_with(&answer, &REFUSED);
            one.rp.send(&one.proven(&app, &redemption, &key)).await.ok_as("DPoP").await;
        }
    }

    async fn b168_a_client_that_must_bind_its_tokens_needs_a_proof_and_gets_bound_ones(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let grant = one.grant(&mut app.browser(), &alice, &Authorize::new(&one.rp, "openid")).await;
        let answer = one.rp.exchange(&grant).await;
        assert_eq!(answer.response.status, 400, "{}", answer.response);
        refused_with(&answer, &REFUSED);
        let tokens = one.redeem(&app, &grant).await.ok_as("DPoP").await;
        let (_, claims) = app.verified(&tokens.access_token).await;
        assert_eq!(claims["cnf"]["jkt"], one.dpop.thumbprint());
    }

    async fn b169_the_resource_refuses_every_proof_that_is_not_right(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let token = one.signed_in(&app, &alice, "openid").await.access_token;
        let (key, other) = (&one.dpop, DpopKey::new());
        let good = || key.proof_of(&app, "GET", USERINFO).with_token(&token);
        let now = app.now().seconds();
        for (part, value) in [
            ("typ", Value::Null),
            ("typ", json!("JWT")),
            ("alg", Value::Null),
            ("jwk", Value::Null),
        ] {
            let proof = key.sign(&good().parameter(part, value));
            is_refused(&app, asking(&token, &proof), part).await;
        }
        for (claim, value) in [
            ("jti", Value::Null),
            ("htm", Value::Null),
            ("htu", Value::Null),
            ("iat", Value::Null),
            ("ath", Value::Null),
            ("htm", json!("POST")),
            ("htu", json!(format!("{}{TOKEN}", app.issuer()))),
            ("htu", json!("https://elsewhere.example/oauth2/userinfo")),
            ("iat", json!(now - 3600)),
            ("iat", json!(now + 3600)),
            ("ath", json!(URL_SAFE_NO_PAD.encode([7; 32]))),
        ] {
            is_refused(&app, asking(&token, &key.sign(&good().claim(claim, value))), claim).await;
        }
        let mut private = good();
        private.header["jwk"]["d"] = json!("AAAA");
        is_refused(&app, asking(&token, &key.sign(&private)), "a private key").await;
        is_refused(&app, asking(&token, &other.sign(&good())), "a bad signature").await;
        let none = good().parameter("alg", json!("none"));
        let unsecured = format!("{}.", unsigned(&none.header, &none.claims));
        is_refused(&app, asking(&token, &unsecured), "none").await;
        for text in ["x", "a.b.c", ""] {
            is_refused(&app, asking(&token, text), "malformed").await;
        }
        is_refused(&app, other.userinfo(&app, &token), "another key").await;
        let two = asking(&token, &key.sign(&good())).header("DPoP", key.sign(&good()));
        is_refused(&app, two, "two proofs").await;
        is_refused(&app, Request::get(USERINFO).header("Authorization", format!("DPoP {token}")), "no proof").await;
        let bearer = || Request::get(USERINFO).header("Authorization", format!("Bearer {token}"));
        is_refused(&app, bearer(), "as a bearer token").await;
        is_refused(&app, bearer().header("DPoP", key.sign(&good())), "as a bearer token with a proof").await;

        // A token that is well bound to an RSA key, with RS256: there is none to be had.
        let grant = one.grant(&mut app.browser(), &alice, &Authorize::new(&one.rp, "openid")).await;
        let rsa = DpopKey::of(SigningAlgorithm::RS256);
        refused_with(&one.rp.send(&one.proven(&app, &Fapi::redemption(&grant), &rsa)).await, &["invalid_dpop_proof"]);
        let proof = rsa.proof_of(&app, "GET", USERINFO).with_token(&token);
        is_refused(&app, asking(&token, &rsa.sign(&proof)), "RS256").await;
        app.send(asking(&token, &key.sign(&good()))).await.json().await;
    }

    async fn b170_the_address_of_a_proof_is_compared_as_an_address_and_a_proof_is_used_once(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let token = one.signed_in(&app, &alice, "openid").await.access_token;
        let good = || one.dpop.proof_of(&app, "GET", USERINFO).with_token(&token);
        let address = format!("{}{USERINFO}", app.issuer());
        for same in [
            address.clone(),
            format!("{address}?a=b"),
            format!("{address}#c"),
            address.replacen("http://localhost", "HTTP://LOCALHOST", 1),
        ] {
            let proof = one.dpop.sign(&good().claim("htu", json!(same)));
            app.send(asking(&token, &proof)).await.json().await;
        }
        let proof = one.dpop.sign(&good());
        let request = || Request::get(USERINFO).header("Authorization", format!("DPoP {token}")).header("dPOp", &proof);
        app.send(request()).await.json().await;
        is_refused(&app, request(), "used before").await;
    }

    async fn b171_the_scheme_is_read_in_any_case(app) {
        let (one, alice) = (fapi2::client(&app, "one").await, app.person("alice").await);
        let token = one.signed_in(&app, &alice, "openid").await.access_token;
        for scheme in ["DPoP", "dPoP", "dpop", "DPOP"] {
            let proof = one.dpop.sign(&one.dpop.proof_of(&app, "GET", USERINFO).with_token(&token));
            let request = Request::get(USERINFO).header("Authorization", format!("{scheme} {token}"));
            app.send(request.header("DPoP", proof)).await.json().await;
        }
    }
}
