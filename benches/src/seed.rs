//! What the real server must hold before it is measured: machine clients for each form of access token, sessions of
//! people who are signed in. Everything that depends on Symbolon's command line and its demonstration data is here.

use std::{
    io::{self, Write},
    path::Path,
    process::{Command, Stdio},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use crate::{
    browser::{Jar, Person, RelyingParty, VERIFIER, authorize},
    http::{Connection, encode, post},
    scenario::TokenEndpoint,
    target::{Recipe, Target},
};

/// Token endpoint of the real server.
pub const TOKEN: &str = "/oauth2/token";
/// Introspection endpoint of the real server.
pub const INTROSPECT: &str = "/oauth2/introspect";
/// Userinfo endpoint of the real server.
pub const USERINFO: &str = "/oauth2/userinfo";
/// Discovery of the real server.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The people of `symbolon dev`.
pub const PEOPLE: [Person; 2] =
    [Person { username: "alice", password: "dev-password" }, Person { username: "bob", password: "dev-password" }];

/// Secret of the demonstration clients.
const DEMO_SECRET: &str = "dev-secret";
/// Secret of the clients made here: a chosen secret must be long.
const SECRET: &str = "kQ7vX2mB9tR4wZ6yN1pL8sD3fG5hJ0cAeU";
/// The machine client of `symbolon dev`, used where none could be made.
const DEMO_CLIENT: &str = "demo-m2m";
/// Scope of a machine client.
const SCOPE: &str = "demo.read";
/// Sessions that codes are got with: enough that no single row is what is measured.
const SESSIONS: usize = 8;

/// The form of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JWT signed with ES256.
    Es256,
    /// A JWT signed with RS256.
    Rs256,
    /// A reference to a row.
    Opaque,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::Opaque];

    /// The form a token has.
    pub fn of(token: &str) -> Option<Self> {
        let Some((header, _)) = token.split_once('.') else { return Some(Self::Opaque) };
        let header: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        match header.get("alg")?.as_str()? {
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            _ => None,
        }
    }

    fn client(self) -> &'static str {
        match self {
            Self::Es256 => "bench-es256",
            Self::Rs256 => "bench-rs256",
            Self::Opaque => "bench-opaque",
        }
    }

    /// Arguments of the command that makes the client of this form. The secret follows on standard input.
    fn arguments(self) -> Vec<&'static str> {
        let mut arguments = vec![
            "client",
            "create",
            "--kind",
            "machine",
            "--name",
            "Benchmark",
            "--client-id",
            self.client(),
            "--scope",
            SCOPE,
            "--secret-stdin",
        ];
        arguments.extend(match self {
            Self::Es256 => ["--access-token-format", "jwt", "--access-token-alg", "ES256"].as_slice(),
            Self::Rs256 => ["--access-token-format", "jwt", "--access-token-alg", "RS256"].as_slice(),
            Self::Opaque => ["--access-token-format", "opaque"].as_slice(),
        });
        arguments
    }
}

fn secret_of(client: &str) -> &'static str {
    if client.starts_with("bench-") { SECRET } else { DEMO_SECRET }
}

/// The app that people sign in to: both of its tokens are ES256, so that no slow signature hides the rest. Of the
/// native kind, because the port changes from start to start (RFC 8252 section 7.3).
const WEB_CLIENT: &str = "bench-web";
const WEB_ARGUMENTS: [&str; 19] = [
    "client",
    "create",
    "--kind",
    "native",
    "--name",
    "Benchmark app",
    "--client-id",
    WEB_CLIENT,
    "--redirect-uri",
    "http://127.0.0.1/dev/callback",
    "--auth-method",
    "client_secret_basic",
    "--consent",
    "skip",
    "--id-token-alg",
    "ES256",
    "--access-token-alg",
    "ES256",
    "--secret-stdin",
];

/// Makes the clients with the server's own command line. Answers what did not work: the run goes on with what the
/// server has.
pub fn create_clients(binary: &Path, recipe: &Recipe, directory: &Path) -> Vec<String> {
    let machines = Format::ALL.into_iter().map(|format| (format.client(), format.arguments()));
    machines
        .chain([(WEB_CLIENT, WEB_ARGUMENTS.to_vec())])
        .filter_map(|(client, arguments)| {
            let error = create_client(binary, recipe, directory, &arguments).err()?;
            Some(format!("client {client} was not made: {error}"))
        })
        .collect()
}

