//! 181 to 186: signed requests of FAPI 2.0 Message Signing. 187, signed answers, is among the authorization responses.

use serde_json::{Value, json};
use symbolon::domain::{
    entity::ClientSettings,
    jose::{RequestObjectAlgorithm, SigningAlgorithm},
    oauth::SecurityProfile,
};

use super::{
    fapi2::{self, Fapi, PAR},
    id_claims, refused_with,
    request_object::{unsecured, with},
};
use crate::support::{Answer, Authorize, ClientKey, TestApp};

const OBJECT: [&str; 1] = ["invalid_request_object"];

/// A client that must sign its requests, with the key that it authenticates with, and gets signed answers.
async fn signing(app: &TestApp, id: &str) -> Fapi {
    signing_with(app, id, |_| {}).await
}

async fn signing_with(app: &TestApp, id: &str, change: impl FnOnce(&mut ClientSettings)) -> Fapi {
    let algorithm = SigningAlgorithm::PS256;
    fapi2::client_of(app, SecurityProfile::Fapi2MessageSigning, id, algorithm, |settings| {
        settings.request_object_signing_alg = Some(RequestObjectAlgorithm::Signed(algorithm));
        change(settings);
    })
    .await
}

/// What such a client asks for.
fn asking(one: &Fapi) -> Authorize {
    Authorize::new(&one.rp, "openid").and("response_mode", "jwt")
}

async fn push(one: &Fapi, object: &str) -> Answer {
    one.rp.post(PAR, &[("request", object)]).await
}

fn good(app: &TestApp, one: &Fapi) -> Value {
    asking(one).claims(app)
}

both! {
    async fn b181_an_object_says_from_when_and_to_when_for_an_hour_at_most(app) {
        let one = signing(&app, "one").await;
        let now = app.now().seconds();
        let lasting = |nbf: Value, exp: Value| one.key.sign(&with(with(good(&app, &one), "nbf", nbf), "exp", exp));
        push(&one, &lasting(json!(now), json!(now + 300))).await.pushed().await;
        push(&one, &lasting(json!(now - 3000), json!(now + 300))).await.pushed().await;
        for (nbf, exp) in [
            (Value::Null, json!(now + 300)),
            (json!(now), Value::Null),
            (json!(now), json!(now + 70 * 60)),
            (json!(now - 70 * 60), json!(now + 300)),
            (json!(now - 600), json!(now - 300)),
        ] {
            let answer = push(&one, &lasting(nbf, exp)).await;
            assert_eq!(answer.response.status, 400, "{}", answer.response);
            refused_with(&answer, &OBJECT);
        }
    }

    async fn b182_an_object_is_signed_by_its_client_with_an_algorithm_of_the_profile(app) {
        let (one, two) = (signing(&app, "one").await, signing(&app, "two").await);
        let claims = good(&app, &one);
        let signed = one.key.sign(&claims);
        let (input, signature) = signed.rsplit_once('.').expect("a signature");
        let flipped = if signature.starts_with('A') { "B" } else { "A" };
        let broken = format!("{input}.{flipped}{}", &signature[1..]);
        for object in [unsecured(&claims), broken] {
            refused_with(&push(&one, &object).await, &OBJECT);
        }
        // The key is the client's: nothing but its algorithm is wrong, whether the profile says so alone, what is
        // registered does, or both do.
        let rs256 = ClientKey::generate(SigningAlgorithm::RS256);
        let both = signing_with(&app, "both", |settings| fapi2::with_key(settings, &rs256)).await;
        let by_profile = signing_with(&app, "profile", |settings| {
            fapi2::with_key(settings, &rs256);
            settings.request_object_signing_alg = None;
        })
        .await;
        let by_setting = signing_with(&app, "setting", |settings| {
            fapi2::with_key(settings, &rs256);
            settings.security_profile = None;
        })
        .await;
        for (client, reason) in [(&both, "AS-1700"), (&by_profile, "AS-1700"), (&by_setting, "AS-1051")] {
            let claims = good(&app, client);
            push(client, &rs256.sign(&claims)).await.refused("invalid_request_object", reason).await;
            push(client, &client.key.sign(&claims)).await.pushed().await;
        }
        refused_with(&push(&one, &two.key.sign(&claims)).await, &["invalid_request_object", "invalid_request"]);
        push(&one, &signed).await.pushed().await;
    }

    async fn b183_an_object_is_for_this_issuer(app) {
        let one = signing(&app, "one").await;
        let now = app.now().seconds();
        let for_whom = |audience: Value| one.key.sign(&with(good(&app, &one), "aud", audience));
        for audience in [json!(app.issuer()), json!([app.issuer()]), json!(["https://elsewhere.example", app.issuer()])] {
            push(&one, &for_whom(audience)).await.pushed().await;
        }
        for audience in [json!("https://elsewhere.example"), json!(["https://elsewhere.example"]), Value::Null] {
            refused_with(&push(&one, &for_whom(audience)).await, &OBJECT);
        }
        let ahead = one.key.sign(&with(good(&app, &one), "nbf", json!(now + 8)));
        push(&one, &ahead).await.pushed().await;
    }

    async fn b184_parameters_without_a_signature_are_refused(app) {
        let one = signing(&app, "one").await;
        let answer = one.rp.push(&asking(&one)).await;
        refused_with(&answer, &["invalid_request"]);
        answer.refused("invalid_request", "AS-1059").await;
        push(&one, &one.key.sign(&good(&app, &one))).await.pushed().await;
    }

    async fn b185_an_object_does_not_refer_to_another(app) {
        let one = signing(&app, "one").await;
        for reference in ["urn:ietf:params:oauth:request_uri:x", "https://one.example/request.jwt"] {
            let object = one.key.sign(&with(good(&app, &one), "request_uri", json!(reference)));
            refused_with(&push(&one, &object).await, &OBJECT);
        }
    }

    async fn b186_the_type_of_an_object_is_optional_and_what_stands_outside_is_ignored(app) {
        let (one, alice) = (signing(&app, "one").await, app.person("alice").await);
        let request = asking(&one).without("state");
        let claims = request.claims(&app);
        let mut browser = app.browser();
        let first = push(&one, &one.key.sign(&claims)).await.pushed().await;
        browser.arrive_at(&one.rp.by_reference(&first), &alice).await;
        for typ in [None, Some("oauth-authz-req+jwt")] {
            let mut header = json!({ "alg": "PS256", "kid": one.key.jwk()["kid"] });
            if let Some(typ) = typ {
                header["typ"] = json!(typ);
            }
            let object = one.key.sign_with_header(&header, &claims);
            let outside = [
                ("request", object.as_str()),
                ("state", "outside"),
                ("nonce", "outside"),
                ("scope", "openid email"),
                ("redirect_uri", "https://evil.example/"),
                ("response_mode", "query"),
            ];
            let reference = one.rp.post(PAR, &outside).await.pushed().await;
            let away = browser.open(&one.rp.by_reference(&reference)).await.away();
            assert!(away.url.starts_with(&one.rp.redirect_uri), "{}", away.url);
            let parameters = away.parameters();
            assert_eq!(parameters.keys().collect::<Vec<_>>(), ["response"]);
            let (_, answer) = app.verified(&parameters["response"]).await;
            assert!(answer.get("state").is_none(), "{answer}");
            let grant = request.redeem(answer["code"].as_str().expect("a code"));
            let tokens = one.redeem(&app, &grant).await.ok_as("DPoP").await;
            assert_eq!(id_claims(&app, &tokens).await["nonce"], "nonce-1");
        }
    }
}
