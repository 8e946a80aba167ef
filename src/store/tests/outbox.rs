//! The outbox: claimed by one, settled by the one that claimed, kept until it is forgotten; and the
//! clients that met a session.

use super::{
    fixtures::{NOW, allowed, app, browser},
    support::{TestDb, on_both},
};
use crate::{
    domain::{
        Timestamp,
        entity::{Delivery, DeliveryKind, DeliveryState},
        ids::{ClientId, SessionId, UserId},
        trace::TraceId,
    },
    store::{authorization, cleanup, client, delivery, session, session_client, user},
};

fn row(id: &str, client: Option<&str>) -> Delivery {
    Delivery {
        id: id.to_owned(),
        kind: DeliveryKind::BackchannelLogout,
        client_id: client.map(ClientId::new),
        payload: r#"{"sub":"alice","sid":"s"}"#.to_owned(),
        trace_id: TraceId::from_bytes([1; 16]),
        state: DeliveryState::Pending,
        attempts: 0,
        next_attempt_at: NOW,
        last_error: None,
        created_at: NOW,
        settled_at: None,
        expires_at: NOW.plus_seconds(100),
    }
}

async fn due(db: &TestDb, now: Timestamp) -> Vec<Delivery> {
    db.read(move |tx| delivery::due(tx, now, 10)).await.unwrap()
}

on_both! {
    async fn of_many_who_claim_a_delivery_one_wins(db) {
        db.write(|tx| Ok(delivery::insert(tx, &row("d", None))?)).await.unwrap();
        let answers = db.race(100, |tx, _| Ok(delivery::claim(tx, &row("d", None), NOW.plus_seconds(60))?)).await;
        assert_eq!(answers.into_iter().filter(|answer| *answer.as_ref().unwrap()).count(), 1);
        assert_eq!(db.count("deliveries WHERE attempts = 1"), 1);
    }

    async fn a_delivery_comes_back_as_stored_and_is_settled_once(db) {
        db.seeded().await;
        db.write(|tx| Ok(delivery::insert(tx, &row("d", Some("rp")))?)).await.unwrap();
        assert_eq!(due(&db, NOW).await, [row("d", Some("rp"))]);
        assert!(due(&db, Timestamp::from_millis(NOW.millis() - 1)).await.is_empty());
        let lease = NOW.plus_seconds(60);
        assert!(db.write(move |tx| Ok(delivery::claim(tx, &row("d", None), lease)?)).await.unwrap());
        assert!(due(&db, NOW).await.is_empty(), "somebody is at it");
        let settled = Delivery {
            attempts: 1,
            state: DeliveryState::Failed,
            next_attempt_at: lease,
            last_error: Some("no".to_owned()),
            settled_at: Some(NOW),
            ..row("d", Some("rp"))
        };
        for (given, ours) in [(Delivery { attempts: 2, ..settled.clone() }, false), (settled.clone(), true), (settled.clone(), false)] {
            assert_eq!(db.write(move |tx| Ok(delivery::settle(tx, &given)?)).await.unwrap(), ours);
        }
        assert_eq!(db.read(|tx| delivery::find(tx, "d")).await.unwrap(), Some(settled.clone()));
        let listed = |state| db.read(move |tx| delivery::list(tx, state, None, 10));
        assert_eq!(listed(Some(DeliveryState::Failed)).await.unwrap(), std::slice::from_ref(&settled));
        assert_eq!(listed(None).await.unwrap(), [settled]);
        assert!(listed(Some(DeliveryState::Pending)).await.unwrap().is_empty());
        let later = NOW.plus_seconds(500);
        for again in [true, false] {
            let retried = db.write(move |tx| Ok(delivery::retry(tx, "d", later, later.plus_seconds(9))?)).await;
            assert_eq!(retried.unwrap(), again);
        }
        assert_eq!(due(&db, later).await.len(), 1);
    }

    async fn a_delivery_is_forgotten_in_time_and_goes_with_its_client(db) {
        db.seeded().await;
        db.write(|tx| {
            delivery::insert(tx, &row("a", Some("rp")))?;
            delivery::insert(tx, &row("b", None))?;
            Ok(())
        })
        .await
        .unwrap();
        assert!(db.write(|tx| Ok(client::delete(tx, &ClientId::new("rp"))?)).await.unwrap());
        assert_eq!(db.count("deliveries"), 1);
        let end = NOW.plus_seconds(100);
        assert_eq!(db.write(move |tx| Ok(cleanup::delete_expired(tx, end)?)).await.unwrap(), 0);
        let after = Timestamp::from_millis(end.millis() + 1);
        assert_eq!(db.write(move |tx| Ok(cleanup::delete_expired(tx, after)?)).await.unwrap(), 1);
    }

    async fn a_session_knows_the_clients_that_met_it_and_the_last_session_of_each(db) {
        db.seeded().await;
        db.write(|tx| {
            client::insert(tx, &app("other"))?;
            session::insert(tx, &browser("s2", "alice"), b"s2")?;
            for (id, client, session, at) in [
                ("a1", "rp", "s", 1), ("a2", "rp", "s2", 3), ("a3", "rp", "s", 2), ("a4", "other", "s", 4),
                ("a5", "rp", "gone", 9),
            ] {
                let mut one = allowed(id, "alice", client, session);
                one.created_at = NOW.plus_seconds(at);
                authorization::insert(tx, &one, NOW.plus_seconds(60))?;
            }
            Ok(())
        })
        .await
        .unwrap();
        let (s, s2) = (SessionId::new("s"), SessionId::new("s2"));
        let clients = |id: SessionId| db.read(move |tx| session_client::of_session(tx, &id));
        assert_eq!(clients(s.clone()).await.unwrap(), [ClientId::new("other"), ClientId::new("rp")]);
        assert_eq!(clients(s2.clone()).await.unwrap(), [ClientId::new("rp")]);
        assert!(clients(SessionId::new("gone")).await.unwrap().is_empty(), "no session, no row");
        let last = |ids: Vec<SessionId>, client: &'static str| {
            db.read(move |tx| session_client::last_of_client(tx, &ids.iter().collect::<Vec<_>>(), &ClientId::new(client)))
        };
        assert_eq!(last(vec![s.clone(), s2.clone()], "rp").await.unwrap(), Some(s2.clone()));
        assert_eq!(last(vec![s.clone(), s2.clone()], "other").await.unwrap(), Some(s.clone()));
        assert_eq!(last(vec![s2], "other").await.unwrap(), None);
        assert_eq!(last(Vec::new(), "rp").await.unwrap(), None);
        assert!(db.write(|tx| Ok(user::delete(tx, &UserId::new("alice"))?)).await.unwrap());
        assert_eq!(db.count("session_clients"), 0, "they go with their session");
    }
}
