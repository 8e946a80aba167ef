//! What a throw-away server holds.

use std::ffi::OsString;

use crate::{
    app::{
        dev,
        dev_seed::{self, DemoPassword},
        fixture::Fixture,
    },
    crypto::token::hash_of,
    domain::{
        Secret,
        entity::{AuthMethod, ConsentMode},
        oauth::check_settings,
    },
    service::admin::{client, user},
    store::{StoreError, credential},
};

#[tokio::test]
async fn the_seed_is_the_contract_and_seeding_twice_changes_nothing() {
    for fixture in Fixture::each().await {
        dev_seed::seed(&fixture.cx(), DemoPassword::default()).await.expect("seeded");
        dev_seed::seed(&fixture.cx(), DemoPassword::default()).await.expect("seeded again");
        let cx = fixture.cx();
        let alice = user::find(&cx, "alice@example.com").await.expect("alice");
        assert_eq!(alice.groups, ["admins", "engineering"]);
        assert!(alice.user.email_verified && alice.roles.is_empty());
        let claims = serde_json::to_value(&alice.user.profile).expect("claims");
        assert_eq!(claims.as_object().expect("claims").len(), 14, "every standard claim: {claims}");
        let id = alice.user.id.clone();
        let phc = fixture.services.store.read(move |tx| credential::find_password(tx, &id)).await;
        let phc = phc.map_err(|error: StoreError| error.to_string()).expect("read").expect("a password");
        let verdict = fixture.services.passwords.verify(Secret::from("dev-password"), phc).await.expect("verified");
        assert!(verdict.matches);
        user::find(&cx, "bob").await.expect("bob");

        let expected = [
            ("demo-cli", AuthMethod::None, ConsentMode::Once, "http://127.0.0.1/callback"),
            ("demo-m2m", AuthMethod::ClientSecretBasic, ConsentMode::Once, ""),
            ("demo-spa", AuthMethod::None, ConsentMode::Once, "http://localhost:8080/dev/spa"),
            ("demo-web", AuthMethod::ClientSecretBasic, ConsentMode::Skip, "http://localhost:8080/dev/callback"),
        ];
        let clients = client::list(&cx, None, 100).await.expect("clients");
        assert_eq!(clients.len(), expected.len());
        for (client, (id, method, consent, redirect)) in clients.iter().zip(expected) {
            let settings = &client.settings;
            assert_eq!((client.client_id.as_str(), settings.token_endpoint_auth_method), (id, method));
            assert_eq!((settings.consent, settings.may_introspect), (consent, id == "demo-web"), "{id}");
            assert_eq!(settings.redirect_uris.first().map_or("", String::as_str), redirect);
            check_settings(client.kind, settings).expect(id);
            let secrets = client::find(&cx, id).await.expect(id).secrets;
            let wanted = method.is_confidential().then(|| hash_of("dev-secret").as_bytes().to_vec());
            assert_eq!(secrets.into_iter().map(|secret| secret.secret_hash).next(), wanted, "{id}");
        }
        assert_eq!(clients[1].settings.scope, ["demo.read"]);
    }
}

fn text(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_throw_away_server_has_a_private_directory_that_goes_away() {
    let dev::DevStart { flags, directory } = dev::prepare(None, &[], &[]).expect("flags");
    let directory = directory.expect("a directory");
    let path = directory.path().to_owned();
    assert_eq!(flags, text(&[("database.url", &format!("sqlite://{}/symbolon.db", path.display()))]));
    assert!(path.is_dir());
    drop(directory);
    assert!(!path.exists());
}

#[test]
fn a_named_database_or_issuer_is_left_as_it_was_named() {
    let environment: Vec<(OsString, OsString)> = vec![("SYMBOLON_DATABASE__URL".into(), "sqlite:///x.db".into())];
    let dev::DevStart { flags, directory } = dev::prepare(None, &[], &environment).expect("flags");
    assert!(flags.is_empty() && directory.is_none());
    let given = text(&[("database.url", "sqlite:///x.db"), ("issuer", "http://localhost:9")]);
    let dev::DevStart { flags, directory } = dev::prepare(Some("127.0.0.1:9"), &given, &[]).expect("flags");
    assert_eq!(flags, text(&[("bind", "127.0.0.1:9")]));
    assert!(directory.is_none());
}

#[test]
fn the_issuer_is_the_address_that_was_asked_for() {
    let given = text(&[("database.url", "sqlite:///x.db")]);
    let of = |bind| dev::prepare(Some(bind), &given, &[]).expect("flags").flags;
    assert_eq!(of("127.0.0.1:8080"), text(&[("bind", "127.0.0.1:8080")]), "localhost is derived");
    assert_eq!(of("127.0.0.1:9000"), text(&[("bind", "127.0.0.1:9000"), ("issuer", "http://127.0.0.1:9000")]));
    assert_eq!(of("localhost:9000"), text(&[("bind", "127.0.0.1:9000"), ("issuer", "http://localhost:9000")]));
}
