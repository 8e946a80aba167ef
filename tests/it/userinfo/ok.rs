//! What is told about a person.

use serde_json::Value;
use symbolon::domain::entity::AccessTokenFormat;

use crate::support::{ClientSpec, GrantSpec, RelyingParty, Request, TestApp};

async fn token(app: &TestApp, scope: &str) -> (RelyingParty, String) {
    let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
    let grant = app.grant(&alice, &rp, GrantSpec::scope(scope)).await;
    let tokens = rp.exchange(&grant).await.ok().await;
    (rp, tokens.access_token)
}

fn names(claims: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = claims.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

both! {
    async fn the_token_is_taken_from_the_header_or_from_the_form_of_a_post(app) {
        // Behaviours 83 and 84.
        let (rp, token) = token(&app, "openid").await;
        let bearer = format!("Bearer {token}");
        let told = rp.userinfo(&token).await.json().await;
        for request in [
            Request::new("POST", "/oauth2/userinfo").header("Authorization", &bearer).body(""),
            Request::form("/oauth2/userinfo", &[]).header("Authorization", &bearer),
            Request::form("/oauth2/userinfo", &[("access_token", &token)]),
            Request::get("/oauth2/userinfo").header("Authorization", format!("bearer {token}")),
            Request::get("/oauth2/userinfo?extra=1").header("Authorization", &bearer),
        ] {
            assert_eq!(app.send(request).await.json().await, told);
        }
    }

    async fn the_subject_is_the_one_of_the_id_token(app) {
        // Behaviours 61 and 84.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let told = rp.userinfo(&tokens.access_token).await.json().await;
        assert_eq!(told["sub"], app.verified(tokens.id()).await.1["sub"]);
        assert_eq!(names(&told), ["sub"]);
    }

    async fn each_scope_gives_its_claims_and_no_others(database: Database) {
        // Behaviours 85 to 87.
        let profile = [
            "birthdate",
            "family_name",
            "gender",
            "given_name",
            "locale",
            "middle_name",
            "name",
            "nickname",
            "picture",
            "preferred_username",
            "profile",
            "sub",
            "updated_at",
            "website",
            "zoneinfo",
        ];
        for (scope, expected) in [
            ("openid profile", &profile[..]),
            ("openid email", &["email", "email_verified", "sub"]),
            ("openid address", &["address", "sub"]),
            ("openid phone", &["phone_number", "phone_number_verified", "sub"]),
        ] {
            let app = TestApp::new(database).await;
            let (rp, token) = token(&app, scope).await;
            let told = rp.userinfo(&token).await.json().await;
            assert_eq!(names(&told), expected, "{scope}");
            assert!(
                told.as_object().is_some_and(|claims| claims.values().all(|value| !value.is_null() && *value != ""))
            );
        }
    }

    async fn claims_have_the_types_of_the_specification(app) {
        // Behaviour 70.
        let (rp, token) = token(&app, "openid profile email address phone").await;
        let told = rp.userinfo(&token).await.json().await;
        assert!(told["updated_at"].is_i64() && told["email_verified"].is_boolean(), "{told}");
        assert!(told["phone_number_verified"].is_boolean() && told["address"]["country"] == "DE", "{told}");
    }

    async fn a_claim_asked_for_by_name_is_told(app) {
        // Behaviour 42.
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let spec =
            GrantSpec::scope("openid").claims(r#"{"userinfo":{"name":{"essential":true},"zzz":{"essential":true}}}"#);
        let grant = app.grant(&alice, &rp, spec).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let told = rp.userinfo(&tokens.access_token).await.json().await;
        assert_eq!(names(&told), ["name", "sub"]);
    }

    async fn an_opaque_token_works_as_well(app) {
        let spec = ClientSpec::web("web").set(|settings| settings.access_token_format = AccessTokenFormat::Opaque);
        let (rp, alice) = (app.client(spec).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid email")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(rp.userinfo(&tokens.access_token).await.json().await["email"], "alice@example.com");
    }

    async fn what_changed_meanwhile_is_told_as_it_is_now(app) {
        let (rp, alice) = (app.client(ClientSpec::web("web")).await, app.person("alice").await);
        let grant = app.grant(&alice, &rp, GrantSpec::scope("openid profile")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        app.change_person(&alice, |user| user.name = Some("Alice \u{200f}<b>\"&'".to_owned())).await;
        assert_eq!(rp.userinfo(&tokens.access_token).await.json().await["name"], "Alice \u{200f}<b>\"&'");
    }
}
