//! Clients and their secrets.

use std::sync::Arc;

use serde_json::json;

use super::{code, told};
use crate::{
    app::fixture::Fixture,
    crypto::{
        SecretKind,
        token::{hash_of, parse},
    },
    domain::{
        Issuer, Secret,
        entity::{AuthMethod, Certificates, ClientKind, ClientSettings, Owner},
        jose::SigningAlgorithm,
    },
    service::{
        Policy,
        admin::{
            client::{
                self, ClientChanges, NewClient,
                secret::{self, Rotation},
            },
            event,
        },
        clients,
    },
};

/// Elliptic keys are made at once.
fn quick(kind: ClientKind) -> ClientSettings {
    let mut settings = ClientSettings {
        id_token_signed_response_alg: SigningAlgorithm::ES256,
        access_token_signed_response_alg: SigningAlgorithm::ES256,
        authorization_signed_response_alg: SigningAlgorithm::ES256,
        ..ClientSettings::of_kind(kind)
    };
    if kind != ClientKind::Machine {
        settings.redirect_uris = vec!["https://app.example.com/callback".into()];
    }
    settings
}

fn web(id: &str) -> NewClient {
    NewClient {
        client_id: Some(id.into()),
        settings: quick(ClientKind::Web),
        ..NewClient::of_kind(ClientKind::Web, "App", Owner::Cli)
    }
}

#[tokio::test]
async fn a_confidential_client_gets_a_secret_once_and_only_its_hash_is_kept() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let written = client::create(&cx, NewClient { client_id: None, ..web("") }).await.expect("created");
        let id = written.client.client_id.as_str();
        assert!(id.len() == 12 && id.starts_with("app-"), "{id}");
        let minted = written.secret.expect("minted");
        let hash = parse(SecretKind::ClientSecret, minted.expose()).expect("well formed");
        let found = client::find(&cx, id).await.expect("found");
        assert_eq!(found.secrets.len(), 1);
        assert_eq!(found.secrets[0].secret_hash, hash.as_bytes());
        let events = event::list(&cx, 0, 100).await.expect("events");
        assert!(!json!(events).to_string().contains(minted.expose().as_str()), "a secret is in no event");
        assert!(events.iter().any(|event| event.kind == "client.secret_created"));
    }
}

#[tokio::test]
async fn a_public_client_gets_no_secret_and_takes_none() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let spa =
            || NewClient { settings: quick(ClientKind::Spa), ..NewClient::of_kind(ClientKind::Spa, "App", Owner::Cli) };
        let written = client::create(&cx, spa()).await.expect("created");
        assert!(written.secret.is_none());
        let given = Some(Secret::from("0123456789abcdefghijklmnopqrstuv"));
        let refused = told(client::create(&cx, NewClient { secret: given, ..spa() }).await);
        assert!(refused.starts_with("AS-3003 client_secret: "), "{refused}");
        let id = written.client.client_id.as_str();
        assert_eq!(code(secret::rotate(&cx, id, Rotation::default()).await), "AS-3003");
    }
}

#[tokio::test]
async fn what_a_client_may_not_be_is_refused_with_the_field() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        client::create(&cx, web("app")).await.expect("created");
        assert_eq!(told(client::create(&cx, web("app")).await), "AS-3001 the client_id app is taken");
        let sub = "0192f3c4-5b6a-7def-8123-456789abcdef";
        for id in ["", "a b", "a\0b", "-a", "a/b", "ä", sub, &"x".repeat(129)] {
            let refused = told(client::create(&cx, web(id)).await);
            assert!(refused.starts_with("AS-3003 client_id: "), "{id:?}: {refused}");
        }
        type Bend = fn(&mut NewClient);
        let bends: [(Bend, &str); 8] = [
            (|new| new.name = " ".into(), "name"),
            (|new| new.name = "a\0b".into(), "name"),
            (|new| new.settings.redirect_uris.clear(), "redirect_uris"),
            (|new| new.settings.redirect_uris = vec!["https://*.example.com/".into()], "redirect_uris[0]"),
            (|new| new.settings.redirect_uris = vec!["javascript:alert(1)".into()], "redirect_uris[0]"),
            (|new| new.settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt, "jwks"),
            (|new| new.settings.access_token_lifetime = Some(0), "access_token_lifetime"),
            (|new| new.settings.jwks = Some(json!({"keys": [{"kty": "oct", "k": "AA"}]})), "jwks.keys[0]"),
        ];
        for (bend, field) in bends {
            let mut new = web("bent");
            bend(&mut new);
            let refused = told(client::create(&cx, new).await);
            assert!(refused.starts_with(&format!("AS-3003 {field}: ")), "{field}: {refused}");
        }
        for weak in ["short", &"a".repeat(40), "0123456789abcdef 0123456789abcdef", &"0123456789".repeat(30)] {
            let new = NewClient { secret: Some(Secret::from(weak)), ..web("weak") };
            assert!(told(client::create(&cx, new).await).starts_with("AS-3003 client_secret: "), "{weak}");
        }
        assert_eq!(client::list(&cx, None, 100).await.expect("list").len(), 1);
    }
}

