//! The scenarios: what each sends to each of the servers.

use std::{cell::RefCell, io, rc::Rc, time::Duration};

use super::{Side, WARM_UP, names, storm};
use crate::{
    RunOptions,
    drive::{Exchange, Exchanges, Pace, Stretch, Until, measure},
    http::{Connection, encode, get, post},
    report::Row,
    scenario::{Codes, Fixed, Gather, Redeem, RefreshChain, TokenEndpoint},
    seed::{DISCOVERY, Format, INTROSPECT, Machine, Seeded, USERINFO, Wish, text_of},
    target::Target,
};

/// The form of a machine client that authenticates in the body.
pub const PLAIN_FORM: &str =
    "grant_type=client_credentials&client_id=demo-m2m&client_secret=dev-secret&scope=demo.read";

/// Codes got and exchanged in one turn.
const CODES_PER_TURN: usize = 4096;
/// No turn of codes may take longer.
const TURN_LIMIT: Duration = Duration::from_secs(40);

/// The scenarios.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A form in, JSON out, nothing else: what actix and the driver can do.
    Form,
    /// The discovery document.
    Discovery,
    /// Client credentials, by form of the access token.
    Token(Format),
    /// Introspection, by form of the access token.
    Introspect(Format),
    /// Userinfo with a person's access token.
    Userinfo,
    /// Rotation of refresh tokens.
    Refresh,
    /// The same with the signatures that the real answer holds (bare only).
    RefreshSigned,
    /// Exchange of codes.
    Exchange,
    /// Sign-in with a password.
    Password,
    /// The token endpoint while passwords are tried.
    Storm,
}

impl Kind {
    /// In the order in which they are measured.
    pub const ALL: [Self; 13] = [
        Self::Form,
        Self::Discovery,
        Self::Token(Format::Es256),
        Self::Token(Format::Rs256),
        Self::Token(Format::Opaque),
        Self::Introspect(Format::Opaque),
        Self::Introspect(Format::Es256),
        Self::Userinfo,
        Self::Refresh,
        Self::RefreshSigned,
        Self::Exchange,
        Self::Password,
        Self::Storm,
    ];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Form => "form in, JSON out",
            Self::Discovery => "discovery",
            Self::Token(Format::Es256) => names::TOKEN_ES256,
            Self::Token(Format::Rs256) => "client_credentials, JWT RS256",
            Self::Token(Format::Opaque) => "client_credentials, opaque",
            Self::Introspect(Format::Opaque) => names::INTROSPECTION,
            Self::Introspect(_) => "introspection, JWT",
            Self::Userinfo => "userinfo",
            Self::Refresh => names::REFRESH,
            Self::RefreshSigned => "refresh rotation, signed as the real answer",
            Self::Exchange => "code exchange",
            Self::Password => "password sign-in",
            Self::Storm => names::STORM,
        }
    }
}

/// Measures one scenario on one server; no rows when the server has nothing of the kind.
///
/// # Errors
/// The scenario cannot be prepared or a connection cannot be opened.
pub async fn measured(options: &RunOptions, kind: Kind, target: &Target, side: &Side) -> io::Result<Vec<Row>> {
    match kind {
        Kind::Storm => return storm::measured(options, target, side).await,
        Kind::Exchange => {
            let Some(stretch) = exchange(options, target, side).await? else { return Ok(Vec::new()) };
            return Ok(vec![Row::of(kind.name(), target.name, &stretch, target.watch.memory()?)]);
        }
        _ => {}
    }
    let prepared = match side {
        Side::Bare(_, signatures) => bare(options, kind, target, *signatures).await?,
        Side::Real(seeded) => real(options, kind, target, seeded).await?,
        Side::Peer => peer(options, kind, target).await?,
    };
    let Some(exchanges) = prepared else { return Ok(Vec::new()) };
    let until = Until::Elapsed { warm_up: WARM_UP, measured: Duration::from_secs_f64(options.seconds) };
    let stretch = measure(target.address, exchanges, Pace::Closed, until, &target.watch).await?;
    Ok(vec![Row::of(kind.name(), target.name, &stretch, target.watch.memory()?)])
}

fn fixed(request: Vec<u8>, proof: &'static str) -> Fixed {
    Fixed { request, proof }
}

