//! 104 to 116: programs that register themselves (RFC 7591, RFC 7592, OIDC Dynamic Registration 1.0).

use serde_json::{Value, json};
use symbolon::{
    domain::{
        jose::{KeyManagementAlgorithm, SigningAlgorithm},
        oauth::{GrantType, RegistrationMode},
    },
    net::fetcher::Reach,
    service::{admin::registration::PolicyChanges, delivery::deliver_due},
};

use super::{granted, list, metadata, refused_with, secure};
use crate::support::{
    Authorize, ClientKey, Credentials, JwksServer, PASSWORD, ReaderKey, Registered, RelyingParty, Request, TestApp,
    form_encode, reach_secure,
};

fn web() -> Value {
    json!({ "client_name": "Suite", "redirect_uris": ["https://suite.example/callback"] })
}

fn web_with(members: &[(&str, Value)]) -> Value {
    let mut all = web();
    for (name, value) in members {
        all[*name] = value.clone();
    }
    all
}

/// Registers where anybody may.
async fn registered(app: &TestApp, metadata: &Value) -> Registered {
    app.open_registration().await;
    app.register(metadata).await.registered().await
}

/// Whether the answer and a later look hold what was sent.
async fn is_echoed(app: &TestApp, registered: &Registered, sent: &[(&str, Value)]) {
    let read = app.manage("GET", registered, None).await;
    assert_eq!(read.response.status, 200, "{}", read.response);
    for members in [&registered.members, &read.response.json()] {
        assert_eq!(members["client_id"], registered.members["client_id"]);
        for (name, value) in sent {
            assert_eq!(&members[*name], value, "{name}: {members}");
        }
    }
}

/// Somebody signs in at an app that registered itself; the code is redeemed.
async fn signs_in(app: &TestApp, rp: &RelyingParty) {
    let alice = app.person(&app.fresh("alice")).await;
    let grant = granted(&mut app.browser(), &alice, &Authorize::new(rp, "openid")).await;
    rp.exchange(&grant).await.ok().await;
}