#[tokio::test]
async fn a_client_that_needs_a_certificate_is_saved_only_where_it_could_be_seen() {
    type Bend = fn(&mut ClientSettings);
    let named: Bend = |settings| {
        settings.token_endpoint_auth_method = AuthMethod::TlsClientAuth;
        settings.tls_client_auth_san_dns = Some("app.example.com".into());
    };
    let keyed: Bend = |settings| {
        settings.token_endpoint_auth_method = AuthMethod::SelfSignedTlsClientAuth;
        settings.jwks_uri = Some("https://app.example.com/jwks".into());
    };
    let bound: Bend = |settings| settings.tls_client_certificate_bound_access_tokens = true;
    let with = |bend: Bend| {
        let mut settings = quick(ClientKind::Web);
        bend(&mut settings);
        settings
    };
    let method = "AS-1413 token_endpoint_auth_method: ";
    let cases = [
        (named, Certificates::VouchedFor, method),
        (keyed, Certificates::Shown, method),
        (bound, Certificates::Shown, "AS-1413 tls_client_certificate_bound_access_tokens: "),
    ];
    let elsewhere = || Some(Issuer::parse("https://mtls.example.com").expect("an address"));
    for seen in [Certificates::Unseen, Certificates::Shown, Certificates::VouchedFor] {
        for mut fixture in Fixture::each().await {
            let policy = &mut Arc::get_mut(&mut fixture.services).expect("nobody else uses them yet").policy;
            policy.mtls = (seen != Certificates::Unseen).then(elsewhere).flatten();
            policy.mtls_authority = seen == Certificates::VouchedFor;
            let cx = fixture.cx();
            client::create(&cx, web("app")).await.expect("created");
            for (bend, needed, refused) in cases {
                let enough = seen == needed || seen == Certificates::VouchedFor;
                let created = client::create(&cx, NewClient { settings: with(bend), client_id: None, ..web("") }).await;
                let changes = ClientChanges { settings: Some(with(bend)), ..ClientChanges::default() };
                let updated = client::update(&cx, "app", changes).await;
                for result in [created, updated] {
                    if enough {
                        result.expect("saved");
                    } else {
                        let told = told(result);
                        assert!(told.starts_with(refused), "{seen:?}: {told}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn where_certificates_are_not_seen_any_more_a_client_is_still_renamed_and_disabled() {
    for mut fixture in Fixture::each().await {
        fn policy(fixture: &mut Fixture) -> &mut Policy {
            &mut Arc::get_mut(&mut fixture.services).expect("nobody else uses them").policy
        }
        policy(&mut fixture).mtls = Some(Issuer::parse("https://mtls.example.com").expect("an address"));
        let mut new = web("app");
        new.settings.tls_client_certificate_bound_access_tokens = true;
        client::create(&fixture.cx(), new).await.expect("created");
        policy(&mut fixture).mtls = None;
        let changes = ClientChanges { name: Some("Old".into()), enabled: Some(false), ..ClientChanges::default() };
        let written = client::update(&fixture.cx(), "app", changes).await.expect("disabled");
        assert!(!written.client.enabled);
    }
}

#[tokio::test]
async fn a_client_is_not_changed_on_a_stale_version_and_unknown_ones_are_told() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        client::create(&cx, web("app")).await.expect("created");
        let rename = |version| ClientChanges { name: Some("New".into()), version, ..ClientChanges::default() };
        assert_eq!(client::update(&cx, "app", rename(Some(1))).await.expect("changed").client.version, 2);
        assert_eq!(code(client::update(&cx, "app", rename(Some(1))).await), "AS-3005");
        for id in ["nothing", "a\0b"] {
            assert_eq!(code(client::find(&cx, id).await), "AS-3002");
            assert_eq!(code(client::update(&cx, id, rename(None)).await), "AS-3002");
            assert_eq!(code(client::delete(&cx, id).await), "AS-3002");
            assert_eq!(code(secret::rotate(&cx, id, Rotation::default()).await), "AS-3002");
        }
        assert_eq!(code(secret::delete(&cx, "app", "nothing").await), "AS-3002");
        assert_eq!(code(secret::delete(&cx, "app", "a\0b").await), "AS-3002");
    }
}

#[tokio::test]
async fn a_disabled_client_is_forgotten_at_once() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let id = client::create(&cx, web("app")).await.expect("created").client.client_id;
        assert!(clients::find_recent(&cx, &id).await.expect("read").expect("known").client.enabled);
        let disable = ClientChanges { enabled: Some(false), revoke_tokens: true, ..ClientChanges::default() };
        let written = client::update(&cx, "app", disable).await.expect("disabled");
        assert_eq!(written.client.not_before, Some(cx.now()));
        assert!(!clients::find_recent(&cx, &id).await.expect("read").expect("known").client.enabled);
        client::delete(&cx, "app").await.expect("deleted");
        assert!(clients::find_recent(&cx, &id).await.expect("read").is_none());
    }
}

#[tokio::test]
async fn old_secrets_outlive_a_rotation_by_the_overlap_and_no_longer() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let first = client::create(&cx, web("app")).await.expect("created").secret.expect("minted");
        let cx = fixture.cx();
        let second = secret::rotate(&cx, "app", Rotation::default()).await.expect("rotated");
        assert_ne!(first.expose(), second.expose());
        let listed = secret::list(&cx, "app", 10).await.expect("listed");
        let expiries: Vec<_> = listed.iter().map(|secret| secret.expires_at).collect();
        assert_eq!(expiries, [Some(cx.now().plus_seconds(86_400)), None]);
        assert_eq!(client::find(&cx, "app").await.expect("found").client.version, 2, "other nodes see it");

        let chosen = "my-own-secret-0123456789-abcdefgh";
        let cx = fixture.cx();
        let now = Rotation { secret: Some(Secret::from(chosen)), overlap_seconds: 0, label: "2026".into() };
        let given = secret::rotate(&cx, "app", now).await.expect("rotated");
        assert_eq!(given.expose(), chosen);
        let listed = secret::list(&cx, "app", 10).await.expect("listed");
        let in_use: Vec<_> = listed.iter().filter(|secret| secret.expires_at.is_none_or(|at| cx.now() < at)).collect();
        assert_eq!(in_use.len(), 1);
        assert_eq!((in_use[0].label.as_str(), &in_use[0].secret_hash[..]), ("2026", &hash_of(chosen).as_bytes()[..]));

        for overlap_seconds in [-1, 91 * 86_400] {
            let wrong = Rotation { overlap_seconds, ..Rotation::default() };
            assert_eq!(code(secret::rotate(&cx, "app", wrong).await), "AS-3003");
        }
        fixture.clock.pass(31 * 86_400);
        let cx = fixture.cx();
        secret::rotate(&cx, "app", Rotation::default()).await.expect("rotated");
        assert_eq!(secret::list(&cx, "app", 10).await.expect("listed").len(), 2, "long expired ones are cleaned");
    }
}

