//! What a run found: rows, ratios to the bare handlers and the peer, the goals, as text, JSON and Markdown.

mod goals;

use std::{collections::BTreeMap, fs, io, process::Command, time::Duration};

use serde::Serialize;

use crate::{
    drive::{Latency, Stretch},
    process::Memory,
};

/// The lines between which a Markdown file holds the figures; what people wrote around them stays.
const MARKERS: (&str, &str) = ("<!-- figures of symbolon-bench: begin -->", "<!-- figures of symbolon-bench: end -->");

/// A whole run.
#[derive(Serialize)]
pub struct Report {
    command: String,
    machine: String,
    /// Load of the machine before the run: other work on it makes every figure worse.
    load_before: String,
    /// One for each database.
    pub sections: Vec<Section>,
}

/// The figures of one database.
#[derive(Serialize, Default)]
pub struct Section {
    /// Its name.
    pub database: &'static str,
    /// How each server started.
    pub started: Vec<Started>,
    /// The figures.
    pub rows: Vec<Row>,
    /// What could not be measured, and checks.
    pub notes: Vec<String>,
}

/// How a server started.
#[derive(Serialize)]
pub struct Started {
    /// Which.
    pub server: &'static str,
    /// First start or restart.
    pub how: &'static str,
    /// From the start of the process to the first 200.
    pub ready: Duration,
    /// Memory one second later.
    pub idle: Memory,
}

/// One scenario on one server.
#[derive(Serialize, Clone)]
pub struct Row {
    /// Which scenario.
    pub scenario: &'static str,
    /// Which server.
    pub server: &'static str,
    /// Requests done per second.
    pub per_second: f64,
    /// Latency of those.
    pub latency: Latency,
    /// Refusals (503 with Retry-After) per second.
    pub refused_per_second: f64,
    /// Latency of those.
    pub refused_latency: Latency,
    /// Errors.
    pub failed: u64,
    /// Answers by status; 0 is a broken connection.
    pub statuses: BTreeMap<u16, u64>,
    /// The server's processor time of one request in µs: user, kernel.
    pub cpu: Option<(f64, f64)>,
    /// Share of the load's core that was busy.
    pub driver_busy: f64,
    /// Share of the server's core and of the load's core that went to neither of them.
    pub others: [f64; 2],
    /// The server's memory after it.
    pub memory: Memory,
}

impl Row {
    /// The row of a measured stretch.
    pub fn of(scenario: &'static str, server: &'static str, stretch: &Stretch, memory: Memory) -> Self {
        let seconds = stretch.elapsed.as_secs_f64().max(0.001);
        let (done, refused) = (stretch.tally.done.len(), stretch.tally.refused.len());
        let [server_core, load_core] = stretch.worked;
        let others = [server_core - stretch.server.total(), load_core - stretch.driver.total()];
        let each = |seconds: f64| seconds * 1e6 / float(done.max(1));
        Self {
            scenario,
            server,
            per_second: float(done) / seconds,
            latency: Latency::of(&stretch.tally.done),
            refused_per_second: float(refused) / seconds,
            refused_latency: Latency::of(&stretch.tally.refused),
            failed: stretch.tally.failed,
            statuses: stretch.tally.statuses.clone(),
            cpu: Some((each(stretch.server.user), each(stretch.server.system))),
            driver_busy: stretch.driver.total() / seconds,
            others: others.map(|other| (other / seconds).max(0.0)),
            memory,
        }
    }

    /// The same without the processor time, where other work shares the server.
    pub fn without_processor_time(self) -> Self {
        Self { cpu: None, ..self }
    }

    /// One line for a person who waits.
    pub fn brief(&self) -> String {
        format!(
            "{} / {}: {:.0}/s, p50 {}, p99 {}, p99.9 {}, errors {} {:?}, refused {:.0}/s (p99 {}), cpu {}, load core {:.0} %, \
             other work {}, RSS {:.1} MB",
            self.scenario,
            self.server,
            self.per_second,
            millis(self.latency.p50),
            millis(self.latency.p99),
            millis(self.latency.p999),
            self.failed,
            self.statuses,
            self.refused_per_second,
            millis(self.refused_latency.p99),
            self.cpu_text(),
            self.driver_busy * 100.0,
            self.others_text(),
            megabytes(self.memory.resident),
        )
    }

    fn others_text(&self) -> String {
        let [server, load] = self.others.map(|share| share * 100.0);
        format!("{server:.0} % / {load:.0} %")
    }

    fn cpu_text(&self) -> String {
        self.cpu.map_or_else(|| "–".to_owned(), |(user, system)| format!("{user:.1} + {system:.1} µs"))
    }