/// The conversation of one connection that asks a machine's token endpoint again and again.
pub fn token_requests(machine: &Machine) -> Fixed {
    let TokenEndpoint { host, path, lines, form } = &machine.endpoint;
    fixed(post(host, path, lines, &format!("{form}{}", Machine::form())), "\"access_token\"")
}

/// One bare handler again and again.
pub fn bare_requests(target: &Target, path: &str, form: &str, proof: &'static str) -> Fixed {
    fixed(post(&target.host, path, "", form), proof)
}

async fn bare(options: &RunOptions, kind: Kind, target: &Target, signatures: usize) -> io::Result<Option<Exchanges>> {
    let token = |path: &str| bare_requests(target, path, PLAIN_FORM, "\"access_token\"");
    let work = match kind {
        Kind::Form => token("/form"),
        Kind::Discovery => fixed(get(&target.host, "/discovery", ""), "\"issuer\""),
        Kind::Token(Format::Es256) => token("/token/es256"),
        Kind::Token(Format::Rs256) => token("/token/rs256"),
        Kind::Token(Format::Opaque) => token("/token/opaque"),
        Kind::Introspect(Format::Opaque) | Kind::Userinfo => {
            let seeded = seeds(target, "access", 1).await?.pop().unwrap_or_default();
            bare_requests(target, "/introspect", &format!("token={seeded}"), "\"active\":true")
        }
        Kind::Introspect(_) => {
            let mut connection = Connection::new(target.address)?;
            let response = connection.send(&post(&target.host, "/token/es256", "", PLAIN_FORM)).await?;
            let jwt = text_of(response.text(), "access_token")?;
            bare_requests(target, "/introspect/jwt", &format!("token={jwt}"), "\"active\":true")
        }
        Kind::Password => {
            let work = bare_requests(target, "/password", "username=alice&password=dev-password", "\"access_token\"");
            return Ok(Some(work.times(options.sign_ins)));
        }
        Kind::RefreshSigned if signatures == 0 => return Ok(None),
        Kind::Refresh | Kind::RefreshSigned => {
            let signatures = if kind == Kind::Refresh { 0 } else { signatures };
            let endpoint = bare_endpoint(target, "/rotate", signatures);
            let tokens = seeds(target, "refresh", options.connections).await?;
            return Ok(Some(chains(&endpoint, tokens)));
        }
        Kind::Exchange | Kind::Storm => return Ok(None),
    };
    Ok(Some(work.times(options.connections)))
}

async fn real(options: &RunOptions, kind: Kind, target: &Target, seeded: &Seeded) -> io::Result<Option<Exchanges>> {
    let work = match kind {
        Kind::Discovery => fixed(get(&target.host, DISCOVERY, ""), "\"issuer\""),
        Kind::Token(format) => token_requests(seeded.machine(format)?),
        Kind::Introspect(format) => {
            let machine = seeded.machine(format)?;
            let form = format!("token={}", encode(&machine.token));
            fixed(post(&target.host, INTROSPECT, &machine.endpoint.lines, &form), "\"active\":true")
        }
        Kind::Userinfo => {
            let token = text_of(&seeded.user_tokens(target, 0, Wish::Plain).await?, "access_token")?;
            fixed(get(&target.host, USERINFO, &format!("Authorization: Bearer {token}\r\n")), "\"sub\"")
        }
        Kind::Refresh => {
            let mut tokens = Vec::with_capacity(options.connections);
            for index in 0..options.connections {
                let reply = seeded.user_tokens(target, index, Wish::Offline).await?;
                tokens.push(text_of(&reply, "refresh_token")?);
            }
            return Ok(Some(chains(&seeded.web, tokens)));
        }
        Kind::Password => return Ok(Some(storm::sign_ins(options, seeded))),
        Kind::Form | Kind::RefreshSigned | Kind::Exchange | Kind::Storm => return Ok(None),
    };
    Ok(Some(work.times(options.connections)))
}

