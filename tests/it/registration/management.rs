//! A client looks at its registration, replaces and deletes it (RFC 7592).

use serde_json::{Value, json};
use symbolon::{
    domain::entity::EventKind,
    service::admin::registration::{self, PolicyChanges},
    store::{client, consent, event},
};

use crate::support::{
    Authorize, Browser, ClientSpec, PASSWORD, Person, Registered, RelyingParty, Request, TestApp, Tokens,
};

fn web() -> Value {
    json!({
        "client_name": "Notes", "redirect_uris": ["https://notes.example/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "client_uri": "https://notes.example/",
    })
}

/// What may be sent back.
fn echo(members: &Value) -> Value {
    let mut all = members.clone();
    let object = all.as_object_mut().expect("an object");
    for name in
        ["registration_client_uri", "registration_access_token", "client_secret_expires_at", "client_id_issued_at"]
    {
        object.remove(name);
    }
    all
}

/// An app that registered itself, and what it has of somebody who allowed it.
struct Allowed<'a> {
    registered: Registered,
    rp: RelyingParty,
    browser: Browser<'a>,
    request: Authorize,
    tokens: Tokens,
}

async fn allowed<'a>(app: &'a TestApp, person: &Person) -> Allowed<'a> {
    app.open_registration().await;
    let registered = app.register(&web()).await.registered().await;
    let rp = app.app_of(&registered);
    let mut browser = app.browser();
    let request = Authorize::new(&rp, "openid offline_access");
    let tokens = rp.exchange(&browser.grant(person, &request).await).await.ok().await;
    Allowed { registered, rp, browser, request, tokens }
}

