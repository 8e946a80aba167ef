//! Keep keeps, undo undoes, and nobody pays for a neighbour's failure.

use std::sync::mpsc;

use super::{
    fixtures::{NOW, person, seed},
    support::{Failure, TestDb, execute, on_both, undo},
};
use crate::{
    domain::ids::UserId,
    store::{Abort, Store, StoreError, StoreOptions, instance, user},
};

/// One lane: what is submitted while it is busy waits together.
const ONE_LANE: StoreOptions = StoreOptions { connections: 1, queue: 2048 };

/// A unit of work that holds its lane until it is let go.
struct Gate {
    open: mpsc::Sender<()>,
    unit: tokio::task::JoinHandle<Result<(), Failure>>,
}

impl Gate {
    async fn close(db: &TestDb) -> Self {
        Self::of(db.store.clone()).await
    }

    async fn of(store: Store) -> Self {
        let (open, wait) = mpsc::channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let unit = tokio::spawn(async move {
            store
                .write(move |_| {
                    let _ = entered.send(());
                    let _ = wait.recv();
                    Ok(())
                })
                .await
        });
        inside.await.expect("the lane took the unit");
        Self { open, unit }
    }

    async fn open(self) {
        self.open.send(()).unwrap();
        self.unit.await.unwrap().unwrap();
    }
}

/// Lets spawned tasks reach their first wait: a single-threaded runtime polls them all in order.
async fn settle_in() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