fn create_client(binary: &Path, recipe: &Recipe, directory: &Path, arguments: &[&str]) -> io::Result<()> {
    let mut child = Command::new(binary)
        .args(arguments)
        .envs(recipe.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        writeln!(input, "{SECRET}")?;
    }
    let output = child.wait_with_output()?;
    // 5 is "conflict": an earlier round on the same database made it.
    match output.status.code() {
        Some(0 | 5) => Ok(()),
        code => {
            let text = String::from_utf8_lossy(&output.stderr);
            let first = text.lines().next().unwrap_or_default();
            Err(io::Error::other(format!("exit {code:?}: {first}")))
        }
    }
}

/// A machine client that works, with the token it got.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The token endpoint as this client.
    pub endpoint: TokenEndpoint,
    /// An access token of the wanted form.
    pub token: String,
}

impl Machine {
    /// The form of a client credentials request (RFC 6749 section 4.4.2).
    pub fn form() -> String {
        format!("grant_type=client_credentials&scope={SCOPE}")
    }
}

/// The real server with everything ready.
pub struct Seeded {
    machines: Vec<(Format, Machine)>,
    /// Relying party that asks for `openid` only.
    pub party: RelyingParty,
    /// Its token endpoint.
    pub web: TokenEndpoint,
    /// Sessions that are signed in and have consented.
    pub sessions: Vec<Jar>,
    /// JWTs in the answer to a code exchange.
    pub signatures_of_exchange: usize,
    /// JWTs in the answer to a refresh, when there are refresh tokens.
    pub signatures_of_refresh: Option<usize>,
    /// What could not be prepared.
    pub notes: Vec<String>,
}

impl Seeded {
    /// Finds the machine clients and signs the people in.
    pub async fn prepare(target: &Target) -> Self {
        let party = RelyingParty {
            host: target.host.clone(),
            client_id: WEB_CLIENT.to_owned(),
            redirect_uri: format!("http://{}/dev/callback", target.host),
            scope: "openid".to_owned(),
            more: String::new(),
        };
        let mut seeded = Self {
            machines: Vec::new(),
            web: endpoint(target, TOKEN, WEB_CLIENT),
            party,
            sessions: Vec::new(),
            signatures_of_exchange: 0,
            signatures_of_refresh: None,
            notes: Vec::new(),
        };
        for format in Format::ALL {
            match find_machine(target, format).await {
                Ok(machine) => seeded.machines.push((format, machine)),
                Err(error) => seeded.notes.push(format!("{format:?}: {error}")),
            }
        }
        if let Err(error) = seeded.sign_in(target).await {
            seeded.notes.push(format!("sign-in: {error}"));
        }
        if let Err(error) = seeded.count_signatures(target).await {
            seeded.notes.push(format!("user tokens: {error}"));
        }
        seeded
    }

    /// The machine client for a form of token.
    pub fn machine(&self, format: Format) -> io::Result<&Machine> {
        let found = self.machines.iter().find(|(found, _)| *found == format);
        found.map(|(_, machine)| machine).ok_or_else(|| io::Error::other(format!("no client gets {format:?} tokens")))
    }

    async fn sign_in(&mut self, target: &Target) -> io::Result<()> {
        let mut connection = Connection::new(target.address)?;
        for person in PEOPLE.iter().cycle().take(SESSIONS) {
            let mut jar = Jar::default();
            authorize(&mut connection, &mut jar, &self.party, *person).await?;
            self.sessions.push(jar);
        }
        Ok(())
    }

    async fn count_signatures(&mut self, target: &Target) -> io::Result<()> {
        let reply = self.user_tokens(target, 0, Wish::Plain).await?;
        self.signatures_of_exchange = reply.matches("\"eyJ").count();
        let reply = self.user_tokens(target, 0, Wish::Offline).await?;
        let token = text_of(&reply, "refresh_token")?;
        let form = format!("grant_type=refresh_token&refresh_token={token}");
        let reply = send(target, &self.web, &form).await?;
        self.signatures_of_refresh = Some(reply.matches("\"eyJ").count());
        Ok(())
    }

