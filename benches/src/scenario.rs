//! The conversations that are measured: a fixed request, a chain of refresh tokens, codes and their exchange, and
//! sign-ins that repeat.

use std::{cell::RefCell, rc::Rc, time::Duration};

use memchr::memmem;

use crate::{
    browser::{Jar, Person, RelyingParty, Step, form_lines, next_step, query_value},
    drive::{Exchange, Exchanges, Outcome},
    http::{Response, encode, get, post},
};

/// The same request again and again; done when the status is 200 and the body holds `proof`.
#[derive(Clone)]
pub struct Fixed {
    /// The whole request.
    pub request: Vec<u8>,
    /// What only the right answer holds.
    pub proof: &'static str,
}

impl Fixed {
    /// One such conversation for each connection.
    pub fn times(self, connections: usize) -> Exchanges {
        (0..connections).map(|_| Box::new(self.clone()) as Box<dyn Exchange>).collect()
    }
}

impl Exchange for Fixed {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&self.request);
        true
    }

    fn response(&mut self, response: &Response<'_>) -> Outcome {
        let right = response.status == 200 && memmem::find(response.body, self.proof.as_bytes()).is_some();
        if right { Outcome::Done } else { Outcome::Failed }
    }
}

/// Where and as whom tokens are asked for.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    /// `host:port`.
    pub host: String,
    /// Path of the endpoint.
    pub path: &'static str,
    /// Header lines of the client's authentication, each with its CRLF.
    pub lines: String,
    /// Form members of every request, each followed by `&`.
    pub form: String,
}

impl TokenEndpoint {
    fn post(&self, form: &str) -> Vec<u8> {
        post(&self.host, self.path, &self.lines, &format!("{}{form}", self.form))
    }
}

/// A refresh token that each answer replaces (RFC 9700 section 4.14.2). A chain that breaks ends.
pub struct RefreshChain {
    endpoint: TokenEndpoint,
    token: Option<String>,
}

impl RefreshChain {
    /// A chain from its first token.
    pub fn new(endpoint: TokenEndpoint, token: String) -> Self {
        Self { endpoint, token: Some(token) }
    }
}

impl Exchange for RefreshChain {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(token) = &self.token else { return false };
        let form = format!("grant_type=refresh_token&refresh_token={token}");
        out.extend_from_slice(&self.endpoint.post(&form));
        true
    }

    fn response(&mut self, response: &Response<'_>) -> Outcome {
        let next = response.json_text("refresh_token").filter(|_| response.status == 200).map(str::to_owned);
        let rotated = next.is_some() && next != self.token;
        self.token = next.filter(|_| rotated);
        if rotated { Outcome::Done } else { Outcome::Failed }
    }

    fn broken(&mut self) {
        self.token = None;
    }
}

/// Codes between the connections that get them and those that exchange them.
pub type Codes = Rc<RefCell<Vec<String>>>;

/// Gets codes with a session that is signed in: not measured.
pub struct Gather {
    request: Vec<u8>,
    left: usize,
    codes: Codes,
}

impl Gather {
    /// Gets `count` codes with the session in `jar`.
    pub fn new(party: &RelyingParty, jar: &Jar, count: usize, codes: Codes) -> Self {
        Self { request: get(&party.host, &party.authorize_path(), &jar.line()), left: count, codes }
    }
}

impl Exchange for Gather {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        out.extend_from_slice(&self.request);
        true
    }

    fn response(&mut self, response: &Response<'_>) -> Outcome {
        match response.header("location").and_then(|url| query_value(url, "code")) {
            Some(code) => {
                self.codes.borrow_mut().push(code.to_owned());
                Outcome::Done
            }
            None => Outcome::Failed,
        }
    }
}

/// Exchanges codes until there are none left.
pub struct Redeem {
    /// The token endpoint.
    pub endpoint: TokenEndpoint,
    /// What follows the code in the form.
    pub rest: String,
    /// The codes.
    pub codes: Codes,
}

impl Redeem {
    /// The rest of the form that [`RelyingParty::authorize_path`] asks for.
    pub fn rest(party: &RelyingParty) -> String {
        format!("&redirect_uri={}&code_verifier={}", encode(&party.redirect_uri), crate::browser::VERIFIER)
    }
}

impl Exchange for Redeem {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(code) = self.codes.borrow_mut().pop() else { return false };
        let form = format!("grant_type=authorization_code&code={}{}", encode(&code), self.rest);
        out.extend_from_slice(&self.endpoint.post(&form));
        true
    }

    fn response(&mut self, response: &Response<'_>) -> Outcome {
        let right = response.status == 200 && response.json_text("access_token").is_some();
        if right { Outcome::Done } else { Outcome::Failed }
    }
}

/// A person who signs in, forgets the session and signs in again; only the request with the password is counted. A 503
/// with Retry-After is tried again after a short pause: far sooner than it says, as a storm does.
pub struct SignIns {
    party: RelyingParty,
    person: Person,
    pause_after_refusal: Duration,
    jar: Jar,
    at: String,
    next: Next,
    refused: bool,
}

enum Next {
    Get,
    /// `timed` when the password is in the form.
    Post {
        body: String,
        timed: bool,
    },
}

impl SignIns {
    /// Starts with the authorization request.
    pub fn new(party: RelyingParty, person: Person, pause_after_refusal: Duration) -> Self {
        let at = party.authorize_path();
        Self { party, person, pause_after_refusal, jar: Jar::default(), at, next: Next::Get, refused: false }
    }

    fn restart(&mut self) {
        self.jar = Jar::default();
        self.at = self.party.authorize_path();
        self.next = Next::Get;
    }
}

impl Exchange for SignIns {
    fn request(&mut self, out: &mut Vec<u8>) -> bool {
        let request = match &self.next {
            Next::Get => get(&self.party.host, &self.at, &self.jar.line()),
            Next::Post { body, .. } => post(&self.party.host, &self.at, &form_lines(&self.party.host, &self.jar), body),
        };
        out.extend_from_slice(&request);
        true
    }

    fn response(&mut self, response: &Response<'_>) -> Outcome {
        self.refused = response.status == 503 && response.header("retry-after").is_some();
        if self.refused {
            return Outcome::Refused;
        }
        self.jar.keep(response);
        let timed = matches!(self.next, Next::Post { timed: true, .. });
        match next_step(response, &self.at, &self.party, self.person) {
            // The password was right: the rest of the way to the code is not what is measured.
            Step::Follow(_) | Step::Code(_) | Step::Allow { .. } if timed => {
                self.restart();
                Outcome::Done
            }
            Step::Follow(path) => {
                self.at = path;
                self.next = Next::Get;
                Outcome::Setup
            }
            // A sign-in form in answer to a password is a refusal of a right password.
            Step::SignIn { path, body } if !timed => {
                self.at = path;
                self.next = Next::Post { body, timed: true };
                Outcome::Setup
            }
            _ => {
                self.restart();
                Outcome::Failed
            }
        }
    }

    fn broken(&mut self) {
        self.restart();
    }

    fn pause(&self) -> Option<Duration> {
        self.refused.then_some(self.pause_after_refusal)
    }
}
