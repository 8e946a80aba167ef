//! A small PostgreSQL cluster of a test's own, for what must not be done to a shared one.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
};

use diesel::PgConnection;

use super::support::{admin, postgres_url, text, unique};
use crate::store::conn::Conn;

/// A cluster in a folder of its own; stopped and removed with the value.
pub(super) struct Cluster {
    binaries: String,
    pub(super) folder: PathBuf,
    pub(super) port: u16,
}

impl Cluster {
    /// Makes and starts a cluster, from the binaries of the server at `SYMBOLON_TEST_POSTGRES`.
    pub(super) fn start() -> Self {
        let cluster = Self::create();
        cluster.up();
        cluster
    }

    /// Makes a cluster that does not run yet.
    pub(super) fn create() -> Self {
        let conn: PgConnection = admin(&postgres_url());
        let binaries = text(&mut Conn::Pg(conn), "SELECT setting AS t FROM pg_config WHERE name = 'BINDIR'").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(unique("symbolon_cluster"));
        let cluster = Self { binaries, folder, port };
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]);
        let socket = cluster.folder.display().to_string();
        cluster.configure(&format!(
            "port={port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{socket}'\nshared_buffers=16MB\n"
        ));
        cluster
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    /// Appends to the server's settings.
    pub(super) fn configure(&self, settings: &str) {
        self.shell(&format!("cat >> '{}/postgresql.conf' <<'END'\n{settings}\nEND", self.data()));
    }

    pub(super) fn up(&self) {
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-l", &log, "-w", "start"]);
    }

    /// As if the machine lost power.
    pub(super) fn down(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "stop"]);
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = format!("{}/{program}", self.binaries);
        assert!(std::path::Path::new(&program).exists(), "{program}: the binaries of the server must be on this host");
        let (mut command, mut words) = as_server(&program);
        words.extend(arguments.iter().map(ToString::to_string));
        let status = command.args(words).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{program} {arguments:?}");
    }

    /// Runs a shell script as the user of the server.
    pub(super) fn shell(&self, script: &str) {
        let (mut command, mut words) = as_server("/bin/sh");
        words.extend(["-c".to_owned(), script.to_owned()]);
        let output = command.args(words).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`.
fn as_server(program: &str) -> (Command, Vec<String>) {
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    if id.trim_ascii() == b"0" {
        let words = ["-u", "postgres", "--", program].map(str::to_owned).to_vec();
        let mut command = Command::new("runuser");
        command.current_dir("/");
        (command, words)
    } else {
        (Command::new(program), Vec::new())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let program = format!("{}/pg_ctl", self.binaries);
        let (mut command, mut words) = as_server(&program);
        words.extend(["-D", &self.data(), "-m", "immediate", "-w", "stop"].map(str::to_owned));
        let _ = command.args(words).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
