//! Tests of `logout`.

use proptest::prelude::*;

use super::*;
use crate::{
    Timestamp,
    entity::{AuthenticationContext, Bounds},
    ids::{AuthorizationId, SessionId, UserId},
    oidc::fixtures::{client, names, session, user},
};

const AFTER: &str = "https://app.example/after";

fn web() -> Client {
    let mut web = client("web");
    web.settings.post_logout_redirect_uris = names(&[AFTER, "https://app.example/after?from=id"]);
    web
}

fn alice(sid: &str) -> Session {
    session(sid, &user("alice"), Timestamp::from_seconds(1))
}

fn hint(subject: &str, sid: Option<&str>) -> Hint {
    Hint { subject: UserId::new(subject), client_ids: vec![ClientId::new("web")], sid: sid.map(SessionId::new) }
}

/// The request with the hint's client, or the one named, looked up as a caller would.
fn ask(hint: SentHint<'_>, client_id: Option<&str>, uri: Option<&str>, session: Option<&Session>) -> LogoutDecision {
    let client_id = client_id.map(ClientId::new);
    let request = LogoutRequest { hint, client_id: client_id.as_ref(), post_logout_redirect_uri: uri };
    let web = web();
    let known = request.asking_client().filter(|id| **id == web.client_id).map(|_| &web);
    decide(&request, known, session)
}

fn code(decision: LogoutDecision) -> &'static str {
    match decision {
        LogoutDecision::Refuse(error) => error.reason.code(),
        other => panic!("not refused: {other:?}"),
    }
}

fn after() -> PostLogoutRedirect {
    PostLogoutRedirect::registered(AFTER, &web()).expect("registered")
}

#[test]
fn the_sessions_own_hint_signs_out_without_asking() {
    let (hint, session) = (hint("alice", Some("s1")), alice("s1"));
    let sent = SentHint::Valid(&hint);
    assert_eq!(ask(sent, None, Some(AFTER), Some(&session)), LogoutDecision::SignOutAndRedirect(after()));
    assert_eq!(ask(sent, Some("web"), Some(AFTER), Some(&session)), LogoutDecision::SignOutAndRedirect(after()));
    assert_eq!(ask(sent, None, None, Some(&session)), LogoutDecision::SignOut);
    assert_eq!(ask(sent, None, Some(AFTER), None), LogoutDecision::SignOutAndRedirect(after()), "already signed out");
}

#[test]
fn a_hint_of_another_session_or_person_never_ends_this_one_silently() {
    let session = alice("s1");
    for (subject, sid) in [("alice", Some("s0")), ("bob", Some("s1")), ("bob", Some("s9")), ("alice", None)] {
        let hint = hint(subject, sid);
        let sent = SentHint::Valid(&hint);
        let with_uri = ask(sent, None, Some(AFTER), Some(&session));
        assert_eq!(with_uri, LogoutDecision::Confirm(Some(after())), "{subject} {sid:?}");
        assert_eq!(ask(sent, None, None, Some(&session)), LogoutDecision::Confirm(None), "{subject} {sid:?}");
    }
}

#[test]
fn an_altered_hint_is_an_error_page_with_or_without_a_redirect() {
    let session = alice("s1");
    for uri in [None, Some(AFTER), Some("https://evil.example/")] {
        for client_id in [None, Some("web")] {
            for session in [None, Some(&session)] {
                assert_eq!(code(ask(SentHint::Invalid, client_id, uri, session)), "AS-1502");
            }
        }
    }
}

#[test]
fn only_an_address_registered_character_by_character_is_gone_to() {
    let (hint, session) = (hint("alice", Some("s1")), alice("s1"));
    for uri in [
        "https://app.example/after/",
        "https://app.example/after?x=y",
        "https://app.example/after?from=id&x=y",
        "https://app.example/after#x",
        "https://app.example/After",
        "https://APP.example/after",
        "https://app.example:443/after",
        "http://app.example/after",
        "https://app.example/./after",
        "https://app.example/%61fter",
        " https://app.example/after",
        "https://app.example/after ",
        "https://evil.example/",
        "//evil.example/after",
        "/after",
        "javascript:alert(1)",
        "https://app.example/after\r\nSet-Cookie: a=b",
    ] {
        assert_eq!(code(ask(SentHint::Valid(&hint), None, Some(uri), Some(&session))), "AS-1501", "{uri}");
        assert_eq!(code(ask(SentHint::Absent, Some("web"), Some(uri), None)), "AS-1501", "{uri}");
    }
}

#[test]
fn an_address_of_nobody_in_particular_is_refused() {
    let session = alice("s1");
    assert_eq!(code(ask(SentHint::Absent, None, Some(AFTER), None)), "AS-1504");
    assert_eq!(code(ask(SentHint::Absent, None, Some(AFTER), Some(&session))), "AS-1504");
    let several = Hint { client_ids: vec![ClientId::new("web"), ClientId::new("spa")], ..hint("alice", Some("s1")) };
    assert_eq!(code(ask(SentHint::Valid(&several), None, Some(AFTER), Some(&session))), "AS-1504");
}

