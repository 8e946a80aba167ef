//! Tests of `registration_change`.

use serde_json::json;

use super::*;
use crate::{
    entity::{AuthMethod, ClientKind, SubjectType},
    oauth::fixtures::client,
};

fn before() -> Client {
    let mut before = client(ClientKind::Web, &["https://app.example/callback", "https://app.example/other"]);
    before.settings.client_uri = Some("https://app.example/".to_owned());
    before.settings.contacts = vec!["me@app.example".to_owned()];
    before
}

fn after(change: impl FnOnce(&mut Client)) -> bool {
    let mut after = before();
    change(&mut after);
    is_another_app(&before(), &after)
}

fn set(change: impl FnOnce(&mut ClientSettings)) -> bool {
    after(|client| change(&mut client.settings))
}

#[test]
fn an_app_is_another_where_it_is_answered_elsewhere() {
    assert!(set(|new| new.redirect_uris.push("https://evil.example/".to_owned())));
    assert!(set(|new| new.redirect_uris[1] = "https://app.example/callback/".to_owned()));
    assert!(after(|client| client.kind = ClientKind::Native));
    assert!(!set(|new| _ = new.redirect_uris.pop()), "an address less");
    assert!(!set(|new| new.redirect_uris.reverse()), "in another order");
}

#[test]
fn an_app_is_another_where_people_see_another() {
    assert!(after(|client| client.name = "Your Bank".to_owned()));
    for link in [
        |new: &mut ClientSettings, link| new.client_uri = link,
        |new: &mut ClientSettings, link| new.logo_uri = link,
        |new: &mut ClientSettings, link| new.policy_uri = link,
        |new: &mut ClientSettings, link| new.tos_uri = link,
    ] {
        assert!(set(|new| link(new, Some("https://bank.example/".to_owned()))));
        assert!(set(|new| link(new, Some("https://app.example:8443/".to_owned()))), "another port");
        assert!(!set(|new| link(new, None)), "a link less");
    }
    assert!(!set(|new| new.client_uri = Some("https://app.example/about".to_owned())), "at the same host");
}

#[test]
fn an_app_is_another_where_it_proves_itself_by_something_else() {
    assert!(set(|new| new.token_endpoint_auth_method = AuthMethod::None));
    assert!(set(|new| new.jwks = Some(json!({ "keys": [] }))));
    assert!(set(|new| new.jwks_uri = Some("https://app.example/keys".to_owned())));
    assert!(set(|new| new.tls_client_auth_subject_dn = Some("CN=other".to_owned())));
    assert!(set(|new| new.tls_client_auth_san_dns = Some("app.example".to_owned())));
    assert!(set(|new| new.tls_client_auth_san_uri = Some("https://app.example/".to_owned())));
    assert!(set(|new| new.tls_client_auth_san_ip = Some("192.0.2.1".to_owned())));
    assert!(set(|new| new.tls_client_auth_san_email = Some("me@app.example".to_owned())));
}

#[test]
fn an_app_is_another_where_it_knows_people_by_other_names() {
    assert!(set(|new| new.subject_type = SubjectType::Pairwise));
    assert!(set(|new| new.sector_identifier_uri = Some("https://app.example/sector".to_owned())));
}

#[test]
fn what_nobody_decides_on_leaves_an_app_the_same() {
    assert!(!after(|_| {}));
    assert!(!set(|new| new.contacts.clear()));
    assert!(!set(|new| new.scope.clear()));
    assert!(!set(|new| new.software_version = Some("2".to_owned())));
    assert!(!set(|new| new.post_logout_redirect_uris.push("https://app.example/bye".to_owned())));
    assert!(!set(|new| new.access_token_lifetime = Some(42)));
}