async fn peer(options: &RunOptions, kind: Kind, target: &Target) -> io::Result<Option<Exchanges>> {
    let form = |format: Format| {
        let resource = match format {
            Format::Es256 => "urn:bench:es256",
            Format::Rs256 => "urn:bench:rs256",
            Format::Opaque => "urn:bench:opaque",
        };
        format!("{PLAIN_FORM}&resource={resource}")
    };
    let work = match kind {
        Kind::Discovery => fixed(get(&target.host, DISCOVERY, ""), "\"issuer\""),
        Kind::Token(format) => fixed(post(&target.host, "/token", "", &form(format)), "\"access_token\""),
        Kind::Introspect(Format::Opaque) => {
            let mut connection = Connection::new(target.address)?;
            let response = connection.send(&post(&target.host, "/token", "", &form(Format::Opaque))).await?;
            let token = text_of(response.text(), "access_token")?;
            let form = format!("client_id=demo-m2m&client_secret=dev-secret&token={token}");
            fixed(post(&target.host, "/token/introspection", "", &form), "\"active\":true")
        }
        _ => return Ok(None),
    };
    Ok(Some(work.times(options.connections)))
}

fn chains(endpoint: &TokenEndpoint, tokens: Vec<String>) -> Exchanges {
    let chain = |token| Box::new(RefreshChain::new(endpoint.clone(), token)) as Box<dyn Exchange>;
    tokens.into_iter().map(chain).collect()
}

fn bare_endpoint(target: &Target, path: &'static str, signatures: usize) -> TokenEndpoint {
    TokenEndpoint {
        host: target.host.clone(),
        path,
        lines: String::new(),
        form: format!("client_id=demo-web&client_secret=dev-secret&signatures={signatures}&"),
    }
}

/// Rows to work on in the bare server's database.
async fn seeds(target: &Target, kind: &str, count: usize) -> io::Result<Vec<String>> {
    let mut connection = Connection::new(target.address)?;
    let request = post(&target.host, "/seed", "", &format!("kind={kind}&count={count}"));
    Ok(serde_json::from_slice(connection.send(&request).await?.body)?)
}

/// Codes are got in turns, unmeasured, and exchanged at once: they live for a minute or less.
async fn exchange(options: &RunOptions, target: &Target, side: &Side) -> io::Result<Option<Stretch>> {
    let codes: Codes = Rc::new(RefCell::new(Vec::new()));
    let mut sum = Stretch::nothing()?;
    // The first turn is the warm-up; twenty are enough whatever the speed.
    for turn in 0..20 {
        let (endpoint, rest) = match side {
            Side::Bare(signatures, _) => {
                *codes.borrow_mut() = seeds(target, "code", CODES_PER_TURN).await?;
                (bare_endpoint(target, "/redeem", *signatures), String::new())
            }
            Side::Real(seeded) => {
                gather(options, target, seeded, &codes).await?;
                (seeded.web.clone(), Redeem::rest(&seeded.party))
            }
            Side::Peer => return Ok(None),
        };
        let redeem = || Redeem { endpoint: endpoint.clone(), rest: rest.clone(), codes: Rc::clone(&codes) };
        let exchanges = (0..options.connections).map(|_| Box::new(redeem()) as Box<dyn Exchange>).collect();
        let until = Until::Exhausted(TURN_LIMIT);
        let stretch = measure(target.address, exchanges, Pace::Closed, until, &target.watch).await?;
        if turn > 0 {
            sum.add(&stretch)?;
        }
        if sum.elapsed.as_secs_f64() >= options.seconds {
            break;
        }
    }
    Ok(Some(sum))
}

async fn gather(options: &RunOptions, target: &Target, seeded: &Seeded, codes: &Codes) -> io::Result<()> {
    if seeded.sessions.is_empty() {
        return Err(io::Error::other("nobody is signed in"));
    }
    let each = CODES_PER_TURN / options.connections.max(1);
    let exchanges = seeded
        .sessions
        .iter()
        .cycle()
        .take(options.connections)
        .map(|jar| Box::new(Gather::new(&seeded.party, jar, each, Rc::clone(codes))) as Box<dyn Exchange>)
        .collect();
    let until = Until::Exhausted(TURN_LIMIT);
    measure(target.address, exchanges, Pace::Closed, until, &target.watch).await?;
    if codes.borrow().is_empty() { Err(io::Error::other("the sessions get no codes")) } else { Ok(()) }
}
