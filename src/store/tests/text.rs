//! Texts that are long, strange or hostile are kept as they are, or refused without a panic.

use super::{
    fixtures::{NOW, app, happened, machine_issue, person},
    support::on_both,
};
use crate::{
    domain::{entity::Client, ids::ClientId},
    store::{Appended, client, event, instance, user},
};

const STRANGE: [&str; 9] = [
    "",
    " ",
    "👩‍👩‍👧‍👦 \u{1F600} \u{10FFFF}",
    "e\u{301} is not \u{e9}",
    "\u{202E}right to left\u{202C}",
    "quote ' quote \" backslash \\ percent % underscore _ semicolon ; -- $1 ?1 :a @b",
    "line\r\nbreak\ttab\u{1}\u{7f}",
    "<script>alert(1)</script>",
    "\u{FEFF}bom \u{FFFD} \u{200B}",
];

on_both! {
    async fn strange_texts_come_back_as_they_went(db) {
        for (number, text) in STRANGE.into_iter().enumerate() {
            let mut user = person(&format!("u{number}"));
            user.name = Some(text.to_owned());
            user.profile.nickname = Some(text.to_owned());
            user.profile.address.insert(text.to_owned(), text.to_owned());
            let expected = user.clone();
            db.write(move |tx| Ok(user::insert(tx, &user)?)).await.unwrap();
            let id = expected.id.clone();
            assert_eq!(db.read(move |tx| user::find(tx, &id)).await.unwrap(), Some(expected));
            db.write(move |tx| Ok(instance::insert_once(tx, &format!("t{number}"), text)?)).await.unwrap();
            let found = db.read(move |tx| instance::find(tx, &format!("t{number}"))).await.unwrap();
            assert_eq!(found.as_deref(), Some(text));
        }
    }

    async fn strange_texts_as_names_find_themselves_and_nothing_else(db) {
        db.seeded().await;
        for text in STRANGE {
            assert_eq!(db.read(move |tx| user::find_by_login(tx, text)).await.unwrap(), None, "{text}");
            assert_eq!(db.read(move |tx| event::by_trace(tx, text, 10)).await.unwrap(), [], "{text}");
        }
        for text in ["alice' OR '1'='1", "alice%", "_lice", "alice\\", "alice;--"] {
            assert_eq!(db.read(move |tx| user::find_by_login(tx, text)).await.unwrap(), None, "{text}");
        }
    }

    async fn a_very_long_text_comes_back_whole(db) {
        let long = "ä".repeat(500_000);
        let mut big = app("big");
        big.name = long.clone();
        big.settings.redirect_uris = vec![format!("https://rp.example/{long}")];
        let expected: Client = big.clone();
        db.write(move |tx| Ok(client::insert(tx, &big)?)).await.unwrap();
        assert_eq!(db.read(|tx| client::find(tx, &ClientId::new("big"))).await.unwrap(), Some(expected));
    }

    async fn a_name_too_long_for_an_index_is_an_error_or_kept_but_never_a_panic(db) {
        // PostgreSQL's index takes some 2700 bytes after compression; SQLite's any. Names are
        // limited long before, at the edge.
        let mut random = String::new();
        let mut state: u64 = 1;
        while random.len() < 20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random.push_str(&format!("{state:016x}"));
        }
        let mut user = person("long");
        user.username = random;
        let answer = db.write(move |tx| Ok(user::insert(tx, &user)?)).await;
        match answer {
            Ok(()) => assert!(db.is_sqlite()),
            Err(failure) => assert!(failure.is_broken() && !db.is_sqlite(), "{failure:?}"),
        }
    }

    async fn a_nul_is_refused_by_postgres_as_broken_and_harms_nobody_else(db) {
        // SQLite keeps it. The edge refuses it before either is asked.
        let written = db.write(|tx| Ok(instance::insert_once(tx, "nul", "a\0b")?)).await;
        let read = db.read(|tx| user::find_by_login(tx, "alice\0")).await;
        if db.is_sqlite() {
            assert!(written.unwrap());
            assert_eq!(db.read(|tx| instance::find(tx, "nul")).await.unwrap().as_deref(), Some("a\0b"));
            assert_eq!(read.unwrap(), None);
        } else {
            assert!(written.unwrap_err().is_broken());
            assert!(matches!(read, Err(crate::store::StoreError::Broken(_))));
            assert_eq!(db.count("instance"), 0);
        }
        assert!(db.write(|tx| Ok(instance::insert_once(tx, "k", "v")?)).await.unwrap());
    }

    async fn a_nul_in_an_appended_event_harms_only_its_own_request(db) {
        db.seeded().await;
        let tasks: Vec<_> = (0..20)
            .map(|number| {
                let store = db.store.clone();
                let mut issue = machine_issue("rp", 1, number);
                if number == 7 {
                    issue.event.facts = "\0".into();
                }
                tokio::spawn(async move { store.append_machine_issue(issue).await })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            let answer = task.await.unwrap();
            if number == 7 && !db.is_sqlite() {
                assert!(matches!(answer, Err(crate::store::StoreError::Broken(_))), "{answer:?}");
            } else {
                assert_eq!(answer.unwrap(), Appended::Written);
            }
        }
        assert_eq!(db.count("events"), if db.is_sqlite() { 20 } else { 19 });
    }

    async fn times_at_the_ends_of_the_scale_come_back(db) {
        for (number, millis) in [i64::MIN, -1, 0, i64::MAX].into_iter().enumerate() {
            let mut event = happened(&format!("e{number}"), 9);
            event.at = crate::domain::Timestamp::from_millis(millis);
            db.write(move |tx| Ok(event::append(tx, &event)?)).await.unwrap();
        }
        let stored = db.read(|tx| event::list(tx, 0, 10)).await.unwrap();
        assert_eq!(stored.iter().map(|row| row.at).collect::<Vec<_>>(), [i64::MIN, -1, 0, i64::MAX]);
        assert!(db.read(|tx| event::count_since(tx, NOW)).await.unwrap() == 1);
    }
}
