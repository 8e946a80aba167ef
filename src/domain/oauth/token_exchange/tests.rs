//! Tests of `token_exchange`.

use serde_json::json;

use super::*;
use crate::{
    entity::ClientKind,
    ids::ClientId,
    oauth::{
        GrantType,
        fixtures::{at, client, refusal, strings},
    },
};

const ISSUER: &str = "https://id.example";

fn service() -> Client {
    let mut client = client(ClientKind::Machine, &[]);
    client.settings.scope = strings(&["openid", "orders.read", "orders.write"]);
    client
}

fn policy(audiences: &[&str], mode: ExchangeMode) -> ExchangePolicy {
    ExchangePolicy {
        client_id: ClientId::new("app"),
        subject_client_id: ClientId::new("front"),
        audiences: strings(audiences),
        mode,
        updated_at: at(0),
    }
}

fn subject(scope: &[&str]) -> ExchangeSubject {
    ExchangeSubject { scope: strings(scope), expires_at: at(300), actor: None }
}

fn request(pairs: &[(&str, &str)]) -> Result<ExchangeRequest, OAuthError> {
    let grant_type = GrantType::TokenExchange.name();
    let mut all = vec![("grant_type", grant_type), ("subject_token", "t"), ("subject_token_type", ACCESS_TOKEN_URN)];
    all.retain(|(name, _)| !pairs.iter().any(|(other, _)| other == name));
    all.extend_from_slice(pairs);
    ExchangeRequest::parse(&Params::from_pairs(&all).unwrap())
}

fn decided(
    pairs: &[(&str, &str)],
    policy: &ExchangePolicy,
    subject: &ExchangeSubject,
) -> Result<Exchanged, OAuthError> {
    decide_exchange(&request(pairs).unwrap(), &service(), Some(policy), subject, None, ISSUER)
}

