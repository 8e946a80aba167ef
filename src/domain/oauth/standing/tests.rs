//! Tests of `standing`.

use super::*;
use crate::{
    entity::UserState,
    ids::{ClientId, SessionId, UserId},
    oauth::fixtures::{at, authorization, refusal, session, user, web},
};

/// What the rule looks at; each test changes one thing.
struct Snapshot {
    user: Option<User>,
    client: Client,
    authorization: Authorization,
    session: Option<Session>,
    consent_stands: bool,
}

fn check(change: impl FnOnce(&mut Snapshot)) -> (&'static str, &'static str) {
    let mut all = Snapshot {
        user: Some(user()),
        client: web(),
        authorization: authorization(&["openid"]),
        session: Some(session()),
        consent_stands: true,
    };
    change(&mut all);
    let user = all.user.as_ref();
    refusal(check_standing(user, &all.client, &all.authorization, all.session.as_ref(), all.consent_stands, at(0)))
}

const GRANTED: (&str, &str) = ("granted", "");

fn limit_of_user(seconds: i64) -> impl FnOnce(&mut Snapshot) {
    move |all| all.user.iter_mut().for_each(|user| user.not_before = Some(at(seconds)))
}

#[test]
fn a_client_that_waits_for_an_administrator_is_given_nothing() {
    assert_eq!(check(|all| all.client.settings.quarantined = true), ("unauthorized_client", "AS-1406"));
}

#[test]
fn what_stands_is_granted() {
    assert_eq!(check(|_| {}), GRANTED);
    assert_eq!(check(limit_of_user(-100)), GRANTED);
    assert_eq!(check(|all| all.client.not_before = Some(at(-50))), GRANTED);
}

#[test]
fn an_account_that_may_not_be_used_gets_nothing() {
    let refused = ("invalid_grant", "AS-1127");
    assert_eq!(check(|all| all.user = None), refused);
    assert_eq!(check(|all| all.user.iter_mut().for_each(|user| user.state = UserState::Disabled)), refused);
    assert_eq!(check(|all| all.user.iter_mut().for_each(|user| user.id = UserId::new("u2"))), refused);
}

#[test]
fn a_client_that_was_switched_off_gets_nothing() {
    assert_eq!(check(|all| all.client.enabled = false), ("invalid_client", "AS-1001"));
}

#[test]
fn what_was_revoked_or_is_older_than_a_limit_gets_nothing() {
    let refused = ("invalid_grant", "AS-1125");
    assert_eq!(check(|all| all.authorization.revoked_at = Some(at(-1))), refused);
    assert_eq!(check(|all| all.authorization.client_id = ClientId::new("other")), refused);
    assert_eq!(check(|all| all.client.not_before = Some(at(-49))), refused);
    assert_eq!(check(limit_of_user(-49)), refused);
    // Signed in before the limit, authorized after it.
    assert_eq!(check(limit_of_user(-75)), refused);
}

#[test]
fn tokens_end_with_their_session() {
    let refused = ("invalid_grant", "AS-1126");
    assert_eq!(check(|all| all.session = None), refused);
    assert_eq!(check(|all| all.session.iter_mut().for_each(|s| s.ended_at = Some(at(-1)))), refused);
    assert_eq!(check(|all| all.session.iter_mut().for_each(|s| s.idle_expires_at = at(0))), refused);
    assert_eq!(check(|all| all.session.iter_mut().for_each(|s| s.expires_at = at(0))), refused);
    assert_eq!(check(|all| all.session.iter_mut().for_each(|s| s.id = SessionId::new("s2"))), refused);
    assert_eq!(check(|all| all.session.iter_mut().for_each(|s| s.user_id = UserId::new("u2"))), refused);
}

#[test]
fn offline_tokens_outlive_their_session_but_nothing_else() {
    let offline = |all: &mut Snapshot| {
        all.session = None;
        all.authorization = authorization(&["openid", "offline_access"]);
    };
    assert_eq!(check(offline), GRANTED);
    for (change, reason) in [
        ((|all| all.user = None) as fn(&mut Snapshot), "AS-1127"),
        (|all| all.authorization.revoked_at = Some(at(-1)), "AS-1125"),
        (|all| all.client.not_before = Some(at(0)), "AS-1125"),
        (|all| all.consent_stands = false, "AS-1128"),
    ] {
        let result = check(|all| {
            offline(all);
            change(all);
        });
        assert_eq!(result, ("invalid_grant", reason));
    }
}

#[test]
fn a_withdrawn_consent_ends_the_issuance() {
    assert_eq!(check(|all| all.consent_stands = false), ("invalid_grant", "AS-1128"));
}

#[test]
fn what_no_session_brought_stands_until_its_end_and_no_longer() {
    let refused = ("invalid_grant", "AS-1126");
    let until = |seconds| {
        move |all: &mut Snapshot| {
            all.session = None;
            all.authorization.bounds.without_session_until = Some(at(seconds));
        }
    };
    assert_eq!(check(until(1)), GRANTED);
    assert_eq!(check(until(0)), refused);
    // Neither a session nor offline_access makes it live longer.
    assert_eq!(check(|all| all.authorization.bounds.without_session_until = Some(at(0))), refused);
    assert_eq!(
        check(|all| {
            until(0)(all);
            all.authorization.scope = vec!["offline_access".to_owned()];
        }),
        refused
    );
    // Everything else holds all the same.
    assert_eq!(
        check(|all| {
            until(1)(all);
            all.user = None;
        }),
        ("invalid_grant", "AS-1127")
    );
    assert_eq!(
        check(|all| {
            until(1)(all);
            all.consent_stands = false;
        }),
        ("invalid_grant", "AS-1128")
    );
    assert_eq!(
        check(|all| {
            until(1)(all);
            all.authorization.revoked_at = Some(at(-1));
        }),
        ("invalid_grant", "AS-1125")
    );
}
