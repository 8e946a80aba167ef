//! The relying party of a throw-away server: an honest one, that talks to this server over HTTP as
//! anybody would, and remembers in memory what each browser got. No part of the product's core.

mod browser;
mod callback;
mod relying_party;
pub mod sample;
pub mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use self::{
    browser::{Browsers, Pending, random_text},
    callback::Answer,
    relying_party::Provider,
    sample::SampleClient,
};
use super::{Cx, Services};
use crate::{
    domain::{Issuer, Secret, oauth::Params},
    net::fetcher::Fetcher,
};

pub use browser::BrowserKey;

/// What a person wants to try. Each is sent as it is, and not at all if absent.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// Which sample application to play.
    pub client_id: String,
    /// Space-separated scopes.
    pub scope: String,
    /// `prompt`.
    pub prompt: Option<String>,
    /// `response_mode`.
    pub response_mode: Option<String>,
    /// `max_age`.
    pub max_age: Option<String>,
    /// `login_hint`.
    pub login_hint: Option<String>,
}

/// A refusal by the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    /// OAuth error code.
    pub code: String,
    /// `error_description`.
    pub description: Option<String>,
    /// `error_uri`.
    pub uri: Option<String>,
    /// The trace id of the answer, where one was visible.
    pub trace_id: Option<String>,
}

/// Why the playground itself does not go on: what a relying party must not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The playground does not play this application.
    ClientNotPlayed,
    /// No sign-in of this browser has this state, or it has been answered before.
    StateUnknown,
    /// The answer does not name its issuer, although the server announces that (RFC 9207).
    IssuerMissing,
    /// The answer names another issuer.
    IssuerMismatch,
    /// The answer holds neither a code nor an error, or both.
    AnswerMalformed,
    /// The token endpoint's answer could not be read.
    AnswerUnreadable(String),
    /// The ID token is not to be trusted.
    IdTokenInvalid(String),
    /// The userinfo answer is not to be trusted.
    UserinfoInvalid(String),
    /// There is no token to do that with.
    NothingToUse,
}

/// Why something did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The playground refuses.
    Refused(Refusal),
    /// The server refused.
    Server(ServerError),
    /// The server did not answer, or not as a server would.
    Unreachable(String),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Tokens, as received and verified.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// The refresh token.
    pub refresh_token: Option<Secret<String>>,
    /// The ID token.
    pub id_token: Option<Secret<String>>,
    /// Lifetime of the access token, in seconds.
    pub expires_in: Option<i64>,
    /// Granted scope.
    pub scope: Option<String>,
    /// Whom the ID token is about.
    pub subject: Option<String>,
    nonce: Secret<String>,
}

/// What a sign-in brought.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The application that was played.
    pub client: &'static SampleClient,
    /// The tokens, if there were any.
    pub tokens: Option<Tokens>,
    /// The last refusal.
    pub error: Option<ServerError>,
    /// The userinfo answer.
    pub userinfo: Option<Value>,
    /// The introspection answer.
    pub introspection: Option<Value>,
}

/// The relying party.
pub struct Playground {
    issuer: Issuer,
    fetcher: Fetcher,
    browsers: Mutex<Browsers>,
}

impl Playground {
    /// The relying party of this server, which reaches it as the server reaches others: a throw-away one is at
    /// a loopback address, over plain HTTP.
    pub fn new(services: &Services) -> Self {
        Self { issuer: services.issuer.clone(), fetcher: services.fetcher.clone(), browsers: Mutex::default() }
    }

    /// Begins a sign-in and gives the address to send the browser to.
    ///
    /// # Errors
    /// An application that is not played, or a server that cannot be reached.
    pub async fn sign_in(&self, cx: &Cx, key: &BrowserKey, wish: &SignIn) -> Result<String, Fault> {
        let client = SampleClient::find(&wish.client_id).ok_or(Refusal::ClientNotPlayed)?;
        let provider = Provider::discover(&self.fetcher, &self.issuer).await?;
        let pending = Pending {
            state: random_text(cx.random()),
            nonce: random_text(cx.random()).into(),
            verifier: random_text(cx.random()).into(),
            client,
            openid: wish.scope.split(' ').any(|scope| scope == "openid"),
            max_age: wish.max_age.as_ref().and_then(|text| text.parse().ok()),
        };
        let address = provider.authorize_url(&pending, wish, &self.issuer)?;
        self.browsers().open(key, cx.now()).begin(pending);
        Ok(address)
    }

    /// Takes the answer that arrived at `callback`, and remembers what it brought. A refusal by the
    /// server is such a thing too.
    ///
    /// # Errors
    /// An answer that a relying party must not accept, or a server that cannot be reached.
    pub async fn receive(&self, cx: &Cx, key: &BrowserKey, callback: &str, params: &Params) -> Result<(), Fault> {
        let pending = params
            .find("state")
            .and_then(|state| self.browsers().find(key, cx.now())?.take(state, callback))
            .ok_or(Refusal::StateUnknown)?;
        let provider = Provider::discover(&self.fetcher, &self.issuer).await?;
        callback::check_issuer(params, self.issuer.as_str(), provider.announces_issuer())?;
        let nothing = Shown { client: pending.client, tokens: None, error: None, userinfo: None, introspection: None };
        let outcome = match callback::read(params)? {
            Answer::Refused(error) => Err(Fault::Server(error)),
            Answer::Code(code) => provider.exchange(&pending, code, &self.issuer, cx.now()).await,
        };
        let shown = match outcome {
            Ok(tokens) => self.with_userinfo(&provider, Shown { tokens: Some(tokens), ..nothing }).await?,
            Err(Fault::Server(error)) => Shown { error: Some(error), ..nothing },
            Err(fault) => return Err(fault),
        };
        if let Some(browser) = self.browsers().find(key, cx.now()) {
            browser.shown = Some(Arc::new(shown));
        }
        Ok(())
    }

