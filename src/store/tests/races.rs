//! Of many who use a single-use artefact at once, one wins: on every database, every time.

use super::{
    fixtures::{NOW, app, browser, code, dialogue, group, person, refresh},
    support::{Failure, on_both, undo},
};
use crate::{
    domain::{
        entity::Consent,
        ids::{AuthorizationId, ClientId, GroupId, InteractionId, SessionId, UserId},
    },
    store::{
        Abort, access_token, assertion_replay, authorization, authorization_code, client, consent, group as groups,
        instance, interaction, refresh_token, session, setup_link, throttle, throttle::ThrottleRow, user,
    },
};

const MANY: usize = 100;

/// How many said `true`; everybody has to be answered without a failure of the database.
fn winners(answers: Vec<Result<bool, Failure>>) -> usize {
    answers.into_iter().map(|answer| answer.expect("answered")).filter(|won| *won).count()
}

on_both! {
    async fn a_code_is_redeemed_by_one_of_many_and_every_attempt_is_counted(db) {
        db.seeded().await;
        db.write(|tx| Ok(authorization_code::insert(tx, &code(b"c", "a", "rp"))?)).await.unwrap();
        let answers = db
            .race(MANY, |tx, _| {
                let Some(found) = authorization_code::lock(tx, b"c")? else { return undo("unknown") };
                if found.consumed_at.is_some() {
                    // The replay revokes, durably, as the token endpoint does.
                    authorization::revoke(tx, &found.authorization_id, NOW)?;
                    return Err(Abort::Keep(Failure::Refused("replayed")));
                }
                assert!(authorization_code::consume(tx, b"c", NOW)?, "the lock makes the guard unreachable");
                Ok(true)
            })
            .await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(
            answers.iter().all(|answer| matches!(answer, Ok(_) | Err(Failure::Refused("replayed")))),
            "{answers:?}"
        );
        assert_eq!(db.count("authorization_codes WHERE attempts = 100 AND consumed_at IS NOT NULL"), 1);
        assert_eq!(db.count("authorizations WHERE revoked_at IS NOT NULL"), 1);
    }

    async fn a_code_is_consumed_once_even_by_those_who_forget_to_lock(db) {
        db.seeded().await;
        db.write(|tx| Ok(authorization_code::insert(tx, &code(b"c", "a", "rp"))?)).await.unwrap();
        let answers = db.race(MANY, |tx, _| Ok(authorization_code::consume(tx, b"c", NOW)?)).await;
        assert_eq!(winners(answers), 1);
    }

    async fn an_unknown_code_is_nobodys(db) {
        db.seeded().await;
        let answers = db
            .race(10, |tx, _| {
                Ok(authorization_code::lock(tx, b"c")?.is_some() || authorization_code::consume(tx, b"c", NOW)?)
            })
            .await;
        assert_eq!(winners(answers), 0);
    }

    async fn a_refresh_token_has_one_successor(db) {
        db.seeded().await;
        db.write(|tx| Ok(refresh_token::insert(tx, &refresh(b"t", "a", "rp"))?)).await.unwrap();
        let answers = db
            .race(MANY, |tx, number| {
                let Some(found) = refresh_token::lock(tx, b"t")? else { return undo("unknown") };
                if found.token.rotated_at.is_some() {
                    return Err(Abort::Keep(Failure::Refused("rotated")));
                }
                let successor = format!("t{number}").into_bytes();
                assert!(refresh_token::rotate(tx, b"t", &successor, b"sealed", NOW)?);
                refresh_token::insert(tx, &refresh(&successor, "a", "rp"))?;
                Ok(successor)
            })
            .await;
        let won: Vec<Vec<u8>> = answers.into_iter().filter_map(Result::ok).collect();
        assert_eq!(won.len(), 1);
        let stored = db.read(|tx| refresh_token::find(tx, b"t")).await.unwrap().unwrap();
        assert_eq!(stored.successor_hash.as_ref(), won.first());
        assert_eq!(stored.sealed_successor.as_deref(), Some(&b"sealed"[..]));
        assert_eq!(db.count("refresh_tokens"), 2, "the family stays linear");
        assert_eq!(db.count("refresh_tokens WHERE attempts = 100"), 1);
    }

    async fn a_refresh_token_rotates_once_even_for_those_who_forget_to_lock(db) {
        db.seeded().await;
        db.write(|tx| Ok(refresh_token::insert(tx, &refresh(b"t", "a", "rp"))?)).await.unwrap();
        let answers =
            db.race(MANY, |tx, n| Ok(refresh_token::rotate(tx, b"t", format!("t{n}").as_bytes(), b"", NOW)?)).await;
        assert_eq!(winners(answers), 1);
    }

    async fn a_setup_link_is_used_once(db) {
        db.write(|tx| Ok(setup_link::insert(tx, b"l", NOW, NOW.plus_seconds(60))?)).await.unwrap();
        let answers = db.race(MANY, |tx, _| Ok(setup_link::consume(tx, b"l", NOW)?)).await;
        assert_eq!(winners(answers), 1);
    }

    async fn an_expired_or_replaced_setup_link_is_nobodys(db) {
        db.write(|tx| {
            setup_link::insert(tx, b"old", NOW, NOW.plus_seconds(60))?;
            Ok(setup_link::insert(tx, b"new", NOW, NOW.plus_seconds(60))?)
        })
        .await
        .unwrap();
        let late = NOW.plus_seconds(60);
        let answers = db
            .race(10, move |tx, _| Ok(setup_link::consume(tx, b"old", NOW)? || setup_link::consume(tx, b"new", late)?))
            .await;
        assert_eq!(winners(answers), 0);
        assert!(db.write(|tx| Ok(setup_link::consume(tx, b"new", NOW)?)).await.unwrap());
    }

    async fn a_dialogue_is_answered_once_and_moves_no_more(db) {
        db.seeded().await;
        db.write(|tx| Ok(interaction::insert(tx, &dialogue("i", "rp"))?)).await.unwrap();
        let answers = db.race(MANY, |tx, _| Ok(interaction::finish(tx, &InteractionId::new("i"), NOW)?)).await;
        assert_eq!(winners(answers), 1);
        let mut late = dialogue("i", "rp");
        late.session_id = Some(SessionId::new("s"));
        assert!(!db.write(move |tx| Ok(interaction::update(tx, &late)?)).await.unwrap());
    }

    async fn an_assertion_is_used_once_by_its_client(db) {
        let answers =
            db.race(MANY, |tx, _| Ok(assertion_replay::consume(tx, &ClientId::new("rp"), b"jti", NOW)?)).await;
        assert_eq!(winners(answers), 1);
        let other = db.write(|tx| Ok(assertion_replay::consume(tx, &ClientId::new("other"), b"jti", NOW)?)).await;
        assert!(other.unwrap(), "another client's identifiers are its own");
    }

    async fn a_self_contained_token_is_revoked_once(db) {
        let answers = db.race(MANY, |tx, _| Ok(access_token::revoke_self_contained(tx, "j", NOW)?)).await;
        assert_eq!(winners(answers), 1);
        assert!(db.read(|tx| access_token::is_revoked(tx, "j")).await.unwrap());
        assert!(!db.read(|tx| access_token::is_revoked(tx, "k")).await.unwrap());
    }

    async fn a_member_is_added_once(db) {
        db.seeded().await;
        db.write(|tx| Ok(groups::insert(tx, &group("g"))?)).await.unwrap();
        let answers =
            db.race(MANY, |tx, _| Ok(groups::add_member(tx, &GroupId::new("g-g"), &UserId::new("alice"))?)).await;
        assert_eq!(winners(answers), 1);
        assert_eq!(db.count("group_members"), 1);
    }

    async fn a_fact_of_the_installation_is_stored_once_and_stands(db) {
        let answers = db.race(MANY, |tx, number| Ok(instance::insert_once(tx, "id", &number.to_string())?)).await;
        let winner = answers.iter().position(|answer| matches!(answer, Ok(true))).unwrap();
        assert_eq!(winners(answers), 1);
        assert_eq!(db.read(|tx| instance::find(tx, "id")).await.unwrap(), Some(winner.to_string()));
    }

    async fn a_session_and_an_authorization_end_once(db) {
        db.seeded().await;
        let ended = db.race(MANY, |tx, _| Ok(session::end(tx, &SessionId::new("s"), NOW)?)).await;
        let revoked = db.race(MANY, |tx, _| Ok(authorization::revoke(tx, &AuthorizationId::new("a"), NOW)?)).await;
        assert_eq!((winners(ended), winners(revoked)), (1, 1));
    }

    async fn a_username_is_taken_once(db) {
        let answers = db
            .race(MANY, |tx, number| {
                let mut user = person(&format!("u{number}"));
                user.username = if number % 2 == 0 { "Alice".into() } else { "aLICE".into() };
                Ok(user::insert(tx, &user)?)
            })
            .await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert!(answers.iter().all(|answer| answer.as_ref().map_or_else(Failure::is_conflict, |()| true)));
        assert_eq!(db.count("users"), 1);
    }

    async fn of_two_who_change_the_same_version_one_wins(db) {
        db.seeded().await;
        let users = db.race(MANY, |tx, _| Ok(user::update(tx, &person("alice"))?)).await;
        let clients = db.race(MANY, |tx, _| Ok(client::update(tx, &app("rp"))?)).await;
        assert_eq!((winners(users), winners(clients)), (1, 1));
        assert_eq!(db.count("users WHERE version = 2"), 1);
        assert_eq!(db.count("clients WHERE version = 2"), 1);
    }

    async fn a_client_touched_by_many_counts_them_all(db) {
        db.seeded().await;
        assert_eq!(winners(db.race(MANY, |tx, _| Ok(client::touch(tx, &ClientId::new("rp"), NOW)?)).await), MANY);
        assert_eq!(db.count("clients WHERE version = 101"), 1);
    }

    async fn failed_sign_ins_at_once_are_all_counted(db) {
        let fresh = ThrottleRow { failures: 0, window_started_at: 5, blocked_until: 0 };
        let answers = db
            .race(MANY, move |tx, _| {
                let mut counter = throttle::lock(tx, "account:alice", fresh)?;
                counter.failures += 1;
                throttle::put(tx, "account:alice", counter)?;
                Err::<(), _>(Abort::Keep(Failure::Refused("wrong password")))
            })
            .await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(Failure::Refused(_)))), "{answers:?}");
        let found = db.read(|tx| throttle::find(tx, "account:alice")).await.unwrap();
        assert_eq!(found, Some(ThrottleRow { failures: 100, ..fresh }));
    }

    async fn a_consent_given_in_many_tabs_is_one_row_with_somebodys_whole_scope(db) {
        db.seeded().await;
        let answers = db
            .race(MANY, |tx, number| {
                let consent = Consent {
                    user_id: UserId::new("alice"),
                    client_id: ClientId::new("rp"),
                    scope: vec![format!("s{number}"), format!("t{number}")],
                    granted_at: NOW,
                };
                consent::put(tx, &consent)?;
                // What was put is what this transaction sees: no tab's answer is dropped.
                let found = consent::find(tx, &consent.user_id, &consent.client_id)?;
                Ok(found == Some(consent))
            })
            .await;
        assert_eq!(winners(answers), MANY);
        assert_eq!(db.count("consents"), 1);
    }

    async fn sessions_of_many_sign_ins_are_all_kept(db) {
        db.seeded().await;
        let answers = db
            .race(MANY, |tx, number| {
                session::insert(tx, &browser(&format!("s{number}"), "alice"), format!("x{number}").as_bytes())?;
                Ok(true)
            })
            .await;
        assert_eq!(winners(answers), MANY);
        assert_eq!(db.write(|tx| Ok(session::end_all_of_user(tx, &UserId::new("alice"), NOW)?)).await.unwrap(), 101);
    }
}
