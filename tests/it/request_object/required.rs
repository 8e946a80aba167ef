//! Clients that must sign their requests (`require_signed_request_object`, RFC 9101 §10.5): only what
//! is inside counts.

use serde_json::{Value, json};
use symbolon::domain::jose::{RequestObjectAlgorithm, SigningAlgorithm};

use super::{carrying, none, signing, with};
use crate::support::{Authorize, ClientKey, ClientSpec, RelyingParty, TestApp};

/// A client like those of FAPI 2.0 Message Signing, and its key.
async fn client(app: &TestApp) -> (RelyingParty, ClientKey) {
    let key = ClientKey::generate(SigningAlgorithm::PS256);
    let spec = ClientSpec::web("web").set(signing(&key)).set(|settings| {
        settings.require_signed_request_object = true;
        settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Signed(SigningAlgorithm::PS256));
    });
    (app.client(spec).await, key)
}

async fn refused(rp: &RelyingParty, object: &str, reason: &str) {
    rp.post("/oauth2/par", &[("request", object)]).await.refused("invalid_request_object", reason).await;
}

both! {
    /// Behaviours 146 and 186.
    async fn only_what_is_inside_counts(app) {
        let ((rp, key), alice) = (client(&app).await, app.person("alice").await);
        let request = Authorize::new(&rp, "openid").without("state");
        let object = key.sign(&request.claims(&app));
        let mut browser = app.browser();
        let outside = [
            ("request", object.as_str()),
            ("state", "outside"),
            ("nonce", "outside"),
            ("scope", "openid admin"),
            ("response_type", "token"),
            ("redirect_uri", "https://evil.example/"),
            ("prompt", "login"),
        ];
        let reference = rp.post("/oauth2/par", &outside).await.pushed().await;
        let grant = browser.grant_at(&rp.by_reference(&reference), &alice, &request).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["nonce"], "nonce-1");
        // By value the same.
        let away = browser.open(&carrying(&rp, &outside)).await.away();
        assert!(away.url.starts_with("https://web.example/callback?"), "{}", away.url);
        assert_eq!(away.parameters().get("state"), None, "{}", away.url);
        away.grant(&request);
    }

    /// Behaviours 181 and 183.
    async fn an_object_lives_for_an_hour_at_most(app) {
        let (rp, key) = client(&app).await;
        let good = Authorize::new(&rp, "openid").claims(&app);
        let now = app.now().seconds();
        for (nbf, exp) in [(now, now + 3600), (now + 8, now + 300), (now - 3500, now + 60)] {
            let inside = with(with(good.clone(), "nbf", json!(nbf)), "exp", json!(exp));
            rp.post("/oauth2/par", &[("request", &key.sign(&inside))]).await.pushed().await;
        }
        for (nbf, exp, reason) in [
            (json!(null), json!(now + 300), "AS-1055"),
            (json!(now), json!(null), "AS-1055"),
            (json!(now), json!(now + 70 * 60), "AS-1055"),
            (json!(now - 70 * 60), json!(now + 60), "AS-1055"),
            (json!(now - 70 * 60), json!(now - 10 * 60), "AS-1054"),
            (json!(now - 60), json!(now), "AS-1054"),
            (json!(now + 120), json!(now + 300), "AS-1054"),
        ] {
            let inside = with(with(good.clone(), "nbf", nbf), "exp", exp);
            refused(&rp, &key.sign(&inside), reason).await;
        }
    }

    /// Behaviours 182 and 185.
    async fn whatever_is_not_this_clients_signed_object_is_refused(app) {
        let (rp, key) = client(&app).await;
        let good = Authorize::new(&rp, "openid").claims(&app);
        let rs256 = ClientKey::generate(SigningAlgorithm::RS256);
        let stranger = ClientKey::generate(SigningAlgorithm::PS256);
        let signed = key.sign(&good);
        let (input, signature) = signed.rsplit_once('.').expect("a signature");
        let broken: String = signature.chars().rev().collect();
        refused(&rp, &none(&good), "AS-1052").await;
        refused(&rp, &rs256.sign(&good), "AS-1051").await;
        refused(&rp, &stranger.sign(&good), "AS-1050").await;
        let answer = rp.post("/oauth2/par", &[("request", &format!("{input}.{broken}"))]).await;
        assert_eq!(answer.response.json()["error"], "invalid_request_object", "{}", answer.response);
        for (name, value, reason) in [
            ("aud", json!("https://other.example"), "AS-1055"),
            ("aud", Value::Null, "AS-1055"),
            ("iss", json!("other"), "AS-1055"),
            ("client_id", json!("other"), "AS-1057"),
            ("client_id", Value::Null, "AS-1057"),
            ("request_uri", json!("urn:ietf:params:oauth:request_uri:x"), "AS-1056"),
            ("request", json!(signed), "AS-1056"),
        ] {
            refused(&rp, &key.sign(&with(good.clone(), name, value)), reason).await;
        }
    }

    /// Behaviour 184.
    async fn unsigned_parameters_are_refused(app) {
        let (rp, _) = client(&app).await;
        let request = Authorize::new(&rp, "openid");
        rp.push(&request).await.refused("invalid_request", "AS-1059").await;
        let away = app.browser().authorize(&request).await.away();
        away.refused(&app, "invalid_request", "AS-1059").await;
        assert_eq!(away.parameters()["state"], "state-1");
    }

    async fn what_the_object_leaves_out_is_not_found_outside(app) {
        let (rp, key) = client(&app).await;
        let good = Authorize::new(&rp, "openid").claims(&app);
        let outside = |object: &str| [("request", object.to_owned()), ("redirect_uri", rp.redirect_uri.clone())];
        let object = key.sign(&with(good.clone(), "redirect_uri", Value::Null));
        let fields = outside(&object);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        rp.post("/oauth2/par", &fields).await.refused("invalid_request", "AS-1002").await;
        let object = key.sign(&with(good, "code_challenge", Value::Null));
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let fields = [("request", object.as_str()), ("code_challenge", challenge)];
        rp.post("/oauth2/par", &fields).await.refused("invalid_request", "AS-1301").await;
    }
}
