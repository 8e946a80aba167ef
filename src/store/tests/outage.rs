//! A database that goes away is unavailable, never a conflict or a defect; and it comes back by itself.

use super::{
    cluster::Cluster,
    fixtures::{machine_issue, seed},
    support::{Failure, TestDb, admin, postgres_url},
};
use crate::{
    domain::{Secret, ids::UserId},
    store::{Abort, Appended, Location, Schema, Store, StoreError, StoreOptions, instance, user},
};

fn put(store: &Store, name: String) -> tokio::task::JoinHandle<Result<bool, Failure>> {
    let store = store.clone();
    tokio::spawn(
        async move { store.write(move |tx| Ok::<_, Abort<Failure>>(instance::insert_once(tx, &name, "v")?)).await },
    )
}

#[tokio::test]
async fn a_server_that_goes_down_is_unavailable_and_works_again_after_its_restart() {
    let cluster = Cluster::start();
    let location = Location::Postgres(Secret::new(cluster.url()));
    let store = Store::open(&location, StoreOptions::default()).unwrap();
    Schema::open(&location).unwrap().migrate().unwrap();
    store.write(seed).await.unwrap();
    // Every lane holds a connection when the server goes.
    let warm: Vec<_> = (0..50).map(|number| put(&store, format!("warm{number}"))).collect();
    for task in warm {
        assert!(task.await.unwrap().unwrap());
    }
    assert_eq!(store.append_machine_issue(machine_issue("rp", 1, 0)).await.unwrap(), Appended::Written);

    // Some are in flight while it goes down: each is either written or unavailable.
    let caught: Vec<_> = (0..200).map(|number| put(&store, format!("caught{number}"))).collect();
    tokio::task::yield_now().await;
    cluster.down();
    let mut acknowledged = Vec::new();
    for (number, task) in caught.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(won) => {
                assert!(won);
                acknowledged.push(format!("caught{number}"));
            }
            Err(failure) => assert!(failure.is_unavailable(), "{failure:?}"),
        }
    }
    let down: Vec<_> = (0..50).map(|number| put(&store, format!("down{number}"))).collect();
    for task in down {
        let answer = task.await.unwrap();
        assert!(answer.as_ref().is_err_and(Failure::is_unavailable), "{answer:?}");
    }
    for number in 1..5 {
        let read = store.read(|tx| user::find(tx, &UserId::new("alice"))).await;
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        let append = store.append_machine_issue(machine_issue("rp", 1, number)).await;
        assert!(matches!(append, Err(StoreError::Unavailable(_))), "{append:?}");
    }
    let migration = Schema::open(&location).and_then(|mut schema| schema.status());
    assert!(matches!(migration, Err(StoreError::Unavailable(_))), "{migration:?}");

    cluster.up();
    assert!(put(&store, "after".into()).await.unwrap().unwrap());
    assert!(store.read(|tx| user::find(tx, &UserId::new("alice"))).await.unwrap().is_some());
    assert_eq!(store.append_machine_issue(machine_issue("rp", 1, 9)).await.unwrap(), Appended::Written);
    for name in acknowledged {
        let found = store.read(move |tx| instance::find(tx, &name)).await.unwrap();
        assert_eq!(found.as_deref(), Some("v"), "an acknowledged write survives");
    }
}

/// Ends every backend of the test's database, as an administrator or a failover does.
fn end_backends(db: &TestDb) {
    let sql = format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'", db.name());
    diesel::connection::SimpleConnection::batch_execute(&mut admin(&postgres_url()), &sql).unwrap();
}

#[tokio::test]
async fn writes_and_appends_do_not_notice_that_idle_connections_were_ended() {
    let db = TestDb::postgres();
    db.seeded().await;
    for round in 0..3 {
        let answers =
            db.race(40, move |tx, number| Ok(instance::insert_once(tx, &format!("k{round}-{number}"), "v")?)).await;
        assert!(answers.iter().all(Result::is_ok), "round {round}: {answers:?}");
        let append = db.store.append_machine_issue(machine_issue("rp", 1, round)).await;
        assert_eq!(append.unwrap(), Appended::Written, "round {round}");
        end_backends(&db);
    }
}

