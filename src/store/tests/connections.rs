//! What every connection is set to: durability and safety are not left to defaults.

use std::sync::{Arc, Mutex};

use diesel::{Connection, connection::InstrumentationEvent};

use super::{
    fixtures::{NOW, code, happened, opaque, refresh, seed},
    support::{Failure, TestDb, on_both, text},
};
use crate::{
    domain::{
        Secret,
        ids::{ClientId, InteractionId, SessionId, UserId},
    },
    store::{
        Abort, Location, Store, StoreError, StoreOptions, Write, access_token, authorization_code, client, conn::Conn,
        conn::Purpose, event, instance, interaction, refresh_token, session, throttle, throttle::ThrottleRow, user,
    },
};

fn pragma(conn: &mut Conn, name: &str) -> String {
    text(conn, &format!("SELECT CAST({name} AS TEXT) AS t FROM pragma_{name}")).unwrap()
}

fn pragmas(conn: &mut Conn) -> [String; 5] {
    ["synchronous", "journal_mode", "foreign_keys", "secure_delete", "query_only"].map(|name| pragma(conn, name))
}

#[tokio::test]
async fn sqlite_is_durable_and_checks_its_keys_on_every_connection() {
    let db = TestDb::sqlite();
    // 2 is FULL: an acknowledged write survives power loss.
    let writer = db.write(|tx| Ok(pragmas(tx.conn()))).await.unwrap();
    assert_eq!(writer, ["2", "wal", "1", "1", "0"]);
    for _ in 0..3 {
        let reader = db.read(|tx| Ok(pragmas(tx.conn))).await.unwrap();
        assert_eq!(reader, ["2", "wal", "1", "1", "1"]);
    }
    let timeout = db.read(|tx| text(tx.conn, "SELECT CAST(timeout AS TEXT) AS t FROM pragma_busy_timeout")).await;
    assert_eq!(timeout.unwrap(), "5000");
}

#[tokio::test]
async fn the_writer_of_sqlite_is_set_up_again_after_it_was_replaced() {
    let db = TestDb::sqlite();
    let broken = db.write(|tx| Ok(super::support::execute(tx.conn(), "ROLLBACK")?)).await;
    assert!(broken.unwrap_err().is_unavailable());
    assert_eq!(db.write(|tx| Ok(pragmas(tx.conn()))).await.unwrap(), ["2", "wal", "1", "1", "0"]);
}