both! {
    async fn b104_a_registration_is_201_with_a_name_and_a_secret_that_says_when_it_ends(app) {
        app.open_registration().await;
        let answer = app.register(&web()).await;
        assert_eq!(answer.response.status, 201, "{}", answer.response);
        assert_eq!(answer.response.header("content-type"), Some("application/json"));
        let members = answer.response.json();
        assert!(members["client_id"].as_str().is_some_and(|id| !id.is_empty()), "{members}");
        assert!(members["client_secret"].is_string(), "{members}");
        assert_eq!(members["client_secret_expires_at"], 0);
        signs_in(&app, &app.app_of(&answer.registered().await)).await;
    }

    async fn b105_a_registration_is_managed_at_an_address_with_a_token(database: Database) {
        for issuer in ["https://id.example", "https://id.example/"] {
            let app = secure(database, issuer).await;
            let members = registered(&app, &web()).await.members;
            let address = members["registration_client_uri"].as_str().expect("an address");
            assert!(address.starts_with("https://id.example/oauth2/"), "{address}");
            assert!(members["registration_access_token"].is_string(), "{members}");
        }
        let app = TestApp::new(database).await;
        let registered = registered(&app, &web()).await;
        let address = registered.members["registration_client_uri"].as_str().expect("an address");
        assert!(address.starts_with(app.issuer()), "{address}");
        assert_eq!(app.manage("GET", &registered, None).await.response.status, 200);
        let stranger = app.manage_with("x", "GET", &registered.path, None).await;
        assert_eq!(stranger.response.status, 401, "{}", stranger.response);
    }

    async fn b106_a_registration_is_deleted_with_204(app) {
        let registered = registered(&app, &web()).await;
        let answer = app.manage("DELETE", &registered, None).await;
        assert_eq!(answer.response.status, 204, "{}", answer.response);
        assert_eq!(app.manage("GET", &registered, None).await.response.status, 401);
        app.app_of(&registered).refresh("x").await.refused("invalid_client", "AS-1001").await;
    }

    async fn b107_unknown_metadata_is_ignored_the_rest_is_echoed_and_defaults_are_filled_in(app) {
        let sent = [
            ("client_name", json!("Notes")),
            ("client_uri", json!("https://suite.example/")),
            ("contacts", json!(["ops@suite.example"])),
            ("default_max_age", json!(0)),
            ("subject_type", json!("public")),
            ("backchannel_logout_uri", json!("https://suite.example/backchannel")),
            ("backchannel_logout_session_required", json!(false)),
            ("frontchannel_logout_uri", json!("https://suite.example/frontchannel")),
            ("frontchannel_logout_session_required", json!(false)),
            ("require_pushed_authorization_requests", json!(false)),
            ("jwks", ReaderKey::generate(KeyManagementAlgorithm::RsaOaep256).jwks()),
            ("id_token_encrypted_response_alg", json!("RSA-OAEP-256")),
        ];
        let mut metadata = web_with(&sent);
        metadata["favourite_colour"] = json!({ "name": "green" });
        metadata["client_name#de"] = json!("Notizen");
        let registered = registered(&app, &metadata).await;
        is_echoed(&app, &registered, &sent).await;
        assert!(registered.members.get("favourite_colour").is_none());
        let filled_in = [
            ("grant_types", json!(["authorization_code"])),
            ("response_types", json!(["code"])),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("id_token_signed_response_alg", json!("RS256")),
            ("id_token_encrypted_response_enc", json!("A128CBC-HS256")),
            ("application_type", json!("web")),
        ];
        is_echoed(&app, &registered, &filled_in).await;
    }

    async fn b108_response_types_and_grants_that_the_policy_allows_are_registered_as_asked(app) {
        app.open_registration().await;
        let alice = app.person("alice").await;
        let offered = metadata(&app).await;
        assert!(list(&offered, "grant_types_supported").contains(&"implicit"), "{offered}");
        let grant_types = Some(vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Implicit]);
        app.registration_policy(PolicyChanges { grant_types, ..PolicyChanges::default() }).await;
        for (response_type, grant_types) in [
            ("code", json!(["authorization_code"])),
            ("code", json!(["authorization_code", "refresh_token"])),
            ("id_token", json!(["implicit"])),
            ("id_token token", json!(["implicit"])),
            ("code id_token", json!(["authorization_code", "implicit"])),
            ("code token", json!(["authorization_code", "implicit"])),
            ("code id_token token", json!(["authorization_code", "implicit"])),
        ] {
            let sent = [("response_types", json!([response_type])), ("grant_types", grant_types)];
            let registered = app.register(&web_with(&sent)).await.registered().await;
            is_echoed(&app, &registered, &sent).await;
            let rp = app.app_of(&registered);
            let request = Authorize::new(&rp, "openid").with("response_type", response_type);
            let parameters = app.browser().arrive(&alice, &request).await.parameters();
            for (word, member) in [("code", "code"), ("id_token", "id_token"), ("token", "access_token")] {
                let asked = response_type.split(' ').any(|asked| asked == word);
                assert_eq!(parameters.contains_key(member), asked, "{response_type}: {parameters:?}");
            }
        }
        // Without the grant in the policy, nobody registers for it, nor for what needs it.
        let grant_types = Some(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]);
        app.registration_policy(PolicyChanges { grant_types, ..PolicyChanges::default() }).await;
        for sent in [
            [("response_types", json!(["code id_token token"])), ("grant_types", json!(["authorization_code", "implicit"]))],
            [("response_types", json!(["id_token"])), ("grant_types", json!(["implicit"]))],
        ] {
            refused_with(&app.register(&web_with(&sent)).await, &["invalid_client_metadata"]);
        }
    }

    async fn b109_keys_by_value_or_by_address_and_every_method_are_registered(database: Database) {
        let app = TestApp::with(database, |options| options.reach = Reach::DangerLoopback).await;
        for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"] {
            let sent = [("token_endpoint_auth_method", json!(method))];
            let registered = registered(&app, &web_with(&sent)).await;
            is_echoed(&app, &registered, &sent).await;
            assert_eq!(registered.members.get("client_secret").is_some(), method != "none", "{method}");
            signs_in(&app, &app.app_of(&registered)).await;
        }
        let key = ClientKey::generate(SigningAlgorithm::RS256);
        let mut nameless = key.jwk();
        nameless.remove("kid");
        for keys in [
            ("jwks", json!({ "keys": [nameless] })),
            ("jwks_uri", json!("https://suite.example/jwks.json")),
        ] {
            let sent = [("token_endpoint_auth_method", json!("private_key_jwt")), keys];
            let registered = registered(&app, &web_with(&sent)).await;
            is_echoed(&app, &registered, &sent).await;
            let rp = app.app_of(&registered).with(Credentials::Key(key.clone()));
            let server = JwksServer::start(&key.jwks()).await;
            if sent[1].0 == "jwks_uri" {
                // Only https can be registered; this machine speaks none.
                let uri = server.uri.clone();
                app.change_client(&rp, move |client| client.settings.jwks_uri = Some(uri)).await;
                app.services.clients.forget(&rp.client_id);
            }
            signs_in(&app, &rp).await;
        }
    }

    async fn b110_an_address_with_a_fragment_is_an_invalid_redirect_uri(app) {
        app.open_registration().await;
        let answer = app.register(&web_with(&[("redirect_uris", json!(["https://suite.example/callback#frag"]))])).await;
        assert_eq!(answer.response.status, 400, "{}", answer.response);
        refused_with(&answer, &["invalid_redirect_uri"]);
    }

    async fn b111_logo_policy_and_terms_are_shown_to_whoever_is_asked(app) {
        let addresses = ["https://suite.example/logo.png", "https://suite.example/policy", "https://suite.example/terms"];
        let sent = [
            ("logo_uri", json!(addresses[0])),
            ("policy_uri", json!(addresses[1])),
            ("tos_uri", json!(addresses[2])),
        ];
        let registered = registered(&app, &web_with(&sent)).await;
        is_echoed(&app, &registered, &sent).await;
        let alice = app.person("alice").await;
        let mut browser = app.browser();
        let page = browser.authorize(&Authorize::new(&app.app_of(&registered), "openid")).await.page("/sign-in/");
        let page = browser.sign_in(&page, &alice.username, PASSWORD).await.page("/consent/");
        for address in addresses {
            assert!(page.answer.response.text().contains(address), "{address}: {}", page.answer.response);
        }
    }

    async fn b112_a_pairwise_client_belongs_to_a_sector_that_lists_its_addresses(database: Database) {
        let app = TestApp::with(database, reach_secure).await;
        let alice = app.person("alice").await;
        let sent = [("subject_type", json!("pairwise"))];
        let mut subjects = Vec::new();
        for host in ["one.example", "one.example", "two.example"] {
            let mut metadata = web_with(&sent);
            metadata["redirect_uris"] = json!([format!("https://{host}/callback")]);
            let registered = registered(&app, &metadata).await;
            is_echoed(&app, &registered, &sent).await;
            let rp = app.app_of(&registered);
            let grant = granted(&mut app.browser(), &alice, &Authorize::new(&rp, "openid")).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            subjects.push(app.verified(tokens.id()).await.1["sub"].as_str().expect("sub").to_owned());
        }
        assert!(subjects[0] == subjects[1] && subjects[0] != subjects[2], "{subjects:?}");
        assert!(!subjects.contains(&alice.id.as_str().to_owned()));

        // Two hosts need a sector, and one that does not answer lists nothing.
        let mut metadata = web_with(&sent);
        metadata["redirect_uris"] = json!(["https://one.example/callback", "https://two.example/callback"]);
        refused_with(&app.register(&metadata).await, &["invalid_client_metadata"]);
        for sector in ["https://127.0.0.1:1/sector.json", "http://one.example/sector.json"] {
            metadata["sector_identifier_uri"] = json!(sector);
            let answer = app.register(&metadata).await;
            assert_eq!(answer.response.status, 400, "{}", answer.response);
            refused_with(&answer, &["invalid_client_metadata"]);
        }
        // The list that is there counts: it may hold more addresses than the client has, and none less.
        let both = json!(["https://one.example/callback", "https://two.example/callback"]);
        let server = JwksServer::start_secure(&both).await;
        metadata["sector_identifier_uri"] = json!(server.uri);
        let several = registered(&app, &metadata).await;
        is_echoed(&app, &several, &[("sector_identifier_uri", json!(server.uri)), ("redirect_uris", both.clone())]).await;
        assert!(server.asked() > 0);
        let one = {
            let mut metadata = metadata.clone();
            metadata["redirect_uris"] = json!(["https://two.example/callback"]);
            registered(&app, &metadata).await
        };
        let mut of_sector = Vec::new();
        for (registration, address) in [(&several, 0), (&several, 1), (&one, 0)] {
            let address = registration.members["redirect_uris"][address].as_str().expect("an address");
            let rp = app.app_of(registration);
            let request = Authorize::new(&rp, "openid").with("redirect_uri", address);
            let grant = granted(&mut app.browser(), &alice, &request).await;
            let tokens = rp.exchange(&grant).await.ok().await;
            of_sector.push(app.verified(tokens.id()).await.1["sub"].as_str().expect("sub").to_owned());
        }
        assert!(of_sector.iter().all(|sub| *sub == of_sector[0]), "clients of one sector compare: {of_sector:?}");
        assert!(!subjects.contains(&of_sector[0]), "the sector is the host of the list, not of an address");

        // What is not in it is refused, new or later; and so is what is no list.
        let mut third = metadata.clone();
        third["redirect_uris"].as_array_mut().expect("a list").push(json!("https://three.example/callback"));
        third["client_id"] = several.members["client_id"].clone();
        refused_with(&app.manage("PUT", &several, Some(&third)).await, &["invalid_client_metadata"]);
        third.as_object_mut().expect("an object").remove("client_id");
        refused_with(&app.register(&third).await, &["invalid_client_metadata"]);
        for (status, body) in [
            (200, json!(["https://one.example/callback"]).to_string()),
            (200, json!(["https://one.example/callback/", "https://two.example/callback"]).to_string()),
            (200, json!({ "redirect_uris": both }).to_string()),
            (200, "not JSON".to_owned()),
            (302, both.to_string()),
            (404, both.to_string()),
        ] {
            server.answer(status, &body);
            let answer = app.register(&metadata).await;
            assert_eq!(answer.response.status, 400, "{status} {body}: {}", answer.response);
            refused_with(&answer, &["invalid_client_metadata"]);
        }
        server.answer(200, &both.to_string());
        app.register(&metadata).await.registered().await;
    }

    async fn b113_a_sign_in_is_initiated_at_an_https_address_that_is_echoed(app) {
        let sent = [("initiate_login_uri", json!("https://suite.example/login"))];
        let registered = registered(&app, &web_with(&sent)).await;
        is_echoed(&app, &registered, &sent).await;
        let plain = app.register(&web_with(&[("initiate_login_uri", json!("http://suite.example/login"))])).await;
        assert_eq!(plain.response.status, 400, "{}", plain.response);
        refused_with(&plain, &["invalid_client_metadata"]);
    }

    async fn b114_what_a_program_registers_is_stored_and_honoured(database: Database) {
        let app = TestApp::with(database, reach_secure).await;
        let (told, objects) = (JwksServer::start_secure(&json!({})).await, JwksServer::start_secure(&json!({})).await);
        let key = ClientKey::generate(SigningAlgorithm::ES256);
        let sent = [
            ("post_logout_redirect_uris", json!(["https://suite.example/bye"])),
            ("backchannel_logout_uri", json!(told.uri)),
            ("backchannel_logout_session_required", json!(true)),
            ("frontchannel_logout_uri", json!("https://suite.example/frontchannel")),
            ("frontchannel_logout_session_required", json!(true)),
            ("request_uris", json!([format!("{}#hash", objects.uri)])),
            ("contacts", json!(["ops@suite.example"])),
            ("userinfo_signed_response_alg", json!("RS256")),
            ("id_token_signed_response_alg", json!("ES256")),
            ("jwks", key.jwks()),
        ];
        let registered = registered(&app, &web_with(&sent)).await;
        is_echoed(&app, &registered, &sent).await;
        let (rp, alice) = (app.app_of(&registered), app.person("alice").await);
        // What is asked stands in an object at the registered address, signed with the registered key.
        let request = Authorize::new(&rp, "openid").with("state", "inside");
        objects.answer(200, &key.sign(&request.claims(&app)));
        let outside = [
            ("client_id", rp.client_id.as_str()),
            ("response_type", "code"),
            ("scope", "openid"),
            ("request_uri", &objects.uri),
        ];
        let mut browser = app.browser();
        let target = format!("/oauth2/authorize?{}", form_encode(&outside));
        let grant = browser.grant_at(&target, &alice, &request).await;
        assert!(objects.asked() > 0);
        let tokens = rp.exchange(&grant).await.ok().await;
        let (header, claims) = app.verified(tokens.id()).await;
        assert_eq!(header["alg"], "ES256");
        let userinfo = rp.userinfo(&tokens.access_token).await.response;
        assert_eq!(userinfo.header("content-type"), Some("application/jwt"), "{userinfo}");
        assert_eq!(app.verified(userinfo.text()).await.0["alg"], "RS256");
        let fields = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", "https://suite.example/bye")];
        let page = browser.request(Request::get(format!("/oauth2/logout?{}", form_encode(&fields)))).await.response;
        let frame = format!("sid={}", claims["sid"].as_str().expect("sid"));
        assert!(page.text().contains("https://suite.example/frontchannel?") && page.text().contains(&frame), "{page}");
        assert!(page.text().contains("https://suite.example/bye"), "{page}");
        assert_eq!(told.asked(), 0);
        deliver_due(&app.services).await.expect("delivered");
        assert_eq!(told.asked(), 1, "the logout token was posted to the registered address");
    }

    async fn b115_an_initial_access_token_lets_in_and_is_asked_for_only_where_it_is_needed(app) {
        app.open_registration().await;
        let token = app.initial_access_token(1).await;
        app.register(&web()).await.registered().await;
        app.register_with(&token, &web()).await.registered().await;
        let registration = Some(RegistrationMode::Token);
        app.registration_policy(PolicyChanges { registration, ..PolicyChanges::default() }).await;
        assert_eq!(app.register(&web()).await.response.status, 401);
        let token = app.initial_access_token(1).await;
        let registered = app.register_with(&token, &web()).await.registered().await;
        signs_in(&app, &app.app_of(&registered)).await;
    }

    async fn b116_a_whole_plan_of_clients_is_registered_without_a_limit(app) {
        app.open_registration().await;
        for _ in 0..120 {
            app.register(&web()).await.registered().await;
        }
    }
}
