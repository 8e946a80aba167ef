//! The event stream and the decision records: found by trace, in order, unchanged.

use super::{
    fixtures::{NOW, happened, trace},
    support::on_both,
};
use crate::{
    domain::{
        entity::{Event, EventKind, SealedData},
        trace::{DecisionRecord, Outcome, Reason, Step, Transaction},
    },
    store::{decision_record, event},
};

fn full() -> Event {
    Event {
        kind: EventKind::TokenReplayed,
        user_id: Some("alice".into()),
        session_id: Some("s".into()),
        authorization_id: Some("a".into()),
        reason: Some(Reason::CodeReplayed),
        facts: r#"{"scope":"openid"}"#.into(),
        sealed: Some(SealedData(vec![0, 255, 7])),
        ..happened("full", 5)
    }
}

fn record(number: u128) -> DecisionRecord {
    DecisionRecord {
        trace_id: trace(number),
        transaction: Transaction::Token,
        started_at: NOW,
        client_id: Some("rp".into()),
        steps: vec![Step {
            rule: "code".into(),
            facts: vec![("grant_type".into(), "authorization_code".into())],
            outcome: Outcome::Refused,
            reason: Some(Reason::CodeReplayed),
        }],
    }
}

on_both! {
    async fn an_event_is_stored_field_by_field_with_its_leaf(db) {
        db.write(|tx| Ok(event::append(tx, &full())?)).await.unwrap();
        let stored = db.read(|tx| event::list(tx, 0, 10)).await.unwrap();
        let (row, event) = (&stored[0], full());
        assert_eq!(row.leaf_hash, event.leaf_hash());
        assert_eq!((row.id.as_str(), row.at, row.kind.as_str()), ("full", NOW.millis(), event.kind.name()));
        assert_eq!((row.trace_id.as_str(), row.actor.as_str()), (event.trace_id.as_str(), "client:rp"));
        assert_eq!(
            (&row.user_id, &row.client_id, &row.session_id),
            (&event.user_id, &event.client_id, &event.session_id)
        );
        assert_eq!((&row.authorization_id, &row.object_id), (&event.authorization_id, &event.object_id));
        assert_eq!(
            (row.reason.as_deref(), row.facts.as_str()),
            (Some(Reason::CodeReplayed.code()), event.facts.as_str())
        );
        assert_eq!(row.sealed.as_deref(), Some(&[0, 255, 7][..]));
    }

    async fn an_event_of_an_undone_unit_is_not_told(db) {
        let answer = db
            .write(|tx| {
                event::append(tx, &full())?;
                super::super::support::undo::<()>("no")
            })
            .await;
        assert!(answer.is_err());
        assert_eq!(db.count("events"), 0);
    }

    async fn events_are_found_by_a_trace_or_its_beginning_and_by_no_neighbour(db) {
        // 0…0f, 0…10, f…f: the end of the range is where mistakes live.
        for (id, number) in [("a", 0x0f), ("b", 0x10), ("c", 0x1f), ("d", u128::MAX), ("e", u128::MAX - 1)] {
            db.write(move |tx| Ok(event::append(tx, &happened(id, number))?)).await.unwrap();
        }
        let find = async |prefix: String| {
            let rows = db.read(move |tx| event::by_trace(tx, &prefix, 100)).await.unwrap();
            rows.into_iter().map(|row| row.id).collect::<Vec<_>>().join("")
        };
        assert_eq!(find(trace(0x0f).as_str().to_owned()).await, "a");
        assert_eq!(find(trace(0x10).as_str()[..31].to_owned()).await, "bc");
        assert_eq!(find(trace(u128::MAX).short().to_owned()).await, "de");
        assert_eq!(find("f".into()).await, "de");
        assert_eq!(find("0".into()).await, "abc");
        assert_eq!(find(String::new()).await, "abcde");
        assert_eq!(find("1".into()).await, "");
        assert_eq!(find("zz".into()).await, "");
        assert_eq!(find(trace(0x0f).as_str().to_owned() + "0").await, "");
    }

    async fn tokens_that_clients_got_for_themselves_are_found_among_the_others_of_a_trace(db) {
        let told = [
            ("a", EventKind::TokenIssued, None, 7),
            ("b", EventKind::TokenIssued, Some("alice"), 7),
            ("c", EventKind::TokenReplayed, None, 7),
            ("d", EventKind::TokenIssued, None, 7),
            ("e", EventKind::TokenIssued, None, 8),
        ];
        for (id, kind, user, number) in told {
            let event = Event { kind, user_id: user.map(Into::into), ..happened(id, number) };
            db.write(move |tx| Ok(event::append(tx, &event)?)).await.unwrap();
        }
        for (limit, expected) in [(100, "abcd"), (3, "abc"), (1, "a"), (0, "")] {
            let rows = db.read(move |tx| event::by_trace(tx, trace(7).as_str(), limit)).await.unwrap();
            assert_eq!(rows.into_iter().map(|row| row.id).collect::<Vec<_>>().join(""), expected, "{limit}");
        }
    }

    async fn the_stream_is_paged_by_place(db) {
        for number in 0..25 {
            db.write(move |tx| Ok(event::append(tx, &happened(&format!("{number:02}"), 3))?)).await.unwrap();
        }
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let page = db.read(move |tx| event::list(tx, after, 10)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = last.seq;
            seen.extend(page.into_iter().map(|row| row.id));
        }
        assert_eq!(seen, (0..25).map(|number| format!("{number:02}")).collect::<Vec<_>>());
    }

    async fn a_decision_record_comes_back_and_the_first_of_an_instant_is_kept(db) {
        db.write(|tx| {
            decision_record::insert(tx, &record(1), NOW, NOW.plus_seconds(60))?;
            let second = DecisionRecord { client_id: None, ..record(1) };
            decision_record::insert(tx, &second, NOW, NOW.plus_seconds(60))?;
            decision_record::insert(tx, &record(1), NOW.plus_seconds(1), NOW.plus_seconds(60))?;
            decision_record::insert(tx, &record(2), NOW, NOW.plus_seconds(60))?;
            Ok(())
        })
        .await
        .unwrap();
        let found = db.read(|tx| decision_record::by_trace(tx, trace(1).as_str(), 10)).await.unwrap();
        assert_eq!(found, [(NOW, record(1)), (NOW.plus_seconds(1), record(1))]);
        let all = db.read(|tx| decision_record::by_trace(tx, trace(1).short(), 2)).await.unwrap();
        assert_eq!(all.len(), 2, "a prefix finds all of them, as many as asked for");
    }

    async fn a_decision_record_of_a_newer_version_is_broken_not_guessed(db) {
        db.sql(
            "INSERT INTO decision_records (trace_id, recorded_at, transaction_kind, record, expires_at) \
                VALUES ('0000000000000000000000000000000f', 1, 'x', '{\"transaction\":\"new\"}', 2)",
        );
        let answer = db.read(|tx| decision_record::by_trace(tx, "0", 10)).await;
        assert!(matches!(answer, Err(crate::store::StoreError::Broken(_))), "{answer:?}");
    }
}
