//! Tests of `report`.

use super::*;
use crate::run::names;

fn row(scenario: &'static str, server: &'static str, per_second: f64) -> Row {
    Row {
        scenario,
        server,
        per_second,
        latency: Latency { p50: 1_000_000, p99: 2_000_000, p999: 3_000_000, max: 4_000_000 },
        refused_per_second: 0.0,
        refused_latency: Latency::default(),
        failed: 0,
        statuses: BTreeMap::new(),
        cpu: None,
        driver_busy: 0.5,
        others: [0.0; 2],
        memory: Memory { resident: 30 * 1024, anonymous: 10 * 1024 },
    }
}

fn report(rows: Vec<Row>) -> Report {
    let section = Section { database: "SQLite", rows, ..Section::default() };
    Report { command: "c".to_owned(), machine: "m".to_owned(), load_before: "0".to_owned(), sections: vec![section] }
}

#[test]
fn the_median_round_is_kept_for_each_scenario_and_server() {
    let rounds = [3.0, 1.0, 2.0].map(|per_second| row("a", "bare", per_second));
    let rows = Row::medians(rounds.into_iter().chain([row("a", "symbolon", 9.0)]).collect());
    assert_eq!(rows.iter().map(|row| row.per_second).collect::<Vec<_>>(), [2.0, 9.0]);
}

#[test]
fn a_missed_goal_is_told_and_so_is_a_goal_met_with_errors() {
    let rows = |share: f64| vec![row(names::REFRESH, "bare", 100.0), row(names::REFRESH, "symbolon", share)];
    assert!(report(rows(59.0)).tables().contains("| 0.59 | **missed** |"));
    assert!(report(rows(60.0)).tables().contains("| 0.60 | met |"));
    let mut with_errors = rows(90.0);
    with_errors[1].failed = 1;
    assert!(report(with_errors).tables().contains("| 0.90 (with errors) | **missed** |"));
}

#[test]
fn without_the_real_server_no_goal_is_claimed() {
    assert!(!report(vec![row(names::REFRESH, "bare", 100.0)]).tables().contains("goal"));
}

#[test]
fn a_storm_without_refusals_or_with_other_errors_misses_its_goal() {
    let quiet = row(names::STORM, "symbolon", 30.0);
    assert!(report(vec![quiet.clone()]).tables().contains("**missed**"));
    let busy = Row { refused_per_second: 900.0, refused_latency: quiet.latency, ..quiet };
    assert!(!report(vec![busy.clone()]).tables().contains("**missed**"));
    assert!(report(vec![Row { failed: 1, ..busy }]).tables().contains("**missed**"));
}

#[test]
fn what_people_wrote_around_the_figures_stays() {
    let report = report(vec![row("a", "bare", 1.0)]);
    let fresh = report.markdown_in("");
    assert!(fresh.starts_with("# Performance\n"));
    let edited = fresh.replace("# Performance\n", "# Performance\n\nProfile: …\n") + "\nAfter.\n";
    let again = report.markdown_in(&edited);
    assert!(again.contains("Profile: …") && again.ends_with("After.\n"));
    assert_eq!(again.matches(MARKERS.0).count(), 1);
    assert!(report.markdown_in("# Other\n").starts_with("# Other\n\n<!--"));
}

#[test]
fn a_run_disturbed_by_other_work_says_so() {
    let quiet = row("a", "bare", 1.0);
    assert!(!report(vec![quiet.clone()]).tables().contains("Disturbed"));
    assert!(report(vec![Row { others: [0.0, 0.11], ..quiet }]).tables().contains("**Disturbed**: in 1 of 1 rows"));
}
