//! The servers of a run: each started on core 0 on a free loopback port, its time to readiness and idle memory taken.

use std::{
    env, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::sleep;

use crate::{
    Database,
    clock::now,
    http::{Connection, get},
    process::{Memory, Program, Watch, free_port},
};

/// A server that is not ready after this long is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory that is removed at the end.
pub struct Scratch {
    /// Where it is.
    pub path: PathBuf,
}

impl Scratch {
    /// An empty directory below the system's temporary directory.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(name: &str) -> io::Result<Self> {
        let path = env::temp_dir().join(format!("symbolon-bench-{}-{name}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// How a server is started.
pub struct Recipe {
    /// What tables call it.
    pub name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    /// Environment of the server and of its command line.
    pub environment: Vec<(String, String)>,
    ready_path: &'static str,
    port: u16,
}

impl Recipe {
    /// This program's own bare handlers.
    ///
    /// # Errors
    /// No port is free, or the own program is not found.
    pub fn bare(database: &Database) -> io::Result<Self> {
        let port = free_port()?;
        let database = match database {
            Database::Sqlite => "sqlite",
            Database::Postgres(url) => url,
        };
        let arguments = ["bare", "--bind", &format!("127.0.0.1:{port}"), "--database", database];
        Ok(Self {
            name: "bare",
            program: env::current_exe()?,
            arguments: arguments.map(str::to_owned).to_vec(),
            environment: Vec::new(),
            ready_path: "/healthz",
            port,
        })
    }

    /// `symbolon dev` on one worker; `directory` holds its SQLite file.
    ///
    /// # Errors
    /// No port is free, or the binary does not exist.
    pub fn symbolon(binary: &Path, database: &Database, directory: &Path) -> io::Result<Self> {
        let port = free_port()?;
        let url = match database {
            Database::Sqlite => format!("sqlite://{}/symbolon.db", directory.display()),
            Database::Postgres(url) => url.clone(),
        };
        let environment = [
            ("SYMBOLON_DATABASE__URL", url.as_str()),
            ("SYMBOLON_HTTP__WORKERS", "1"),
            // Clients see no difference, and a terminal's colours cost time.
            ("SYMBOLON_LOG__FORMAT", "json"),
        ];
        Ok(Self {
            name: "symbolon",
            program: binary.to_owned(),
            arguments: ["dev", "--bind", &format!("127.0.0.1:{port}")].map(str::to_owned).to_vec(),
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            ready_path: "/healthz",
            port,
        })
    }

    /// node-oidc-provider with its in-memory adapter.
    ///
    /// # Errors
    /// Its packages are not installed, or no port is free.
    pub fn peer(directory: &Path) -> io::Result<Self> {
        let directory = directory.canonicalize()?;
        if !directory.join("node_modules/oidc-provider").is_dir() {
            return Err(io::Error::other(format!("run `npm ci` in {} first", directory.display())));
        }
        let port = free_port()?;
        Ok(Self {
            name: "oidc-provider",
            program: PathBuf::from("node"),
            arguments: vec![directory.join("server.mjs").display().to_string(), port.to_string()],
            environment: vec![("NODE_ENV".to_owned(), "production".to_owned())],
            ready_path: "/.well-known/openid-configuration",
            port,
        })
    }
}

/// A server that is up.
pub struct Target {
    /// What tables call it.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// `host:port` for the Host header.
    pub host: String,
    /// From the start of the process to the first 200.
    pub ready: Duration,
    /// Memory one second later, before any other request.
    pub idle: Memory,
    /// Its process.
    pub watch: Watch,
    program: Program,
}

impl Target {
    /// Starts a server in `directory` and waits until it answers 200.
    ///
    /// # Errors
    /// It cannot be started, it ends, or it is not ready after one minute; the end of its log is in the error.
    pub async fn start(recipe: &Recipe, directory: &Path) -> io::Result<Self> {
        let log = directory.join(format!("{}.log", recipe.name));
        let begin = now();
        let mut program = Program::start(&recipe.program, &recipe.arguments, &recipe.environment, directory, &log)?;
        let address = SocketAddr::from(([127, 0, 0, 1], recipe.port));
        let host = address.to_string();
        let request = get(&host, recipe.ready_path, "");
        let ready = loop {
            let answered = match Connection::new(address)?.send(&request).await {
                Ok(response) => response.status == 200,
                Err(_) => false,
            };
            let waited = now() - begin;
            if answered {
                break waited;
            }
            if program.has_ended() || waited > PATIENCE {
                let text = fs::read_to_string(&log).unwrap_or_default();
                let tail: Vec<&str> = text.lines().rev().take(5).collect();
                return Err(io::Error::other(format!("{} did not start: {}", recipe.name, tail.join(" | "))));
            }
            sleep(Duration::from_millis(2)).await;
        };
        let watch = program.watch();
        sleep(Duration::from_secs(1)).await;
        let idle = watch.memory()?;
        Ok(Self { name: recipe.name, address, host, ready, idle, watch, program })
    }

    /// Ends the server and waits for its end.
    pub fn stop(mut self) {
        self.program.stop();
    }
}