on_both! {
    async fn what_a_unit_wrote_is_there_when_it_is_answered(db) {
        db.write(|tx| Ok(instance::insert_once(tx, "k", "v")?)).await.unwrap();
        assert_eq!(db.count("instance WHERE name = 'k'"), 1);
        assert_eq!(db.read(|tx| instance::find(tx, "k")).await.unwrap().as_deref(), Some("v"));
    }

    async fn a_unit_reads_what_it_wrote(db) {
        let found = db
            .write(|tx| {
                instance::insert_once(tx, "k", "v")?;
                Ok(instance::find(tx, "k")?)
            })
            .await
            .unwrap();
        assert_eq!(found.as_deref(), Some("v"));
    }

    async fn a_kept_refusal_keeps_its_writes(db) {
        let answer = db
            .write(|tx| {
                instance::insert_once(tx, "replay", "seen")?;
                Err::<(), _>(Abort::Keep(Failure::Refused("replayed")))
            })
            .await;
        assert!(matches!(answer, Err(Failure::Refused("replayed"))));
        assert_eq!(db.count("instance"), 1);
    }

    async fn an_undone_refusal_leaves_nothing(db) {
        let answer = db
            .write(|tx| {
                instance::insert_once(tx, "k", "v")?;
                undo::<()>("no")
            })
            .await;
        assert!(matches!(answer, Err(Failure::Refused("no"))));
        assert_eq!(db.count("instance"), 0);
    }

    async fn a_panic_leaves_nothing_answers_broken_and_the_lanes_survive(db) {
        // More often than there are lanes.
        for _ in 0..20 {
            let answer: Result<(), _> = db
                .write(|tx| {
                    instance::insert_once(tx, "k", "v")?;
                    panic!("a defect")
                })
                .await;
            assert!(answer.unwrap_err().is_broken());
        }
        assert_eq!(db.count("instance"), 0);
        db.write(|tx| Ok(instance::insert_once(tx, "k", "v")?)).await.unwrap();
        assert_eq!(db.count("instance"), 1);
    }

    async fn a_read_that_panics_answers_broken_and_the_lanes_survive(db) {
        for _ in 0..20 {
            let answer = db.read(|_| -> Result<(), StoreError> { panic!("a defect") }).await;
            assert!(matches!(answer, Err(StoreError::Broken(_))));
        }
        assert_eq!(db.read(|tx| instance::find(tx, "k")).await.unwrap(), None);
    }

    async fn a_read_answers_its_own_error(db) {
        let answer = db.read(|_| Err::<(), _>(StoreError::Broken("mine".into()))).await;
        assert!(matches!(answer, Err(StoreError::Broken(why)) if why == "mine"));
    }

    async fn a_unit_that_goes_on_after_a_failed_statement_is_undone_and_broken(db) {
        db.seeded().await;
        // PostgreSQL would answer COMMIT with success and roll back; the caller must not believe it.
        let kept = db
            .write(|tx| {
                instance::insert_once(tx, "k", "v")?;
                assert!(matches!(user::insert(tx, &person("alice")), Err(StoreError::Conflict(_))));
                Ok(())
            })
            .await;
        assert!(kept.unwrap_err().is_broken());
        let refused: Result<(), _> = db
            .write(|tx| {
                instance::insert_once(tx, "k", "v")?;
                let _ = user::insert(tx, &person("alice"));
                Err(Abort::Keep(Failure::Refused("taken")))
            })
            .await;
        assert!(refused.unwrap_err().is_broken());
        assert_eq!(db.count("instance"), 0);
    }

    async fn a_unit_that_undoes_after_a_failed_statement_answers_for_itself(db) {
        db.seeded().await;
        let answer = db
            .write(|tx| {
                instance::insert_once(tx, "k", "v")?;
                match user::insert(tx, &person("alice")) {
                    Err(StoreError::Conflict(_)) => undo::<()>("taken"),
                    other => Ok(other?),
                }
            })
            .await;
        assert!(matches!(answer, Err(Failure::Refused("taken"))));
        assert_eq!(db.count("instance"), 0);
    }

    async fn neighbours_in_one_commit_do_not_pay_for_each_other(db) {
        let db = db.again_with(ONE_LANE);
        db.seeded().await;
        let gate = Gate::close(&db).await;
        let store = db.store.clone();
        let racers = tokio::spawn(async move {
            let tasks: Vec<_> = (0..60)
                .map(|number: usize| {
                    let store = store.clone();
                    tokio::spawn(async move {
                        store
                            .write(move |tx| {
                                instance::insert_once(tx, &format!("k{number}"), "v")?;
                                match number % 5 {
                                    0 => Ok(()),
                                    1 => Err(Abort::Keep(Failure::Refused("kept"))),
                                    2 => undo("undone"),
                                    3 => Ok(user::insert(tx, &person("alice"))?),
                                    _ => panic!("a defect"),
                                }
                            })
                            .await
                    })
                })
                .collect();
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.unwrap());
            }
            answers
        });
        settle_in().await;
        gate.open().await;
        for (number, answer) in racers.await.unwrap().into_iter().enumerate() {
            let kept = db.count(&format!("instance WHERE name = 'k{number}'"));
            match (number % 5, answer, kept) {
                (0, Ok(()), 1) | (1, Err(Failure::Refused("kept")), 1) | (2, Err(Failure::Refused("undone")), 0) => {}
                (3, Err(failure), 0) if failure.is_conflict() => {}
                (4, Err(failure), 0) if failure.is_broken() => {}
                (_, answer, kept) => panic!("unit {number} answered {answer:?}, rows {kept}"),
            }
        }
    }

    async fn a_full_queue_refuses_at_once(db) {
        let db = db.again_with(StoreOptions { connections: 1, queue: 2 });
        let gate = Gate::close(&db).await;
        let waiting: Vec<_> = (0..2)
            .map(|number: usize| {
                let store = db.store.clone();
                tokio::spawn(async move {
                    store
                        .write(move |tx| {
                            Ok::<_, Abort<Failure>>(instance::insert_once(tx, &format!("k{number}"), "v")?)
                        })
                        .await
                })
            })
            .collect();
        settle_in().await;
        // The lane is still held: only an immediate refusal lets this line return.
        let refused = db.write(|tx| Ok(instance::insert_once(tx, "too-much", "v")?)).await;
        assert!(refused.unwrap_err().is_unavailable());
        gate.open().await;
        for task in waiting {
            assert!(task.await.unwrap().unwrap());
        }
        assert_eq!(db.count("instance"), 2);
    }

    async fn a_write_is_done_although_its_asker_went_away(db) {
        let db = db.again_with(ONE_LANE);
        let gate = Gate::close(&db).await;
        let store = db.store.clone();
        let asker = tokio::spawn(async move {
            store.write(|tx| Ok::<_, Abort<Failure>>(instance::insert_once(tx, "k", "v")?)).await
        });
        settle_in().await;
        asker.abort();
        gate.open().await;
        // One lane: this comes after it.
        db.write(|_| Ok(())).await.unwrap();
        assert_eq!(db.count("instance"), 1);
    }

    async fn what_waits_when_the_store_goes_is_done(db) {
        let store = Store::open(&db.location, ONE_LANE).unwrap();
        let gate = Gate::of(store.clone()).await;
        let (done, told) = mpsc::channel();
        for number in 0..10 {
            let (store, done) = (store.clone(), done.clone());
            let asker = tokio::spawn(async move {
                store
                    .write(move |_| {
                        let _ = done.send(number);
                        Ok::<_, Abort<Failure>>(())
                    })
                    .await
            });
            settle_in().await;
            asker.abort();
        }
        gate.unit.abort();
        settle_in().await;
        drop((store, done));
        gate.open.send(()).unwrap();
        let told = tokio::task::spawn_blocking(move || told.iter().collect::<Vec<i32>>()).await.unwrap();
        assert_eq!(told, (0..10).collect::<Vec<_>>());
    }

    async fn a_read_sees_no_uncommitted_write(db) {
        db.seeded().await;
        let (open, wait) = mpsc::channel::<()>();
        let (entered, inside) = tokio::sync::oneshot::channel();
        let store = db.store.clone();
        let unit = tokio::spawn(async move {
            store
                .write(move |tx| {
                    user::delete(tx, &UserId::new("alice"))?;
                    let _ = entered.send(());
                    let _ = wait.recv();
                    undo::<()>("changed my mind")
                })
                .await
        });
        inside.await.unwrap();
        assert!(db.read(|tx| user::find(tx, &UserId::new("alice"))).await.unwrap().is_some());
        open.send(()).unwrap();
        assert!(unit.await.unwrap().is_err());
    }
}

