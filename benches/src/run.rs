//! A run: for each database the bare handlers, Symbolon and the peer side by side on core 0, scenario by scenario, the
//! load on core 1.

mod storm;
mod work;

use std::{
    env, fs, io,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    Database, LoadOptions, RunOptions,
    drive::{Pace, Until, measure},
    http::{get, post},
    process::{LOAD_CORE, Watch},
    report::{Report, Row, Section, Started},
    scenario::Fixed,
    seed::{Seeded, create_clients},
    target::{Recipe, Scratch, Target},
};

use self::work::Kind;

/// Names of the scenarios that goals are about.
pub mod names {
    /// Client credentials, ES256.
    pub const TOKEN_ES256: &str = "client_credentials, JWT ES256";
    /// Introspection of an opaque token.
    pub const INTROSPECTION: &str = "introspection, opaque";
    /// Refresh rotation.
    pub const REFRESH: &str = "refresh rotation";
    /// The sign-ins of a storm.
    pub const STORM: &str = "password storm";
    /// The token endpoint in a storm, at a fixed rate.
    pub const STORM_OPEN: &str = "token endpoint in a password storm, open loop";
    /// The token endpoint in a storm, as fast as it can.
    pub const STORM_CLOSED: &str = "token endpoint in a password storm, closed loop";
}

/// Every scenario answers its first requests unmeasured for this long.
const WARM_UP: Duration = Duration::from_secs(1);

/// What one server of a run offers.
pub enum Side {
    /// The bare handlers; how many signatures the real server's answers hold: of an exchange, of a refresh.
    Bare(usize, usize),
    /// Symbolon.
    Real(Box<Seeded>),
    /// node-oidc-provider.
    Peer,
}

/// Measures everything and writes the report.
///
/// # Errors
/// A server does not start, or the output cannot be written. A scenario that cannot run is a note in the report.
pub async fn run(options: &RunOptions) -> io::Result<()> {
    let mut report = Report::begin(command());
    for database in &options.database {
        report.sections.push(section(options, database).await?);
    }
    print!("{}", report.tables());
    match options.output.as_deref() {
        None => Ok(()),
        Some("json") => {
            println!("{}", report.json()?);
            Ok(())
        }
        Some(file) if file.ends_with(".json") => fs::write(file, report.json()?),
        Some(file) => {
            let before = match fs::read_to_string(file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
                read => read?,
            };
            fs::write(file, report.markdown_in(&before))
        }
    }
}

