//! Cleaning takes what expired and nothing that a later decision needs.

use super::{
    fixtures::{NOW, allowed, browser, code, dialogue, opaque, refresh, trace},
    support::{TestDb, on_both},
};
use crate::{
    domain::{
        Timestamp,
        ids::{AuthorizationId, ClientId, PushedRequestId},
        oauth::PushedRequest,
        trace::{DecisionRecord, Transaction},
    },
    store::{
        access_token, assertion_replay, authorization, authorization_code, cleanup, decision_record, interaction,
        pushed_authorization_request, refresh_token, session, setup_link, throttle, throttle::ThrottleRow,
    },
};

const DAY: i64 = 86_400;
const HOUR: i64 = 3600;

async fn clean(db: &TestDb, now: Timestamp) -> usize {
    db.write(move |tx| Ok(cleanup::delete_expired(tx, now)?)).await.unwrap()
}

on_both! {
    async fn at_the_instant_of_expiry_nothing_goes_and_a_millisecond_later_all_of_it(db) {
        db.seeded().await;
        let end = NOW.plus_seconds(100);
        db.write(move |tx| {
            let mut session = browser("old", "alice");
            session.expires_at = end;
            session::insert(tx, &session, b"old")?;
            authorization::insert(tx, &allowed("old", "alice", "rp", "old"), end)?;
            let mut token = refresh(b"r", "a", "rp");
            token.family_expires_at = end;
            refresh_token::insert(tx, &token)?;
            let mut opaque = opaque(b"o", "rp");
            opaque.expires_at = end;
            access_token::insert(tx, &opaque)?;
            access_token::revoke_self_contained(tx, "j", end)?;
            let mut dialogue = dialogue("i", "rp");
            dialogue.expires_at = end;
            interaction::insert(tx, &dialogue)?;
            let record = DecisionRecord {
                trace_id: trace(1),
                transaction: Transaction::Token,
                started_at: NOW,
                client_id: None,
                steps: vec![],
            };
            decision_record::insert(tx, &record, NOW, end)?;
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(clean(&db, end).await, 0);
        assert_eq!(clean(&db, Timestamp::from_millis(end.millis() + 1)).await, 7);
        assert_eq!((db.count("sessions"), db.count("authorizations")), (2 - 1, 2 - 1));
        for table in ["refresh_tokens", "access_tokens", "revoked_tokens", "interactions", "decision_records"] {
            assert_eq!(db.count(table), 0, "{table}");
        }
        assert_eq!((db.count("users"), db.count("clients")), (1, 1));
    }

    async fn a_used_code_is_recognized_as_long_as_its_authorization_stands(db) {
        db.seeded().await;
        db.write(|tx| {
            authorization::insert(tx, &allowed("long", "alice", "rp", "s"), NOW.plus_seconds(30 * DAY))?;
            authorization_code::insert(tx, &code(b"used", "long", "rp"))?;
            authorization_code::insert(tx, &code(b"unused", "long", "rp"))?;
            authorization_code::consume(tx, b"used", NOW)?;
            Ok(())
        })
        .await
        .unwrap();
        clean(&db, NOW.plus_seconds(60 + DAY)).await;
        assert_eq!(db.count("authorization_codes"), 2);
        clean(&db, NOW.plus_seconds(62 + DAY)).await;
        assert_eq!(db.count("authorization_codes"), 1);
        clean(&db, NOW.plus_seconds(29 * DAY)).await;
        // 29 days later the thief's attempt still revokes what the code had brought.
        let found = db.write(|tx| Ok(authorization_code::lock(tx, b"used")?)).await.unwrap().unwrap();
        assert_eq!((found.authorization_id, found.consumed_at), (AuthorizationId::new("long"), Some(NOW)));
        clean(&db, NOW.plus_seconds(31 * DAY)).await;
        assert_eq!(db.count("authorization_codes"), 0);
    }

    async fn a_rotated_refresh_token_is_recognized_as_long_as_its_family_lives(db) {
        db.seeded().await;
        db.write(|tx| {
            authorization::insert(tx, &allowed("long", "alice", "rp", "s"), NOW.plus_seconds(30 * DAY))?;
            let mut token = refresh(b"r", "long", "rp");
            token.expires_at = NOW.plus_seconds(60);
            token.family_expires_at = NOW.plus_seconds(30 * DAY);
            refresh_token::insert(tx, &token)?;
            refresh_token::rotate(tx, b"r", b"next", b"sealed", NOW)?;
            Ok(())
        })
        .await
        .unwrap();
        clean(&db, NOW.plus_seconds(29 * DAY)).await;
        let found = db.read(|tx| refresh_token::find(tx, b"r")).await.unwrap().unwrap();
        assert_eq!(found.token.rotated_at, Some(NOW));
        clean(&db, NOW.plus_seconds(30 * DAY + 1)).await;
        assert_eq!(db.count("refresh_tokens"), 0);
    }

    async fn an_assertion_is_remembered_beyond_its_expiry_for_clocks_that_differ(db) {
        let end = NOW.plus_seconds(60);
        db.write(move |tx| Ok(assertion_replay::consume(tx, &ClientId::new("rp"), b"j", end)?)).await.unwrap();
        clean(&db, end.plus_seconds(600)).await;
        let again = db.write(move |tx| Ok(assertion_replay::consume(tx, &ClientId::new("rp"), b"j", end)?)).await;
        assert!(!again.unwrap(), "still refused ten minutes later");
        assert_eq!(clean(&db, end.plus_seconds(3601)).await, 1);
    }

    async fn cleaning_gives_nobody_new_attempts_at_a_password(db) {
        let now = NOW.millis();
        let day = DAY * 1000;
        let never = i64::MAX;
        // (key, when its failures began, blocked until, whether it stays)
        let rows = [
            ("account:counting", now - 2 * day, 0, true),
            ("account:blocked", now - 2 * day, now + 1, true),
            ("account:until-reset", now - 300 * day, never, true),
            ("name:until-reset", now - 300 * day, never, true),
            ("name:counting", now - 2 * day, 0, true),
            ("account:forgotten", now - 91 * day, 0, false),
            ("ip4:192.0.2.1/32", now - day / 2, 0, true),
            ("ip4:192.0.2.2/32", now - 2 * day, now - day / 2, true),
            ("ip4:192.0.2.3/32", now - 2 * day, 0, false),
            ("ip6:2001:db8::/64", now - 2 * day, now - 2 * day, false),
        ];
        db.write(move |tx| {
            for (key, window_started_at, blocked_until, _) in rows {
                throttle::lock(tx, key, ThrottleRow { failures: 3, window_started_at, blocked_until })?;
            }
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(clean(&db, NOW).await, 3);
        for (key, _, _, stays) in rows {
            assert_eq!(db.read(move |tx| throttle::find(tx, key)).await.unwrap().is_some(), stays, "{key}");
        }
    }

    async fn a_pushed_request_outlives_every_dialogue_that_began_with_it(db) {
        db.seeded().await;
        let end = NOW.plus_seconds(90);
        db.write(move |tx| {
            let pushed = PushedRequest {
                id: PushedRequestId::new("p"),
                client_id: ClientId::new("rp"),
                parameters: String::new(),
                network: None,
                created_at: NOW,
                expires_at: end,
                consumed_at: None,
            };
            Ok(pushed_authorization_request::insert(tx, &pushed, b"h")?)
        })
        .await
        .unwrap();
        let at = end.plus_seconds(2 * HOUR);
        clean(&db, at).await;
        let id = PushedRequestId::new("p");
        assert!(db.write(move |tx| Ok(pushed_authorization_request::consume(tx, &id, at)?)).await.unwrap());
        assert_eq!(clean(&db, end.plus_seconds(2 * HOUR + 1)).await, 1);
        assert_eq!(db.count("pushed_authorization_requests"), 0);
    }

    async fn setup_links_go_a_day_after_they_expired(db) {
        db.write(|tx| Ok(setup_link::insert(tx, b"l", NOW, NOW.plus_seconds(60))?)).await.unwrap();
        assert_eq!(clean(&db, NOW.plus_seconds(60 + DAY)).await, 0);
        assert_eq!(clean(&db, NOW.plus_seconds(61 + DAY)).await, 1);
    }
}
