//! 83 to 90: the UserInfo endpoint and the claims (OIDC Core 5).

use serde_json::Value;
use symbolon::domain::{
    entity::{AccessTokenFormat, ClientSettings, IdTokenClaims},
    jose::SigningAlgorithm,
};

use super::{id_claims, list, metadata, parties, signed_in};
use crate::support::{ClientSpec, Request, TestApp};

const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

async fn told(app: &TestApp, scope: &str) -> Value {
    let (rp, alice) = parties(app).await;
    let tokens = signed_in(app, &rp, &alice, scope).await;
    rp.userinfo(&tokens.access_token).await.json().await
}

both! {
    async fn b083_the_token_comes_in_the_header_of_a_get_or_post_or_in_the_form(app) {
        let (rp, alice) = parties(&app).await;
        let token = signed_in(&app, &rp, &alice, "openid").await.access_token;
        let bearer = format!("Bearer {token}");
        for request in [
            Request::get("/oauth2/userinfo").header("Authorization", &bearer),
            Request::new("POST", "/oauth2/userinfo").header("Authorization", &bearer).body(""),
            Request::form("/oauth2/userinfo", &[("access_token", &token)]),
        ] {
            assert_eq!(app.send(request).await.json().await["sub"], alice.id.as_str());
        }
    }

    async fn b084_the_answer_is_json_about_the_subject_of_the_id_token(app) {
        let (rp, alice) = parties(&app).await;
        let tokens = signed_in(&app, &rp, &alice, "openid").await;
        let answer = rp.userinfo(&tokens.access_token).await;
        assert_eq!(answer.json().await["sub"], id_claims(&app, &tokens).await["sub"]);
    }

    async fn b085_each_scope_gives_all_of_its_claims(app) {
        let claims = told(&app, "openid profile email address phone").await;
        let others = ["email", "email_verified", "address", "phone_number", "phone_number_verified"];
        for claim in PROFILE.into_iter().chain(others) {
            assert!(claims.get(claim).is_some(), "{claim}: {claims}");
        }
        assert!(claims["address"].as_object().is_some_and(|members| !members.is_empty()), "{claims}");
    }

    async fn b086_claims_are_well_formed_and_never_empty(app) {
        let claims = told(&app, "openid profile email address phone").await;
        for (name, value) in claims.as_object().expect("an object") {
            assert!(!value.is_null() && *value != "" && *value != "null", "{name}");
        }
        for address in ["profile", "picture", "website"] {
            assert!(url::Url::parse(claims[address].as_str().expect("a text")).is_ok(), "{address}");
        }
        let birthdate = claims["birthdate"].as_str().expect("a text");
        assert!(matches!(birthdate.len(), 4 | 10) && birthdate.bytes().all(|b| b.is_ascii_digit() || b == b'-'));
        assert!(claims["zoneinfo"].as_str().is_some_and(|zone| zone.contains('/')), "{claims}");
        assert!(claims["email"].as_str().is_some_and(|email| email.split('@').count() == 2), "{claims}");
        assert!(claims["phone_number"].as_str().is_some_and(|phone| phone.starts_with('+')), "{claims}");
    }

    async fn b087_claims_of_other_scopes_are_not_told(app) {
        let claims = told(&app, "openid email").await;
        for claim in PROFILE.into_iter().chain(["address", "phone_number"]) {
            assert!(claims.get(claim).is_none(), "{claim}: {claims}");
        }
        // Nor does a lean ID token tell what UserInfo tells (as the clients of the certification plans have it).
        let lean = |settings: &mut ClientSettings| settings.id_token_claims = IdTokenClaims::Lean;
        let (rp, bob) = (app.client(ClientSpec::web("lean").set(lean)).await, app.person("bob").await);
        let tokens = signed_in(&app, &rp, &bob, "openid email").await;
        let (in_token, told) = (id_claims(&app, &tokens).await, rp.userinfo(&tokens.access_token).await.json().await);
        assert_eq!(told["email"], "bob@example.com");
        for claim in PROFILE.into_iter().chain(["email", "email_verified", "address", "phone_number"]) {
            assert!(in_token.get(claim).is_none(), "{claim}: {in_token}");
        }
        assert!(told.get("name").is_none(), "{told}");
    }

    async fn b088_a_signed_answer_names_issuer_and_client_and_no_nonce(app) {
        let document = metadata(&app).await;
        assert!(list(&document, "userinfo_signing_alg_values_supported").contains(&"RS256"), "{document}");
        let signed = |settings: &mut ClientSettings| settings.userinfo_signed_response_alg = Some(SigningAlgorithm::RS256);
        let (rp, alice) = (app.client(ClientSpec::web("web").set(signed)).await, app.person("alice").await);
        let tokens = signed_in(&app, &rp, &alice, "openid").await;
        let answer = rp.userinfo(&tokens.access_token).await.response;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwt")), "{answer}");
        let (header, claims) = app.verified(answer.text()).await;
        assert_eq!(header["alg"], "RS256");
        assert!(header["kid"].is_string(), "{header}");
        assert_eq!((&claims["iss"], &claims["aud"]), (&Value::from(app.issuer()), &Value::from("web")));
        assert_eq!(claims["sub"], id_claims(&app, &tokens).await["sub"]);
        assert!(claims.get("nonce").is_none(), "{claims}");
    }

    async fn b089_a_revoked_expired_or_unknown_token_is_401_with_a_challenge(app) {
        for (name, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let rp = app.client(ClientSpec::web(name).set(move |s| s.access_token_format = format)).await;
            let alice = app.person(&format!("of-{name}")).await;
            let revoked = signed_in(&app, &rp, &alice, "openid").await.access_token;
            rp.revoke(&revoked).await.accepted().await;
            let expired = signed_in(&app, &rp, &alice, "openid").await.access_token;
            app.clock.advance(601);
            for token in [revoked.as_str(), expired.as_str(), "unknown"] {
                let answer = rp.userinfo(token).await;
                answer.refused("invalid_token", "AS-1151").await;
                let challenge = answer.response.header("www-authenticate").expect("a challenge");
                assert!(challenge.starts_with("Bearer") && challenge.contains("error=\"invalid_token\""), "{challenge}");
            }
        }
    }

    async fn b090_no_claim_is_said_to_be_elsewhere(app) {
        let claims = told(&app, "openid profile email address phone").await;
        assert!(claims.get("_claim_names").is_none() && claims.get("_claim_sources").is_none(), "{claims}");
    }
}
