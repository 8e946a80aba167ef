//! The goals, each held against the figures of the same run; a goal that is missed says so.

use super::{Section, megabytes, millis};
use crate::run::names;

const REAL: &str = "symbolon";
const PEER: &str = "oidc-provider";

/// The table of goals; empty when the real server was not measured.
pub fn table(section: &Section) -> String {
    let goals: Vec<Goal> = all(section);
    if goals.is_empty() {
        return String::new();
    }
    let mut text = String::from("| goal | wanted | measured | |\n|---|---|---|---|\n");
    for goal in goals {
        let verdict = if goal.met { "met" } else { "**missed**" };
        text.push_str(&format!("| {} | {} | {} | {verdict} |\n", goal.name, goal.wanted, goal.measured));
    }
    text
}

struct Goal {
    name: String,
    wanted: String,
    measured: String,
    met: bool,
}

fn all(section: &Section) -> Vec<Goal> {
    let mut goals = Vec::new();
    let shares = [
        (names::TOKEN_ES256, "bare", 0.6),
        (names::TOKEN_ES256, PEER, 10.0),
        (names::INTROSPECTION, "bare", 0.6),
        (names::INTROSPECTION, PEER, 6.0),
        (names::REFRESH, "bare", 0.6),
    ];
    for (scenario, other, wanted) in shares {
        let ratio = section.row(scenario, REAL).and_then(|row| Some((row, section.ratio(row, other)?)));
        if let Some((row, ratio)) = ratio {
            goals.push(Goal {
                name: format!("{scenario}, of {other}"),
                wanted: format!("≥ {wanted}"),
                measured: format!("{ratio:.2}{}", if row.failed > 0 { " (with errors)" } else { "" }),
                met: ratio >= wanted && row.failed == 0,
            });
        }
    }
    for started in section.started.iter().filter(|started| started.server == REAL) {
        let (ready, idle) = (started.ready.as_secs_f64() * 1e3, megabytes(started.idle.resident));
        goals.push(Goal {
            name: format!("ready, {}", started.how),
            wanted: "< 300 ms".to_owned(),
            measured: format!("{ready:.0} ms"),
            met: ready < 300.0,
        });
        goals.push(Goal {
            name: format!("idle memory, {}", started.how),
            wanted: "< 40 MB".to_owned(),
            measured: format!("{idle:.1} MB"),
            met: idle < 40.0,
        });
    }
    for scenario in [names::STORM_OPEN, names::STORM_CLOSED] {
        if let Some(row) = section.row(scenario, REAL) {
            goals.push(Goal {
                name: format!("p99 of the {scenario}"),
                wanted: "< 50 ms".to_owned(),
                measured: millis(row.latency.p99),
                met: row.latency.p99 < 50_000_000 && row.latency.p99 > 0 && row.failed == 0,
            });
        }
    }
    if let Some(row) = section.row(names::STORM, REAL) {
        let others = row.failed;
        goals.push(Goal {
            name: "sign-ins beyond capacity get 503 with Retry-After at once".to_owned(),
            wanted: "some, p99 < 100 ms, nothing else".to_owned(),
            measured: format!(
                "{:.0}/s signed in, {:.0}/s refused, p99 {}; {others} others",
                row.per_second,
                row.refused_per_second,
                millis(row.refused_latency.p99)
            ),
            met: row.refused_per_second > 0.0 && row.refused_latency.p99 < 100_000_000 && others == 0,
        });
    }
    goals
}