#[tokio::test]
async fn a_reader_of_sqlite_cannot_write() {
    let db = TestDb::sqlite();
    let answer =
        db.read(|tx| super::support::execute(tx.conn, "INSERT INTO instance (name, value) VALUES ('k', 'v')")).await;
    assert!(matches!(answer, Err(StoreError::Broken(_))), "{answer:?}");
    assert_eq!(db.count("instance"), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_of_sqlite_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let db = TestDb::sqlite();
    db.write(|tx| Ok(instance::insert_once(tx, "k", "v")?)).await.unwrap();
    for file in std::fs::read_dir(db.name()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[test]
fn a_database_in_a_folder_that_does_not_exist_is_unavailable_with_its_path() {
    let location = Location::Sqlite("/nonexistent/folder/symbolon.db".into());
    let error = Store::open(&location, StoreOptions::default()).err().unwrap();
    assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("/nonexistent/folder")), "{error:?}");
}

#[tokio::test]
async fn postgres_commits_durably_and_limits_every_statement() {
    let db = TestDb::postgres();
    let settings = |conn: &mut Conn| {
        ["synchronous_commit", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
            .map(|name| text(conn, &format!("SELECT current_setting('{name}') AS t")).unwrap())
    };
    // An administrator's default for the role or the database does not weaken it.
    db.sql(&format!("ALTER DATABASE {} SET synchronous_commit = off", db.name()));
    let mut fresh = db.location.connect(Purpose::Write).unwrap();
    assert_eq!(settings(&mut fresh), ["on", "15s", "10s", "30s"]);
    assert_eq!(db.write(move |tx| Ok(settings(tx.conn()))).await.unwrap(), ["on", "15s", "10s", "30s"]);
    let name = text(&mut fresh, "SELECT current_setting('application_name') AS t").unwrap();
    assert_eq!(name, "symbolon");
}

#[test]
fn a_postgres_that_is_not_there_is_unavailable_and_the_password_is_not_told() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://app:hunter2-secret@127.0.0.1:{port}/db");
    let error = Store::open(&Location::Postgres(Secret::new(url)), StoreOptions::default()).err().unwrap();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn units_of_work_that_come_one_by_one_do_not_open_every_connection() {
    let db = TestDb::postgres();
    for number in 0..64 {
        db.write(move |tx| Ok(instance::insert_once(tx, &format!("k{number}"), "v")?)).await.unwrap();
    }
    let open = db.count(&format!("pg_stat_activity WHERE datname = '{}'", db.name()));
    let lanes = i64::try_from(StoreOptions::default().connections).unwrap();
    // One of them is the count's own. A lane that was still coming back left its job to the next.
    assert!((2..=lanes).contains(&open), "{open} connections");
}

#[test]
fn the_limits_of_a_connection_are_added_unless_the_url_sets_them() {
    use crate::store::conn::with_limits;
    let plain = with_limits("postgres://h/db");
    assert!(plain.starts_with("postgres://h/db?connect_timeout=5&"), "{plain}");
    let own = with_limits("postgresql://h/db?connect_timeout=1&sslmode=require");
    assert!(own.starts_with("postgresql://h/db?connect_timeout=1&sslmode=require&tcp_user_timeout="), "{own}");
    assert_eq!(own.matches("connect_timeout").count(), 1);
    assert!(with_limits("postgres://h/db?").starts_with("postgres://h/db?connect_timeout=5&"));
    assert!(with_limits("host=h dbname=db").starts_with("host=h dbname=db connect_timeout=5 "));
}

/// What a token request, a refresh and a sign-in ask of the database.
fn hot(tx: &mut Write<'_>, round: u8) -> Result<(), Abort<Failure>> {
    let name = |kind: &str| format!("{kind}{round}").into_bytes();
    authorization_code::insert(tx, &code(&name("c"), "a", "rp"))?;
    authorization_code::lock(tx, &name("c"))?;
    authorization_code::consume(tx, &name("c"), NOW)?;
    refresh_token::insert(tx, &refresh(&name("r"), "a", "rp"))?;
    refresh_token::lock(tx, &name("r"))?;
    refresh_token::rotate(tx, &name("r"), b"next", b"sealed", NOW)?;
    access_token::insert(tx, &opaque(&name("o"), "rp"))?;
    access_token::find(tx, &name("o"))?;
    access_token::revoke_self_contained(tx, &format!("j{round}"), NOW)?;
    event::append(tx, &happened("e", 1))?;
    let events = [happened("f", 1), happened("g", 1)];
    event::append_many(tx, &events.iter().collect::<Vec<_>>()).map_err(StoreError::from)?;
    let tokens = [opaque(&name("p"), "rp"), opaque(&name("q"), "rp")];
    access_token::insert_many(tx, &tokens.iter().collect::<Vec<_>>()).map_err(StoreError::from)?;
    session::find_by_secret(tx, b"session-secret")?;
    session::touch(tx, &SessionId::new("s"), NOW)?;
    interaction::finish(tx, &InteractionId::new("i"), NOW)?;
    client::find(tx, &ClientId::new("rp"))?;
    client::enabled_version(tx, &ClientId::new("rp"))?;
    user::lock(tx, &UserId::new("alice"))?;
    user::find_by_login(tx, "alice")?;
    throttle::lock(tx, "k", ThrottleRow { failures: 0, window_started_at: 0, blocked_until: 0 })?;
    Ok(())
}

on_both! {
    async fn hot_statements_are_prepared_once_a_connection(db) {
        let (prepared, started) = db
            .write(|tx| {
                seed(tx)?;
                let seen: Arc<Mutex<(usize, Vec<String>)>> = Arc::default();
                let log = Arc::clone(&seen);
                let watch = move |event: InstrumentationEvent<'_>| {
                    let mut seen = log.lock().unwrap();
                    match event {
                        InstrumentationEvent::CacheQuery { .. } => seen.0 += 1,
                        InstrumentationEvent::StartQuery { query, .. } => {
                            let text = query.to_string();
                            seen.1.push(text.split(" -- binds").next().unwrap_or_default().to_owned());
                        }
                        _ => {}
                    }
                };
                match tx.conn() {
                    Conn::Sqlite(conn) => conn.set_instrumentation(watch),
                    Conn::Pg(conn) => conn.set_instrumentation(watch),
                }
                hot(tx, 1)?;
                let distinct = {
                    let mut seen = seen.lock().unwrap();
                    seen.1.sort();
                    seen.1.dedup();
                    (seen.0, seen.1.len())
                };
                hot(tx, 2)?;
                assert_eq!(seen.lock().unwrap().0, distinct.0, "the second round prepares nothing");
                Ok(distinct)
            })
            .await
            .unwrap();
        assert_eq!(prepared, started, "each statement of the first round is kept");
    }
}
