//! SQLite at its best: WAL with `synchronous=FULL`, one writer that commits what is queued together (group commit),
//! and point reads inline on the worker's own connection.

use std::{cell::RefCell, fs, io, path::PathBuf, thread};

use crossbeam_channel::{Receiver, Sender, unbounded};
use diesel::{connection::SimpleConnection, sqlite::SqliteConnection};

use super::store::Queued;

super::store::statements!(SqliteConnection);

/// How many units of work one commit may hold.
const LARGEST_GROUP: usize = 256;

const SCHEMA: &str = "
    CREATE TABLE access (hash BLOB PRIMARY KEY NOT NULL, client_id TEXT NOT NULL, subject TEXT NOT NULL,
        scope TEXT NOT NULL, issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL) WITHOUT ROWID;
    CREATE TABLE refresh (hash BLOB PRIMARY KEY NOT NULL, family TEXT NOT NULL, used_at BIGINT,
        expires_at BIGINT NOT NULL) WITHOUT ROWID;
    CREATE TABLE code (hash BLOB PRIMARY KEY NOT NULL, client_id TEXT NOT NULL, redirect_uri TEXT NOT NULL,
        used_at BIGINT) WITHOUT ROWID;
    CREATE TABLE event (id INTEGER PRIMARY KEY NOT NULL, kind TEXT NOT NULL, at BIGINT NOT NULL,
        subject TEXT NOT NULL, payload TEXT NOT NULL);
";

thread_local! {
    /// The reading connection of this thread.
    static READER: RefCell<Option<SqliteConnection>> = const { RefCell::new(None) };
}

/// A handle to the writer and the file's place for readers.
pub struct Sqlite {
    file: PathBuf,
    queue: Sender<Queued>,
}

impl Sqlite {
    /// A database in the working directory, made anew.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn open() -> io::Result<Self> {
        let file = PathBuf::from("bare.db");
        for name in ["bare.db", "bare.db-wal", "bare.db-shm"] {
            match fs::remove_file(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let mut writer = connect(&file)?;
        writer.batch_execute(SCHEMA).map_err(io::Error::other)?;
        let (queue, queued) = unbounded();
        thread::Builder::new().name("writer".to_owned()).spawn(move || write_groups(&mut writer, &queued))?;
        Ok(Self { file, queue })
    }

    /// Queues a unit of work for the next commit.
    ///
    /// # Errors
    /// The writer is gone.
    pub fn queue(&self, queued: Queued) -> io::Result<()> {
        self.queue.send(queued).map_err(|_| io::Error::other("the writer is gone"))
    }

    /// Reads one row on this thread: cheaper than handing it to another.
    ///
    /// # Errors
    /// The database fails.
    pub fn find(&self, hash: &[u8]) -> io::Result<Option<Access>> {
        READER.with_borrow_mut(|reader| {
            let connection = match reader {
                Some(connection) => connection,
                None => reader.insert(connect(&self.file)?),
            };
            find_access(connection, hash).map_err(io::Error::other)
        })
    }
}

fn connect(file: &std::path::Path) -> io::Result<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).map_err(io::Error::other)?;
    connection
        .batch_execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        .map_err(io::Error::other)?;
    Ok(connection)
}

fn write_groups(connection: &mut SqliteConnection, queue: &Receiver<Queued>) {
    while let Ok(first) = queue.recv() {
        let mut answers = Vec::new();
        let committed = connection.immediate_transaction(|conn| {
            for queued in std::iter::once(first).chain(queue.try_iter().take(LARGEST_GROUP - 1)) {
                let done = apply(conn, &queued.write)?;
                answers.push((queued.answer, done));
            }
            QueryResult::Ok(())
        });
        for (answer, done) in answers {
            // Whoever asked may have gone.
            let _ = answer.send(done && committed.is_ok());
        }
    }
}
