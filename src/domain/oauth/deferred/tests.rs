//! Tests of `deferred`.

use super::*;
use crate::{
    entity::ClientKind,
    ids::{ClientId, DeferredId},
    oauth::fixtures::{at, client, codes, refusal, strings},
};

fn device() -> Client {
    let mut client = client(ClientKind::Native, &[]);
    client.settings.grant_types = vec![GrantType::DeviceCode, GrantType::RefreshToken];
    client
}

fn pending() -> Deferred {
    Deferred {
        id: DeferredId::new("d1"),
        kind: DeferredKind::Device,
        code_hash: vec![1; 32],
        user_code: Some("BCDFGHJK".to_owned()),
        client_id: ClientId::new("app"),
        request: "{}".to_owned(),
        state: DeferredState::Pending,
        authorization_id: None,
        interval: 5,
        polled_at: None,
        created_at: at(-10),
        expires_at: at(590),
        subject: None,
        binding_message: None,
        notification: None,
        network: None,
        address: None,
    }
}

fn heard(change: impl FnOnce(&mut Deferred), seconds: i64) -> (&'static str, &'static str, i64) {
    let mut row = pending();
    change(&mut row);
    match decide_poll(&row, DeferredKind::Device, &device(), at(seconds)) {
        Poll::Issue => ("granted", "", 0),
        Poll::Wait { interval, error } => (codes(&error).0, codes(&error).1, interval),
        Poll::Refused(error) => (codes(&error).0, codes(&error).1, 0),
    }
}

#[test]
fn another_network_is_told_only_from_addresses_of_one_family() {
    let elsewhere = |device: &str, browser: &str| {
        came_from_elsewhere(device.parse().expect("an address"), browser.parse().expect("an address"))
    };
    for (device, browser) in
        [("192.0.2.1", "192.0.2.2"), ("::ffff:192.0.2.1", "192.0.2.2"), ("2001:db8:1::1", "2001:db8:2::1")]
    {
        assert!(elsewhere(device, browser) && elsewhere(browser, device), "{device} {browser}");
    }
    for (device, browser) in [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2"),
        ("192.0.2.1", "2001:db8:1::1"),
    ] {
        assert!(!elsewhere(device, browser) && !elsewhere(browser, device), "{device} {browser}");
    }
}

#[test]
fn the_first_question_may_come_at_once_and_the_next_after_the_interval() {
    assert_eq!(heard(|_| {}, 0), ("authorization_pending", "AS-1165", 5));
    assert_eq!(heard(|row| row.polled_at = Some(at(-5)), 0), ("authorization_pending", "AS-1165", 5));
    assert_eq!(heard(|row| row.polled_at = Some(at(-4)), 0), ("slow_down", "AS-1166", 10));
    assert_eq!(heard(|row| (row.polled_at, row.interval) = (Some(at(-9)), 10), 0), ("slow_down", "AS-1166", 15));
    assert_eq!(heard(|row| (row.polled_at, row.interval) = (Some(at(-1)), 58), 0), ("slow_down", "AS-1166", 60));
}

#[test]
fn an_answer_is_handed_out_at_once_and_only_once() {
    let approved = |row: &mut Deferred| (row.state, row.polled_at) = (DeferredState::Approved, Some(at(0)));
    assert_eq!(heard(approved, 0).0, "granted");
    assert_eq!(heard(|row| row.state = DeferredState::Redeemed, 0), ("invalid_grant", "AS-1163", 0));
    assert_eq!(heard(|row| row.state = DeferredState::Denied, 0), ("access_denied", "AS-1020", 0));
    // Who was told once is told the same later.
    assert_eq!(heard(|row| row.state = DeferredState::Denied, 10_000), ("access_denied", "AS-1020", 0));
}

#[test]
fn after_its_time_nothing_is_pending_and_nothing_is_redeemed() {
    for state in [DeferredState::Pending, DeferredState::Approved] {
        assert_eq!(heard(|row| row.state = state, 590), ("expired_token", "AS-1164", 0), "{state:?}");
    }
    assert_eq!(heard(|row| row.state = DeferredState::Approved, 589).0, "granted");
}

#[test]
fn another_client_learns_nothing_whatever_the_state() {
    for state in DeferredState::ALL {
        let of_other = |row: &mut Deferred| (row.client_id, row.state) = (ClientId::new("other"), state);
        assert_eq!(heard(of_other, 0), ("invalid_grant", "AS-1162", 0), "{state:?}");
    }
}

#[test]
fn a_device_asks_for_registered_scopes_and_only_with_the_grant() {
    let asked = |client: &Client, pairs: &[(&str, &str)]| {
        parse_device_request(&Params::from_pairs(pairs).unwrap(), client).map(|request| request.scope)
    };
    assert_eq!(asked(&device(), &[]).unwrap(), strings(&[]));
    assert_eq!(asked(&device(), &[("scope", "openid email")]).unwrap(), strings(&["openid", "email"]));
    assert_eq!(refusal(asked(&device(), &[("scope", "mine")])), ("invalid_scope", "AS-1010"));
    assert_eq!(refusal(asked(&device(), &[("scope", "a,b")])), ("invalid_scope", "AS-1009"));
    assert_eq!(refusal(asked(&device(), &[("dpop_jkt", "x")])), ("invalid_request", "AS-1028"));
    assert_eq!(refusal(asked(&device(), &[("claims", "{")])), ("invalid_request", "AS-1026"));
    let other = client(ClientKind::Native, &[]);
    assert_eq!(refusal(asked(&other, &[])), ("unauthorized_client", "AS-1102"));
    let mut once = device();
    once.settings.grant_types = vec![GrantType::DeviceCode];
    assert_eq!(asked(&once, &[("scope", "openid offline_access")]).unwrap(), strings(&["openid"]));
}

