//! Tests of `login_initiation`.

use super::initiation_address;
use crate::{
    Timestamp,
    entity::{Client, ClientKind, ClientSettings, Owner},
    ids::ClientId,
};

fn app(initiate: Option<&str>) -> Client {
    let mut settings = ClientSettings::of_kind(ClientKind::Web);
    settings.initiate_login_uri = initiate.map(str::to_owned);
    Client {
        client_id: ClientId::new("app"),
        name: "App".to_owned(),
        kind: ClientKind::Web,
        enabled: true,
        settings,
        not_before: None,
        owner: Owner::Cli,
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

fn sent(client: Option<&Client>, hint: Option<&str>, target: Option<&str>) -> Result<String, &'static str> {
    initiation_address(client, "https://id.example", hint, target).map_err(|error| error.reason.code())
}

#[test]
fn the_app_hears_who_sends_the_person_and_what_the_link_said() {
    let client = app(Some("https://app.example/login?tenant=a"));
    assert_eq!(
        sent(Some(&client), None, None).as_deref(),
        Ok("https://app.example/login?tenant=a&iss=https%3A%2F%2Fid.example")
    );
    let all = sent(Some(&client), Some("a b"), Some("https://app.example/notes?x=1"));
    assert_eq!(
        all.as_deref(),
        Ok("https://app.example/login?tenant=a&iss=https%3A%2F%2Fid.example&login_hint=a+b\
            &target_link_uri=https%3A%2F%2Fapp.example%2Fnotes%3Fx%3D1")
    );
}

#[test]
fn an_app_without_the_address_or_out_of_use_is_not_started() {
    assert_eq!(sent(None, None, None), Err("AS-1430"));
    assert_eq!(sent(Some(&app(None)), None, None), Err("AS-1430"));
    let mut client = app(Some("https://app.example/login"));
    client.enabled = false;
    assert_eq!(sent(Some(&client), None, None), Err("AS-1430"));
    client.enabled = true;
    client.settings.quarantined = true;
    assert_eq!(sent(Some(&client), None, None), Err("AS-1406"));
}

#[test]
fn the_target_is_at_the_same_place() {
    let client = app(Some("https://app.example/login"));
    for target in [
        "https://evil.example/",
        "http://app.example/",
        "https://app.example:444/",
        "https://app.example.evil.example/",
        "https://app.example@evil.example/",
        "//app.example/",
        "javascript:alert(1)",
        "",
    ] {
        assert_eq!(sent(Some(&client), None, Some(target)), Err("AS-1431"), "{target}");
    }
    // A hint is only a hint: one that is too long is left out.
    let long = "x".repeat(513);
    assert_eq!(
        sent(Some(&client), Some(&long), None).as_deref(),
        Ok("https://app.example/login?iss=https%3A%2F%2Fid.example")
    );
}
