//! Child processes of a run: started on a core of their own, watched through /proc, ended by their own id.

use std::{
    fs, io,
    ops::{Add, Sub},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The core of whichever server is measured.
pub const SERVER_CORE: &str = "0";
/// The core of the load.
pub const LOAD_CORE: &str = "1";
/// Linux reports processor time to user space in hundredths of a second on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cpu {
    /// Seconds in user mode.
    pub user: f64,
    /// Seconds in the kernel.
    pub system: f64,
}

impl Cpu {
    /// Both together, in seconds.
    pub fn total(self) -> f64 {
        self.user + self.system
    }
}

impl Sub for Cpu {
    type Output = Self;
    fn sub(self, earlier: Self) -> Self {
        Self { user: self.user - earlier.user, system: self.system - earlier.system }
    }
}

impl Add for Cpu {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }
}

/// Seconds of work so far on the server's core and on the load's core, by whatever process (or taken by the host, where
/// that is told): what neither the server nor the load used of it was other work on the machine.
///
/// # Errors
/// /proc/stat has no two cores.
pub fn worked() -> io::Result<[f64; 2]> {
    let stat = fs::read_to_string("/proc/stat")?;
    let of = |core: &str| {
        parse_core(&stat, core).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unexpected /proc/stat"))
    };
    Ok([of(SERVER_CORE)?, of(LOAD_CORE)?])
}

/// user, nice, system and steal; the interrupts of the loopback interface are nobody's (proc(5)).
fn parse_core(stat: &str, core: &str) -> Option<f64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu")?.strip_prefix(core)?.strip_prefix(' '))?;
    let ticks: Vec<f64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    let sum: f64 = [0, 1, 2, 7].iter().filter_map(|index| ticks.get(*index)).sum();
    (ticks.len() > 7).then_some(sum / TICKS_PER_SECOND)
}

/// Resident memory in KiB (/proc/PID/status).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Memory {
    /// `VmRSS`: all resident pages, those of the program file included.
    pub resident: u64,
    /// `RssAnon`: heap and stacks.
    pub anonymous: u64,
}

/// A process looked at through /proc.
#[derive(Debug, Clone)]
pub struct Watch {
    id: String,
}

impl Watch {
    /// This process.
    pub fn this() -> Self {
        Self { id: "self".to_owned() }
    }

    /// The process with this id.
    pub fn of(id: u32) -> Self {
        Self { id: id.to_string() }
    }

    /// Processor time used so far by all its threads.
    ///
    /// # Errors
    /// The process is gone.
    pub fn cpu(&self) -> io::Result<Cpu> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id))?;
        parse_stat(&stat).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unexpected /proc/PID/stat"))
    }

    /// Resident memory now.
    ///
    /// # Errors
    /// The process is gone.
    pub fn memory(&self) -> io::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id))?;
        Ok(Memory { resident: kib(&status, "VmRSS:"), anonymous: kib(&status, "RssAnon:") })
    }
}

/// Fields 14 and 15, counted after the name, which may hold spaces and parentheses (proc(5)).
fn parse_stat(stat: &str) -> Option<Cpu> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11).map(str::parse::<f64>);
    let (user, system) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some(Cpu { user: user / TICKS_PER_SECOND, system: system / TICKS_PER_SECOND })
}

fn kib(status: &str, field: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

/// A started program; it ends when this is dropped.
pub struct Program {
    child: Child,
}

impl Program {
    /// Starts a program on the server's core, in `directory`, its output in `log`.
    ///
    /// # Errors
    /// The program or `taskset` cannot be started, or the log file cannot be made.
    pub fn start(
        program: &Path,
        arguments: &[String],
        environment: &[(String, String)],
        directory: &Path,
        log: &Path,
    ) -> io::Result<Self> {
        let output = fs::File::create(log)?;
        let child = Command::new("taskset")
            .args(["-c", SERVER_CORE])
            .arg(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        Ok(Self { child })
    }

    /// Its watch: `taskset` becomes the program, so the id is the program's.
    pub fn watch(&self) -> Watch {
        Watch::of(self.child.id())
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGTERM, up to five seconds, then SIGKILL: a server may want to leave its database in order.
    pub fn stop(&mut self) {
        if self.has_ended() {
            return;
        }
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if asked.is_ok_and(|status| status.success()) {
            for _ in 0..100 {
                if self.has_ended() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Moves this process to the load's core. Call before any thread is made: threads inherit it.
///
/// # Errors
/// `taskset` is missing or there is no second core.
pub fn pin_load() -> io::Result<()> {
    let done = Command::new("taskset")
        .args(["-p", "-c", LOAD_CORE, &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status()?;
    if done.success() { Ok(()) } else { Err(io::Error::other("taskset could not pin the load to core 1")) }
}

/// A loopback port that was free a moment ago.
///
/// # Errors
/// No port is free.
pub fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_past_a_name_with_parentheses() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 100 1 1";
        assert_eq!(parse_stat(stat), Some(Cpu { user: 2.5, system: 0.5 }));
        assert_eq!(parse_stat("7 (a) S 1"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn the_work_of_a_core_leaves_idle_time_and_interrupts_out() {
        let stat = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 100 20 30 4000 5 6 7 50 0 0\ncpu1 1 1\n";
        assert_eq!(parse_core(stat, "0"), Some(2.0));
        assert_eq!(parse_core(stat, "1"), None);
        assert_eq!(parse_core(stat, "2"), None);
    }

    #[test]
    fn memory_fields_are_read_by_their_whole_name() {
        let status = "VmHWM:\t  999 kB\nVmRSS:\t  28672 kB\nRssAnon:\t 10 kB\n";
        assert_eq!(kib(status, "VmRSS:"), 28672);
        assert_eq!(kib(status, "RssAnon:"), 10);
        assert_eq!(kib(status, "RssFile:"), 0);
    }
}
