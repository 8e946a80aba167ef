//! Signed requests (CIBA Core 1.0 §7.1.1, FAPI-CIBA 5.2.2): whatever is wrong with one is
//! `invalid_request`.

use serde_json::{Value, json};
use symbolon::domain::jose::SigningAlgorithm;

use super::{ENDPOINT, answer, ask, poll};
use crate::support::{Answer, ClientKey, ClientSpec, Credentials, RelyingParty, TestApp, unsigned};

/// A client that signs its requests with this key.
pub async fn signing(app: &TestApp, name: &str, key: &ClientKey) -> RelyingParty {
    let spec = ClientSpec::web(name).set(super::with_grant).keyed(key).set(|settings| {
        settings.backchannel_authentication_request_signing_alg = Some(SigningAlgorithm::ES256);
    });
    app.client(spec).await.with(Credentials::Key(key.clone()))
}

/// What a good request about alice says.
pub fn claims(app: &TestApp, rp: &RelyingParty, jti: &str) -> Value {
    let now = app.now().seconds();
    json!({
        "iss": rp.client_id.as_str(), "aud": app.issuer(), "iat": now, "nbf": now, "exp": now + 300, "jti": jti,
        "scope": "openid", "login_hint": "alice", "binding_message": "1234", "requested_expiry": 300,
    })
}

async fn send(rp: &RelyingParty, object: &str) -> Answer {
    rp.post(ENDPOINT, &[("request", object)]).await
}

both! {
    /// Behaviours 192, 196 and 200.
    async fn everything_in_a_signed_request_counts(app) {
        let (key, alice) = (ClientKey::generate(SigningAlgorithm::ES256), app.person("alice").await);
        let rp = signing(&app, "till", &key).await;
        for (jti, expiry) in [("a", json!(30)), ("b", json!("30"))] {
            let mut claims = claims(&app, &rp, jti);
            claims["requested_expiry"] = expiry;
            let body = send(&rp, &key.sign(&claims)).await.json().await;
            assert_eq!(body["expires_in"], 30);
            answer(&app, &alice, "approve-allow").await;
            poll(&rp, body["auth_req_id"].as_str().expect("text")).await.ok().await;
        }
    }

    /// Behaviour 192.
    async fn every_fault_of_a_request_object_is_invalid_request(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = signing(&app, "till", &key).await;
        app.person("alice").await;
        let good = claims(&app, &rp, "j");
        let now = app.now().seconds();
        let faults = [
            ("aud", Value::Null, "AS-1055"), ("iss", Value::Null, "AS-1055"), ("exp", Value::Null, "AS-1055"),
            ("iat", Value::Null, "AS-1055"), ("nbf", Value::Null, "AS-1055"), ("jti", Value::Null, "AS-1055"),
            ("aud", json!("https://other.example"), "AS-1055"), ("iss", json!("other"), "AS-1055"),
            ("sub", json!(rp.client_id.as_str()), "AS-1055"),
            ("exp", json!(now + 3601), "AS-1055"), ("exp", json!(now - 1), "AS-1054"),
            ("nbf", json!(now + 120), "AS-1054"), ("nbf", json!(now - 3700), "AS-1055"),
            ("id_token_hint", json!("x"), "AS-1189"), ("login_hint", Value::Null, "AS-1189"),
            ("request", json!("x"), "AS-1056"), ("scope", json!(["openid"]), "AS-1058"),
            ("prompt", json!("login"), "AS-1167"), ("code_challenge", json!("x"), "AS-1167"),
            ("claims", json!({ "id_token": { "acr": { "essential": true, "value": "1" } } }), "AS-1167"),
        ];
        for (name, value, reason) in faults {
            let mut bad = good.clone();
            if value.is_null() {
                bad.as_object_mut().expect("an object").remove(name);
            } else {
                bad[name] = value;
            }
            send(&rp, &key.sign(&bad)).await.refused("invalid_request", reason).await;
        }
        let rsa = ClientKey::generate(SigningAlgorithm::RS256);
        let another = ClientKey::generate(SigningAlgorithm::ES256);
        send(&rp, &rsa.sign(&good)).await.refused("invalid_request", "AS-1051").await;
        send(&rp, &another.sign(&good)).await.refused("invalid_request", "AS-1050").await;
        for typ in ["client-authentication+jwt", "authorization-grant+jwt", "dpop+jwt", "at+jwt", "logout+jwt"] {
            let header = json!({ "alg": "ES256", "kid": key.jwk()["kid"], "typ": typ });
            send(&rp, &key.sign_with_header(&header, &good)).await.refused("invalid_request", "AS-1049").await;
        }
        let none = format!("{}.", unsigned(&json!({ "alg": "none" }), &good));
        for object in [none.as_str(), "x", "a.b.c", "a.b.c.d.e"] {
            let refused = send(&rp, object).await;
            assert_eq!((refused.response.status, &refused.response.json()["error"]), (400, &"invalid_request".into()));
        }
        // None of them used it up.
        send(&rp, &key.sign(&good)).await.json().await;
    }

    /// Behaviour 192.
    async fn a_client_that_signs_must_sign_everything(app) {
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let rp = signing(&app, "till", &key).await;
        app.person("alice").await;
        ask(&rp, &[]).await.refused("invalid_request", "AS-1196").await;
        let object = key.sign(&claims(&app, &rp, "j"));
        for beside in [("scope", "openid"), ("login_hint", "alice"), ("binding_message", "4321")] {
            let mixed = rp.post(ENDPOINT, &[("request", object.as_str()), beside]).await;
            mixed.refused("invalid_request", "AS-1199").await;
        }
    }

    async fn a_signed_request_is_used_once_by_its_own_client(app) {
        let (key, other_key) = (ClientKey::generate(SigningAlgorithm::ES256), ClientKey::generate(SigningAlgorithm::ES256));
        let (rp, other) = (signing(&app, "till", &key).await, signing(&app, "other", &other_key).await);
        app.person("alice").await;
        let object = key.sign(&claims(&app, &rp, "j"));
        // Nothing is wrong with it but who sends it.
        send(&other, &object).await.refused("invalid_client", "AS-1057").await;
        send(&rp, &object).await.json().await;
        send(&rp, &object).await.refused("invalid_request", "AS-1198").await;
        send(&rp, &key.sign(&claims(&app, &rp, "j"))).await.refused("invalid_request", "AS-1198").await;
        // Another client has numbers of its own.
        send(&other, &other_key.sign(&claims(&app, &other, "j"))).await.json().await;
    }
}