#[test]
fn what_is_missing_or_not_offered_is_refused() {
    let cases = [
        (("subject_token", ""), "AS-1170"),
        (("subject_token_type", ""), "AS-1171"),
        (("subject_token_type", "urn:ietf:params:oauth:token-type:saml2"), "AS-1171"),
        (("subject_token_type", "access_token"), "AS-1171"),
        (("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "AS-1172"),
        (("actor_token", "a"), "AS-1173"),
        (("actor_token_type", ACCESS_TOKEN_URN), "AS-1173"),
        (("authorization_details", "[]"), "AS-1028"),
    ];
    for (pair, code) in cases {
        assert_eq!(refusal(request(&[pair])), ("invalid_request", code), "{pair:?}");
    }
    let other = [("actor_token", "a"), ("actor_token_type", "urn:ietf:params:oauth:token-type:id_token")];
    assert_eq!(refusal(request(&other)), ("invalid_request", "AS-1173"));
    for kind in SubjectType::ALL {
        assert_eq!(request(&[("subject_token_type", kind.name())]).unwrap().subject_type, kind);
    }
}

#[test]
fn without_a_policy_nothing_is_exchanged() {
    let denied = decide_exchange(&request(&[]).unwrap(), &service(), None, &subject(&["openid"]), None, ISSUER);
    assert_eq!(refusal(denied), ("invalid_request", "AS-1175"));
}

#[test]
fn the_audience_is_one_of_the_policy() {
    let one = policy(&["https://a.example"], ExchangeMode::Delegation);
    let two = policy(&["https://a.example", "https://b.example"], ExchangeMode::Delegation);
    let of = |pairs: &[(&str, &str)], policy: &ExchangePolicy| {
        decided(pairs, policy, &subject(&["openid"])).map(|exchanged| exchanged.audience)
    };
    assert_eq!(of(&[], &one).unwrap(), strings(&["https://a.example"]));
    assert_eq!(refusal(of(&[], &two)), ("invalid_target", "AS-1177"));
    assert_eq!(of(&[("audience", "https://b.example")], &two).unwrap(), strings(&["https://b.example"]));
    assert_eq!(of(&[("resource", "https://b.example")], &two).unwrap(), strings(&["https://b.example"]));
    let both = [("audience", "https://a.example"), ("resource", "https://a.example")];
    assert_eq!(of(&both, &two).unwrap(), strings(&["https://a.example"]));
    let each =
        [("audience", "https://b.example"), ("audience", "https://a.example"), ("resource", "https://b.example")];
    assert_eq!(of(&each, &two).unwrap(), strings(&["https://a.example", "https://b.example"]));
    for target in ["https://c.example", "https://a.example/x", "https://a.example//", "https://A.example"] {
        assert_eq!(refusal(of(&[("audience", target)], &two)), ("invalid_target", "AS-1176"), "{target}");
    }
    for name in ["audience", "resource"] {
        let mixed = [("audience", "https://a.example"), (name, "https://c.example"), ("audience", "https://b.example")];
        assert_eq!(refusal(of(&mixed, &two)), ("invalid_target", "AS-1176"), "{name}");
    }
}

#[test]
fn the_slash_of_an_empty_path_makes_no_difference_and_the_policy_has_the_spelling() {
    let of = |audiences: &[&str], pairs: &[(&str, &str)]| {
        let policy = policy(audiences, ExchangeMode::Delegation);
        decided(pairs, &policy, &subject(&["openid"])).map(|exchanged| exchanged.audience)
    };
    let (bare, slash) = ("https://a.example", "https://a.example/");
    for (known, sent) in [(bare, slash), (slash, bare), (slash, slash)] {
        for name in ["audience", "resource"] {
            assert_eq!(of(&[known, "https://b.example"], &[(name, sent)]).unwrap(), strings(&[known]), "{name} {sent}");
        }
        assert_eq!(of(&[known], &[("audience", bare), ("resource", slash)]).unwrap(), strings(&[known]));
    }
    assert_eq!(of(&[bare, slash], &[("audience", slash)]).unwrap(), strings(&[bare]), "one audience, told once");
    let path = "https://a.example/v1";
    assert_eq!(refusal(of(&[path], &[("resource", "https://a.example/v1/")])), ("invalid_target", "AS-1176"));
}

#[test]
fn scope_and_lifetime_never_grow() {
    let policy = policy(&["https://a.example"], ExchangeMode::Delegation);
    let subject = subject(&["openid", "orders.read", "profile", "offline_access"]);
    let of = |scope: Option<&str>| {
        let pairs: Vec<(&str, &str)> = scope.map(|scope| ("scope", scope)).into_iter().collect();
        decided(&pairs, &policy, &subject)
    };
    let all = of(None).unwrap();
    assert_eq!((all.scope, all.not_after), (strings(&["orders.read"]), at(300)));
    assert_eq!(of(Some("orders.read")).unwrap().scope, strings(&["orders.read"]));
    assert_eq!(refusal(of(Some("orders.write"))), ("invalid_scope", "AS-1129"), "not in the subject token");
    assert_eq!(refusal(of(Some("profile"))), ("invalid_scope", "AS-1010"), "not for this client");
    assert_eq!(refusal(of(Some("a,b"))), ("invalid_scope", "AS-1009"));
}

#[test]
fn openid_is_for_the_issuer() {
    let known = ["https://a.example", ISSUER];
    // The issuer has one spelling, whichever the policy has.
    let misspelt = ["https://a.example", "https://id.example/"];
    for (known, audiences, sent, left) in [
        (known, &["https://a.example"][..], None, &["orders.read"][..]),
        (misspelt, &["https://id.example/"], None, &["orders.read"]),
        (misspelt, &[ISSUER], None, &["orders.read"]),
        (known, &["https://a.example"], Some("openid"), &[]),
        (known, &[ISSUER], None, &["openid", "orders.read"]),
        (known, &["https://a.example", ISSUER], Some("openid"), &["openid"]),
    ] {
        let policy = policy(&known, ExchangeMode::Delegation);
        let mut pairs: Vec<(&str, &str)> = audiences.iter().map(|one| ("audience", *one)).collect();
        pairs.extend(sent.map(|scope| ("scope", scope)));
        let exchanged = decided(&pairs, &policy, &subject(&["openid", "orders.read"])).unwrap();
        assert_eq!(exchanged.scope, strings(left), "{audiences:?} {sent:?}");
    }
}

#[test]
fn the_client_or_its_actor_is_named_and_earlier_ones_are_kept() {
    let acted = ExchangeSubject { actor: Actor::after("first", None), ..subject(&["openid"]) };
    let of = |mode, acting: Option<&str>, subject: &ExchangeSubject| {
        let policy = policy(&["https://a.example"], mode);
        let exchanged =
            decide_exchange(&request(&[]).unwrap(), &service(), Some(&policy), subject, acting, ISSUER).unwrap();
        exchanged.actor.map(|actor| actor.claim())
    };
    let plain = subject(&["openid"]);
    assert_eq!(of(ExchangeMode::Delegation, None, &plain), Some(json!({"sub": "app"})));
    assert_eq!(of(ExchangeMode::Delegation, Some("u2"), &plain), Some(json!({"sub": "u2"})));
    assert_eq!(of(ExchangeMode::Impersonation, None, &plain), None);
    assert_eq!(of(ExchangeMode::Impersonation, Some("u2"), &plain), Some(json!({"sub": "u2"})));
    let nested = of(ExchangeMode::Delegation, None, &acted).unwrap();
    assert_eq!(nested, json!({"act": {"sub": "first"}, "sub": "app"}));
    assert_eq!(of(ExchangeMode::Impersonation, None, &acted), Some(json!({"sub": "first"})));
}

#[test]
fn a_chain_ends_somewhere() {
    let mut chain = None;
    for number in 0..5 {
        chain = Actor::after(&number.to_string(), chain.as_ref());
    }
    let longest = ExchangeSubject { actor: chain, ..subject(&["openid"]) };
    let policy = policy(&["https://a.example"], ExchangeMode::Delegation);
    assert_eq!(refusal(decided(&[], &policy, &longest)), ("invalid_request", "AS-1178"));
}