    /// The token response of a code got with one of the sessions.
    ///
    /// # Errors
    /// No session, no code, or no tokens.
    pub async fn user_tokens(&self, target: &Target, index: usize, wish: Wish) -> io::Result<String> {
        let position = index % self.sessions.len().max(1);
        let mut jar = self.sessions.get(position).cloned().ok_or_else(|| io::Error::other("nobody is signed in"))?;
        let person = PEOPLE.iter().cycle().nth(position).copied().unwrap_or(PEOPLE[0]);
        let mut party = self.party.clone();
        if wish == Wish::Offline {
            "openid offline_access".clone_into(&mut party.scope);
            "&prompt=consent".clone_into(&mut party.more);
        }
        let mut connection = Connection::new(target.address)?;
        let code = authorize(&mut connection, &mut jar, &party, person).await?;
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={}&code_verifier={VERIFIER}",
            encode(&party.redirect_uri)
        );
        send(target, &self.web, &form).await
    }
}

/// What tokens of a person are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// An access token.
    Plain,
    /// A refresh token too (OIDC Core section 11).
    Offline,
}

/// A member of a JSON reply.
///
/// # Errors
/// It is not there or no text.
pub fn text_of(reply: &str, member: &str) -> io::Result<String> {
    let value: serde_json::Value = serde_json::from_str(reply)?;
    let text = value.get(member).and_then(serde_json::Value::as_str);
    text.map(str::to_owned).ok_or_else(|| io::Error::other(format!("no {member} in the reply")))
}

/// An endpoint as a confidential client, client_secret_basic (RFC 6749 section 2.3.1).
pub fn endpoint(target: &Target, path: &'static str, client: &str) -> TokenEndpoint {
    let credentials = STANDARD.encode(format!("{}:{}", encode(client), encode(secret_of(client))));
    TokenEndpoint {
        host: target.host.clone(),
        path,
        lines: format!("Authorization: Basic {credentials}\r\n"),
        form: String::new(),
    }
}

async fn find_machine(target: &Target, format: Format) -> io::Result<Machine> {
    let mut found = Vec::new();
    for client in [format.client(), DEMO_CLIENT] {
        let endpoint = endpoint(target, TOKEN, client);
        match send(target, &endpoint, &Machine::form()).await {
            Ok(reply) => {
                let token = text_of(&reply, "access_token")?;
                let form = Format::of(&token);
                if form == Some(format) {
                    return Ok(Machine { endpoint, token });
                }
                found.push(format!("{client} gets {form:?}"));
            }
            Err(error) => found.push(format!("{client}: {error}")),
        }
    }
    Err(io::Error::other(found.join("; ")))
}

async fn send(target: &Target, endpoint: &TokenEndpoint, form: &str) -> io::Result<String> {
    let request = post(&endpoint.host, endpoint.path, &endpoint.lines, &format!("{}{form}", endpoint.form));
    let mut connection = Connection::new(target.address)?;
    let response = connection.send(&request).await?;
    let begin: String = response.text().chars().take(300).collect();
    if response.status == 200 {
        Ok(response.text().to_owned())
    } else {
        Err(io::Error::other(format!("{}: {begin}", response.status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(header: &str) -> String {
        format!("{}.e30.sig", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn the_form_of_a_token_is_read_from_the_token() {
        assert_eq!(Format::of("sym_at_abc"), Some(Format::Opaque));
        assert_eq!(Format::of(&jwt(r#"{"alg":"ES256"}"#)), Some(Format::Es256));
        assert_eq!(Format::of(&jwt(r#"{"alg":"RS256"}"#)), Some(Format::Rs256));
        for unknown in [jwt(r#"{"alg":"HS256"}"#), jwt("{}"), jwt("no"), "a.b.c".to_owned()] {
            assert_eq!(Format::of(&unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_missing_member_of_a_reply_is_an_error() {
        assert_eq!(text_of(r#"{"a":"b"}"#, "a").unwrap(), "b");
        assert!(text_of(r#"{"a":1}"#, "a").is_err());
        assert!(text_of("{}", "a").is_err());
        assert!(text_of("<html>", "a").is_err());
    }
}