#[tokio::test]
async fn secrets_that_a_new_method_does_not_use_end_with_the_old_method() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        client::create(&cx, web("app")).await.expect("created");
        let with = |method| {
            let mut settings = quick(ClientKind::Web);
            settings.token_endpoint_auth_method = method;
            ClientChanges { settings: Some(settings), ..ClientChanges::default() }
        };
        let written = client::update(&cx, "app", with(AuthMethod::ClientSecretPost)).await.expect("changed");
        assert!(written.secret.is_none(), "the secret goes on");
        let written = client::update(&cx, "app", with(AuthMethod::None)).await.expect("changed");
        assert!(written.secret.is_none());
        let ended = secret::list(&cx, "app", 10).await.expect("listed");
        assert!(ended.iter().all(|secret| secret.expires_at == Some(cx.now())));
        let written = client::update(&cx, "app", with(AuthMethod::ClientSecretBasic)).await.expect("changed");
        assert!(written.secret.is_some(), "an ended secret does not come back to life");
    }
}

#[tokio::test]
async fn a_key_exists_for_every_algorithm_that_a_client_is_given() {
    for fixture in Fixture::each().await {
        let cx = fixture.cx();
        let mut new = web("app");
        new.settings.id_token_signed_response_alg = SigningAlgorithm::EdDSA;
        new.settings.authorization_signed_response_alg = SigningAlgorithm::PS256;
        client::create(&cx, new).await.expect("created");
        let algorithms: Vec<_> = fixture.services.keyring.load().algorithms().collect();
        assert_eq!(algorithms, [SigningAlgorithm::PS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA]);
    }
}
