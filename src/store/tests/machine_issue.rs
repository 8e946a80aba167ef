//! The append lane: shared commits, one verdict each, and no token for a client that changed.

use std::sync::mpsc;

use super::{
    fixtures::{NOW, app, machine_issue},
    support::{TestDb, on_both},
};
use crate::{
    domain::ids::ClientId,
    store::{Appended, MachineIssue, StoreError, access_token, client, event},
};

type Answers = Vec<Result<Appended, StoreError>>;

async fn append_at_once(db: &TestDb, issues: Vec<MachineIssue>) -> Answers {
    let tasks: Vec<_> = issues
        .into_iter()
        .map(|issue| {
            let store = db.store.clone();
            tokio::spawn(async move { store.append_machine_issue(issue).await })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

fn written(answers: &Answers) -> usize {
    answers.iter().filter(|answer| matches!(answer, Ok(Appended::Written))).count()
}

on_both! {
    async fn many_at_once_are_all_durable_and_answered(db) {
        db.seeded().await;
        let answers = append_at_once(&db, (0..700).map(|number| machine_issue("rp", 1, number)).collect()).await;
        assert_eq!(written(&answers), 700);
        assert_eq!((db.count("events"), db.count("access_tokens")), (700, 700));
        let stored = db.read(|tx| event::list(tx, 0, 1000)).await.unwrap();
        for number in [0, 350, 699] {
            let issue = machine_issue("rp", 1, number);
            let row = stored.iter().find(|row| row.id == issue.event.id.as_str()).unwrap();
            assert_eq!(row.leaf_hash, issue.event.leaf_hash());
            let hash = issue.token.unwrap().token_hash;
            let token = db.read(move |tx| access_token::find(tx, &hash)).await.unwrap().unwrap();
            assert_eq!((token.token.client_id.as_str(), token.revoked_at), ("rp", None));
        }
    }

    async fn a_self_contained_token_leaves_an_event_and_no_token_row(db) {
        db.seeded().await;
        let issue = MachineIssue { token: None, ..machine_issue("rp", 1, 0) };
        assert_eq!(db.store.append_machine_issue(issue).await.unwrap(), Appended::Written);
        assert_eq!((db.count("events"), db.count("access_tokens")), (1, 0));
    }

    async fn a_client_that_changed_gets_nothing_written(db) {
        db.seeded().await;
        let mut changed = app("rp");
        changed.enabled = false;
        assert!(db.write(move |tx| Ok(client::update(tx, &changed)?)).await.unwrap());
        for (client, version) in [("rp", 1), ("rp", 2), ("rp", 3), ("nobody", 1)] {
            let answer = db.store.append_machine_issue(machine_issue(client, version, 0)).await;
            assert_eq!(answer.unwrap(), Appended::ClientChanged, "{client} {version}");
        }
        assert_eq!((db.count("events"), db.count("access_tokens")), (0, 0));
    }

    async fn in_one_group_each_client_is_judged_for_itself(db) {
        db.seeded().await;
        db.write(|tx| {
            client::insert(tx, &app("touched"))?;
            client::touch(tx, &ClientId::new("touched"), NOW)?;
            Ok(())
        })
        .await
        .unwrap();
        let clients = ["rp", "touched", "gone"];
        let answers =
            append_at_once(&db, (0..90).map(|number| machine_issue(clients[number % 3], 1, number)).collect()).await;
        for (number, answer) in answers.iter().enumerate() {
            let expected = if number % 3 == 0 { Appended::Written } else { Appended::ClientChanged };
            assert_eq!(*answer.as_ref().unwrap(), expected, "{number}");
        }
        assert_eq!((db.count("events"), db.count("access_tokens")), (30, 30));
    }

    async fn a_row_that_the_database_refuses_does_not_take_its_neighbours_along(db) {
        db.seeded().await;
        // The same token hash twice: the second one is refused, whoever it shares a commit with.
        let answers = append_at_once(
            &db,
            (0..100)
                .map(|number| {
                    let mut issue = machine_issue("rp", 1, number);
                    if number == 60 {
                        issue.token.as_mut().unwrap().token_hash = b"token-20".to_vec();
                    }
                    issue
                })
                .collect(),
        )
        .await;
        assert_eq!(written(&answers), 99, "{answers:?}");
        let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        assert!(matches!(refused[..], [StoreError::Conflict(_)]), "{refused:?}");
        assert_eq!((db.count("events"), db.count("access_tokens")), (99, 99));
    }

    async fn a_change_that_is_under_way_is_waited_for(db) {
        db.seeded().await;
        let (open, wait) = mpsc::channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let store = db.store.clone();
        let disable = tokio::spawn(async move {
            store
                .write(move |tx| {
                    let mut changed = app("rp");
                    changed.enabled = false;
                    let done = client::update(tx, &changed)?;
                    let _ = entered.send(());
                    let _ = wait.recv();
                    Ok::<_, crate::store::Abort<StoreError>>(done)
                })
                .await
        });
        inside.await.unwrap();
        let store = db.store.clone();
        let append = tokio::spawn(async move { store.append_machine_issue(machine_issue("rp", 1, 0)).await });
        if !db.is_sqlite() {
            // Let go only once the append waits for the client's row, or answered without waiting.
            let waiting = format!("pg_stat_activity WHERE datname = '{}' AND wait_event_type = 'Lock'", db.name());
            while db.count(&waiting) == 0 && !append.is_finished() {
                tokio::task::yield_now().await;
            }
            assert!(!append.is_finished(), "a token was issued beside a change of its client");
        }
        open.send(()).unwrap();
        assert!(disable.await.unwrap().unwrap());
        assert_eq!(append.await.unwrap().unwrap(), Appended::ClientChanged);
        assert_eq!(db.count("events"), 0);
    }

    async fn appends_and_units_of_work_share_the_database(db) {
        db.seeded().await;
        let store = db.store.clone();
        let touches = tokio::spawn(async move {
            for _ in 0..20 {
                store
                    .write(|tx| Ok::<_, crate::store::Abort<StoreError>>(client::touch(tx, &ClientId::new("rp"), NOW)?))
                    .await
                    .unwrap();
            }
        });
        // Each append knows the version that it read just before, as a request does.
        let mut done = 0;
        for number in 0..200 {
            let version = db.read(|tx| client::enabled_version(tx, &ClientId::new("rp"))).await.unwrap().unwrap();
            if db.store.append_machine_issue(machine_issue("rp", version, number)).await.unwrap() == Appended::Written {
                done += 1;
            }
        }
        touches.await.unwrap();
        assert!(done >= 180, "each of the 20 changes sends back one request at most, not {}", 200 - done);
        assert_eq!(db.count("events"), done);
    }
}