    /// What this browser got last.
    pub fn shown(&self, cx: &Cx, key: &BrowserKey) -> Option<Arc<Shown>> {
        self.browsers().find(key, cx.now())?.shown.clone()
    }

    /// Redeems the refresh token of this browser.
    ///
    /// # Errors
    /// Nothing to redeem, an answer not to accept, or a server that cannot be reached.
    pub async fn refresh(&self, cx: &Cx, key: &BrowserKey) -> Result<(), Fault> {
        let (before, held) = self.held(cx, key)?;
        let shown = (*before).clone();
        let provider = Provider::discover(&self.fetcher, &self.issuer).await?;
        let next = match provider.refresh(shown.client, &held, &self.issuer, cx.now()).await {
            Ok(tokens) => {
                let next = Shown { tokens: Some(tokens), error: None, userinfo: None, introspection: None, ..shown };
                self.with_userinfo(&provider, next).await?
            }
            Err(Fault::Server(error)) => Shown { error: Some(error), ..shown },
            Err(fault) => return Err(fault),
        };
        self.replace(cx, key, &before, next);
        Ok(())
    }

    /// Asks the server about the access token of this browser.
    ///
    /// # Errors
    /// Nothing to ask about, or a server that cannot be reached.
    pub async fn introspect(&self, cx: &Cx, key: &BrowserKey) -> Result<(), Fault> {
        let (before, held) = self.held(cx, key)?;
        let shown = (*before).clone();
        let provider = Provider::discover(&self.fetcher, &self.issuer).await?;
        let next = match provider.introspect(shown.client, &held).await {
            Ok(answer) => Shown { introspection: Some(answer), error: None, ..shown },
            Err(Fault::Server(error)) => Shown { error: Some(error), ..shown },
            Err(fault) => return Err(fault),
        };
        self.replace(cx, key, &before, next);
        Ok(())
    }

    /// Forgets the tokens of this browser and gives the address at which it signs out of the server
    /// (OIDC RP-Initiated Logout 1.0 §2), if the server has one.
    ///
    /// # Errors
    /// Nobody is signed in here, or the server cannot be reached.
    pub async fn sign_out(&self, cx: &Cx, key: &BrowserKey) -> Result<Option<String>, Fault> {
        let shown = self.shown(cx, key).ok_or(Refusal::NothingToUse)?;
        let provider = Provider::discover(&self.fetcher, &self.issuer).await?;
        let state = random_text(cx.random());
        let address = provider.end_session_url(shown.client, shown.tokens.as_ref(), &self.issuer, &state);
        if let Some(browser) = self.browsers().find(key, cx.now()) {
            (browser.shown, browser.leaving) = (None, Some(state));
        }
        Ok(address)
    }

    /// Whether `state` ends the sign-out that this browser began; once.
    pub fn signed_out(&self, cx: &Cx, key: &BrowserKey, state: &str) -> bool {
        self.browsers()
            .find(key, cx.now())
            .and_then(|browser| browser.leaving.take_if(|leaving| leaving == state))
            .is_some()
    }

    async fn with_userinfo(&self, provider: &Provider<'_>, mut shown: Shown) -> Result<Shown, Fault> {
        let Some(tokens) = &shown.tokens else { return Ok(shown) };
        match provider.userinfo(shown.client, tokens, &self.issuer).await {
            Ok(userinfo) => shown.userinfo = userinfo,
            // The tokens are good; only this one answer is missing.
            Err(Fault::Server(error)) => shown.error = Some(error),
            Err(Fault::Unreachable(why)) => {
                let code = "unreachable".to_owned();
                shown.error = Some(ServerError { code, description: Some(why), uri: None, trace_id: None });
            }
            Err(refused @ Fault::Refused(_)) => return Err(refused),
        }
        Ok(shown)
    }

    fn held(&self, cx: &Cx, key: &BrowserKey) -> Result<(Arc<Shown>, Tokens), Fault> {
        let shown = self.shown(cx, key).ok_or(Refusal::NothingToUse)?;
        let tokens = shown.tokens.clone().ok_or(Refusal::NothingToUse)?;
        Ok((shown, tokens))
    }

    /// Only where nothing else happened meanwhile: a sign-out in another tab wins.
    fn replace(&self, cx: &Cx, key: &BrowserKey, before: &Arc<Shown>, next: Shown) {
        if let Some(browser) = self.browsers().find(key, cx.now())
            && browser.shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, before))
        {
            browser.shown = Some(Arc::new(next));
        }
    }

    fn browsers(&self) -> MutexGuard<'_, Browsers> {
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