both! {
    async fn the_echo_sent_back_changes_nothing(app) {
        app.open_registration().await;
        let registered = app.register(&web()).await.registered().await;
        let again = app.manage("PUT", &registered, Some(&echo(&registered.members))).await.registration().await;
        let mut expected = registered.members.clone();
        for name in ["client_secret", "client_secret_expires_at"] {
            expected.as_object_mut().expect("an object").remove(name);
        }
        assert_eq!(again.members, expected);
        // The secret still works.
        app.app_of(&registered).refresh("x").await.refused("invalid_grant", "AS-1121").await;
    }

    async fn what_is_left_out_is_reset(app) {
        app.open_registration().await;
        let registered = app.register(&web()).await.registered().await;
        let sent = json!({
            "client_id": registered.members["client_id"],
            "redirect_uris": ["https://notes.example/other"],
            "token_endpoint_auth_method": "none",
        });
        let replaced = app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        assert_eq!(replaced.members["client_name"], "Unnamed app");
        assert_eq!(replaced.members["grant_types"], json!(["authorization_code"]));
        assert!(replaced.members.get("client_uri").is_none() && replaced.members.get("client_secret").is_none());
        let read = app.manage("GET", &registered, None).await.registration().await;
        assert_eq!(read.members, replaced.members);
        // Its old secret and its old address are gone.
        let (old, new) = (app.app_of(&registered), app.app_of(&replaced));
        old.refresh("x").await.refused("invalid_client", "AS-1205").await;
        new.refresh("x").await.refused("unauthorized_client", "AS-1102").await;
        let stop = app.browser().authorize(&Authorize::new(&old, "openid")).await;
        stop.page("/oauth2/authorize").answer.refused_page(400, "AS-1003").await;
    }

    async fn a_secret_is_minted_when_the_new_method_needs_one(app) {
        app.open_registration().await;
        let mut public = web();
        public["token_endpoint_auth_method"] = json!("none");
        let registered = app.register(&public).await.registered().await;
        let mut sent = echo(&registered.members);
        sent["token_endpoint_auth_method"] = json!("client_secret_basic");
        let replaced = app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        assert!(replaced.members["client_secret"].is_string());
        app.app_of(&replaced).refresh("x").await.refused("invalid_grant", "AS-1121").await;
    }

    /// Behaviour 106.
    async fn a_deletion_is_answered_without_content_and_ends_everything(app) {
        app.open_registration().await;
        let alice = app.person("alice").await;
        let registered = app.register(&web()).await.registered().await;
        let rp = app.app_of(&registered);
        let grant = app.browser().grant(&alice, &Authorize::new(&rp, "openid")).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        let answer = app.manage("DELETE", &registered, None).await;
        assert_eq!((answer.response.status, answer.response.body.len()), (204, 0));
        rp.refresh(tokens.refresh()).await.refused("invalid_client", "AS-1001").await;
        rp.userinfo(&tokens.access_token).await.refused("invalid_token", "AS-1151").await;
        for method in ["GET", "DELETE"] {
            app.manage(method, &registered, None).await.refused("invalid_token", "AS-1420").await;
        }
    }

    async fn only_its_own_token_opens_a_registration(app) {
        app.open_registration().await;
        let (mine, other) = (app.register(&web()).await.registered().await, app.register(&web()).await.registered().await);
        let by_cli = app.client(ClientSpec::web("admins")).await;
        let initial = app.initial_access_token(5).await;
        let their_path = format!("/oauth2/register/{}", by_cli.client_id);
        for (token, path) in [
            (mine.token.as_str(), other.path.as_str()),
            (mine.token.as_str(), their_path.as_str()),
            (mine.token.as_str(), "/oauth2/register/unknown"),
            (mine.token.as_str(), "/oauth2/register/%00"),
            (mine.members["client_secret"].as_str().expect("a secret"), mine.path.as_str()),
            (initial.as_str(), mine.path.as_str()),
            ("x", mine.path.as_str()),
        ] {
            for (method, body) in [("GET", None), ("PUT", Some(echo(&mine.members))), ("DELETE", None)] {
                let answer = app.manage_with(token, method, path, body.as_ref()).await;
                answer.refused("invalid_token", "AS-1420").await;
            }
        }
        app.send(Request::get(&mine.path)).await.refused("invalid_token", "AS-1420").await;
        let twice = Request::get(&mine.path)
            .header("Authorization", format!("Bearer {}", mine.token))
            .header("Authorization", format!("Bearer {}", mine.token));
        app.send(twice).await.refused("invalid_request", "AS-1153").await;
        app.manage("GET", &mine, None).await.registration().await;
    }

    async fn another_identity_in_the_body_is_refused(app) {
        app.open_registration().await;
        let registered = app.register(&web()).await.registered().await;
        for (name, value) in [
            ("client_id", json!("other")),
            ("client_id", json!(null)),
            ("client_secret", json!("other")),
            ("client_secret", json!(1)),
        ] {
            let mut sent = echo(&registered.members);
            sent[name] = value;
            let answer = app.manage("PUT", &registered, Some(&sent)).await;
            answer.refused("invalid_client_metadata", "AS-1421").await;
        }
        let mut sent = echo(&registered.members);
        sent["redirect_uris"] = json!(["https://evil.example/#"]);
        let answer = app.manage("PUT", &registered, Some(&sent)).await;
        answer.refused("invalid_redirect_uri", "AS-1410").await;
        let read = app.manage("GET", &registered, None).await.registration().await;
        assert_eq!(read.members["redirect_uris"], registered.members["redirect_uris"]);
    }

    async fn what_an_administrator_has_set_stays(app) {
        app.open_registration().await;
        let registered = app.register(&web()).await.registered().await;
        let rp = app.app_of(&registered);
        app.change_client(&rp, |client| {
            client.settings.access_token_lifetime = Some(42);
            client.settings.scope.push("reports.read".to_owned());
        })
        .await;
        let read = app.manage("GET", &registered, None).await.registration().await;
        let mut sent = echo(&read.members);
        sent["client_name"] = json!("Renamed");
        sent["may_introspect"] = json!(true);
        let replaced = app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        assert_eq!(replaced.members["scope"], read.members["scope"]);
        let id = rp.client_id.clone();
        let stored = app.read(move |tx| symbolon::store::client::find(tx, &id)).await.expect("the client");
        assert_eq!((stored.settings.access_token_lifetime, stored.settings.may_introspect), (Some(42), false));
        assert_eq!(stored.name, "Renamed");
    }

    async fn a_consent_does_not_follow_an_app_to_another_address(app) {
        let alice = app.person("alice").await;
        let Allowed { registered, rp, mut browser, request, tokens } = allowed(&app, &alice).await;
        browser.authorize(&request).await.away().grant(&request);
        app.clock.advance(1);
        let mut sent = echo(&registered.members);
        sent["redirect_uris"] = json!(["https://notes.example/callback", "https://evil.example/"]);
        app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        // Nobody is sent there who has not seen it, and what was issued ends.
        for address in ["https://evil.example/", "https://notes.example/callback"] {
            let elsewhere = request.clone().with("redirect_uri", address);
            browser.authorize(&elsewhere).await.page("/consent/");
            let none = browser.authorize(&elsewhere.with("prompt", "none")).await.away();
            none.refused(&app, "consent_required", "AS-1018").await;
        }
        rp.refresh(tokens.refresh()).await.refused("invalid_grant", "AS-1125").await;
        rp.userinfo(&tokens.access_token).await.refused("invalid_token", "AS-1151").await;
        let (person, id) = (alice.id.clone(), rp.client_id.clone());
        assert_eq!(app.read(move |tx| consent::find(tx, &person, &id)).await, None);
        let told = app.read(|tx| event::list(tx, 0, 1000)).await;
        let withdrawn: Vec<_> = told.iter().filter(|told| told.kind == EventKind::ConsentWithdrawn.name()).collect();
        assert_eq!(withdrawn.len(), 1);
        assert_eq!(withdrawn[0].user_id.as_deref(), Some(alice.id.as_str()));
        assert_eq!(withdrawn[0].actor, format!("client:{}", rp.client_id));
        // Asked once, they are asked no more until it changes again.
        let page = browser.authorize(&request).await.page("/consent/");
        browser.press(&page, "consent-allow", &[]).await.away();
        browser.authorize(&request.clone().with("prompt", "none")).await.away().grant(&request);
    }

    async fn a_page_about_the_app_as_it_was_allows_nothing_to_another(app) {
        app.open_registration().await;
        app.person("alice").await;
        let registered = app.register(&web()).await.registered().await;
        let request = Authorize::new(&app.app_of(&registered), "openid");
        let mut browser = app.browser();
        let page = browser.authorize(&request).await.page("/sign-in/");
        let page = browser.sign_in(&page, "alice", PASSWORD).await.page("/consent/");
        app.clock.advance(1);
        let mut sent = echo(&registered.members);
        sent["client_name"] = json!("Your Bank");
        app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        browser.press(&page, "consent-allow", &[]).await.page("/consent/").answer.refused_page(400, "AS-1021").await;
        let page = browser.authorize(&request).await.page("/consent/");
        assert!(page.answer.response.text().contains("Your Bank"));
    }

    async fn a_consent_outlives_what_nobody_decides_on(app) {
        let alice = app.person("alice").await;
        let Allowed { registered, rp, mut browser, request, tokens } = allowed(&app, &alice).await;
        app.clock.advance(1);
        let mut sent = echo(&registered.members);
        sent["client_uri"] = json!("https://notes.example/about");
        sent["contacts"] = json!(["me@notes.example"]);
        app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        browser.authorize(&request.clone().with("prompt", "none")).await.away().grant(&request);
        rp.refresh(tokens.refresh()).await.ok().await;
    }

    async fn a_release_does_not_outlive_the_app_that_was_released(app) {
        app.open_registration().await;
        app.registration_policy(PolicyChanges { quarantine: Some(true), ..PolicyChanges::default() }).await;
        let alice = app.person("alice").await;
        let registered = app.register(&web()).await.registered().await;
        let rp = app.app_of(&registered);
        registration::release(&app.cx(), rp.client_id.as_str()).await.expect("released");
        let request = Authorize::new(&rp, "openid");
        let tokens = rp.exchange(&app.browser().grant(&alice, &request).await).await.ok().await;
        app.clock.advance(1);
        let mut sent = echo(&registered.members);
        sent["contacts"] = json!(["me@notes.example"]);
        app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        rp.refresh(tokens.refresh()).await.ok().await;
        sent["client_name"] = json!("Your Bank");
        app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        let stop = app.browser().authorize(&request).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1406").await;
        rp.refresh(tokens.refresh()).await.refused("unauthorized_client", "AS-1406").await;
        // Going back to what it was lets it in no more than staying.
        app.manage("PUT", &registered, Some(&echo(&registered.members))).await.registration().await;
        rp.refresh(tokens.refresh()).await.refused("unauthorized_client", "AS-1406").await;
        registration::release(&app.cx(), rp.client_id.as_str()).await.expect("released");
        app.browser().authorize(&request).await.page("/sign-in/");
    }

    async fn whoever_came_with_a_token_does_not_wait_after_a_change(app) {
        app.open_registration().await;
        app.registration_policy(PolicyChanges { quarantine: Some(true), ..PolicyChanges::default() }).await;
        let token = app.initial_access_token(1).await;
        let registered = app.register_with(&token, &web()).await.registered().await;
        let mut sent = echo(&registered.members);
        sent["client_name"] = json!("Renamed");
        app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        let id = app.app_of(&registered).client_id;
        let stored = app.read(move |tx| client::find(tx, &id)).await.expect("the client");
        assert_eq!((stored.name.as_str(), stored.settings.quarantined), ("Renamed", false));
    }

    async fn while_registration_is_off_clients_may_look_and_leave_but_not_change(app) {
        app.open_registration().await;
        let registered = app.register(&web()).await.registered().await;
        app.registration_policy(PolicyChanges {
            registration: Some(symbolon::domain::oauth::RegistrationMode::Off),
            ..PolicyChanges::default()
        })
        .await;
        app.manage("GET", &registered, None).await.registration().await;
        let answer = app.manage("PUT", &registered, Some(&echo(&registered.members))).await;
        answer.refused("access_denied", "AS-1400").await;
        assert_eq!(app.manage("DELETE", &registered, None).await.response.status, 204);
    }

    async fn a_disabled_client_has_no_registration(app) {
        app.open_registration().await;
        let registered = app.register(&web()).await.registered().await;
        app.change_client(&app.app_of(&registered), |client| client.enabled = false).await;
        app.manage("GET", &registered, None).await.refused("invalid_token", "AS-1420").await;
    }
}
