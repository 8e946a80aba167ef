//! As much of a browser as signing in needs: a cookie jar, redirects, and the forms of a page. It fills the sign-in and
//! consent forms as a person would, hidden fields included.

use std::{collections::BTreeMap, io, time::Duration};

use tokio::time::timeout;

use crate::http::{Connection, Response, encode, get, post};

/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// A sign-in that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cookies of one browser; attributes are not looked at, all are for the one server.
#[derive(Debug, Default, Clone)]
pub struct Jar {
    cookies: BTreeMap<String, String>,
}

impl Jar {
    /// Keeps what an answer sets and drops what it clears.
    pub fn keep(&mut self, response: &Response<'_>) {
        for line in response.headers("set-cookie") {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            let gone = value.is_empty() || attributes.to_ascii_lowercase().contains("max-age=0");
            if gone {
                self.cookies.remove(name.trim());
            } else {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    /// The header line to send, with its CRLF; empty without cookies.
    pub fn line(&self) -> String {
        if self.cookies.is_empty() {
            return String::new();
        }
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Cookie: {}\r\n", pairs.join("; "))
    }
}

/// A form of a page: where it goes and the inputs it holds (buttons not among them).
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    action: Option<String>,
    fields: Vec<(String, String)>,
    buttons: Vec<(String, String)>,
}

impl Form {
    /// Every form of a page.
    pub fn all(page: &str) -> Vec<Self> {
        page.split("<form").skip(1).map(|rest| Self::parse(rest.split("</form").next().unwrap_or(rest))).collect()
    }

    fn parse(text: &str) -> Self {
        let action = text.split('>').next().and_then(|tag| attribute(tag, "action"));
        let named = |element: &str| {
            text.split(&format!("<{element}"))
                .skip(1)
                .filter_map(|rest| {
                    let tag = rest.split('>').next().unwrap_or(rest);
                    Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
                })
                .collect()
        };
        Self { action, fields: named("input"), buttons: named("button") }
    }

    fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    fn has_button(&self, value: &str) -> bool {
        self.buttons.iter().any(|(_, button)| button == value)
    }

    /// The body that the named button sends, with `filled` in place of the empty inputs.
    fn body(&self, button: &str, filled: &[(&str, &str)]) -> String {
        let mut pairs: Vec<String> = self
            .fields
            .iter()
            .map(|(name, value)| {
                let value = filled.iter().find(|(field, _)| field == name).map_or(value.as_str(), |(_, text)| text);
                format!("{}={}", encode(name), encode(value))
            })
            .collect();
        pairs.extend(
            self.buttons
                .iter()
                .filter(|(_, value)| value == button)
                .map(|(name, value)| format!("{}={}", encode(name), encode(value))),
        );
        pairs.join("&")
    }
}

/// An attribute of a start tag, its entities resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once(name)?;
        let starts = before.chars().next_back().is_none_or(char::is_whitespace);
        if let Some(value) = after.strip_prefix('=').filter(|_| starts) {
            let raw = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value.get(1..)?.split(quote).next()?,
                _ => value.split(|c: char| c.is_whitespace() || c == '>').next()?,
            };
            return Some(unescape(raw));
        }
        rest = after;
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((entity, tail)) = after.split_once(';') else {
            out.push('&');
            rest = after;
            continue;
        };
        let known = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => entity.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok().and_then(char::from_u32),
                None => number.parse().ok().and_then(char::from_u32),
            }),
        };
        match known {
            Some(character) => {
                out.push(character);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// A person with a password.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// Name at sign-in.
    pub username: &'static str,
    /// Password.
    pub password: &'static str,
}

/// The relying party that a sign-in is for.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    /// `host:port` of the server; its origin is `http://` and this.
    pub host: String,
    /// Client identifier.
    pub client_id: String,
    /// Registered redirect URI.
    pub redirect_uri: String,
    /// Scope to ask for, spaces between.
    pub scope: String,
    /// More of the query, beginning with `&`; or nothing.
    pub more: String,
}

