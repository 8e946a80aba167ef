//! Proofs that are refused (RFC 9449 §4.3).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use symbolon::domain::jose::SigningAlgorithm;

use super::TOKEN;
use crate::support::{Answer, ClientSpec, DpopKey, RelyingParty, TestApp, unsigned};

const FIELDS: &[(&str, &str)] = &[("grant_type", "client_credentials")];

async fn send(rp: &RelyingParty, proof: &str) -> Answer {
    rp.send(&rp.request(TOKEN, FIELDS).header("DPoP", proof)).await
}

async fn service(app: &TestApp) -> (RelyingParty, DpopKey) {
    (app.client(ClientSpec::machine("service")).await, DpopKey::new())
}

both! {
    /// Behaviour 169.
    async fn two_proofs_are_refused(app) {
        let (rp, key) = service(&app).await;
        let (one, two) = (key.sign(&key.proof(&app, TOKEN)), key.sign(&key.proof(&app, TOKEN)));
        let request = rp.request(TOKEN, FIELDS).header("DPoP", &one).header("dpop", &two);
        rp.send(&request).await.refused("invalid_dpop_proof", "AS-1217").await;
    }

    /// Behaviour 169.
    async fn what_is_no_proof_is_refused(app) {
        let (rp, key) = service(&app).await;
        for text in ["x", "a.b.c", "", "..", "a.b.c.d"] {
            send(&rp, text).await.refused("invalid_dpop_proof", "AS-1218").await;
        }
        let not_text = rp.request(TOKEN, FIELDS).header("DPoP", b"\xff\xfe");
        rp.send(&not_text).await.refused("invalid_dpop_proof", "AS-1218").await;
        let proof = key.proof(&app, TOKEN);
        for typ in [Value::Null, json!("JWT"), json!("jwt"), json!("at+jwt")] {
            send(&rp, &key.sign(&proof.clone().parameter("typ", typ))).await.refused("invalid_dpop_proof", "AS-1218").await;
        }
        for claim in ["jti", "htm", "htu", "iat"] {
            let proof = key.proof(&app, TOKEN).claim(claim, Value::Null);
            send(&rp, &key.sign(&proof)).await.refused("invalid_dpop_proof", "AS-1218").await;
        }
    }

    /// Behaviour 169.
    async fn a_proof_without_a_usable_public_key_is_refused(app) {
        let (rp, key) = service(&app).await;
        let proof = key.proof(&app, TOKEN);
        let good = proof.header["jwk"].clone();
        let with = |name: &str, value: Value| {
            let mut jwk = good.clone();
            jwk[name] = value;
            jwk
        };
        for jwk in [
            Value::Null,
            json!("x"),
            json!({}),
            // Private and symmetric members, whatever the type.
            with("d", json!("AAAA")),
            with("k", json!("AAAA")),
            with("priv", json!("AAAA")),
            json!({ "kty": "oct", "k": "AAAA" }),
            json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" }),
            json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "priv": "AAAA" }),
            json!({ "kty": "unheard-of" }),
            with("crv", json!("P-384")),
            with("x", json!("AAAA")),
            with("use", json!("enc")),
        ] {
            let text = key.sign(&proof.clone().parameter("jwk", jwk));
            send(&rp, &text).await.refused("invalid_dpop_proof", "AS-1219").await;
        }
    }

    /// Behaviour 169.
    async fn a_signature_that_is_not_the_keys_is_refused(app) {
        let (rp, key) = service(&app).await;
        let proof = key.proof(&app, TOKEN);
        let other = DpopKey::new();
        send(&rp, &other.sign(&proof)).await.refused("invalid_dpop_proof", "AS-1220").await;
        let of_rsa = DpopKey::of(SigningAlgorithm::RS256).proof(&app, TOKEN).header["jwk"].clone();
        let crossed = proof.clone().parameter("jwk", of_rsa);
        send(&rp, &key.sign(&crossed)).await.refused("invalid_dpop_proof", "AS-1220").await;
        for algorithm in ["none", "HS256", "ES384", "PS256"] {
            let header = proof.clone().parameter("alg", json!(algorithm)).header;
            let text = format!("{}.{}", unsigned(&header, &proof.claims), URL_SAFE_NO_PAD.encode([1; 64]));
            send(&rp, &text).await.refused("invalid_dpop_proof", "AS-1220").await;
        }
        // Well signed, with an algorithm that FAPI 2.0 rules out.
        let rsa = DpopKey::of(SigningAlgorithm::RS256);
        send(&rp, &rsa.sign(&rsa.proof(&app, TOKEN))).await.refused("invalid_dpop_proof", "AS-1220").await;
    }

    /// Behaviours 169 and 170.
    async fn a_proof_for_another_request_is_refused(app) {
        let (rp, key) = service(&app).await;
        for (claim, value) in [
            ("htm", json!("GET")),
            ("htm", json!("post")),
            ("htu", json!(format!("{}/oauth2/userinfo", app.issuer()))),
            ("htu", json!("https://elsewhere.example/oauth2/token")),
            ("htu", json!(TOKEN)),
        ] {
            let text = key.sign(&key.proof(&app, TOKEN).claim(claim, value));
            send(&rp, &text).await.refused("invalid_dpop_proof", "AS-1221").await;
        }
        for address in [
            format!("{}{TOKEN}?a=b#c", app.issuer()),
            format!("{}{TOKEN}", app.issuer().replacen("http://localhost", "HTTP://LocalHost", 1)),
        ] {
            let text = key.sign(&key.proof(&app, TOKEN).claim("htu", json!(address)));
            send(&rp, &text).await.ok_as("DPoP").await;
        }
    }

    /// Behaviours 165 and 169.
    async fn a_proof_of_another_minute_is_refused(app) {
        let (rp, key) = service(&app).await;
        let now = app.now().seconds();
        for offset in [-3600, -61, 61, 3600] {
            let text = key.sign(&key.proof(&app, TOKEN).claim("iat", json!(now + offset)));
            send(&rp, &text).await.refused("invalid_dpop_proof", "AS-1222").await;
        }
        for offset in [-10, 10] {
            let proof = key.proof(&app, TOKEN).claim("iat", json!(now + offset));
            let proof = proof.claim("nbf", json!(now)).claim("exp", json!(now + 60)).claim("extra", json!({ "a": [1] }));
            send(&rp, &key.sign(&proof)).await.ok_as("DPoP").await;
        }
    }

    /// Behaviour 170.
    async fn a_proof_is_accepted_once(app) {
        let (rp, key) = service(&app).await;
        let proof = key.proof(&app, TOKEN);
        let text = key.sign(&proof);
        send(&rp, &text).await.ok_as("DPoP").await;
        send(&rp, &text).await.refused("invalid_dpop_proof", "AS-1223").await;
        // The identifier counts, not the text.
        let again = proof.claim("iat", json!(app.now().seconds() + 1));
        send(&rp, &key.sign(&again)).await.refused("invalid_dpop_proof", "AS-1223").await;
        // Of one key: another may happen to choose the same.
        let other = DpopKey::new();
        let same = other.proof(&app, TOKEN).claim("jti", again.claims["jti"].clone());
        send(&rp, &other.sign(&same)).await.ok_as("DPoP").await;
    }
}
