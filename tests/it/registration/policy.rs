//! What an administrator decides: who waits, how many there are, how long they stay.

use std::rc::Rc;

use serde_json::{Value, json};
use symbolon::{
    domain::{
        entity::AccessTokenFormat,
        oauth::{DocumentMode, RegistrationMode},
    },
    service::admin::{self, maintenance, registration::PolicyChanges},
    store::client,
};

use crate::support::{Authorize, ClientSpec, MANY, Registered, TestApp, at_once};

fn web() -> Value {
    json!({ "client_name": "Notes", "redirect_uris": ["https://notes.example/callback"],
            "grant_types": ["authorization_code", "refresh_token"] })
}

fn open() -> PolicyChanges {
    PolicyChanges { registration: Some(RegistrationMode::Open), ..PolicyChanges::default() }
}

async fn exists(app: &TestApp, registered: &Registered) -> bool {
    let id = app.app_of(registered).client_id;
    app.read(move |tx| client::find(tx, &id)).await.is_some()
}

both! {
    async fn discovery_tells_the_truth_of_this_instance(app) {
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            app.registration_policy(PolicyChanges {
                registration: Some(RegistrationMode::Off),
                documents: Some(DocumentMode::Off),
                ..PolicyChanges::default()
            })
            .await;
            let closed = app.document(path).await;
            assert!(closed.get("registration_endpoint").is_none(), "{path}");
            assert!(closed.get("client_id_metadata_document_supported").is_none(), "{path}");
            app.open_registration().await;
            app.open_documents().await;
            let opened = app.document(path).await;
            assert_eq!(opened["registration_endpoint"], app.services.issuer.join("/oauth2/register"), "{path}");
            assert_eq!(opened["client_id_metadata_document_supported"], true, "{path}");
        }
    }

    async fn a_client_that_nobody_vouched_for_waits_until_it_is_released(app) {
        app.registration_policy(open()).await;
        let alice = app.person("alice").await;
        let registered = app.register(&web()).await.registered().await;
        let rp = app.app_of(&registered);
        let request = Authorize::new(&rp, "openid");
        // On a page, and never at an address that nobody has looked at.
        let stop = app.browser().authorize(&request).await.page("/oauth2/authorize");
        stop.answer.refused_page(400, "AS-1406").await;
        rp.refresh("x").await.refused("unauthorized_client", "AS-1406").await;
        rp.with(crate::support::Credentials::Basic("wrong".to_owned()))
            .refresh("x")
            .await
            .refused("invalid_client", "AS-1203")
            .await;
        // It may not release itself.
        let mut sent = web();
        sent["client_id"] = registered.members["client_id"].clone();
        sent["quarantined"] = json!(false);
        app.manage("PUT", &registered, Some(&sent)).await.registration().await;
        rp.refresh("x").await.refused("unauthorized_client", "AS-1406").await;

        admin::registration::release(&app.cx(), rp.client_id.as_str()).await.expect("released");
        let grant = app.browser().grant(&alice, &request).await;
        let tokens = rp.exchange(&grant).await.ok().await;
        // Put back under quarantine, it is given nothing more.
        app.change_client(&rp, |client| client.settings.quarantined = true).await;
        rp.refresh(tokens.refresh()).await.refused("unauthorized_client", "AS-1406").await;
        rp.userinfo(&tokens.access_token).await.refused("invalid_token", "AS-1151").await;
    }

    /// Those of the code flow ended; those that hang on no authorization of the client's own did not.
    async fn what_a_client_under_quarantine_holds_ends_whatever_it_hangs_on(app) {
        let watcher = app.client(ClientSpec::web("watcher").set(|s| s.may_introspect = true)).await;
        for (name, format) in [("jwt", AccessTokenFormat::Jwt), ("opaque", AccessTokenFormat::Opaque)] {
            let service = app.client(ClientSpec::machine(name).set(|s| s.access_token_format = format)).await;
            let token = service.machine_token().await.ok().await.access_token;
            assert!(watcher.introspect(&token).await.active().await, "{name}");
            app.change_client(&service, |client| client.settings.quarantined = true).await;
            assert!(!watcher.introspect(&token).await.active().await, "{name}");
            service.userinfo(&token).await.refused("invalid_token", "AS-1151").await;
            service.machine_token().await.refused("unauthorized_client", "AS-1406").await;
            // Released again, it goes on with what has not expired.
            app.change_client(&service, |client| client.settings.quarantined = false).await;
            assert!(watcher.introspect(&token).await.active().await, "{name}");
        }
    }

    async fn a_change_that_names_a_list_to_fetch_is_counted_like_a_new_client(app) {
        app.registration_policy(PolicyChanges { per_network: Some(3), ..open() }).await;
        let registered = app.register(&web()).await.registered().await;
        let mut sent = registered.members.clone();
        (sent["subject_type"], sent["sector_identifier_uri"]) = (json!("pairwise"), json!("https://127.0.0.1/sector"));
        for _ in 0..2 {
            app.manage("PUT", &registered, Some(&sent)).await.refused("invalid_client_metadata", "AS-1411").await;
        }
        let answer = app.manage("PUT", &registered, Some(&sent)).await;
        assert_eq!(answer.response.status, 429, "{}", answer.response);
        assert!(answer.response.text().contains("AS-1403"), "{}", answer.response);
        // What makes us fetch nothing is not counted.
        app.manage("PUT", &registered, Some(&registered.members)).await.registration().await;
    }

    async fn a_network_registers_so_many_an_hour_and_a_token_lifts_that(app) {
        app.registration_policy(PolicyChanges { per_network: Some(3), ..open() }).await;
        for _ in 0..3 {
            app.register(&web()).await.registered().await;
        }
        for _ in 0..2 {
            let answer = app.register(&web()).await;
            assert_eq!(answer.response.status, 429, "{}", answer.response);
            assert_eq!(answer.response.header("retry-after"), Some("3600"));
            let body = answer.response.json();
            assert!(body["error_description"].as_str().is_some_and(|text| text.starts_with("AS-1403: ")), "{body}");
            let record = app.record(answer.trace_id()).await.expect("a record");
            assert_eq!(record.reason().map(|reason| reason.code()), Some("AS-1403"));
        }
        // Behaviour 116: whoever was given a token is never throttled.
        let token = app.initial_access_token(10).await;
        for _ in 0..5 {
            app.register_with(&token, &web()).await.registered().await;
        }
        app.clock.advance(3600);
        app.register(&web()).await.registered().await;
    }

    async fn a_network_is_counted_before_anything_is_fetched_for_it(app) {
        app.registration_policy(PolicyChanges { per_network: Some(2), ..open() }).await;
        let mut far = web();
        (far["subject_type"], far["sector_identifier_uri"]) = (json!("pairwise"), json!("https://127.0.0.1/sector"));
        for _ in 0..2 {
            app.register(&far).await.refused("invalid_client_metadata", "AS-1411").await;
        }
        // What failed was counted, and now the address is not even looked at.
        for sent in [&far, &web()] {
            let answer = app.register(sent).await;
            assert_eq!((answer.response.status, answer.response.header("retry-after")), (429, Some("3600")));
            let record = app.record(answer.trace_id()).await.expect("a record");
            assert_eq!(record.reason().map(|reason| reason.code()), Some("AS-1403"));
        }
        // What is wrong at first sight costs nothing, and is not counted.
        app.clock.advance(3600);
        for _ in 0..3 {
            app.register(&json!({ "redirect_uris": [] })).await.refused("invalid_redirect_uri", "AS-1410").await;
        }
        app.register(&web()).await.registered().await;
        let token = app.initial_access_token(1).await;
        for _ in 0..3 {
            app.register_with(&token, &far).await.refused("invalid_client_metadata", "AS-1411").await;
        }
        app.register(&web()).await.registered().await;
    }

    async fn there_are_so_many_and_no_more(app) {
        app.open_registration().await;
        app.registration_policy(PolicyChanges { max_clients: Some(2), ..PolicyChanges::default() }).await;
        app.client(ClientSpec::web("admins")).await;
        let first = app.register(&web()).await.registered().await;
        app.register(&web()).await.registered().await;
        app.register(&web()).await.refused("access_denied", "AS-1404").await;
        let token = app.initial_access_token(1).await;
        app.register_with(&token, &web()).await.refused("access_denied", "AS-1404").await;
        app.manage("DELETE", &first, None).await;
        // A refusal does not use the token up.
        app.register_with(&token, &web()).await.registered().await;
    }

    async fn of_a_hundred_uses_of_one_token_one_wins(app) {
        app.registration_policy(PolicyChanges {
            registration: Some(RegistrationMode::Token),
            ..PolicyChanges::default()
        })
        .await;
        let token = app.initial_access_token(1).await;
        let app = Rc::new(app);
        let asked = app.clone();
        let statuses = at_once(async move |_| asked.register_with(&token, &web()).await.response.status).await;
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), MANY - 1, "{statuses:?}");
        let clients = app.read(|tx| client::list(tx, None, 1000)).await;
        assert_eq!(clients.len(), 1);
    }

    async fn of_a_hundred_registrations_no_more_than_the_bound_are_made(app) {
        app.open_registration().await;
        app.registration_policy(PolicyChanges { max_clients: Some(7), ..PolicyChanges::default() }).await;
        let made = at_once(async move |_| app.register(&web()).await.response.status).await;
        assert_eq!(made.iter().filter(|status| **status == 201).count(), 7, "{made:?}");
    }

    async fn a_client_that_nobody_uses_goes_and_one_in_use_stays(app) {
        app.open_registration().await;
        app.registration_policy(PolicyChanges {
            first_use_seconds: Some(7 * 86_400),
            unused_seconds: Some(30 * 86_400),
            ..PolicyChanges::default()
        })
        .await;
        let (never, used) = (app.register(&web()).await.registered().await, app.register(&web()).await.registered().await);
        let by_cli = app.client(ClientSpec::web("admins")).await;
        app.clock.advance(86_400);
        app.app_of(&used).refresh("x").await.refused("invalid_grant", "AS-1121").await;
        app.clock.advance(6 * 86_400 + 1);
        maintenance::delete_expired(&app.cx()).await.expect("cleaned");
        assert!(!exists(&app, &never).await && exists(&app, &used).await);
        app.app_of(&never).refresh("x").await.refused("invalid_client", "AS-1001").await;
        // Each use counts anew, to the day.
        app.clock.advance(20 * 86_400);
        app.app_of(&used).refresh("x").await.refused("invalid_grant", "AS-1121").await;
        app.clock.advance(29 * 86_400);
        maintenance::delete_expired(&app.cx()).await.expect("cleaned");
        assert!(exists(&app, &used).await);
        app.clock.advance(2 * 86_400);
        maintenance::delete_expired(&app.cx()).await.expect("cleaned");
        assert!(!exists(&app, &used).await);
        let id = by_cli.client_id.clone();
        assert!(app.read(move |tx| client::find(tx, &id)).await.is_some(), "an administrator's client never goes");
    }

    async fn a_policy_or_token_that_makes_no_sense_is_refused(app) {
        let hosts = PolicyChanges { documents: Some(DocumentMode::Hosts), ..PolicyChanges::default() };
        let refused = admin::registration::update_policy(&app.cx(), hosts).await.expect_err("refused");
        assert_eq!(refused.reason().map(|reason| reason.code()), Some("AS-3003"));
        for (label, lifetime, uses) in [("", 60, 1), ("x", 0, 1), ("x", 60, 0), ("a\nb", 60, 1), ("x", i64::MAX, 1)] {
            let refused = admin::registration::create_token(&app.cx(), label, lifetime, uses).await.expect_err("refused");
            assert_eq!(refused.reason().map(|reason| reason.code()), Some("AS-3003"));
        }
        let missing = admin::registration::delete_token(&app.cx(), "unknown").await.expect_err("refused");
        assert_eq!(missing.reason().map(|reason| reason.code()), Some("AS-3002"));
        let missing = admin::registration::release(&app.cx(), "unknown").await.expect_err("refused");
        assert_eq!(missing.reason().map(|reason| reason.code()), Some("AS-3002"));
    }

    async fn a_deleted_token_lets_nobody_in_and_its_clients_stay(app) {
        app.registration_policy(PolicyChanges {
            registration: Some(RegistrationMode::Token),
            ..PolicyChanges::default()
        })
        .await;
        let token = app.initial_access_token(2).await;
        let registered = app.register_with(&token, &web()).await.registered().await;
        let listed = admin::registration::list_tokens(&app.cx()).await.expect("listed");
        assert_eq!((listed.len(), listed[0].uses_left), (1, 1));
        admin::registration::delete_token(&app.cx(), &listed[0].id).await.expect("deleted");
        app.register_with(&token, &web()).await.refused("invalid_token", "AS-1402").await;
        app.manage("GET", &registered, None).await.registration().await;
    }

    async fn an_administrator_cannot_leave_the_question_out(app) {
        app.open_registration().await;
        let rp = app.app_of(&app.register(&web()).await.registered().await);
        let id = rp.client_id.clone();
        let mut settings = app.read(move |tx| client::find(tx, &id)).await.expect("the client").settings;
        settings.consent = symbolon::domain::entity::ConsentMode::Skip;
        let changes = admin::client::ClientChanges { settings: Some(settings), ..Default::default() };
        let refused = admin::client::update(&app.cx(), rp.client_id.as_str(), changes).await.expect_err("refused");
        assert_eq!(refused.reason().map(|reason| reason.code()), Some("AS-3003"));
    }
}
