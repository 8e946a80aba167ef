//! The password storm: more sign-ins than the core can hash, and the token endpoint beside them.

use std::{io, time::Duration};

use super::{
    Side, WARM_UP, names,
    work::{Kind, PLAIN_FORM, bare_requests, token_requests},
};
use crate::{
    RunOptions,
    clock::now,
    drive::{Exchange, Exchanges, Pace, Running, Stretch, Until, measure},
    report::Row,
    scenario::{Fixed, SignIns},
    seed::{Format, PEOPLE, Seeded},
    target::Target,
};

/// A refused sign-in is tried again after this: with 64 of them far more than one core can hash.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// One sign-in after the other on each connection.
pub fn sign_ins(options: &RunOptions, seeded: &Seeded) -> Exchanges {
    PEOPLE
        .iter()
        .cycle()
        .take(options.sign_ins)
        .map(|person| Box::new(SignIns::new(seeded.party.clone(), *person, PAUSE_AFTER_REFUSAL)) as Box<dyn Exchange>)
        .collect()
}

/// The token endpoint during a storm, at a fixed rate and as fast as it can; and the storm itself.
pub async fn measured(options: &RunOptions, target: &Target, side: &Side) -> io::Result<Vec<Row>> {
    let (attempts, tokens): (Exchanges, Fixed) = match side {
        Side::Bare(..) => {
            let form = "username=alice&password=dev-password";
            let attempts = bare_requests(target, "/password", form, "\"access_token\"").times(options.sign_ins);
            (attempts, bare_requests(target, "/token/es256", PLAIN_FORM, "\"access_token\""))
        }
        Side::Real(seeded) => {
            if seeded.sessions.is_empty() {
                return Err(io::Error::other("nobody can sign in"));
            }
            (sign_ins(options, seeded), token_requests(seeded.machine(Format::Es256)?))
        }
        Side::Peer => return Ok(Vec::new()),
    };
    let storm = Running::start(target.address, attempts, Pace::Closed).await?;
    // Every connection has its form filled before the clock starts.
    tokio::time::sleep(WARM_UP).await;
    storm.reset();
    let (begin, before) = (now(), target.watch.cpu()?);
    let until = Until::Elapsed { warm_up: WARM_UP, measured: Duration::from_secs_f64(options.seconds) };
    let mut rows = Vec::new();
    let paces = [(names::STORM_OPEN, Pace::Open(options.storm_rate)), (names::STORM_CLOSED, Pace::Closed)];
    for (name, pace) in paces {
        let load = tokens.clone().times(options.connections);
        let stretch = measure(target.address, load, pace, until, &target.watch).await?;
        let row = Row::of(name, target.name, &stretch, target.watch.memory()?);
        // The processor works for the storm as well: a share of one request cannot be told.
        rows.push(row.without_processor_time());
    }
    let elapsed = now() - begin;
    let server = target.watch.cpu()? - before;
    let tally = storm.counted();
    storm.stop().await;
    // Its two stretches above tell of other work.
    let stretch = Stretch { tally, elapsed, server, ..Stretch::nothing()? };
    let row = Row::of(Kind::Storm.name(), target.name, &stretch, target.watch.memory()?);
    rows.push(row.without_processor_time());
    Ok(rows)
}
