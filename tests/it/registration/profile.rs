//! The security profile that the policy gives to whoever registers.

use serde_json::{Value, json};
use symbolon::{
    domain::{jose::SigningAlgorithm, oauth::SecurityProfile},
    service::admin::registration::PolicyChanges,
    store::client,
};

use crate::{
    security_profiles::blames,
    support::{Answer, Authorize, ClientKey, Credentials, TestApp},
};

const PROFILE: &str = "fapi2-security";

async fn open(app: &TestApp, profile: Option<SecurityProfile>) {
    app.open_registration().await;
    app.registration_policy(PolicyChanges { profile: Some(profile), ..PolicyChanges::default() }).await;
}

fn metadata(key: &ClientKey) -> Value {
    json!({ "client_name": "Bank", "redirect_uris": ["https://bank.example/callback"], "jwks": key.jwks(),
            "grant_types": ["authorization_code", "refresh_token"] })
}

async fn refused(app: &TestApp, answer: Answer, member: &str) {
    answer.refused("invalid_client_metadata", "AS-1706").await;
    let body = answer.response.json();
    let told = format!("AS-1706: {member} (security profile {PROFILE}): ");
    assert!(body["error_description"].as_str().is_some_and(|text| text.starts_with(&told)), "{body}");
    blames(app, answer.trace_id(), Some(PROFILE)).await;
}

both! {
    async fn whoever_registers_gets_the_profile_and_what_it_demands(app) {
        open(&app, Some(SecurityProfile::Fapi2Security)).await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let registered = app.register(&metadata(&key)).await.registered().await;
        let told = &registered.members;
        for (name, value) in [
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("require_pushed_authorization_requests", json!(true)),
            ("dpop_bound_access_tokens", json!(true)),
            ("id_token_signed_response_alg", json!("ES256")),
        ] {
            assert_eq!(told[name], value, "{name}: {told}");
        }
        assert!(told.get("client_secret").is_none() && told.get("security_profile").is_none(), "{told}");
        let rp = app.app_of(&registered).with(Credentials::Key(key));
        let id = rp.client_id.clone();
        let stored = app.read(move |tx| client::find(tx, &id)).await.expect("a client");
        assert_eq!(stored.settings.security_profile, Some(SecurityProfile::Fapi2Security));
        // Its requests are judged by it.
        let away = app.browser().authorize(&Authorize::new(&rp, "openid")).await.away();
        away.refused(&app, "invalid_request", "AS-1045").await;
        blames(&app, away.answer.trace_id(), Some(PROFILE)).await;
        rp.push(&Authorize::new(&rp, "openid")).await.pushed().await;
    }

    async fn nobody_registers_for_what_the_profile_does_not_allow(app) {
        open(&app, Some(SecurityProfile::Fapi2Security)).await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        for (member, value) in [
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("none")),
            ("id_token_signed_response_alg", json!("RS256")),
            ("require_pushed_authorization_requests", json!(false)),
            ("request_uris", json!(["https://bank.example/r"])),
        ] {
            let mut sent = metadata(&key);
            sent[member] = value;
            refused(&app, app.register(&sent).await, member).await;
        }
        let mut keyless = metadata(&key);
        keyless.as_object_mut().expect("an object").remove("jwks");
        app.register(&keyless).await.refused("invalid_client_metadata", "AS-1411").await;
        assert!(app.read(|tx| client::list(tx, None, 10)).await.is_empty());
        // Without a profile the same is registered.
        open(&app, None).await;
        app.register(&keyless).await.registered().await;
    }

    async fn nobody_leaves_the_profile_later(app) {
        open(&app, Some(SecurityProfile::Fapi2Security)).await;
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let registered = app.register(&metadata(&key)).await.registered().await;
        // Nor because new clients would get none.
        for profile in [Some(SecurityProfile::Fapi2Security), Some(SecurityProfile::Legacy), None] {
            open(&app, profile).await;
            let mut sent = metadata(&key);
            sent["client_id"] = registered.members["client_id"].clone();
            sent["id_token_signed_response_alg"] = json!("RS256");
            let answer = app.manage("GET", &registered, None).await;
            let token = answer.registration().await.token;
            let answer = app.manage_with(&token, "PUT", &registered.path, Some(&sent)).await;
            refused(&app, answer, "id_token_signed_response_alg").await;
            for other in ["security_profile", "profile"] {
                let mut sent = metadata(&key);
                sent["client_id"] = registered.members["client_id"].clone();
                sent[other] = json!("legacy");
                app.manage_with(&token, "PUT", &registered.path, Some(&sent)).await.registration().await;
            }
            let id = app.app_of(&registered).client_id;
            let stored = app.read(move |tx| client::find(tx, &id)).await.expect("a client");
            assert_eq!(stored.settings.security_profile, Some(SecurityProfile::Fapi2Security));
        }
    }
}
