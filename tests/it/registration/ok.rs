//! A program registers, and is from then on a client like any other.

use serde_json::{Value, json};
use symbolon::{
    domain::oauth::{GrantType, RegistrationMode},
    service::admin::registration::PolicyChanges,
};

use crate::support::Authorize;

fn web() -> Value {
    json!({
        "client_name": "Notes",
        "redirect_uris": ["https://notes.example/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    })
}

both! {
    /// Behaviours 104 and 105.
    async fn a_program_registers_and_signs_somebody_in(app) {
        app.open_registration().await;
        let alice = app.person("alice").await;
        let registered = app.register(&web()).await.registered().await;
        assert!(registered.members["client_secret"].is_string());
        let rp = app.app_of(&registered);
        let request = Authorize::new(&rp, "openid email offline_access");
        let grant = app.browser().grant(&alice, &request).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.1["aud"], rp.client_id.as_str());
        rp.refresh(tokens.refresh()).await.ok().await;
    }

    /// Behaviours 107 and 114: what was sent is stored, echoed, and there when it is read again.
    async fn what_was_sent_is_echoed_and_stored(app) {
        app.open_registration().await;
        let mut sent = web();
        for (name, value) in [
            ("post_logout_redirect_uris", json!(["https://notes.example/bye"])),
            ("token_endpoint_auth_method", json!("client_secret_post")),
            ("id_token_signed_response_alg", json!("ES256")),
            ("default_max_age", json!(3600)),
            ("client_uri", json!("https://notes.example/")),
            ("logo_uri", json!("https://notes.example/logo.png")),
            ("policy_uri", json!("https://notes.example/policy")),
            ("tos_uri", json!("https://notes.example/terms")),
            ("contacts", json!(["ops@notes.example"])),
            ("initiate_login_uri", json!("https://notes.example/login")),
            ("software_id", json!("notes")),
            ("software_version", json!("2.0")),
            ("scope", json!("openid email")),
            ("application_type", json!("web")),
        ] {
            sent[name] = value;
        }
        let mut with_extras = sent.clone();
        with_extras["client_name#de"] = json!("Notizen");
        with_extras["favourite_colour"] = json!({"name": "green"});
        let registered = app.register(&with_extras).await.registered().await;
        let read = app.manage("GET", &registered, None).await.registration().await;
        for members in [&registered.members, &read.members] {
            for (name, value) in sent.as_object().expect("an object") {
                assert_eq!(&members[name], value, "{name}");
            }
            assert!(members.get("favourite_colour").is_none());
        }
    }

    /// Behaviour 113.
    async fn the_address_where_a_sign_in_is_started_is_echoed_and_read_again(app) {
        app.open_registration().await;
        let mut sent = web();
        sent["initiate_login_uri"] = json!("https://notes.example/login");
        let registered = app.register(&sent).await.registered().await;
        let read = app.manage("GET", &registered, None).await.registration().await;
        assert_eq!(read.members["initiate_login_uri"], "https://notes.example/login");
        assert_eq!(read.members["client_id"], registered.members["client_id"]);
    }

    async fn the_registered_values_are_honoured(app) {
        app.open_registration().await;
        let alice = app.person("alice").await;
        let mut sent = web();
        sent["id_token_signed_response_alg"] = json!("ES256");
        sent["scope"] = json!("openid");
        let rp = app.app_of(&app.register(&sent).await.registered().await);
        let grant = app.browser().grant(&alice, &Authorize::new(&rp, "openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        assert_eq!(app.verified(tokens.id()).await.0["alg"], "ES256");
        let away = app.browser().authorize(&Authorize::new(&rp, "openid email")).await.away();
        away.refused(&app, "invalid_scope", "AS-1010").await;
    }

    /// Behaviour 108: what the policy allows is registered as asked.
    async fn response_types_are_registered_as_asked(app) {
        app.open_registration().await;
        app.registration_policy(PolicyChanges {
            grant_types: Some(vec![GrantType::AuthorizationCode, GrantType::Implicit]),
            ..PolicyChanges::default()
        })
        .await;
        for (response_types, grant_types) in [
            (json!(["code id_token token"]), json!(["authorization_code", "implicit"])),
            (json!(["id_token"]), json!(["implicit"])),
            (json!(["code", "code id_token"]), json!(["authorization_code", "implicit"])),
        ] {
            let mut sent = web();
            sent["response_types"] = response_types;
            sent["grant_types"] = grant_types;
            let registered = app.register(&sent).await.registered().await;
            let read = app.manage("GET", &registered, None).await.registration().await;
            for name in ["response_types", "grant_types"] {
                assert_eq!((&registered.members[name], &read.members[name]), (&sent[name], &sent[name]));
            }
        }
    }

    async fn a_client_that_promised_to_push_its_requests_is_held_to_it(app) {
        app.open_registration().await;
        let mut sent = web();
        sent["require_pushed_authorization_requests"] = json!(true);
        let registered = app.register(&sent).await.registered().await;
        assert_eq!(registered.members["require_pushed_authorization_requests"], true);
        let id = app.app_of(&registered).client_id;
        let stored = app.read(move |tx| symbolon::store::client::find(tx, &id)).await.expect("the client");
        assert!(stored.settings.require_pushed_authorization_requests);
    }

    async fn a_public_client_of_an_editor_changes_its_port(app) {
        app.open_registration().await;
        let alice = app.person("alice").await;
        let sent = json!({
            "client_name": "Editor",
            "redirect_uris": ["http://127.0.0.1:33418", "https://vscode.dev/redirect"],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        let registered = app.register(&sent).await.registered().await;
        assert_eq!(registered.members["application_type"], "native");
        assert!(registered.members.get("client_secret").is_none());
        let mut rp = app.app_of(&registered);
        rp.redirect_uri = "http://127.0.0.1:50001".to_owned();
        let grant = app.browser().grant(&alice, &Authorize::new(&rp, "openid")).await;
        rp.exchange(&grant).await.ok().await;
    }

    /// Behaviour 115.
    async fn a_token_of_an_administrator_lets_in_at_once(app) {
        app.registration_policy(PolicyChanges {
            registration: Some(RegistrationMode::Token),
            ..PolicyChanges::default()
        })
        .await;
        let token = app.initial_access_token(1).await;
        let alice = app.person("alice").await;
        // The policy quarantines; whoever holds a token is vouched for.
        let rp = app.app_of(&app.register_with(&token, &web()).await.registered().await);
        let grant = app.browser().grant(&alice, &Authorize::new(&rp, "openid")).await;
        rp.exchange(&grant).await.ok().await;
    }

    async fn people_are_asked_once_whatever_is_stored(app) {
        app.open_registration().await;
        let alice = app.person("alice").await;
        let rp = app.app_of(&app.register(&web()).await.registered().await);
        app.change_client(&rp, |client| client.settings.consent = symbolon::domain::entity::ConsentMode::Skip).await;
        let mut browser = app.browser();
        let request = Authorize::new(&rp, "openid");
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, &alice.username, crate::support::PASSWORD).await.page("/consent/");
        browser.press(&page, "consent-allow", &[]).await.away();
        browser.authorize(&request).await.away();
    }

    /// Behaviour 116: without a limit, nobody is throttled.
    async fn a_plan_registers_as_many_clients_as_it_likes(app) {
        app.open_registration().await;
        for _ in 0..60 {
            app.register(&web()).await.registered().await;
        }
    }
}