impl RelyingParty {
    /// Path and query of the authorization request (OIDC Core 3.1.2.1, PKCE S256).
    pub fn authorize_path(&self) -> String {
        format!(
            "/oauth2/authorize?response_type=code&client_id={}&redirect_uri={}&scope={}&state=bench&nonce=bench\
             &code_challenge={CHALLENGE}&code_challenge_method=S256{}",
            encode(&self.client_id),
            encode(&self.redirect_uri),
            encode(&self.scope),
            self.more,
        )
    }
}

/// Where the browser is after an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Go on with this path.
    Follow(String),
    /// Send this form: the password is in it.
    SignIn { path: String, body: String },
    /// Send this form: it allows what the client asks for.
    Allow { path: String, body: String },
    /// Back at the relying party with a code.
    Code(String),
    /// Nothing known: the status and the begin of the page.
    Lost(String),
}

/// Decides what a person does next. `at` is the path the answer is for.
pub fn next_step(response: &Response<'_>, at: &str, party: &RelyingParty, person: Person) -> Step {
    if matches!(response.status, 302 | 303) {
        let location = response.header("location").unwrap_or_default();
        if location.starts_with(&party.redirect_uri) {
            return match query_value(location, "code") {
                Some(code) => Step::Code(code.to_owned()),
                None => Step::Lost(format!("no code in {location}")),
            };
        }
        let path = on_this_host(location, &party.host);
        return if path.starts_with('/') { Step::Follow(path.to_owned()) } else { Step::Lost(location.to_owned()) };
    }
    let page = response.text();
    let path_of = |form: &Form| match form.action.as_deref() {
        None | Some("") => at.to_owned(),
        Some(action) => on_this_host(action, &party.host).to_owned(),
    };
    let forms = Form::all(page);
    if let Some(form) = forms.iter().find(|form| form.has_field("password")) {
        let filled = [("username", person.username), ("password", person.password)];
        return Step::SignIn { path: path_of(form), body: form.body("sign-in", &filled) };
    }
    if let Some(form) = forms.iter().find(|form| form.has_button("allow")) {
        return Step::Allow { path: path_of(form), body: form.body("allow", &[]) };
    }
    let begin: String = page.chars().take(300).collect();
    Step::Lost(format!("status {} at {at}: {begin}", response.status))
}

fn on_this_host<'u>(url: &'u str, host: &str) -> &'u str {
    url.strip_prefix("http://").and_then(|rest| rest.strip_prefix(host)).unwrap_or(url)
}

/// A value of the query of a URL, as it stands there: codes need no decoding.
pub fn query_value<'u>(url: &'u str, name: &str) -> Option<&'u str> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next()?;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The header lines that a browser sends with a form of the same site.
pub fn form_lines(host: &str, jar: &Jar) -> String {
    format!("Origin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n{}", jar.line())
}

/// Signs in (and consents) until the relying party has its code; `jar` keeps the session.
///
/// # Errors
/// A page that is not understood, no code after 12 steps, a broken connection, or one minute without an end.
pub async fn authorize(
    connection: &mut Connection,
    jar: &mut Jar,
    party: &RelyingParty,
    person: Person,
) -> io::Result<String> {
    timeout(PATIENCE, steps(connection, jar, party, person)).await?
}

async fn steps(connection: &mut Connection, jar: &mut Jar, party: &RelyingParty, person: Person) -> io::Result<String> {
    let mut at = party.authorize_path();
    let mut request = get(&party.host, &at, &jar.line());
    for _ in 0..12 {
        let response = connection.send(&request).await?;
        jar.keep(&response);
        let step = next_step(&response, &at, party, person);
        request = match step {
            Step::Code(code) => return Ok(code),
            Step::Lost(why) => return Err(io::Error::other(why)),
            Step::Follow(path) => {
                at = path;
                get(&party.host, &at, &jar.line())
            }
            Step::SignIn { path, body } | Step::Allow { path, body } => {
                at = path;
                post(&party.host, &at, &form_lines(&party.host, jar), &body)
            }
        };
    }
    Err(io::Error::other(format!("no code after 12 steps, last at {at}")))
}

#[cfg(test)]
mod tests;