    /// Of the rounds of each scenario and server the one with the median of requests per second, in order of first
    /// appearance.
    pub fn medians(rows: Vec<Self>) -> Vec<Self> {
        let mut groups: Vec<Vec<Self>> = Vec::new();
        for row in rows {
            let same = |group: &&mut Vec<Self>| {
                group.first().is_some_and(|first| (first.scenario, first.server) == (row.scenario, row.server))
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        groups
            .into_iter()
            .filter_map(|mut group| {
                group.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
                let middle = (group.len() - 1) / 2;
                group.into_iter().nth(middle)
            })
            .collect()
    }
}

impl Section {
    /// Requests per second of a scenario on a server.
    fn row(&self, scenario: &str, server: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.scenario == scenario && row.server == server)
    }

    /// How many times another server's requests per second this row is.
    fn ratio(&self, row: &Row, other: &str) -> Option<f64> {
        let other = self.row(row.scenario, other)?;
        (row.server != other.server && other.per_second > 0.0).then(|| row.per_second / other.per_second)
    }

    /// What a reader must know of other work on the two cores.
    fn caution(&self) -> String {
        let disturbed = self.rows.iter().filter(|row| row.others.iter().any(|share| *share > 0.1)).count();
        match (self.database, disturbed) {
            (_, 0) => String::new(),
            ("PostgreSQL", _) => "- PostgreSQL runs on the same two cores: it is the other work.\n".to_owned(),
            (_, rows) => format!(
                "- **Disturbed**: in {rows} of {} rows other work took more than a tenth of a core. Their rates are too low, \
                 their latencies too high, and ratios between them are not to be relied on.\n",
                self.rows.len()
            ),
        }
    }

    fn table(&self) -> String {
        let mut text = String::from(
            "| scenario | server | per second | of bare | of peer | p50 | p99 | p99.9 | refused/s (p50, p99) | errors | server CPU, user + kernel | other work on core 0 / 1 | RSS after |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let ratio = |other| self.ratio(row, other).map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
            let refused = if row.refused_per_second > 0.0 {
                let (p50, p99) = (millis(row.refused_latency.p50), millis(row.refused_latency.p99));
                format!("{:.0} ({p50}, {p99})", row.refused_per_second)
            } else {
                "–".to_owned()
            };
            text.push_str(&format!(
                "| {} | {} | {:.0} | {} | {} | {} | {} | {} | {refused} | {} | {} | {} | {:.1} MB |\n",
                row.scenario,
                row.server,
                row.per_second,
                ratio("bare"),
                if row.server == "symbolon" { ratio("oidc-provider") } else { "–".to_owned() },
                millis(row.latency.p50),
                millis(row.latency.p99),
                millis(row.latency.p999),
                row.failed,
                row.cpu_text(),
                row.others_text(),
                megabytes(row.memory.resident),
            ));
        }
        text
    }

    fn starts(&self) -> String {
        let mut text = String::from(
            "| server | start | ready after | idle memory (RSS) | of it heap and stacks |\n|---|---|---|---|---|\n",
        );
        for started in &self.started {
            text.push_str(&format!(
                "| {} | {} | {:.0} ms | {:.1} MB | {:.1} MB |\n",
                started.server,
                started.how,
                started.ready.as_secs_f64() * 1e3,
                megabytes(started.idle.resident),
                megabytes(started.idle.anonymous),
            ));
        }
        text
    }
}

impl Report {
    /// A report that knows its machine.
    pub fn begin(command: String) -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load_before = load.split_whitespace().next().unwrap_or("?").to_owned();
        Self { command, machine: machine(), load_before, sections: Vec::new() }
    }

    /// The tables, as text that is also Markdown.
    pub fn tables(&self) -> String {
        let mut text = format!(
            "Machine: {}. Load average before the run: {}.\n\nCommand:\n\n```\n{}\n```\n",
            self.machine, self.load_before, self.command
        );
        for section in &self.sections {
            text.push_str(&format!("\n### {}\n\n{}\n{}", section.database, section.starts(), section.table()));
            let goals = goals::table(section);
            if !goals.is_empty() {
                text.push_str(&format!("\n{goals}"));
            }
            text.push_str(&format!("\n{}", section.caution()));
            for note in &section.notes {
                text.push_str(&format!("- {note}\n"));
            }
        }
        text
    }

    /// Everything, as JSON.
    ///
    /// # Errors
    /// None in practice.
    pub fn json(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// The text of a Markdown file with the figures between the markers replaced, or appended.
    pub fn markdown_in(&self, before: &str) -> String {
        let (begin, end) = MARKERS;
        let figures = format!("{begin}\n{}{end}", self.tables());
        match before.split_once(begin).and_then(|(head, rest)| Some((head, rest.split_once(end)?.1))) {
            Some((head, tail)) => format!("{head}{figures}{tail}"),
            None if before.is_empty() => format!("# Performance\n\n{figures}\n"),
            None => format!("{}\n\n{figures}\n", before.trim_end()),
        }
    }
}

/// Counts stay far below what a double holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

fn megabytes(kib: u64) -> f64 {
    float(kib) / 1024.0
}

fn millis(nanos: u64) -> String {
    if nanos == 0 { "–".to_owned() } else { format!("{:.2} ms", float(nanos) / 1e6) }
}

/// Processor, cores, memory, kernel; no name of the machine.
fn machine() -> String {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(|| "?".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all = fs::read_to_string("/proc/cpuinfo").unwrap_or_default().matches("processor\t").count().max(cores);
    let kernel =
        Command::new("uname").arg("-r").output().map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    format!(
        "{} × {}, {} memory, Linux {}; core 0 for the server, core 1 for the load",
        all,
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal"),
        kernel.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests;