const DEFERRED: &str = "CREATE TABLE parents (id TEXT NOT NULL PRIMARY KEY);
    CREATE TABLE children (id TEXT NOT NULL REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);";

#[tokio::test]
async fn a_commit_of_sqlite_that_fails_is_unavailable_to_the_whole_group_and_leaves_nothing() {
    let db = TestDb::sqlite();
    db.sql(DEFERRED);
    let gate = Gate::close(&db).await;
    let store = db.store.clone();
    let racers: Vec<_> = (0..10)
        .map(|number: usize| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |tx| {
                        if number == 5 {
                            execute(tx.conn(), "INSERT INTO children VALUES ('orphan')")?;
                        }
                        Ok::<_, Abort<Failure>>(instance::insert_once(tx, &format!("k{number}"), "v")?)
                    })
                    .await
            })
        })
        .collect();
    settle_in().await;
    gate.open().await;
    for task in racers {
        assert!(task.await.unwrap().unwrap_err().is_unavailable());
    }
    assert_eq!(db.count("instance"), 0);
    db.write(|tx| Ok(instance::insert_once(tx, "k", "v")?)).await.unwrap();
}

#[tokio::test]
async fn a_commit_of_postgres_that_fails_tells_only_its_own_unit() {
    let db = TestDb::postgres();
    db.sql(DEFERRED);
    let answers = db
        .race(20, |tx, number| {
            if number == 5 {
                execute(tx.conn(), "INSERT INTO children VALUES ('orphan')")?;
            }
            Ok(instance::insert_once(tx, &format!("k{number}"), "v")?)
        })
        .await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.is_err(), number == 5, "{number}: {answer:?}");
    }
    assert_eq!(db.count("instance"), 19);
}

#[tokio::test]
async fn a_full_disk_undoes_the_group_and_the_next_one_works() {
    // SQLite undoes the whole transaction by itself: what came after it must not be written alone.
    let db = TestDb::sqlite();
    db.write(|tx| Ok(execute(tx.conn(), "PRAGMA max_page_count=1")?)).await.unwrap();
    let gate = Gate::close(&db).await;
    let racers: Vec<_> = (0..10)
        .map(|number: usize| {
            let store = db.store.clone();
            tokio::spawn(async move {
                store
                    .write(move |tx| {
                        let value = if number == 5 { "x".repeat(200_000) } else { "v".to_owned() };
                        Ok::<_, Abort<Failure>>(instance::insert_once(tx, &format!("k{number}"), &value)?)
                    })
                    .await
            })
        })
        .collect();
    settle_in().await;
    gate.open().await;
    for (number, task) in racers.into_iter().enumerate() {
        let answer = task.await.unwrap();
        assert!(answer.as_ref().is_err_and(Failure::is_unavailable), "{number}: {answer:?}");
    }
    assert_eq!(db.count("instance"), 0);
    db.write(|tx| Ok(instance::insert_once(tx, "k", "v")?)).await.unwrap();
    assert_eq!(db.count("instance"), 1);
}

#[tokio::test]
async fn a_lane_that_dies_at_its_commit_answers_unavailable() {
    let db = TestDb::postgres();
    let name = db.name();
    let answer = db
        .write(move |tx| {
            seed(tx)?;
            // From a second connection: this very backend ends before the commit reaches it.
            let pid = super::support::text(tx.conn(), "SELECT pg_backend_pid()::text AS t")?;
            let mut other =
                super::support::admin(&super::support::with_database(&super::support::postgres_url(), &name));
            diesel::connection::SimpleConnection::batch_execute(
                &mut other,
                &format!("SELECT pg_terminate_backend({pid}, 5000)"),
            )
            .map_err(StoreError::from)?;
            Ok(())
        })
        .await;
    assert!(answer.as_ref().is_err_and(Failure::is_unavailable), "{answer:?}");
    assert_eq!(db.count("users"), 0);
    db.write(seed).await.unwrap();
    assert!(db.read(|tx| user::find(tx, &UserId::new("alice"))).await.unwrap().is_some_and(|u| u.created_at == NOW));
}
