//! Tests of `registration_policy`.

use super::*;
use crate::oauth::fixtures::{at, strings};

fn broken(change: impl FnOnce(&mut RegistrationPolicy)) -> String {
    let mut policy = RegistrationPolicy::default();
    change(&mut policy);
    check_policy(&policy).expect_err("a broken policy").field
}

#[test]
fn nothing_is_open_until_somebody_opens_it() {
    let policy = RegistrationPolicy::default();
    assert_eq!(check_policy(&policy), Ok(()));
    assert!(!policy.offers_registration() && !policy.offers_documents() && !policy.accepts_host("app.example"));
    assert!(policy.quarantine && policy.require_pkce);
    for secret in ["groups", "roles"] {
        assert!(!policy.scope.iter().any(|scope| scope == secret), "{secret}");
    }
    assert!(!policy.grant_types.contains(&GrantType::ClientCredentials));
    assert_eq!(serde_json::from_str::<RegistrationPolicy>("{}").expect("the default"), policy);
    assert!(serde_json::from_str::<RegistrationPolicy>(r#"{"registration":"public"}"#).is_err());
    assert!(serde_json::from_str::<RegistrationPolicy>(r#"{"unknown":1}"#).is_err());
}

#[test]
fn documents_have_a_profile_of_their_own_which_is_stored_where_it_is_another_than_the_usual() {
    let mut policy = RegistrationPolicy::default();
    assert_eq!((policy.profile, policy.for_documents().profile), (None, Some(SecurityProfile::Mcp)));
    let written = |policy: &RegistrationPolicy| serde_json::to_value(policy).expect("a policy");
    for name in ["profile", "document_profile"] {
        assert!(written(&policy).get(name).is_none(), "{name}: an older node does not know it");
    }
    for (profile, document_profile) in
        [(Some(SecurityProfile::Fapi2Security), None), (None, Some(SecurityProfile::OAuth21))]
    {
        (policy.profile, policy.document_profile) = (profile, document_profile);
        let text = written(&policy).to_string();
        assert_eq!(serde_json::from_str::<RegistrationPolicy>(&text).expect("a policy"), policy);
        assert_eq!(policy.for_documents().profile, document_profile);
    }
    assert!(serde_json::from_str::<RegistrationPolicy>(r#"{"profile":"fapi3"}"#).is_err());
}

#[test]
fn a_policy_that_makes_no_sense_is_refused() {
    assert_eq!(broken(|p| p.documents = DocumentMode::Hosts), "document_hosts");
    for host in ["", "App.example", "https://app.example", "app.example/x", "*.example", "a b"] {
        assert_eq!(broken(|p| p.document_hosts = strings(&[host])), "document_hosts", "{host}");
    }
    assert_eq!(broken(|p| p.scope = strings(&["a b"])), "scope");
    assert_eq!(broken(|p| p.grant_types.clear()), "grant_types");
    assert_eq!(broken(|p| p.per_network = -1), "per_network");
    assert_eq!(broken(|p| p.max_clients = 0), "max_clients");
    assert_eq!(broken(|p| p.first_use_seconds = 59), "first_use_seconds");
    assert_eq!(broken(|p| p.unused_seconds = i64::MAX), "unused_seconds");
}

#[test]
fn documents_come_from_listed_hosts_or_from_anywhere() {
    let mut policy = RegistrationPolicy {
        documents: DocumentMode::Hosts,
        document_hosts: strings(&["app.example", "dev.example:8443"]),
        ..RegistrationPolicy::default()
    };
    assert!(policy.accepts_host("app.example") && policy.accepts_host("dev.example:8443"));
    for host in ["dev.example", "app.example.evil.example", "xapp.example", ""] {
        assert!(!policy.accepts_host(host), "{host}");
    }
    policy.documents = DocumentMode::Any;
    assert!(policy.accepts_host("evil.example") && !policy.vouches_for_host("evil.example"));
}

#[test]
fn a_network_registers_so_many_in_an_hour() {
    assert_eq!(count_registration(0, Timestamp::default(), 2, at(0)), Ok((1, at(0))));
    assert_eq!(count_registration(1, at(0), 2, at(10)), Ok((2, at(0))));
    assert_eq!(count_registration(2, at(0), 2, at(10)), Err(TooMany { retry_after: 3590 }));
    assert_eq!(count_registration(2, at(0), 2, at(3599)), Err(TooMany { retry_after: 1 }));
    assert_eq!(count_registration(2, at(0), 2, at(3600)), Ok((1, at(3600))));
    // A clock that was set back begins a new window.
    assert_eq!(count_registration(2, at(10), 2, at(0)), Ok((1, at(0))));
}