const BY_NUMBER: &str = r#"{"id_token":{"acr":{"essential":true,"value":"1"}}}"#;
const BY_NAME: &str = r#"{"userinfo":{"sub":{"value":"alice"}}}"#;
const WISHES: &str = r#"{"id_token":{"acr":{"values":["1"]},"sub":null},"userinfo":{"name":{"essential":true}}}"#;

#[test]
fn what_restricts_a_request_in_the_browser_only_is_never_silently_ignored() {
    let check = |name: &str, value: &str, kind| {
        check_restrictions_honoured(&Params::from_pairs(&[(name, value)]).expect("well-formed"), kind)
    };
    for kind in [DeferredKind::Device, DeferredKind::Backchannel] {
        for (name, value) in [
            ("request_uri", "urn:x"),
            ("code_challenge", "x"),
            ("prompt", "login"),
            ("prompt", "consent login"),
            ("prompt", "none"),
            ("prompt", "select_account"),
            ("prompt", "Consent"),
            ("claims", BY_NUMBER),
            ("claims", BY_NAME),
        ] {
            assert_eq!(refusal(check(name, value, kind)), ("invalid_request", "AS-1167"), "{name}={value}");
        }
        for (name, value) in [
            ("claims", WISHES),
            ("prompt", "consent"),
            ("prompt", " "),
            ("prompt", ""),
            ("nonce", "n"),
            ("login_hint", "alice"),
            ("display", "page"),
            ("extra", "x"),
        ] {
            assert_eq!(check(name, value, kind), Ok(()), "{name}={value}");
        }
    }
    for name in ["request", "id_token_hint"] {
        assert_eq!(refusal(check(name, "x", DeferredKind::Device)), ("invalid_request", "AS-1167"), "{name}");
        assert_eq!(check(name, "x", DeferredKind::Backchannel), Ok(()), "{name}");
    }
}

#[test]
fn so_many_requests_wait_for_a_person_and_so_many_of_one_client() {
    let ids = |many: usize, name: &str| vec![ClientId::new(name); many];
    let check = |waiting: &[ClientId]| {
        check_waiting(waiting, &ClientId::new("app")).map_err(|error| (error.code.name(), error.reason.code()))
    };
    let refused = Err(("access_denied", "AS-1707"));
    assert_eq!(check(&[]), Ok(()));
    assert_eq!(check(&ids(9, "app")), Ok(()));
    assert_eq!(check(&ids(10, "app")), refused);
    assert_eq!(check(&ids(19, "other")), Ok(()));
    assert_eq!(check(&ids(20, "other")), refused);
    assert_eq!(check(&[ids(9, "app"), ids(10, "other")].concat()), Ok(()));
    assert_eq!(check(&[ids(9, "app"), ids(11, "other")].concat()), refused);
    assert_eq!(check(&[ids(10, "app"), ids(1, "other")].concat()), refused);
}

#[test]
fn a_device_asks_for_resources_details_and_a_fresh_sign_in_as_any_app_does() {
    let asked = |pairs: &[(&str, &str)]| parse_device_request(&Params::from_pairs(pairs).unwrap(), &device());
    let request = asked(&[
        ("resource", "https://a.example"),
        ("resource", "https://b.example"),
        ("authorization_details", r#"[{"type":"payment"}]"#),
        ("max_age", "60"),
        ("acr_values", "9 1"),
    ]);
    let request = request.map_err(|error| codes(&error)).unwrap();
    assert_eq!(request.resource, ["https://a.example", "https://b.example"]);
    assert_eq!(request.authorization_details, [serde_json::json!({"type": "payment"})]);
    assert_eq!((request.max_age, request.acr_values), (Some(60), strings(&["9", "1"])));
    for (pair, refused) in [
        (("resource", "api"), ("invalid_target", "AS-1070")),
        (("resource", "https://a.example#x"), ("invalid_target", "AS-1070")),
        (("authorization_details", "[]"), ("invalid_authorization_details", "AS-1080")),
        (("authorization_details", "{"), ("invalid_authorization_details", "AS-1080")),
        (("max_age", "-1"), ("invalid_request", "AS-1013")),
        (("max_age", "soon"), ("invalid_request", "AS-1013")),
    ] {
        assert_eq!(refusal(asked(&[pair])), refused, "{pair:?}");
    }
}

#[test]
fn what_a_device_does_not_say_is_as_its_client_is_registered() {
    let mut client = device();
    client.settings.default_max_age = Some(300);
    client.settings.default_acr_values = strings(&["1"]);
    let asked = |pairs: &[(&str, &str)]| {
        let request = parse_device_request(&Params::from_pairs(pairs).unwrap(), &client);
        request.map(|request| (request.max_age, request.acr_values)).map_err(|error| codes(&error))
    };
    assert_eq!(asked(&[]), Ok((Some(300), strings(&["1"]))));
    assert_eq!(asked(&[("max_age", "0"), ("acr_values", "9")]), Ok((Some(0), strings(&["9"]))));
}