#[tokio::test]
async fn after_idle_connections_were_ended_one_read_at_most_hears_of_it() {
    // One lane: which of several would take the first read is left to chance.
    let db = TestDb::postgres_with(StoreOptions { connections: 1, queue: 64 });
    db.seeded().await;
    end_backends(&db);
    let first = db.read(|tx| user::find(tx, &UserId::new("alice"))).await;
    assert!(matches!(first, Ok(Some(_)) | Err(StoreError::Unavailable(_))), "{first:?}");
    assert!(db.read(|tx| user::find(tx, &UserId::new("alice"))).await.unwrap().is_some());
}

#[tokio::test]
async fn one_ended_connection_warns_all_the_lanes() {
    let db = TestDb::postgres();
    db.seeded().await;
    let warm = db.race(64, |tx, number| Ok(instance::insert_once(tx, &format!("k{number}"), "v")?)).await;
    assert!(warm.iter().all(Result::is_ok));
    end_backends(&db);
    let mut heard = 0;
    for _ in 0..40 {
        match db.read(|tx| user::find(tx, &UserId::new("alice"))).await {
            Ok(found) => assert!(found.is_some()),
            Err(StoreError::Unavailable(_)) => heard += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(heard <= 1, "{heard} reads failed, one for each dead connection");
}

#[tokio::test]
async fn a_statement_that_waits_too_long_for_a_lock_is_unavailable() {
    let db = TestDb::postgres();
    db.seeded().await;
    let mut other = db.connect();
    super::support::execute(&mut other, "BEGIN; UPDATE users SET version = version").unwrap();
    let answer = db
        .write(|tx| {
            super::support::execute(tx.conn(), "SET LOCAL lock_timeout = '50ms'")?;
            Ok(user::lock(tx, &UserId::new("alice"))?)
        })
        .await;
    assert!(answer.as_ref().is_err_and(Failure::is_unavailable), "{answer:?}");
    let slow = db
        .write(|tx| {
            Ok(super::support::execute(tx.conn(), "SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(20)")?)
        })
        .await;
    assert!(slow.as_ref().is_err_and(Failure::is_unavailable), "{slow:?}");
}

#[tokio::test]
async fn of_two_units_in_a_deadlock_one_is_unavailable_and_the_other_done() {
    let db = TestDb::postgres();
    db.seeded().await;
    db.write(|tx| Ok(user::insert(tx, &super::fixtures::person("bob"))?)).await.unwrap();
    let both = std::sync::Arc::new(std::sync::Barrier::new(2));
    let answers = db
        .race(2, move |tx, number| {
            let order = if number == 0 { ["alice", "bob"] } else { ["bob", "alice"] };
            user::lock(tx, &UserId::new(order[0]))?;
            both.wait();
            Ok(user::lock(tx, &UserId::new(order[1]))?)
        })
        .await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 1));
    assert!(refused[0].as_ref().is_err_and(Failure::is_unavailable), "{refused:?}");
}

#[tokio::test]
async fn a_standby_that_refuses_writes_is_unavailable() {
    let db = TestDb::postgres();
    db.seeded().await;
    let answer = db
        .write(|tx| {
            super::support::execute(tx.conn(), "SET TRANSACTION READ ONLY")?;
            Ok(user::lock(tx, &UserId::new("alice"))?)
        })
        .await;
    assert!(answer.as_ref().is_err_and(Failure::is_unavailable), "{answer:?}");
}

#[tokio::test]
async fn a_sqlite_file_that_another_process_holds_is_unavailable() {
    let db = TestDb::sqlite();
    let mut other = db.connect();
    super::support::execute(&mut other, "BEGIN IMMEDIATE").unwrap();
    let store = db.store.clone();
    let answer =
        tokio::spawn(
            async move { store.write(|tx| Ok::<_, Abort<Failure>>(instance::insert_once(tx, "k", "v")?)).await },
        )
        .await
        .unwrap();
    assert!(answer.as_ref().is_err_and(Failure::is_unavailable), "{answer:?}");
    super::support::execute(&mut other, "ROLLBACK").unwrap();
    db.write(|tx| Ok(instance::insert_once(tx, "k", "v")?)).await.unwrap();
}