#[test]
fn an_unknown_disabled_or_wrong_client_has_no_registered_address() {
    assert_eq!(code(ask(SentHint::Absent, Some("gone"), Some(AFTER), None)), "AS-1501");
    let named = ClientId::new("web");
    let request =
        LogoutRequest { hint: SentHint::Absent, client_id: Some(&named), post_logout_redirect_uri: Some(AFTER) };
    let disabled = Client { enabled: false, ..web() };
    assert_eq!(code(decide(&request, Some(&disabled), None)), "AS-1501");
    let other = Client { client_id: ClientId::new("spa"), ..web() };
    assert_eq!(code(decide(&request, Some(&other), None)), "AS-1501");
}

#[test]
fn a_client_id_that_the_hint_was_not_issued_to_is_refused() {
    let (hint, session) = (hint("alice", Some("s1")), alice("s1"));
    for uri in [None, Some(AFTER)] {
        assert_eq!(code(ask(SentHint::Valid(&hint), Some("spa"), uri, Some(&session))), "AS-1503");
    }
}

#[test]
fn a_client_id_without_a_hint_asks_before_it_redirects() {
    let session = alice("s1");
    for session in [None, Some(&session)] {
        let decision = ask(SentHint::Absent, Some("web"), Some(AFTER), session);
        assert_eq!(decision, LogoutDecision::Confirm(Some(after())));
    }
}

#[test]
fn a_bare_request_asks_who_is_signed_in_and_tells_the_others_that_they_are_not() {
    let session = alice("s1");
    assert_eq!(ask(SentHint::Absent, None, None, Some(&session)), LogoutDecision::Confirm(None));
    assert_eq!(ask(SentHint::Absent, None, Some(""), Some(&session)), LogoutDecision::Confirm(None));
    assert_eq!(ask(SentHint::Absent, None, None, None), LogoutDecision::SignOut);
}

#[test]
fn nothing_but_state_is_added_to_the_address() {
    assert_eq!(after().location(None), AFTER);
    assert_eq!(after().location(Some("")), AFTER);
    assert_eq!(
        after().location(Some("a b+c&d=e%2F\"<>`é")),
        format!("{AFTER}?state=a%20b%2Bc%26d%3De%252F%22%3C%3E%60%C3%A9")
    );
    let with = |registered: &str| {
        let mut client = web();
        client.settings.post_logout_redirect_uris = names(&[registered]);
        PostLogoutRedirect::registered(registered, &client).expect("registered").location(Some("s"))
    };
    assert_eq!(with("https://a.example/?x=1"), "https://a.example/?x=1&state=s");
    assert_eq!(with("https://a.example/?"), "https://a.example/?state=s");
    assert_eq!(with("https://a.example/?x&"), "https://a.example/?x&state=s");
    assert_eq!(with("https://a.example/#/home?x"), "https://a.example/?state=s#/home?x");
    assert_eq!(with("com.example.app:/out"), "com.example.app:/out?state=s");
}

#[test]
fn an_authorization_outlives_its_session_only_with_offline_access() {
    for (scope, effect) in [
        (&["openid"][..], Effect::Ends),
        (&["openid", "offline_access"], Effect::Survives),
        (&["offline_accessory"], Effect::Ends),
        (&[], Effect::Ends),
    ] {
        let authorization = Authorization {
            id: AuthorizationId::new("a"),
            client_id: ClientId::new("web"),
            user_id: UserId::new("alice"),
            session_id: SessionId::new("s1"),
            scope: names(scope),
            context: AuthenticationContext { auth_time: Timestamp::default(), amr: Vec::new(), acr: "1".into() },
            claims: None,
            bounds: Bounds::default(),
            created_at: Timestamp::default(),
            revoked_at: None,
        };
        assert_eq!(effect_on(&authorization), effect, "{scope:?}");
    }
}

proptest! {
    #[test]
    fn state_comes_back_as_it_was_sent(state in "\\PC{1,120}") {
        let location = url::Url::parse(&after().location(Some(&state))).expect("url");
        let pairs: Vec<_> = location.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, vec![("state".to_owned(), state)]);
        prop_assert_eq!(location.path(), "/after");
    }

    #[test]
    fn without_the_sessions_own_hint_nothing_ends_and_nothing_redirects_silently(
        subject in "alice|bob", sid in prop::option::of("s[0-2]"), sent in 0..3, named in prop::option::of("web|spa"),
        uri in prop::option::of(prop::sample::select(vec![AFTER, "https://evil.example/"])), signed_in in any::<bool>(),
    ) {
        let (hint, session) = (hint(&subject, sid.as_deref()), alice("s1"));
        let sent = match sent { 0 => SentHint::Absent, 1 => SentHint::Invalid, _ => SentHint::Valid(&hint) };
        let valid = matches!(sent, SentHint::Valid(_));
        let own = valid && subject == "alice" && sid.as_deref() == Some("s1");
        match ask(sent, named.as_deref(), uri, signed_in.then_some(&session)) {
            LogoutDecision::SignOutAndRedirect(to) => {
                prop_assert!(own || (valid && !signed_in));
                prop_assert_eq!(to.as_str(), AFTER);
            }
            LogoutDecision::SignOut => prop_assert!(own || !signed_in),
            LogoutDecision::Confirm(_) | LogoutDecision::Refuse(_) => {}
        }
    }
}