/// The command as it can be repeated elsewhere: file names instead of places, no password.
fn command() -> String {
    let words = env::args().enumerate().map(|(index, word)| {
        let word = if index == 0 { "symbolon-bench".to_owned() } else { word };
        match word.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or(rest)),
            None if word.starts_with('/') => {
                Path::new(&word).file_name().map_or(word.clone(), |name| name.to_string_lossy().into_owned())
            }
            None => word,
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

async fn section(options: &RunOptions, database: &Database) -> io::Result<Section> {
    let mut section = Section { database: database.name(), ..Section::default() };
    let scratch = Scratch::new(database.name())?;
    let bare = start(&Recipe::bare(database)?, &scratch, "start", &mut section).await?;
    let mut sides = Vec::new();
    let mut signatures = (2, 0);
    if let Some(binary) = &options.server {
        let (target, seeded) = start_symbolon(binary, database, &scratch, &mut section).await?;
        signatures = (seeded.signatures_of_exchange, seeded.signatures_of_refresh.unwrap_or_default());
        sides.push((target, Side::Real(Box::new(seeded))));
    }
    sides.insert(0, (bare, Side::Bare(signatures.0, signatures.1)));
    if let Some(directory) = &options.with_peer {
        sides.push((start(&Recipe::peer(directory)?, &scratch, "start", &mut section).await?, Side::Peer));
    }

    let mut rows = Vec::new();
    for round in 0..options.rounds.max(1) {
        for kind in Kind::ALL {
            if options.only.as_deref().is_some_and(|only| !kind.name().contains(only)) {
                continue;
            }
            for (target, side) in &sides {
                match work::measured(options, kind, target, side).await {
                    Ok(measured) => {
                        for row in &measured {
                            eprintln!("[{} {}] {}", section.database, round + 1, row.brief());
                        }
                        rows.extend(measured);
                    }
                    Err(error) if round == 0 && matches!(side, Side::Real(_)) => {
                        section.notes.push(format!("{} was not measured: {error}", kind.name()));
                    }
                    Err(_) => {}
                }
            }
        }
    }
    section.rows = Row::medians(rows);
    if options.only.is_none()
        && let Some((bare, _)) = sides.first()
    {
        section.notes.extend(compare_with_wrk(options, bare, &scratch, &section.rows));
    }
    for (target, _) in sides {
        target.stop();
    }
    Ok(section)
}

async fn start(recipe: &Recipe, scratch: &Scratch, how: &'static str, section: &mut Section) -> io::Result<Target> {
    let target = Target::start(recipe, &scratch.path).await?;
    section.started.push(Started { server: target.name, how, ready: target.ready, idle: target.idle });
    Ok(target)
}

/// Starts it on an empty database, makes the clients, starts it again: what another process wrote is in no cache then,
/// and both ways to start are timed.
async fn start_symbolon(
    binary: &Path,
    database: &Database,
    scratch: &Scratch,
    section: &mut Section,
) -> io::Result<(Target, Seeded)> {
    let recipe = Recipe::symbolon(binary, database, &scratch.path)?;
    let first = start(&recipe, scratch, "first start, empty database", section).await?;
    section.notes.extend(create_clients(binary, &recipe, &scratch.path));
    first.stop();
    let target = start(&recipe, scratch, "restart", section).await?;
    let mut seeded = Seeded::prepare(&target).await;
    section.notes.append(&mut seeded.notes);
    Ok((target, seeded))
}

/// The same two requests by wrk, when it is installed: the driver must not be what limits.
fn compare_with_wrk(options: &RunOptions, bare: &Target, scratch: &Scratch, rows: &[Row]) -> Vec<String> {
    let script = scratch.path.join("form.lua");
    let lua = format!(
        "wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'\nwrk.body = '{}'\n",
        work::PLAIN_FORM
    );
    if let Err(error) = fs::write(&script, lua) {
        return vec![format!("wrk: {error}")];
    }
    let script = script.display().to_string();
    [(Kind::Form, "/form", vec!["-s", script.as_str()]), (Kind::Discovery, "/discovery", Vec::new())]
        .into_iter()
        .map(|(kind, path, arguments)| {
            let ours = rows.iter().find(|row| row.server == "bare" && row.scenario == kind.name());
            let ours = ours.map_or(0.0, |row| row.per_second);
            match wrk(options, &format!("http://{}{path}", bare.host), &arguments) {
                Ok(theirs) => format!("Driver check, bare `{path}`: {ours:.0} requests/s here, {theirs:.0} by wrk."),
                Err(error) => format!("Driver check, bare `{path}`: {ours:.0} requests/s here; wrk: {error}."),
            }
        })
        .collect()
}

fn wrk(options: &RunOptions, url: &str, arguments: &[&str]) -> io::Result<f64> {
    let output = Command::new("taskset")
        .args(["-c", LOAD_CORE, "wrk", "-t1", &format!("-c{}", options.connections), "-d4s"])
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    found.and_then(|number| number.trim().parse().ok()).ok_or_else(|| io::Error::other("is not installed or failed"))
}

/// Drives one URL.
///
/// # Errors
/// The address is not loopback, or does not answer.
pub async fn load(options: &LoadOptions) -> io::Result<()> {
    let host = options.address.to_string();
    let request = match &options.form {
        Some(form) => post(&host, &options.path, "", form),
        None => get(&host, &options.path, ""),
    };
    let exchanges = Fixed { request, proof: "" }.times(options.connections.max(1));
    let watch = options.pid.map_or_else(Watch::this, Watch::of);
    let pace = options.rate.map_or(Pace::Closed, Pace::Open);
    let until = Until::Elapsed { warm_up: WARM_UP, measured: Duration::from_secs_f64(options.seconds) };
    let stretch = measure(options.address, exchanges, pace, until, &watch).await?;
    println!("{}", Row::of("load", "url", &stretch, watch.memory()?).brief());
    Ok(())
}
